"""Two releases of one domain, compared: objects by type and kind of change, links by kind.

Snapshots never change, so a comparison never does, and a process keeps the last few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from library.changes import (
    MATERIAL_LINKS,
    UNKNOWN_TACTICS,
    Linked,
    TacticsByName,
    changes_between,
    edits,
    is_live,
    states_tactics,
)
from library.comparison import contents_of
from library.identifiers import Link, type_of
from library.releases.kinds import ChangeKind
from library.releases.links import (
    ChangedLink,
    LinkFate,
    changed_links,
    linked_by,
    successors,
)
from library.releases.members import ChangedObject, changed_objects, held_alike
from library.releases.names import LinkEnd, chain_of, link_ends, link_words
from library.substance import are_same_words
from library.tactics import tactics_by_name

if TYPE_CHECKING:
    from library.models import Snapshot
    from library.substance import Properties

# A comparison of two enterprise releases takes about 10 MB.
MOST_KEPT: Final = 6
RELATIONSHIP: Final = "relationship"
PHASES: Final = str(Link.TACTIC)


class Weight(StrEnum):
    """How much a change of an object's content says to a reader."""

    MATERIAL = "material"
    AROUND = "around"
    NOISE = "noise"

    @property
    def label(self) -> str:
        """What readers are told: where the change is."""
        return _WHERE[self]


_WHERE: Final = {
    Weight.MATERIAL: "In substance",
    Weight.AROUND: "Around it",
    Weight.NOISE: "In noise",
}


