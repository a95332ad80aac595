"""Every address of the product."""

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="library:home")),
    path("learn/attack", include("library.urls")),
]

handler404 = "library.views.page_not_found"
