"""The entry-point table of what is read: public pages, and the staff's, with their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final
from urllib.parse import quote
from zlib import crc32

from tests.hostile.corpus import LEAST, Value
from tests.hostile.world import MEASURE, World

HOME: Final = "/learn/attack"
# A public page, with the part of its address in which something else is tried, and what it should
# be. Views that are not here have their bounds in `tests/glexia/test_bounds.py`.
PUBLIC: Final = {
    "home of a release": (f"{HOME}/v/{{}}", "1.0"),
    "search": (f"{HOME}/search", ""),
    "list": (f"{HOME}/mitigations", ""),
    "list of a release": (f"{HOME}/v/{{}}/mitigations", "1.0"),
    "list by type": (f"{HOME}/objects/{{}}", "course-of-action"),
    "object": (f"{HOME}/mitigations/{{}}", "M1000"),
    "object by its STIX id": (f"{HOME}/objects/{{}}", MEASURE["id"]),
    "matrix": (f"{HOME}/matrices/{{}}", "enterprise-attack"),
    "matrix of an object": (f"{HOME}/groups/{{}}/matrix", "G1000"),
    "history": (f"{HOME}/mitigations/{{}}/history", "M1000"),
    "comparison": (f"{HOME}/releases/{{}}...2.0", "1.0"),
    "comparison: changes": (f"{HOME}/releases/{{}}...2.0/changes", "1.0"),
    "comparison: file": (f"{HOME}/releases/1.0...2.0/{{}}", "json"),
    "file of a list": (f"{HOME}/mitigations/{{}}", "csv"),
    "file of an object": (f"{HOME}/mitigations/{{}}/csv", "M1000"),
    "workbook": (f"{HOME}/workbooks/{{}}", "enterprise"),
    "feed": (f"{HOME}/mitigations/{{}}/atom", "M1000"),
    "raw": (f"{HOME}/mitigations/{{}}/raw", "M1000"),
    "bundle": (f"{HOME}/bundles/{{}}", "0" * 64),
    "Takes": (f"{HOME}/takes", ""),
    "Take": (f"{HOME}/mitigations/{{}}/take", "M1000"),
    "evidence": (f"{HOME}/mitigations/{{}}/evidence", "M1000"),
    "old address": ("/{}", "techniques/T1000"),
    "sitemap": ("/sitemaps/{}.xml", "mitigations"),
}
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
    "audit log: export": lambda _w, _x: "/admin/accounts/auditentry/export.csv",
    "an entry": lambda w, x: f"/admin/accounts/auditentry/{x or w.entry.pk}/change/",
    "a user's history": lambda w, x: f"/admin/auth/user/{x or w.somebody.pk}/history/",
    "an app": lambda _w, x: f"/admin/{x or 'auth'}/",
    "view on site": lambda _w, x: f"/admin/r/1/{x or '1'}/",
    "autocomplete": lambda _w, _x: "/admin/autocomplete/",
    "second factor": lambda _w, _x: "/admin/second-factor/",
    "sessions": lambda _w, _x: "/admin/sessions/",
    "sign-in": lambda _w, _x: "/admin/login/",
}


def public(name: str, odd: str = "") -> str:
    """The address of a public page; with something else in place of a part of it."""
    pattern, right = PUBLIC[name]
    return pattern.format(in_path(odd) if odd else right)


def in_path(value: str) -> str:
    """A text as a part of an address, cut where web servers cut."""
    return quote(value, safe="%")[:3000]


def text_of(value: Value) -> str:
    """A value as an address can carry it."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ",".join(value[:9])


def some(values: Mapping[str, Value], name: str) -> Iterator[tuple[int, str, Value]]:
    """A dozen values of a category, of each page others, by their numbers."""
    start = crc32(name.encode())
    every = list(values.items())
    for at in range(min(len(every), LEAST + 2)):
        yield at, *every[(start + at) % len(every)]
