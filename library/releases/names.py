"""What the objects that links lead to are called."""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

from library.identifiers import TECHNIQUE, Link, ObjectType, type_of
from library.reading import reading

NAMES: Final = """
    SELECT o.id, o.stix_id, o.stix_type, v.attack_id, v.name,
        CASE WHEN v.revoked THEN 'revoked' WHEN v.deprecated THEN 'deprecated' ELSE '' END,
        coalesce(former.name, v.name)
    FROM (
        SELECT object_id, version_id FROM library_snapshotobject
        WHERE snapshot_id = %(before)s AND object_id = ANY(%(objects)s)
    ) AS was
    FULL JOIN (
        SELECT object_id, version_id FROM library_snapshotobject
        WHERE snapshot_id = %(after)s AND object_id = ANY(%(objects)s)
    ) AS now USING (object_id)
    JOIN library_stixobject o ON o.id = coalesce(now.object_id, was.object_id)
    JOIN library_objectversion v ON v.id = coalesce(now.version_id, was.version_id)
    LEFT JOIN library_objectversion former
        ON former.id = was.version_id AND was.version_id <> now.version_id
"""


class LinkEnd(NamedTuple):
    """An object that a link starts from or leads to, as the later release has it."""

    object_id: int
    stix_id: str
    stix_type: str
    attack_id: str
    name: str
    status: str = ""
    """The word "revoked" or "deprecated" where it is one of these and that is asked for."""

    former_name: str = ""
    """What the earlier release calls it, where that is asked for; the same where it lacks it."""

    @property
    def called(self) -> str:
        """Its ID and name, and its status where it is not live: "T1000 Thing (deprecated)"."""
        named = f"{self.attack_id} {self.name}".strip()
        return f"{named} ({self.status})" if self.status else named

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


def chain_of(
    object_id: int, after: Mapping[int, int], ends: Mapping[int, LinkEnd]
) -> list[LinkEnd]:
    """What replaced an object, hop by hop, of successors and the ends that they lead to.

    That one on the way is revoked as well is told by the next. A chain that goes in a circle has no
    end, and so replaces nothing, as `library.revocations` has it.
    """
    chain: list[LinkEnd] = []
    seen = {object_id}
    at = after.get(object_id)
    while at is not None and at in ends:
        if at in seen:
            return []
        seen.add(at)
        if chain and chain[-1].status == "revoked":
            chain[-1] = chain[-1]._replace(status="")
        chain.append(ends[at])
        at = after.get(at)
    return chain


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
