"""What the objects that links lead to are called."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from library.identifiers import TECHNIQUE, Link, ObjectType, type_of
from library.reading import reading

NAMES: Final = """
    SELECT DISTINCT ON (m.object_id) m.object_id, o.stix_id, o.stix_type, v.attack_id, v.name
    FROM library_snapshotobject m
    JOIN library_stixobject o ON o.id = m.object_id
    JOIN library_objectversion v ON v.id = m.version_id
    WHERE m.snapshot_id IN (%(before)s, %(after)s) AND m.object_id = ANY(%(objects)s)
    ORDER BY m.object_id, m.snapshot_id = %(after)s DESC
"""


class LinkEnd(NamedTuple):
    """An object that a link starts from or leads to, as the later release has it."""

    object_id: int
    stix_id: str
    stix_type: str
    attack_id: str
    name: str

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return type_of(self.stix_type)


def link_ends(before: int, after: int, object_ids: Collection[int]) -> Mapping[int, LinkEnd]:
    """The objects with these keys, by them; one query."""
    given: dict[str, Any] = {"before": before, "after": after, "objects": list(object_ids)}
    with reading().cursor() as cursor:
        cursor.execute(NAMES, given)
        return {row[0]: LinkEnd(*row) for row in cursor.fetchall()}


# What a reader calls the links of one kind, in the order in which they are told.
_WORDS: Final[Mapping[str, str]] = {
    Link.USES: "Software used",
    Link.MITIGATES: "Mitigations of techniques",
    Link.DETECTS: "Detections of techniques",
    Link.ANALYTIC: "Analytics of detection strategies",
    Link.LOG_SOURCE: "Data components that analytics read",
    Link.DATA_SOURCE: "Data sources of data components",
    Link.ATTRIBUTED_TO: "Campaigns attributed to groups",
    Link.TACTIC: "Techniques under tactics",
    Link.SUBTECHNIQUE_OF: "Sub-techniques under techniques",
    Link.TARGETS: "Assets that techniques target",
    Link.MATRIX_TACTIC: "Tactics of matrices",
}
PROCEDURES: Final = "Procedure examples"
LINK_WORDS: Final = (PROCEDURES, *_WORDS.values())


def words_in_order(told: Collection[str]) -> list[str]:
    """The same words in the order in which they are told; those of unknown kinds come last."""
    known = [words for words in LINK_WORDS if words in told]
    return [*known, *sorted(words for words in told if words not in LINK_WORDS)]


def link_words(kind: str, target: LinkEnd | None) -> str:
    """What a reader calls a link: its kind's words; what uses a technique is a procedure."""
    if kind == Link.USES and target is not None and target.kind is TECHNIQUE:
        return PROCEDURES
    return _WORDS.get(kind, f"“{kind}” links")
