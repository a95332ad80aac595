"""A changelog of two releases in Markdown, to paste into a wiki."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from library.addresses import Addresses
from library.files.markdown_text import bare_link, escaped, link
from library.identifiers import Domain, ObjectType
from library.releases.asked import ChangesAsked
from library.releases.compared import Weight
from library.releases.highlights import NAMED_KINDS, kinds_of, of_kind
from library.releases.kinds import ChangeKind, versions
from library.releases.links import LinkFate
from library.releases.names import words_in_order
from library.releases.told import phrases

if TYPE_CHECKING:
    from library.contexts.page import Page
    from library.releases.asked import Pair
    from library.releases.compared import ReleaseDifference
    from library.releases.members import ChangedObject

NOISE_MEANS: Final = "in noise alone: dates, spelling of defaults, versions of the format"
# More than so many of a kind whose names say little are not named one by one.
MOST_LISTED: Final = 100


def changelog(pair: Pair, base: str, page: Page) -> Iterator[bytes]:
    """The changelog, a type of a domain a piece; citation and notice stand at the end.

    What changed in noise alone is counted. Some 1 ms an object that is told.
    """
    yield f"# {escaped(pair.title)}\n\n".encode()
    whole = link("The whole comparison", base + pair.path + pair.query)
    yield f"What MITRE changed, by type and kind of change. {whole}\n".encode()
    for one in pair.shown:
        yield f"\n## {Domain(one.domain).label}\n".encode()
        made = _Changelog(pair.of(one.domain), one, base)
        for section in made.sections():
            yield section.encode()
    cited = f"{escaped(page.citation)} {bare_link(base + page.lasting_path)}"
    yield f"\n---\n\n{cited}\n\n{escaped(page.notice)}\n".encode()


class _Changelog:
    """What is written of one domain; four queries."""

    def __init__(self, pair: Pair, compared: ReleaseDifference, base: str) -> None:
        self._pair = pair
        self._compared = compared
        self._base = base
        weights = compared.weights
        self._told = {
            kind: {
                change: [
                    changed
                    for changed in of_kind(compared, kind, change)
                    if weights.get(changed.object_id) is not Weight.NOISE
                ]
                for change in ChangeKind
            }
            for kind in kinds_of([compared])
        }
        self._phrases = phrases(
            compared,
            (
                changed
                for kind, by_change in self._told.items()
                for held in by_change.values()
                if _are_named(kind, held)
                for changed in held
            ),
        )

    def sections(self) -> Iterator[str]:
        """Each type of which anything changed, then the links."""
        for kind, by_change in self._told.items():
            every = sum(len(list(of_kind(self._compared, kind, c))) for c in ChangeKind)
            if every:
                yield f"\n### {escaped(kind.plural)}\n"
                yield "".join(self.listed(kind, by_change))
                yield self.noise(every, sum(map(len, by_change.values())))
        yield "".join(self.relationships())

    def listed(
        self, kind: ObjectType, by_change: Mapping[ChangeKind, Sequence[ChangedObject]]
    ) -> Iterator[str]:
        """The objects by kind of change; where they are many and say little, where they are."""
        for change, held in by_change.items():
            if held:
                yield f"\n#### {change.label} ({len(held)})\n\n"
            if not _are_named(kind, held):
                asked = ChangesAsked(of_type=kind.slug, kind=change).query(self._pair.domain)
                yield link("Their list", f"{self._base}{self._pair.path}/changes{asked}") + "\n"
                continue
            for changed in sorted(held, key=_by_name):
                yield self.entry(changed, self._phrases.get(changed.object_id, ()))

    def noise(self, every: int, told: int) -> str:
        """How many of a type changed in noise alone, after those that are told."""
        if every == told:
            return ""
        return f"\n{every - told} {'more ' if told else ''}changed {NOISE_MEANS}.\n"

    def entry(self, changed: ChangedObject, phrases_of: Sequence[str]) -> str:
        """A line of a list: the object, and what became of it."""
        shown = changed.shown
        release = self._pair.after if changed.after else self._pair.before
        named = self.linked(shown.attack_id, shown.name, changed.stix_id, release)
        said = [escaped(phrase) for phrase in phrases_of]
        if changed.kind is ChangeKind.REVOCATIONS:
            chain = self._compared.replaced_by(changed.object_id)
            said += [
                "in favour of "
                + self.linked(end.attack_id, end.name, end.stix_id, self._pair.after)
                for end in chain
            ]
        if changed.before and changed.after:
            href = self._pair.comparison(changed.stix_id, self._compared.domain)
            own = versions(changed.before, changed.after)
            said += [f"object version {escaped(own)}" if " to " in own else ""]
            said += [link("compare", self._base + href)]
        told = "; ".join(filter(None, said))
        return f"- {named}{': ' if told else ''}{told}\n"

    def linked(self, attack_id: str, name: str, stix_id: str, release: str) -> str:
        """An object with a link to its page as of a release that holds it."""
        address = Addresses(release).by_stix_id(stix_id)
        return link(f"{attack_id} {name or stix_id}".strip(), self._base + address)

    def relationships(self) -> Iterator[str]:
        """How many links of each kind came, went or were edited."""
        by_words = self._compared.links_by_words
        if not by_words:
            return
        yield "\n### Relationships\n\n"
        yield f"| Relationship | {' | '.join(c.capitalize() for c in LinkFate)} |\n"
        yield f"| --- |{' ---: |' * len(LinkFate)}\n"
        for words in words_in_order(by_words):
            asked = ChangesAsked(links=words).query(self._pair.domain)
            name = link(words, f"{self._base}{self._pair.path}/changes{asked}")
            counts = (str(len(by_words[words][change])) for change in LinkFate)
            yield f"| {name} | {' | '.join(counts)} |\n"


def _are_named(kind: ObjectType, held: Sequence[ChangedObject]) -> bool:
    """Whether objects are listed by name: not where they are many and a name says little."""
    return len(held) <= MOST_LISTED or kind in NAMED_KINDS or not kind.is_known


def _by_name(changed: ChangedObject) -> tuple[str, str, str]:
    shown = changed.shown
    return shown.name.casefold(), shown.attack_id, changed.stix_id
