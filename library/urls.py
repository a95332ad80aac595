"""The library's addresses, below /learn/attack; none ends in a slash.

Every page stands twice: for the current edition, and below /v/<release> as of that release.
"""

from django.urls import URLPattern, include, path, re_path, register_converter

from library import downloads, feed_views, history_views, raw, release_views, views
from library.bundles import bundle
from library.comparison_files import comparison_file
from library.converters import (
    ComparisonFormConverter,
    FormConverter,
    ReleaseConverter,
    StixTypeConverter,
)
from library.id_check.shape import SCHEMA as ID_CHECK
from library.id_check.views import id_check
from library.id_check.views import schema as id_check_schema
from library.identifiers import OBJECT_TYPES, Domain, ObjectType
from library.old_addresses import bare_id, old_address

app_name = "library"

register_converter(FormConverter, "form")
register_converter(StixTypeConverter, "stixtype")
register_converter(ReleaseConverter, "release")
register_converter(ComparisonFormConverter, "comparisonform")


def _pages_of(kind: ObjectType) -> list[URLPattern]:
    """The list of a kind, and the pages of its objects by their ATT&CK IDs."""
    given = {"kind": kind}
    return [
        path(f"/{kind.path}", views.list_page, given, name=kind.path),
        path(f"/{kind.path}/<form:form>", downloads.list_download, given),
        path(f"/{kind.path}/<str:attack_id>", views.object_page, given, name=f"{kind.path}-detail"),
        path(
            f"/{kind.path}/<str:attack_id>/matrix",
            views.object_matrix,
            given,
            name=f"{kind.path}-matrix",
        ),
        path(f"/{kind.path}/<str:attack_id>/raw", raw.raw_object, given, name=f"{kind.path}-raw"),
        path(f"/{kind.path}/<str:attack_id>/<form:form>", downloads.object_download, given),
    ]


# A history is one for all releases: it stands below none of them.
histories = [
    *(
        path(f"/{kind.path}/<str:attack_id>/history", history_views.object_history, {"kind": kind})
        for kind in OBJECT_TYPES
    ),
    path("/objects/<str:stix_id>/history", history_views.history_by_stix_id),
    path("/v/<str:release>/<path:rest>/history", history_views.unpinned_history),
]

pages = [
    path("", views.home, name="home"),
    *(page for kind in OBJECT_TYPES for page in _pages_of(kind)),
    path("/search", views.search_results, name="search"),
    path("/objects/<stixtype:stix_type>", views.list_by_stix_type, name="objects"),
    path("/objects/<stixtype:stix_type>/<form:form>", downloads.list_download_by_stix_type),
    path("/objects/<str:stix_id>", views.object_by_stix_id, name="object"),
    path("/objects/<str:stix_id>/raw", raw.raw_by_stix_id, name="object-raw"),
    path("/objects/<str:stix_id>/<form:form>", downloads.download_by_stix_id),
    path("/workbooks/<str:domain>", downloads.release_workbook, name="workbook"),
]

# As attack.mitre.org has them, a domain behind a kind: no ATT&CK ID is so called.
_kinds, _domains = "|".join(kind.path for kind in OBJECT_TYPES), "|".join(Domain.values)
of_a_domain = rf"^/(?P<path>(?:v/[^/]+/)?(?:{_kinds})/(?i:{_domains}))$"

_two = "/releases/<release:before>...<release:after>"
releases = [
    path("/releases", release_views.releases, name="releases"),
    path(_two, release_views.comparison, name="comparison"),
    path(f"{_two}/changes", release_views.changes),
    path(f"{_two}/matrix", release_views.matrix),
    path(f"{_two}/brief", release_views.brief),
    path(f"{_two}/<comparisonform:form>", comparison_file),
]

# What came with each release is the same whatever release is read: feeds stand below none.
feeds = [
    path("/releases/atom", feed_views.releases_atom),
    *(path(f"/{kind.path}/atom", feed_views.list_atom, {"kind": kind}) for kind in OBJECT_TYPES),
    *(
        path(f"/{kind.path}/<str:attack_id>/atom", feed_views.object_atom, {"kind": kind})
        for kind in OBJECT_TYPES
    ),
    path("/objects/<stixtype:stix_type>/atom", feed_views.list_atom_by_stix_type),
    path("/objects/<str:stix_id>/atom", feed_views.atom_by_stix_id),
]

urlpatterns = [
    # Before the pages, whose IDs may be any word.
    *feeds,
    re_path(of_a_domain, old_address),
    *pages,
    *releases,
    *histories,
    path("/bundles/<str:sha256>", bundle, name="bundle"),
    path("/id-check", id_check, name="id-check"),
    path(f"/schemas/{ID_CHECK}", id_check_schema, name="id-check-schema"),
    path("/schemas/<str:name>", downloads.json_schema, name="schema"),
    path("/v/<str:release>", include((pages, "pinned"))),
    path("/", old_address, {"path": ""}),
    path("/<str:attack_id>", bare_id),
    path("/<path:path>", old_address),
]
