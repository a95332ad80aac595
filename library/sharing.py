"""ATT&CK IDs that several objects have: MITRE gave some twice, and a short address leads to one."""

from functools import lru_cache

from django.db.models import F, Max, Min

from library.identifiers import type_of
from library.models import SnapshotObject


@lru_cache(maxsize=64)
def without_short_address(snapshots: tuple[int, ...]) -> frozenset[str]:
    """The STIX ids of objects whose short address leads to another object of their kind and ID.

    The first in the order of preference has it: a live one before others. One query, 20 ms; kept,
    since snapshots never change.
    """
    if not snapshots:
        return frozenset()
    held = SnapshotObject.objects.filter(snapshot__in=snapshots, version__attack_id__gt="")
    counted = held.order_by().values("version__attack_id")
    counted = counted.annotate(first=Min("object_id"), last=Max("object_id"))
    shared = counted.filter(first__lt=F("last")).values("version__attack_id")
    rows = held.filter(version__attack_id__in=shared).in_order_of_preference()
    columns = ("object__stix_type", "version__attack_id", "object__stix_id")
    first: dict[tuple[object, str], str] = {}
    return frozenset(
        stix_id
        for stix_type, attack_id, stix_id in rows.values_list(*columns)
        if first.setdefault((type_of(stix_type), attack_id), stix_id) != stix_id
    )
