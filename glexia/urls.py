"""Every address of the product, save those of `glexia.probes`."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from glexia.security_txt import security_txt
from library import sitemaps
from library.old_addresses import old_address

admin.site.site_header = admin.site.site_title = "Glexia ATT&CK Library"
admin.site.index_title = "What the staff does"


def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The mark, for pages that cannot name it themselves: the admin site's, files."""
    return HttpResponseRedirect(static("images/mark.svg"))


urlpatterns = [
    path("favicon.ico", favicon),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(pattern_name="library:home")),
    path("learn/attack", include("analysis.urls")),
    path("learn/attack", include("library.urls")),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap-index"),
    path("sitemaps/<str:section>.xml", sitemaps.sitemap_section, name="sitemap"),
    # Last: whatever attack.mitre.org has an address for.
    path("<path:path>", old_address),
]

handler404 = "library.unknown_addresses.page_not_found"
handler403 = "accounts.refusals.forbidden"
handler400 = "glexia.refusals.bad_request"
handler500 = "glexia.refusals.server_error"
