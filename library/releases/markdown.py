"""A changelog of two releases in Markdown, to paste into a wiki."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from library.addresses import Addresses
from library.files.markdown_text import bare_link, escaped, link
from library.identifiers import Domain, ObjectType, type_of
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
# What is the same to the byte and counts as changed in substance by what it is linked to.
RELINKED: Final = "Relationships alone, in substance"
# Of more than so many of a kind whose names say little, not all are named: those alone that changed
# in substance, and so many of them at most.
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
    """What is written of one domain; six queries."""

    def __init__(self, pair: Pair, compared: ReleaseDifference, base: str) -> None:
        self._pair = pair
        self._compared = compared
        self._base = base
        self._weights = weights = compared.weights
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
        self._relinked = self._of_weight(Weight.MATERIAL)
        lists = [
            (kind, held) for kind, by_change in self._told.items() for held in by_change.values()
        ]
        self._phrases = phrases(
            compared,
            (
                changed
                for kind, held in (*lists, *self._relinked.items())
                for changed in self._named(kind, held)
            ),
        )

    def _of_weight(self, weight: Weight) -> Mapping[ObjectType, Sequence[ChangedObject]]:
        """The entries whose relationships alone changed, where that says so much, by type."""
        relinked = self._compared.relinked
        weights = self._compared.weigh(relinked)
        found: dict[ObjectType, list[ChangedObject]] = defaultdict(list)
        for changed in relinked:
            if weights[changed.object_id] is weight:
                found[type_of(changed.stix_type)].append(changed)
        return found

    def _named(self, kind: ObjectType, held: Sequence[ChangedObject]) -> Sequence[ChangedObject]:
        """Those that are named of objects that changed in one way, in their order.

        All of them, unless they are many and a name says little.
        """
        ordered = sorted(held, key=_by_name)
        if len(held) <= MOST_LISTED or kind in NAMED_KINDS or not kind.is_known:
            return ordered
        material = [
            changed
            for changed in ordered
            if changed.is_weighed and self._weights[changed.object_id] is Weight.MATERIAL
        ]
        return material[:MOST_LISTED]

    def sections(self) -> Iterator[str]:
        """Each type of which anything changed, then the links."""
        for kind, by_change in self._told.items():
            every = sum(len(list(of_kind(self._compared, kind, c))) for c in ChangeKind)
            relinked = self._relinked.get(kind, ())
            if every or relinked:
                yield f"\n### {escaped(kind.plural)}\n"
                yield "".join(self.listed(kind, by_change))
                yield self.noise(every, sum(map(len, by_change.values())))
                alone = ChangesAsked(of_type=kind.slug, relinked=True, weight=Weight.MATERIAL)
                yield "".join(self.group(RELINKED, kind, relinked, alone))
        yield "".join(self.relationships())

    def listed(
        self, kind: ObjectType, by_change: Mapping[ChangeKind, Sequence[ChangedObject]]
    ) -> Iterator[str]:
        """The objects by kind of change; where not all are named, where they are listed."""
        for change, held in by_change.items():
            asked = ChangesAsked(of_type=kind.slug, kind=change)
            yield from self.group(change.label, kind, held, asked)

    def group(
        self, title: str, kind: ObjectType, held: Sequence[ChangedObject], asked: ChangesAsked
    ) -> Iterator[str]:
        """Objects that changed in one way; nothing where there is none."""
        if not held:
            return
        yield f"\n#### {title} ({len(held)})\n\n"
        named = self._named(kind, held)
        for changed in named:
            yield self.entry(changed, self._phrases.get(changed.object_id, ()))
        if len(named) < len(held):
            query = asked.query(self._pair.domain)
            listed = link("Their list", f"{self._base}{self._pair.path}/changes{query}")
            yield self.rest(len(named), len(held)) + listed + "\n"

    def rest(self, named: int, every: int) -> str:
        """What is said before the link to a list of which not all is named."""
        return (
            f"\n{named} of the {every} are named, for what changed in substance. " if named else ""
        )

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
                + (f" ({end.status})" if end.status else "")
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


def _by_name(changed: ChangedObject) -> tuple[str, str, str]:
    shown = changed.shown
    return shown.name.casefold(), shown.attack_id, changed.stix_id
