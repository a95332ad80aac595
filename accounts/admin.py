"""Users, groups and the audit log in the admin site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat
from django.forms import CheckboxSelectMultiple, ModelMultipleChoiceField
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import lockouts, second_factor
from accounts.audit import record
from accounts.export import csv_lines
from accounts.models import AuditEntry
from accounts.roles import GRANTABLE, ROLES
from accounts.user_forms import NewUserForm, UserForm

if TYPE_CHECKING:
    from django.db.models import ManyToManyField
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    ModelAdmin = admin.ModelAdmin[AuditEntry]
    Users = UserAdmin[User]
    RoleField = ModelMultipleChoiceField[Group]
else:
    ModelAdmin = admin.ModelAdmin
    Users = UserAdmin
    RoleField = ModelMultipleChoiceField

MOST_EXPORTED: Final = 50_000
MOST_CHOICES: Final = 100

admin.site.unregister([User, Group])
# Their pages show the keys that codes are made with; devices are set up by their owners alone.
admin.site.unregister([TOTPDevice, StaticDevice])


class RolesField(RoleField):
    """Groups to be ticked, each role with what it is for."""

    def label_from_instance(self, obj: Group) -> str:
        """A group and its purpose: "author: writes Takes"."""
        purpose = ROLES.get(obj.name)
        return f"{obj.name}: {purpose}" if purpose else obj.name


@admin.register(User)
class StaffAdmin(Users):
    """The staff. Who manages it gives roles; superusers are managed by superusers alone."""

    add_title = "Add a user"
    form, add_form = UserForm, NewUserForm
    list_display = ("username", "full_name", "email", "roles", "is_active", "last_sign_in")
    list_filter = ("groups", "is_active", "is_superuser")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("lift_lockouts", "remove_second_factors")
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "email", "usable_password", "password1", "password2")},
        ),
        ("Roles", {"fields": ("groups",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Users with their groups; two queries."""
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="Name")
    def full_name(self, user: User) -> str:
        """First and last name."""
        return user.get_full_name()

    @admin.display(description="Last sign-in", ordering="last_login")
    def last_sign_in(self, user: User) -> str:
        """The day; empty before the first."""
        return f"{user.last_login:%Y-%m-%d}" if user.last_login else ""

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        """The groups, or that everything is allowed."""
        named = ", ".join(sorted(group.name for group in user.groups.all()))
        return "superuser" if user.is_superuser else named

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """The fields; superusers alone make superusers and give single permissions."""
        fieldsets = super().get_fieldsets(request, obj)
        if request.user.is_superuser:
            return fieldsets
        kept = ("is_superuser", "user_permissions")
        return [
            (title, options | {"fields": [n for n in options["fields"] if n not in kept]})
            for title, options in fieldsets
        ]

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Groups and permissions as boxes to tick."""
        kwargs |= {"widget": CheckboxSelectMultiple, "help_text": ""}
        if db_field.name == "groups":
            kwargs["form_class"] = RolesField
            if not request.user.is_superuser:
                kwargs["queryset"] = Group.objects.filter(name__in=ROLES).order_by("name")
        elif db_field.name == "user_permissions":
            kwargs["queryset"] = _permissions()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Superusers are changed by superusers alone."""
        return super().has_change_permission(request, obj) and _within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Superusers alone delete users; who leaves is deactivated."""
        return bool(request.user.is_superuser) and super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; whoever is made here is staff, since readers need no account."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the roles; other groups, which superusers alone give and take, stay."""
        chosen = form.cleaned_data.get("groups")
        if chosen is not None and not request.user.is_superuser:
            kept = form.instance.groups.exclude(name__in=ROLES)
            form.cleaned_data["groups"] = [*chosen, *kept]
        super().save_related(request, form, formsets, change)

    @admin.action(description="Lift the lock-out of the users chosen", permissions=["change"])
    def lift_lockouts(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let users try again who are locked out."""
        lifted = [user for user in self._reached(request, queryset) if lockouts.lift(str(user))]
        self._tell(request, "Lock-outs lifted", lifted)

    @admin.action(
        description="Remove the second factor of the users chosen", permissions=["change"]
    )
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let users in who have lost their device."""
        had = [user for user in self._reached(request, queryset) if second_factor.remove(user)]
        self._tell(request, "Second factors removed", had)

    def _reached(self, request: HttpRequest, queryset: QuerySet[User]) -> list[User]:
        return [user for user in queryset if self.has_change_permission(request, user)]

    def _tell(self, request: HttpRequest, what: str, users: list[User]) -> None:
        named = ", ".join(map(str, users)) or "none of those chosen had any"
        self.message_user(request, f"{what}: {named}.", messages.SUCCESS)


def _permissions() -> QuerySet[Permission]:
    """The permissions that may be given; one query."""
    named = Concat("content_type__app_label", Value("."), "codename")
    found = Permission.objects.annotate(named=named).filter(named__in=GRANTABLE)
    return found.select_related("content_type")


def _within_reach(request: HttpRequest, obj: User | None) -> bool:
    return obj is None or not obj.is_superuser or bool(request.user.is_superuser)


@admin.register(Group)
class RoleAdmin(GroupAdmin):
    """The groups, which superusers alone make and change; those that are roles keep their names.

    Whoever could give a group a permission could give it to themselves.
    """

    list_title, add_title = "Roles and groups", "Add a group"
    fields = ("name", "permissions")
    filter_horizontal = ()
    # One group at a time: roles are not to be deleted among others.
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers make groups."""
        return bool(request.user.is_superuser) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers change groups, and roles."""
        return bool(request.user.is_superuser) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers delete groups; nobody deletes a role."""
        may = bool(request.user.is_superuser) and super().has_delete_permission(request, obj)
        return may and (obj is None or obj.name not in ROLES)

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> list[str]:
        """The name of a role, which commands and providers know it by."""
        return ["name"] if obj is not None and obj.name in ROLES else []

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """The permissions as boxes to tick."""
        if db_field.name == "permissions":
            kwargs |= {"widget": CheckboxSelectMultiple, "queryset": _permissions()}
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class KnownValues(admin.SimpleListFilter):
    """A filter by one of the values that a column has, up to a hundred."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The values; one query, of an index."""
        values = AuditEntry.objects.order_by(self.column).values_list(self.column, flat=True)
        return [(value, value) for value in values.distinct()[:MOST_CHOICES]]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry]
    ) -> QuerySet[AuditEntry]:
        """Those with the value chosen; all where it is none that there is."""
        value = self.value()
        known = {known for known, _ in self.lookup_choices}
        return queryset.filter(**{self.column: value}) if value in known else queryset


