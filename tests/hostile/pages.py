"""The entry-point table of what is read: every public view, and the staff's pages with parameters.

The public views are found among the addresses of the product, so none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from tests.glexia.test_bounds import ARGUMENT, GIVEN, PARAMETERS, views
from tests.hostile.corpus import Value
from tests.hostile.world import MEASURE, World

# Of this world, where the bounds' own are of the sample.
_HERE: Final = {
    "attack_id": "M1000",
    "stix_id": MEASURE["id"],
    "stix_type": "course-of-action",
    "before": "1.0",
    "after": "2.0",
    "release": "1.0",
    "path": "techniques/T1000",
    "rest": "mitigations/M1000",
}
PUBLIC: Final = sorted(views())
ADMIN_PARAMETERS: Final = (
    *("q", "o", "p", "e", "all", "_popup", "_to_field", "_changelist_filters", "next"),
    *("state__exact", "domain__exact", "source_kind__exact", "groups__id__exact"),
    *("is_active__exact", "password__startswith", "asked_by__contains", "who", "what", "when"),
    *("at__gte", "at__lt", "type", "field", "form", "offset", "from", "to", "term"),
    *("app_label", "model_name", "field_name", "queue", "actor", "action", "target"),
)
# A staff's page, and how to it one comes with something else in its path.
STAFF: Final[dict[str, Callable[[World, str], str]]] = {
    "runs": lambda _w, _x: "/admin/importer/importrun/",
    "run": lambda w, x: f"/admin/importer/importrun/{x or w.run.pk}/change/",
    "imports: overview": lambda _w, _x: "/admin/importer/importrun/overview/",
    "findings": lambda w, x: f"/admin/importer/importrun/snapshots/{x or w.first.pk}/findings/",
    "delete a snapshot": lambda w, x: (
        f"/admin/importer/importrun/snapshots/{x or w.first.pk}/delete/"
    ),
    "Takes": lambda _w, _x: "/admin/analysis/take/",
    "a Take": lambda w, x: f"/admin/analysis/take/{x or w.published.take_id}/change/",
    "write a Take": lambda _w, x: f"/admin/analysis/take/write/{x or MEASURE['id']}/",
    "compare Takes": lambda w, x: f"/admin/analysis/take/{x or w.published.take_id}/compare/",
    "queue": lambda _w, x: f"/admin/analysis/take/queue/{x or 'missing'}/",
    "users": lambda _w, _x: "/admin/auth/user/",
    "a user": lambda w, x: f"/admin/auth/user/{x or w.somebody.pk}/change/",
    "groups": lambda _w, _x: "/admin/auth/group/",
    "a group": lambda w, x: f"/admin/auth/group/{x or w.group.pk}/change/",
    "audit log": lambda _w, _x: "/admin/accounts/auditentry/",
    "audit log: export": lambda _w, _x: "/admin/accounts/auditentry/export/",
    "an entry": lambda w, x: f"/admin/accounts/auditentry/{x or w.entry.pk}/change/",
    "a user's history": lambda w, x: f"/admin/auth/user/{x or w.somebody.pk}/history/",
    "an app": lambda _w, x: f"/admin/{x or 'auth'}/",
    "view on site": lambda _w, x: f"/admin/r/1/{x or '1'}/",
    "autocomplete": lambda _w, _x: "/admin/autocomplete/",
    "second factor": lambda _w, _x: "/admin/second-factor/",
    "sign-in": lambda _w, _x: "/admin/login/",
}


def public(name: str, odd: str = "") -> str:
    """An address of a public view; with something else in place of its first argument."""
    pattern = views()[name]
    arguments = ARGUMENT.findall(pattern)
    given = GIVEN | _HERE | ({arguments[0]: in_path(odd)} if odd and arguments else {})
    return "/" + ARGUMENT.sub(lambda found: given[found[1]], pattern)


def in_path(value: str) -> str:
    """A text as a part of an address, cut where web servers cut."""
    return quote(value, safe="%")[:3000]


def text_of(value: Value) -> str:
    """A value as an address can carry it."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ",".join(value[:9])


__all__ = ["ADMIN_PARAMETERS", "PARAMETERS", "PUBLIC", "STAFF", "in_path", "public", "text_of"]
