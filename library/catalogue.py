"""The catalogue of a shelf: its objects by ID, name and version, kept while a process lives.

Snapshots never change, so a catalogue never does. The names of a release are 150 KB of text: to
look through them in memory takes less than the database needs to find which names share a few
letters with another, however many releases it holds.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from library.documents import LONGEST_NAME, SEPARATOR
from library.identifiers import ANALYTIC, Domain, Link, ObjectType, type_of
from library.reading import reading

# Those of the current edition and of a few releases that readers have pinned; about 6 MB each.
MOST_KEPT = 4
DOMAINS = [domain.value for domain in Domain]

ENTRIES = """
    SELECT m.snapshot_id, s.domain, m.object_id, m.version_id, o.stix_id, o.stix_type,
        v.attack_id, v.name, v.revoked, v.deprecated, array_to_string(d.names, %(separator)s)
    FROM library_snapshotobject m
    JOIN library_searchdocument d ON d.version_id = m.version_id
    JOIN library_objectversion v ON v.id = m.version_id
    JOIN library_stixobject o ON o.id = m.object_id
    JOIN library_snapshot s ON s.id = m.snapshot_id
    WHERE m.snapshot_id = ANY(%(snapshots)s)
"""
EDGES = """
    SELECT kind, snapshot_id, source_id, target_id FROM library_snapshotedge
    WHERE snapshot_id = ANY(%(snapshots)s)
        AND (kind = %(parent)s AND live OR kind = %(revoked)s)
    ORDER BY snapshot_id, source_id, kind, target_id, version_id
"""


class Entry(NamedTuple):
    """One object as one snapshot holds it; its names are folded, its own first."""

    snapshot_id: int
    domain: str
    object_id: int
    version_id: int
    stix_id: str
    kind: ObjectType
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    names: tuple[str, ...]

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


class Line(NamedTuple):
    """One name of an entry; its own has place 0, as has that with its parent's before it."""

    entry: Entry
    name: str
    place: int
    lead: int = 0
    """How many of the letters are the parent's name: they alone do not tell what is meant."""


