"""Imports in the admin site: the history of all runs, and the pages of the console.

The pages are loaded with the addresses: commands register the site as well, and need none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.urls import URLPattern
from django.utils.html import format_html

from importer.models import ImportRun
from importer.roles import START
from importer.runs.expiry import tidy
from importer.runs.recovery import notice_dead

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    ModelAdmin = admin.ModelAdmin[ImportRun]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(ImportRun)
class ImportRunAdmin(ModelAdmin):
    """The history: who, when, what from, its hash, what came of it and how long it took."""

    list_title, add_title = "History of all imports", "Start an import"
    change_list_template = "importer/history.html"
    list_display = ("bundle", "source", "people", "asked", "hash", "outcome", "duration")
    list_filter = ("state", "domain", "source_kind")
    search_fields = ("source_name", "asked_by", "confirmed_by", "sha256", "release")
    list_per_page = 50
    ordering = ("-id",)

    @admin.display(description="Bundle", ordering="domain")
    def bundle(self, found: ImportRun) -> str:
        """What was imported."""
        return found.bundle

    @admin.display(description="Source", ordering="source_kind")
    def source(self, found: ImportRun) -> str:
        """Where it came from."""
        return f"{found.get_source_kind_display()}: {found.source_name}"

    @admin.display(description="Asked for by", ordering="asked_by")
    def people(self, found: ImportRun) -> str:
        """Who asked for it, and who confirmed it."""
        return found.people

    @admin.display(description="Asked at (UTC)", ordering="asked_at")
    def asked(self, found: ImportRun) -> str:
        """When it was asked for."""
        return f"{found.asked_at:%Y-%m-%d %H:%M}"

    @admin.display(description="SHA-256", ordering="sha256")
    def hash(self, found: ImportRun) -> str:
        """The beginning of the bundle's hash."""
        return format_html("<code>{}</code>", found.sha256[:12]) if found.sha256 else "–"

    @admin.display(description="Outcome", ordering="state")
    def outcome(self, found: ImportRun) -> str:
        """What came of it."""
        return found.outcome

    @admin.display(description="Duration")
    def duration(self, found: ImportRun) -> str:
        """How long its dry run or import took, whichever was the last."""
        return "–" if found.seconds is None else f"{found.seconds:.1f} s"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Those who import start runs."""
        return request.user.has_perm(START)

    def has_change_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        """Nobody changes a run in the way of other models."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ImportRun | None = None) -> bool:
        """Nobody deletes one: the history is kept."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The pages of the console, before those of the admin site."""
        from importer.console.urls import addresses

        return [*addresses(self.admin_site.admin_view), *super().get_urls()]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """What to import."""
        from importer.console.start import start

        return start(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """The page of a run."""
        from importer.console.run import run

        return run(request, object_id)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The history, without a run that is said to be worked on or waits, and is over."""
        notice_dead()
        tidy()
        return super().changelist_view(request, extra_context)
