"""Where the pages of the console stand, below the history of imports in the admin site."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from importer.console import findings, overview, run, start, switching

type View = Callable[..., Any]


def addresses(guarded: Callable[[View], View]) -> list[URLPattern]:
    """The address of each page; `guarded` makes of a view one that asks who is there."""
    return [
        path("overview/", guarded(overview.overview), name="import-overview"),
        path("check/", guarded(overview.check), name="import-check"),
        path("upload/", guarded(start.upload), name="import-upload"),
        path("go-back/", guarded(switching.go_back), name="import-go-back"),
        path("<int:run_id>/act/", guarded(run.act), name="import-act"),
        path(
            "snapshots/<int:snapshot_id>/findings/",
            guarded(findings.findings),
            name="import-findings",
        ),
        path(
            "snapshots/<int:snapshot_id>/current/",
            guarded(switching.make_current),
            name="import-make-current",
        ),
        path(
            "snapshots/<int:snapshot_id>/delete/",
            guarded(switching.delete),
            name="import-delete",
        ),
    ]
