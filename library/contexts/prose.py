"""ATT&CK's texts as one page shows them: links to pages held here, citations numbered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from library.addresses import Addresses
from library.conditional import Shelf
from library.identifiers import OBJECT_TYPES, TYPE_OF
from library.lookups import identities_of
from library.text.links import AttackLink, find_attack_links
from library.text.markdown import Rendered, render
from library.text.references import References, Source

_KINDS = {kind.mitre_path: kind for kind in OBJECT_TYPES}


@dataclass(frozen=True)
class Prose:
    """Renders the texts of one page, in the page's order; made with all of them at hand."""

    held: frozenset[tuple[str, str]] = frozenset()
    addresses: Addresses = field(default_factory=Addresses)
    references: References = field(default_factory=References)

    @classmethod
    def of(
        cls, shelf: Shelf, texts: Iterable[str], known: frozenset[tuple[str, str]] = frozenset()
    ) -> "Prose":
        """A renderer that knows which linked objects have pages here; at most one query.

        None where all of them are `known` to have one.
        """
        linked = {(link.kind, link.attack_id) for link in find_attack_links("\n".join(texts))}
        wanted = {attack_id for _, attack_id in linked - known}
        if not wanted:
            return cls(known, shelf.addresses)
        rows = identities_of(shelf.snapshot_ids, wanted, TYPE_OF)
        found = {(TYPE_OF[stix_type].mitre_path, found) for stix_type, found in rows}
        return cls(known | found, shelf.addresses)

    def render(self, text: str, scopes: Sequence[Sequence[Source]]) -> Rendered:
        """A text with its citations counted among the page's references."""
        return render(text, references=self.references, scopes=scopes, resolve=self._resolve)

    def cite(self, text: str, scopes: Sequence[Sequence[Source]]) -> SafeString:
        """The marks of the citations that a text consists of."""
        html = self.render(text, scopes).html
        return SafeString(html.removeprefix("<p>").removesuffix("</p>"))

    def render_elsewhere(
        self, text: str, scopes: Sequence[Sequence[Source]], page: str
    ) -> Rendered:
        """A text whose citations lead to the references of its object's own page."""
        return render(
            text,
            references=References(),
            scopes=scopes,
            resolve=self._resolve,
            reference_base=page,
        )

    def _resolve(self, link: AttackLink) -> str | None:
        if (link.kind, link.attack_id) not in self.held:
            return None
        return self.addresses.page(_KINDS[link.kind], link.attack_id)
