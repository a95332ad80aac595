"""Where the pages of authors stand, below the list of Takes in the admin site."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from analysis.authoring import acts, pages
from analysis.authoring.signed_out import giving_back

type View = Callable[..., Any]


def addresses(guarded: Callable[[View], View]) -> list[URLPattern]:
    """The address of each page; `guarded` makes of a view one that asks who is there."""
    return [
        path("queue/<str:queue>/", guarded(pages.queue), name="take-queue"),
        path("write/<str:stix_id>/", giving_back(guarded(pages.write)), name="take-write"),
        path("preview/<str:stix_id>/", guarded(pages.preview), name="take-preview"),
        path("move/<int:number>/", guarded(acts.move), name="take-move"),
        path("act/<int:number>/", guarded(acts.do), name="take-act"),
        path("<int:take_id>/compare/", guarded(pages.compare), name="take-compare"),
    ]