class Catalogue:
    """The objects of some snapshots that search knows of, by all that they are looked up by."""

    def __init__(self, entries: Iterable[Entry], edges: list[tuple[str, int, int, int]]) -> None:
        self.by_id: dict[str, list[Entry]] = defaultdict(list)
        self.by_name: dict[str, list[Line]] = defaultdict(list)
        self.by_version: dict[int, list[Entry]] = defaultdict(list)
        self.lines: list[Line] = []
        for entry in entries:
            self._enter(entry)
        places = {(entry.snapshot_id, entry.object_id): entry for entry in self.entries}
        self._parents = {
            (snapshot, child): places[snapshot, parent]
            for kind, snapshot, child, parent in edges
            if kind == Link.SUBTECHNIQUE_OF and (snapshot, parent) in places
        }
        self._replaced: dict[int, int] = {}
        for kind, _, source, target in edges:
            if kind == Link.REVOKED_BY:
                self._replaced.setdefault(source, target)
        self._by_object: dict[int, Entry] = {}
        for entry in self.entries:
            held = self._by_object.setdefault(entry.object_id, entry)
            if DOMAINS.index(entry.domain) < DOMAINS.index(held.domain):
                self._by_object[entry.object_id] = entry
        for place, parent_entry in self._parents.items():
            if place in places:
                self._enter_full_name(parent_entry, places[place])
        self._text = "".join(f"\n{line.name}" for line in self.lines) + "\n"
        self._run_together = self._text.replace(" ", "")
        self._line_at = _line_at(self.lines)
        self._held = {dead_too: self._bits(dead_too) for dead_too in (False, True)}

    @property
    def entries(self) -> Iterator[Entry]:
        """All of them."""
        for held in self.by_version.values():
            yield from held

    def parent(self, entry: Entry) -> Entry | None:
        """The technique that a sub-technique belongs to."""
        return self._parents.get((entry.snapshot_id, entry.object_id))

    def replacement(self, entry: Entry) -> Entry | None:
        """What stands at the end of the chain of revocations."""
        chain = self.chain(entry)
        return chain[-1] if chain else None

    def chain(self, entry: Entry) -> list[Entry]:
        """What replaced a revoked object, hop by hop, as `library.revocations` has it."""
        found: list[Entry] = []
        at, seen = entry.object_id, {entry.object_id}
        while (target := self._replaced.get(at)) is not None:
            if target in seen:
                return []
            seen.add(target)
            step = self._by_object.get(target)
            if step is None:
                break
            found.append(step)
            at = target
            if not step.revoked:
                break
        return found

    def held(self, *, dead_too: bool) -> bytes:
        """A bit for each object version that is held, as PostgreSQL's `get_bit` counts them."""
        return self._held[dead_too]

    def lines_with(self, piece: str) -> Iterator[int]:
        """The places in `lines` of names with this in them; "\\n" is where a name begins or ends.

        The names of analytics are not among them: two thousand numbers, alike in all else.
        """
        if not piece:
            return
        # To split is the quickest way to find all; each name counts once.
        at, last, shift = 0, -1, piece.startswith("\n")
        for part in self._text.split(piece)[:-1]:
            number = self._line_at[at + len(part) + shift]
            at += len(part) + len(piece)
            if number != last:
                last = number
                yield number

    def lines_run_together(self, name: str) -> Iterator[Line]:
        """The names that consist of these letters once all spaces are left out: "passthehash"."""
        wanted, at = f"\n{name.replace(' ', '')}\n", -1
        while (at := self._run_together.find(wanted, at + 1)) >= 0:
            yield self.lines[self._run_together.count("\n", 0, at)]

    def _enter(self, entry: Entry) -> None:
        self.by_version[entry.version_id].append(entry)
        if entry.attack_id:
            self.by_id[entry.attack_id].append(entry)
        for place, name in enumerate(entry.names):
            line = Line(entry, name, place)
            self.by_name[name].append(line)
            if entry.kind is not ANALYTIC:
                self.lines.append(line)

    def _enter_full_name(self, parent: Entry, child: Entry) -> None:
        """Enter a sub-technique by the name that pages show: "Parent: Child"."""
        if not parent.names or not child.names:
            return
        name = f"{parent.names[0]} {child.names[0]}"[:LONGEST_NAME].strip()
        line = Line(child, name, 0, min(len(parent.names[0]), len(name)))
        self.by_name[name].append(line)
        self.lines.append(line)

    def _bits(self, dead_too: bool) -> bytes:
        bits = bytearray(max(self.by_version, default=0) // 8 + 1)
        for entry in self.entries:
            if dead_too or entry.live:
                bits[entry.version_id // 8] |= 1 << entry.version_id % 8
        return bytes(bits)


def _line_at(lines: Iterable[Line]) -> array[int]:
    """Which name each letter of the text of all belongs to; a line's end to the name before it."""
    found = array("i", [0])
    for number, line in enumerate(lines):
        found.extend([number] * (len(line.name) + 1))
    return found


@lru_cache(maxsize=MOST_KEPT)
def catalogue(snapshots: tuple[int, ...]) -> Catalogue:
    """The catalogue of these snapshots, in their order; two queries and 60 ms where it is new."""
    given: dict[str, Any] = {"snapshots": list(snapshots), "separator": SEPARATOR}
    with reading().cursor() as cursor:
        cursor.execute(EDGES, given | {"parent": Link.SUBTECHNIQUE_OF, "revoked": Link.REVOKED_BY})
        edges = cursor.fetchall()
        cursor.execute(ENTRIES, given)
        entries = [_entry(*row) for row in cursor.fetchall()]
    entries.sort(key=lambda entry: (snapshots.index(entry.snapshot_id), entry.object_id))
    return Catalogue(entries, edges)


def _entry(
    snapshot_id: int,
    domain: str,
    object_id: int,
    version_id: int,
    stix_id: str,
    stix_type: str,
    attack_id: str,
    name: str,
    revoked: bool,
    deprecated: bool,
    names: str,
) -> Entry:
    return Entry(
        snapshot_id,
        domain,
        object_id,
        version_id,
        stix_id,
        type_of(stix_type),
        attack_id,
        name,
        revoked,
        deprecated,
        tuple(names.split(SEPARATOR)) if names else (),
    )
