"""Addresses of what Glexia says, beside the library's pages and below them."""

from django.urls import URLPattern, include, path

from analysis import views
from analysis.reading.shape import SCHEMA
from library.identifiers import OBJECT_TYPES, ObjectType

app_name = "analysis"


def _pages_of(kind: ObjectType) -> list[URLPattern]:
    """What stands below the pages of a kind's objects."""
    given, page = {"kind": kind}, f"/{kind.path}/<str:attack_id>"
    return [
        path(f"{page}/evidence", views.evidence, given),
        path(f"{page}/take", views.take, given),
    ]


pages = [
    *(page for kind in OBJECT_TYPES for page in _pages_of(kind)),
    path("/objects/<str:stix_id>/evidence", views.evidence_by_stix_id),
    path("/objects/<str:stix_id>/take", views.take_by_stix_id),
]

urlpatterns = [
    *pages,
    path("/takes", views.takes, name="takes"),
    path("/takes/brief", views.takes_brief, name="takes-brief"),
    path(f"/schemas/{SCHEMA}", views.take_schema, name="take-schema"),
    path("/v/<str:release>", include((pages, "pinned"))),
]