@dataclass(frozen=True, eq=False)
class ReleaseDifference:
    """What became of a domain from one release to another."""

    before: Snapshot
    after: Snapshot
    objects: tuple[ChangedObject, ...]
    links: tuple[ChangedLink, ...]

    @property
    def domain(self) -> str:
        """The domain that both are of."""
        return self.after.domain

    @cached_property
    def by_type(self) -> Mapping[str, Mapping[ChangeKind, Sequence[ChangedObject]]]:
        """The objects by STIX type and kind of change, each list by STIX id.

        Every type that either release holds is there, with every kind of change.
        """
        types = sorted(self.before.objects_by_type.keys() | self.after.objects_by_type.keys())
        found: dict[str, dict[ChangeKind, list[ChangedObject]]] = {
            stix_type: {kind: [] for kind in ChangeKind} for stix_type in types
        }
        for changed in self.objects:
            if changed.kind is not None:
                found[changed.stix_type][changed.kind].append(changed)
        return found

    def unchanged(self, stix_type: str) -> int:
        """How many objects of a type both releases hold alike, to the byte."""
        kinds = self.by_type[stix_type]
        differing = sum(len(found) for kind, found in kinds.items() if kind not in _ONE_SIDED)
        held: int = self.after.objects_by_type.get(stix_type, 0)
        return held - len(kinds[ChangeKind.ADDITIONS]) - differing

    @cached_property
    def of_object(self) -> Mapping[int, ChangedObject]:
        """The objects by their keys."""
        return {changed.object_id: changed for changed in self.objects}

    def holds_both(self, object_id: int) -> bool:
        """Whether both releases hold an object that either of them holds."""
        changed = self.of_object.get(object_id)
        return changed is None or changed.kind not in _ONE_SIDED

    @cached_property
    def ends(self) -> Mapping[int, LinkEnd]:
        """The objects at the ends of links, and what replaced revoked ones, by their keys."""
        wanted = {end for link in self.links for end in (link.source_id, link.target_id)}
        wanted.update(self.successors.values())
        return link_ends(self.before.pk, self.after.pk, wanted)

    def ends_of(self, link: ChangedLink) -> tuple[LinkEnd | None, LinkEnd | None]:
        """What a link starts from and leads to, as the later release has it that has the link.

        None of them where no release holds it.
        """
        source, target = self.ends.get(link.source_id), self.ends.get(link.target_id)
        if link.change is not LinkFate.REMOVED:
            return source, target
        return _as_before(source), _as_before(target)

    @cached_property
    def successors(self) -> Mapping[int, int]:
        """What each object was revoked in favour of that is revoked in the later release."""
        return successors(self.after.pk)

    def replaced_by(self, object_id: int) -> list[LinkEnd]:
        """What replaced an object in the later release, hop by hop."""
        return chain_of(object_id, self.successors, self.ends)

    @cached_property
    def told_links(self) -> Sequence[ChangedLink]:
        """The links that came, went, or say something else; not those edited in noise alone."""
        silent = silent_links(self.links)
        return [link for link in self.links if link not in silent]

    @cached_property
    def links_by_words(self) -> Mapping[str, Mapping[LinkFate, Sequence[ChangedLink]]]:
        """The links by what a reader calls them and what became of them."""
        found: dict[str, dict[LinkFate, list[ChangedLink]]] = defaultdict(
            lambda: {change: [] for change in LinkFate}
        )
        for link in self.told_links:
            found[link_words(link.kind, self.ends.get(link.target_id))][link.change].append(link)
        return found

    @cached_property
    def _new_relationships(self) -> frozenset[int]:
        return frozenset(
            found.after.version_id
            for found in self.objects
            if found.after and not found.before and found.stix_type == RELATIONSHIP
        )

    def is_newly_told(self, link: ChangedLink) -> bool:
        """Whether a link came with a relationship that is new, not with an older one that moved."""
        return not self._new_relationships.isdisjoint(link.after)

    @cached_property
    def relinked(self) -> Sequence[ChangedObject]:
        """Entries whose content is the same in both releases and whose links are not."""
        ends = {end for link in self.told_links for end in (link.source_id, link.target_id)}
        alike = [end for end in ends if end not in self.of_object]
        found = held_alike(self.after.pk, alike) if alike else ()
        return [changed for changed in found if type_of(changed.stix_type).has_list]

    @property
    def relinked_materially(self) -> Sequence[LinkEnd]:
        """Objects whose content is the same in both releases and whose mitigations are not."""
        keys = self._touched[Weight.MATERIAL] - self.of_object.keys()
        return [self.ends[key] for key in keys if key in self.ends]

    def weigh(self, objects: Iterable[ChangedObject]) -> Mapping[int, Weight]:
        """How much the changes of objects say that both releases hold, by their keys.

        By their own properties and by their links: material as in `library.changes`. One query,
        another the first time that tactics are asked for, and 0.5 ms an object; nothing for what
        was weighed before.
        """
        new = [
            (found.object_id, found.before.version_id, found.after.version_id)
            for found in objects
            if found.before and found.after and found.object_id not in self._weighed
        ]
        differing = {version for _, *two in new if two[0] != two[1] for version in two}
        held = contents_of(differing) if differing else {}
        for object_id, before, after in new:
            own = Weight.NOISE
            if before != after:
                sides = held[before], held[after]
                tactics = self._tactics if states_tactics(*sides) else UNKNOWN_TACTICS
                own = weight_of(*sides, tactics)
            self._weighed[object_id] = self._with_links(object_id, own)
        return self._weighed

    @cached_property
    def _tactics(self) -> tuple[TacticsByName, TacticsByName]:
        found = tactics_by_name({self.before.pk, self.after.pk})
        return found[self.before.pk], found[self.after.pk]

    def _with_links(self, object_id: int, own: Weight) -> Weight:
        if object_id in self._touched[Weight.MATERIAL] or object_id in self.moved:
            return Weight.MATERIAL
        is_touched = object_id in self._touched[Weight.AROUND]
        return Weight.AROUND if own is Weight.NOISE and is_touched else own

    @property
    def weights(self) -> Mapping[int, Weight]:
        """The same of all objects but relationships; one query the first time."""
        return self.weigh(found for found in self.objects if found.stix_type != RELATIONSHIP)

    @cached_property
    def _weighed(self) -> dict[int, Weight]:
        return {}

    @cached_property
    def _touched(self) -> Mapping[Weight, set[int]]:
        """The objects whose links changed: of those that are material, and of any."""
        return touched_by(self.told_links)

    @cached_property
    def relationships(self) -> Mapping[int, tuple[str, LinkEnd, LinkEnd]]:
        """The type, source and target of each changed relationship, dead ones too, by its key.

        Three queries. As the later release has it; one whose ends no release holds is left out.
        """
        changed = [found for found in self.objects if found.stix_type == RELATIONSHIP]
        after = {found.object_id: found.after.version_id for found in changed if found.after}
        before = {
            found.object_id: found.before.version_id
            for found in changed
            if found.before and not found.after
        }
        linked: dict[int, tuple[str, int, int]] = {}
        for snapshot, versions in ((self.before, before), (self.after, after)):
            found = linked_by(snapshot.pk, versions.values())
            linked |= {key: found[v] for key, v in versions.items() if v in found}
        keys = {end for _, *two in linked.values() for end in two}
        ends = link_ends(self.before.pk, self.after.pk, keys)
        return {
            key: (kind, ends[source], ends[target])
            for key, (kind, source, target) in linked.items()
            if source in ends and target in ends
        }

    def name_of(self, changed: ChangedObject) -> str:
        """What an object is called; of a relationship what it says: "Group uses Technique"."""
        if changed.stix_type == RELATIONSHIP and changed.object_id in self.relationships:
            kind, source, target = self.relationships[changed.object_id]
            return f"{source.name} {kind} {target.name}"
        return changed.shown.name or changed.stix_id

    @property
    def changed_in_silence(self) -> int:
        """How many entries hold other content under the same modification date."""
        return sum(
            bool(found.before and found.after and found.before.modified == found.after.modified)
            for found in self.objects
            if found.shown.modified and type_of(found.stix_type).has_list
        )

    @cached_property
    def renamed(self) -> Sequence[ChangedObject]:
        """Objects with another name, live in the later release."""
        return [
            found
            for found in self.objects
            if found.before and found.after and found.after.live
            if not are_same_words(found.before.name, found.after.name)
        ]

    @cached_property
    def moved(self) -> Mapping[int, Mapping[LinkFate, Sequence[LinkEnd]]]:
        """Techniques under other tactics than before, by their keys: tactics come and gone.

        Of those alone that are live in both: what is new was not moved.
        """
        found: dict[int, dict[LinkFate, list[LinkEnd]]] = defaultdict(lambda: defaultdict(list))
        for link in self.links:
            if link.kind == Link.TACTIC and self._stays(link):
                _, tactic = self.ends_of(link)
                if tactic:
                    found[link.source_id][link.change].append(tactic)
        return found

    def _stays(self, link: ChangedLink) -> bool:
        changed = self.of_object.get(link.source_id)
        if changed is None:
            return True
        return bool(changed.before and changed.after and changed.before.live and changed.after.live)


