"""Addresses of what Glexia says, beside the library's pages and below them."""

from django.urls import URLPattern, include, path

from analysis import views
from library.identifiers import OBJECT_TYPES, ObjectType

app_name = "analysis"


def _pages_of(kind: ObjectType) -> URLPattern:
    given = {"kind": kind}
    return path(f"/{kind.path}/<str:attack_id>/evidence", views.evidence, given)


pages = [
    *(_pages_of(kind) for kind in OBJECT_TYPES),
    path("/objects/<str:stix_id>/evidence", views.evidence_by_stix_id),
]

urlpatterns = [*pages, path("/v/<str:release>", include((pages, "pinned")))]
