"""What every admin of the site has: its list is filtered by its own filters and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ActionLocation, IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import PermissionDenied
from django.db import DataError, transaction
from django.http import HttpResponseRedirect

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    type Admin = admin.ModelAdmin[Any]
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

NUL = "\x00"
NOT_THERE = "Nothing was done: what was chosen is not in the list, or no longer."


class BoundedList(ChangeList):
    """A list that refuses every parameter which neither a filter nor its dates have taken.

    Django's takes any look-up of any column: regular expressions and patterns by which one could
    guess at what is not shown, and values that no database reads.
    """

    def get_filters(self, request: HttpRequest) -> Any:
        """Django's, once nothing is left over."""
        found = super().get_filters(request)
        dates = {f"{self.date_hierarchy}__{bound}" for bound in ("gte", "lt")}
        if set(found[2]) - (dates if self.date_hierarchy else set()):
            raise IncorrectLookupParameters("no filter of this list takes that")
        return found


class BoundedAdmin(ModelAdmin):
    """What every admin of this site has beside its own; the site adds it (accounts.site).

    An admin may say what its list is called, by `list_title`, and adding to it, by `add_title`.
    """

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """The kind of list that admins of this site have."""
        return BoundedList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """The list; raises IncorrectLookupParameters for values that cannot be asked for."""
        try:
            # Of its own, so that what the database refuses leaves a transaction around it whole.
            with transaction.atomic():
                return super().get_changelist_instance(request)
        except (DataError, OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Django's; filters that are refused again lead to the list again, not to a fault."""
        if ERROR_FLAG in request.GET and len(request.GET) > 1:
            asked = request.GET.copy()
            del asked[ERROR_FLAG]
            return HttpResponseRedirect(f"{request.path}?{asked.urlencode()}")
        title = getattr(self, "list_title", "") or str(self.opts.verbose_name_plural).capitalize()
        return super().changelist_view(request, {"title": title} | (extra_context or {}))

    def response_action(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        action_location: ActionLocation = ActionLocation.CHANGE_LIST,
    ) -> HttpResponse | None:
        """Django's, for what there is: it takes any text for a key, which breaks the look-up."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if chosen and not _is_any_of(queryset, chosen):
            self.message_user(request, NOT_THERE, messages.WARNING)
            return None
        return super().response_action(request, queryset, action_location)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Django's, which looks for the object first: who may see none is not told which there are.

        Raises PermissionDenied.
        """
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Nothing for words that no column can hold."""
        if NUL in search_term:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)


def _is_any_of(queryset: QuerySet[Any], chosen: list[str]) -> bool:
    """Whether any of these is the key of a row, and all of them could be; one query."""
    try:
        with transaction.atomic():
            return queryset.filter(pk__in=chosen).exists()
    except (DataError, OverflowError, ValueError):
        return False


def bounded(kind: type[Admin]) -> type[Admin]:
    """An admin whose list is bounded; itself where it is already."""
    if issubclass(kind, BoundedAdmin):
        return kind
    return type(kind.__name__, (BoundedAdmin, kind), {"__module__": kind.__module__})