def silent_links(links: Iterable[ChangedLink]) -> set[ChangedLink]:
    """Those that were edited in noise alone; one query, where any was edited."""
    edited = [link for link in links if link.change is LinkFate.EDITED]
    versions = {version for link in edited for version in (*link.before, *link.after)}
    found = contents_of(versions) if versions else {}

    def says_other(link: ChangedLink) -> bool:
        old, new = (tuple(found[v] for v in side) for side in (link.before, link.after))
        return edits(Linked(link.kind, True, "", "", old, new)) > 0

    return {link for link in edited if not says_other(link)}


def touched_by(links: Iterable[ChangedLink]) -> Mapping[Weight, set[int]]:
    """The objects at the ends of links that changed: of those that are material, and of any."""
    found: dict[Weight, set[int]] = {Weight.MATERIAL: set(), Weight.AROUND: set()}
    for link in links:
        ends = (link.source_id, link.target_id)
        found[Weight.AROUND].update(ends)
        if link.kind in MATERIAL_LINKS and link.change is not LinkFate.EDITED:
            found[Weight.MATERIAL].update(ends)
    return found


def _as_before(end: LinkEnd | None) -> LinkEnd | None:
    return end and end._replace(name=end.former_name)


def heaviest(
    found: Iterable[tuple[ReleaseDifference, ChangedObject]],
) -> Mapping[int, Weight]:
    """How much the changes of objects say that both releases hold, by their keys.

    Where several domains hold one, the weightiest of its changes. One query a domain, as `weigh`.
    """
    by_domain: dict[ReleaseDifference, list[ChangedObject]] = defaultdict(list)
    for compared, changed in found:
        by_domain[compared].append(changed)
    told: dict[int, set[Weight]] = defaultdict(set)
    for compared, objects in by_domain.items():
        weights = compared.weigh(objects)
        for changed in objects:
            if changed.object_id in weights:
                told[changed.object_id].add(weights[changed.object_id])
    return {key: next(each for each in Weight if each in held) for key, held in told.items()}


_ONE_SIDED: Final = frozenset({ChangeKind.ADDITIONS, ChangeKind.DELETIONS})


def weight_of(
    before: Properties, after: Properties, tactics: tuple[TacticsByName, TacticsByName]
) -> Weight:
    """How much a change of an object's own properties says.

    Its tactics are left aside where they are told by the links, which those of the dead are not.
    A phase that differs under a tactic that does not is one whose tactic has another name.
    """
    are_dead = not (is_live(before) or is_live(after))
    aside = {} if are_dead else {PHASES: None}
    changes = changes_between({**before, **aside}, {**after, **aside}, (), tactics)
    if any(change.material for change in changes):
        return Weight.MATERIAL
    phases_differ = not are_dead and before.get(PHASES) != after.get(PHASES)
    return Weight.AROUND if changes or phases_differ else Weight.NOISE


@lru_cache(maxsize=MOST_KEPT)
def difference(before: Snapshot, after: Snapshot) -> ReleaseDifference:
    """What became of a domain from one snapshot to another; two queries where it is new.

    Names, successors, edited links and weights are fetched when they are asked for.
    """
    objects = tuple(changed_objects(before.pk, after.pk))
    links = tuple(changed_links(before.pk, after.pk))
    return ReleaseDifference(before, after, objects, links)