class Who(KnownValues):
    """Entries of one actor."""

    title = parameter_name = "who"
    column = "actor"


class What(KnownValues):
    """Entries of one kind of act."""

    title = parameter_name = "what"
    column = "action"


@admin.register(AuditEntry)
class AuditLogAdmin(ModelAdmin):
    """The audit log, to be read and taken away."""

    change_list_template = "accounts/audit_log.html"
    list_display = ("when", "actor", "action", "target", "short")
    list_filter = (Who, What, ("at", admin.DateFieldListFilter))
    search_fields = ("actor", "target")
    search_help_text = "Who, or to what"
    date_hierarchy = "at"
    fields = ("when", "actor", "action", "target", "whole")
    readonly_fields = fields
    list_per_page = 50
    show_full_result_count = False
    actions = None

    @admin.display(description="When (UTC)", ordering="id")
    def when(self, entry: AuditEntry) -> str:
        """To the second."""
        return f"{entry.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Details")
    def short(self, entry: AuditEntry) -> str:
        """The details, cut for a row."""
        return entry.short_details

    @admin.display(description="Details")
    def whole(self, entry: AuditEntry) -> str:
        """The details."""
        return entry.detail_words

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds to it by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Nobody changes it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Nobody deletes from it."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """The export, before the pages of the admin site."""
        export = self.admin_site.admin_view(self.export)
        return [path("export.csv", export, name="audit-export"), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """The list, with where to take what is shown away."""
        shown = {
            "title": "Audit log",
            "query": request.GET.urlencode(),
            "most_exported": MOST_EXPORTED,
        }
        return super().changelist_view(request, (extra_context or {}) | shown)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, under its filters, as CSV: the newest 50,000 entries at most."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:accounts_auditentry_changelist"))
        chosen = shown.order_by("-id")[:MOST_EXPORTED]
        record(request.user.get_username(), "audit log exported", request.GET.urlencode() or "all")
        answer = StreamingHttpResponse(
            csv_lines(chosen.iterator()), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
        return answer
