"""Takes in the admin site: the list, a page for each, writing, comparing, queues.

The pages are loaded with the addresses: commands register the site as well, and need none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import URLPattern

from analysis.models import Revision, Take
from analysis.roles import WRITE

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    ModelAdmin = admin.ModelAdmin[Take]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(Take)
class TakeAdmin(ModelAdmin):
    """The Takes, each with the state of its newest revision.

    A Take is opened, not changed: its page leads to writing, and shows what was done.
    """

    add_title = "Write a Take"
    change_list_template = "analysis/authoring/change_list.html"
    list_display = ("title", "state", "author", "written")
    search_fields = ("stix_id", "revisions__attack_id", "revisions__name")
    list_per_page = 50
    ordering = ("stix_id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Take]:
        """Takes with the columns of their newest revisions; one query."""
        newest = Revision.objects.filter(take=OuterRef("pk")).order_by("-number")
        columns = ("attack_id", "name", "state", "number", "author_name", "written_at")
        return (
            super()
            .get_queryset(request)
            .annotate(**{f"newest_{name}": Subquery(newest.values(name)[:1]) for name in columns})
        )

    @admin.display(description="Object", ordering="newest_attack_id")
    def title(self, take: Take) -> str:
        """What the Take is on."""
        return f"{getattr(take, 'newest_attack_id')} {getattr(take, 'newest_name')}"  # noqa: B009

    @admin.display(description="Newest revision", ordering="newest_state")
    def state(self, take: Take) -> str:
        """The newest revision and its state."""
        return f"{getattr(take, 'newest_number')}, {getattr(take, 'newest_state')}"  # noqa: B009

    @admin.display(description="Author", ordering="newest_author_name")
    def author(self, take: Take) -> str:
        """Who wrote it."""
        return str(getattr(take, "newest_author_name"))  # noqa: B009

    @admin.display(description="Written", ordering="newest_written_at")
    def written(self, take: Take) -> str:
        """When it was written."""
        return f"{getattr(take, 'newest_written_at'):%Y-%m-%d}"  # noqa: B009

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Authors begin Takes."""
        return request.user.has_perm(WRITE)

    def has_change_permission(self, request: HttpRequest, obj: Take | None = None) -> bool:
        """Nobody changes a Take in the way of other models: revisions are added to it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Take | None = None) -> bool:
        """Nobody deletes one: it is withdrawn."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The pages of authoring, before those of the admin site."""
        from analysis.authoring.urls import addresses

        return [*addresses(self.admin_site.admin_view), *super().get_urls()]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Which object to write on."""
        from analysis.authoring.pages import choose

        return choose(request)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """The page of a Take."""
        from analysis.authoring.pages import take

        return take(request, object_id)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The list, with how many Takes wait for somebody."""
        from analysis.authoring.pages import queue_links

        shown = (extra_context or {}) | {"queues": queue_links()}
        return super().changelist_view(request, shown)
