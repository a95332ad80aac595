"""The library's addresses, below /learn/attack; none ends in a slash."""

from django.urls import path

from library import raw, views
from library.identifiers import MITIGATION

app_name = "library"

urlpatterns = [
    path("", views.home, name="home"),
    path(f"/{MITIGATION.path}", views.mitigation_list, name=MITIGATION.path),
    path(
        f"/{MITIGATION.path}/<str:attack_id>",
        views.mitigation_detail,
        name=f"{MITIGATION.path}-detail",
    ),
    path(
        f"/{MITIGATION.path}/<str:attack_id>/raw",
        raw.raw_object,
        {"kind": MITIGATION},
        name=f"{MITIGATION.path}-raw",
    ),
    path("/objects/<str:stix_id>", views.object_by_stix_id, name="object"),
    path("/objects/<str:stix_id>/raw", raw.raw_by_stix_id, name="object-raw"),
]
