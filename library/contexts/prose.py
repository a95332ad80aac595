"""ATT&CK's texts as one page shows them: links to pages held here, citations numbered."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from library.addresses import page_path
from library.conditional import Shelf
from library.identifiers import PAGED_TYPES, TYPE_OF
from library.models import SnapshotObject
from library.text.links import AttackLink, find_attack_links
from library.text.markdown import Rendered, render
from library.text.references import References, Source

_PAGED = {kind.mitre_path: kind for kind in PAGED_TYPES}


@dataclass(frozen=True)
class Prose:
    """Renders the texts of one page, in the page's order; made with all of them at hand."""

    held: frozenset[tuple[str, str]]
    references: References = field(default_factory=References)

    @classmethod
    def of(cls, shelf: Shelf, texts: Iterable[str]) -> "Prose":
        """A renderer that knows which linked objects have pages here; at most one query."""
        wanted = {
            link.attack_id
            for text in texts
            for link in find_attack_links(text)
            if link.kind in _PAGED
        }
        if not wanted:
            return cls(frozenset())
        rows = (
            SnapshotObject.objects.filter(
                snapshot__in=shelf.snapshots,
                object__stix_type__in=[t for kind in PAGED_TYPES for t in kind.stix_types],
            )
            .named(wanted)
            .values_list("object__stix_type", "version__attack_id")
        )
        return cls(frozenset((TYPE_OF[kind].mitre_path, found) for kind, found in rows))

    def render(self, text: str, scopes: Sequence[Sequence[Source]]) -> Rendered:
        """A text with its citations counted among the page's references."""
        return render(text, references=self.references, scopes=scopes, resolve=self._resolve)

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
        return page_path(_PAGED[link.kind], link.attack_id)
