"""A whole release of one domain as the sheets of a workbook."""

from collections.abc import Iterator, Sequence

import orjson
from django.db.models import Case, F, TextField, When

from library.conditional import Shelf
from library.files.list_file import list_labels, list_records
from library.files.sheets import Sheet, list_sheet
from library.identifiers import OBJECT_TYPES, TYPE_OF, type_of
from library.models import Snapshot, SnapshotEdge, SnapshotObject
from library.parameters import ListFilters
from library.text.markdown import plain

_BATCH = 1000
_LINKS = (
    *("Source ID", "Source", "Link", "Target ID", "Target", "Description", "Live", "STIX id"),
)
# Linked or listed in other ways: relationships are the last sheet.
_NOT_LISTED = {*TYPE_OF, "relationship"}


def release_sheets(shelf: Shelf, snapshot: Snapshot, base: str) -> Iterator[Sheet]:
    """A sheet for each kind of object, revoked and deprecated too, then all links between them.

    Nothing that the bundle holds is left out. Some four seconds for a release of enterprise.
    """
    filters = ListFilters(domain=snapshot.domain, include_revoked=True)
    for kind in OBJECT_TYPES:
        labels = list_labels(kind)
        if any(snapshot.objects_by_type.get(stix_type) for stix_type in kind.stix_types):
            records = list_records(shelf, kind, filters, base)
            yield list_sheet(kind.path, kind.plural, labels, records)
    yield _others(snapshot)
    yield Sheet("links", "Links", _LINKS, _links(snapshot))


def _others(snapshot: Snapshot) -> Sheet:
    """What has no list: identities, markings, the collection, types that no release had."""
    rows = SnapshotObject.objects.filter(snapshot=snapshot)
    rows = rows.exclude(object__stix_type__in=_NOT_LISTED).order_by("object__stix_id")
    columns = ("object__stix_type", "version__name", "object__stix_id")
    found = [
        (type_of(kind).label, name, stix_id) for kind, name, stix_id in rows.values_list(*columns)
    ]
    return Sheet("others", "Other objects", ("Type", "Name", "STIX id"), found)


def _links(snapshot: Snapshot) -> Iterator[Sequence[str]]:
    names = {
        key: (attack_id or stix_id, name)
        for key, attack_id, name, stix_id in SnapshotObject.objects.filter(snapshot=snapshot)
        .exclude(object__stix_type="relationship")
        .values_list("object_id", "version__attack_id", "version__name", "object__stix_id")
    }
    text = F("version__content__canonical")
    relationship = When(version__object__stix_type="relationship", then=text)
    edges = (
        SnapshotEdge.objects.filter(snapshot=snapshot)
        .annotate(content=Case(relationship, output_field=TextField()))
        .order_by("kind", "source_id", "target_id", "version_id")
    )
    columns = ("kind", "source_id", "target_id", "live", "version__object__stix_id", "content")
    missing = ("", "")
    for kind, source, target, live, stix_id, content in edges.values_list(*columns).iterator(
        _BATCH
    ):
        source_id, source_name = names.get(source, missing)
        target_id, target_name = names.get(target, missing)
        yield (
            *(source_id, source_name, kind, target_id, target_name, _note(content)),
            *("Yes" if live else "No", stix_id),
        )


def _note(content: str | None) -> str:
    found = orjson.loads(content).get("description") if content else None
    return plain(found) if isinstance(found, str) else ""
