"""A comparison as data: what `compare_releases --json` prints and the JSON file holds."""

from collections.abc import Mapping
from typing import Any

from library.releases.compared import RELATIONSHIP, ReleaseDifference
from library.releases.kinds import ChangeKind, Side
from library.releases.links import ChangedLink
from library.releases.members import ChangedObject
from library.releases.names import LinkEnd

# By STIX type, by kind of change, what changed.
type Changes = Mapping[str, Mapping[str, list[dict[str, Any]]]]
# In a reader's words, by what became of them, which links changed.
type LinkChanges = Mapping[str, Mapping[str, list[dict[str, Any]]]]


def changes(compared: ReleaseDifference) -> Changes:
    """Every difference of two releases, by STIX type and kind of change.

    Each list is in the order of STIX ids. An entry has the object's `stix_id`, `attack_id` and
    `name`, `before` and `after` with what tells its content in either release (null where it is
    not), and a `weight` where both hold it: "material", "around" or "noise". A revoked one has
    `revoked_by`: what replaced it, hop by hop; a relationship has its `relationship_type` and what
    it links.
    """
    entries = _Entries(compared)
    return {
        stix_type: {
            kind.value: [entries.entry(found) for found in held] for kind, held in kinds.items()
        }
        for stix_type, kinds in compared.by_type.items()
    }


def link_changes(compared: ReleaseDifference) -> LinkChanges:
    """The live links that came, went or say something else: their kind and what they link."""

    def linked(link: ChangedLink) -> dict[str, Any]:
        source, target = (end and _end(end) for end in compared.ends_of(link))
        return {"kind": link.kind, "source": source, "target": target}

    return {
        words: {
            change.value: [linked(link) for link in links] for change, links in by_change.items()
        }
        for words, by_change in compared.links_by_words.items()
    }


class _Entries:
    """What is said of each object."""

    def __init__(self, compared: ReleaseDifference) -> None:
        self._compared = compared
        self._weights = compared.weights

    def entry(self, changed: ChangedObject) -> dict[str, Any]:
        """One object."""
        shown = changed.shown
        made: dict[str, Any] = {
            "stix_id": changed.stix_id,
            "attack_id": shown.attack_id or None,
            "name": shown.name or None,
            "before": _side(changed.before),
            "after": _side(changed.after),
        }
        if changed.stix_type == RELATIONSHIP:
            return made | self._relationship(changed)
        if changed.before and changed.after:
            made["weight"] = self._weights[changed.object_id]
        if changed.kind is ChangeKind.REVOCATIONS:
            replaced_by = self._compared.replaced_by(changed.object_id)
            made["revoked_by"] = [_end(found) for found in replaced_by]
        return made

    def _relationship(self, changed: ChangedObject) -> dict[str, Any]:
        linked = self._compared.relationships.get(changed.object_id)
        if linked is None:
            return {"relationship_type": None, "source": None, "target": None}
        kind, source, target = linked
        return {
            "name": f"{source.name} {kind} {target.name}",
            "relationship_type": kind,
            "source": _end(source),
            "target": _end(target),
        }


def _end(end: LinkEnd) -> dict[str, Any]:
    return {"stix_id": end.stix_id, "attack_id": end.attack_id or None, "name": end.name or None}


def _side(side: Side | None) -> dict[str, Any] | None:
    if side is None:
        return None
    return {
        "content_sha256": side.sha256.hex(),
        "name": side.name or None,
        "x_mitre_version": side.x_mitre_version or None,
        "modified": side.modified.isoformat().replace("+00:00", "Z") if side.modified else None,
        "revoked": side.revoked,
        "deprecated": side.deprecated,
    }
