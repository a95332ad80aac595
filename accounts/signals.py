"""What is done to users and groups, and who signs in: recorded wherever it is done from.

Django's signals tell of it, so that the admin site, commands and a shell are recorded alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from axes.signals import user_locked_out
from django.contrib.auth.models import Group, Permission, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from accounts import notices, passwords, sessions
from accounts.actors import NOBODY, current_actor
from accounts.audit import record

if TYPE_CHECKING:
    from django.db.models import Model
    from django.http import HttpRequest

# Of a user these are recorded with their old and new values; a password only as changed.
FIELDS: Final = (
    *("username", "email", "first_name", "last_name"),
    *("is_active", "is_staff", "is_superuser"),
)
VERBS: Final = {"post_add": "added", "post_remove": "removed"}
# Where the other side of each relation is found.
ACCESSORS: Final[dict[tuple[type[Model], type[Model]], str]] = {
    (User, Group): "groups",
    (User, Permission): "user_permissions",
    (Group, Permission): "permissions",
    (Group, User): "user_set",
    (Permission, User): "user_set",
    (Permission, Group): "group_set",
}


def connect() -> None:
    """Begin to record; once for each process."""
    user_logged_in.connect(_signed_in)
    user_logged_out.connect(_signed_out)
    user_login_failed.connect(_sign_in_failed)
    user_locked_out.connect(_locked_out)
    pre_save.connect(_before_user, sender=User)
    post_save.connect(_user_saved, sender=User)
    pre_save.connect(_before_group, sender=Group)
    post_save.connect(_group_saved, sender=Group)
    pre_delete.connect(_before_deletion, sender=User)
    pre_delete.connect(_before_deletion, sender=Group)
    post_delete.connect(_deleted, sender=User)
    post_delete.connect(_deleted, sender=Group)
    for through in (
        User.groups.through,
        User.user_permissions.through,
        Group.permissions.through,
    ):
        m2m_changed.connect(_links_changed, sender=through)


def _signed_in(user: User, request: HttpRequest, **_signal: Any) -> None:
    backend = getattr(user, "backend", "")
    by = "provider" if backend.startswith("accounts.oidc") else "password"
    sessions.begin(request)
    if by == "password":
        passwords.begin(request, user)
    record(user.get_username(), "signed in", user.get_username(), by=by)


def _signed_out(user: User | None, **_signal: Any) -> None:
    if user is not None:
        record(user.get_username(), "signed out", user.get_username())


def _sign_in_failed(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_signal: Any
) -> None:
    # While somebody is locked out nothing is tried: the lock-out itself is recorded, once.
    if getattr(request, "axes_locked_out", False):
        return
    record(NOBODY, "sign-in failed", str(credentials.get("username") or "by the provider"))


def _locked_out(request: HttpRequest, username: str | None, **_signal: Any) -> None:
    # Attempts during a lock-out are counted no further, and tell of it again.
    if getattr(request, "axes_failures_since_start", None) is not None:
        record(NOBODY, "locked out", username or "by the provider")


def _before_user(instance: User, **_signal: Any) -> None:
    before = User.objects.filter(pk=instance.pk).first() if instance.pk else None
    instance._before = before  # type: ignore[attr-defined]


def _user_saved(
    instance: User, created: bool, update_fields: frozenset[str] | None = None, **_signal: Any
) -> None:
    before: User | None = getattr(instance, "_before", None)
    name = instance.get_username()
    if created or before is None:
        given = {field: value for field in FIELDS[1:] if (value := getattr(instance, field))}
        record(current_actor(), "user made", name, **given)
        passwords.note_change(instance)
        return
    saved = [field for field in FIELDS if update_fields is None or field in update_fields]
    changed = {
        field: f"{getattr(before, field)} → {getattr(instance, field)}"
        for field in saved
        if getattr(before, field) != getattr(instance, field)
    }
    if any(field.startswith("is_") for field in changed):
        notices.tell(instance, "what you may do")
    if "is_active" in changed:
        changed.pop("is_active")
        done = "user reactivated" if instance.is_active else "user deactivated"
        record(current_actor(), done, name)
    if changed:
        record(current_actor(), "user changed", name, **changed)
    if "email" in changed:
        notices.tell(instance, "the e-mail address", also=before.email)
    if before.password != instance.password and not _is_rehash(instance, update_fields):
        usable = instance.has_usable_password()
        record(current_actor(), "password changed" if usable else "password taken away", name)
        passwords.note_change(instance)
        notices.tell(instance, "the password" if usable else "the password, which was taken away")


def _is_rehash(user: User, update_fields: frozenset[str] | None) -> bool:
    """Whether the same password was only hashed anew, as Django does at a sign-in."""
    fresh = getattr(user, "_password", None)
    return update_fields == frozenset({"password"}) and fresh is None and user.has_usable_password()


def _before_group(instance: Group, **_signal: Any) -> None:
    before = Group.objects.filter(pk=instance.pk).first() if instance.pk else None
    instance._before = before  # type: ignore[attr-defined]


def _group_saved(instance: Group, created: bool, **_signal: Any) -> None:
    before: Group | None = getattr(instance, "_before", None)
    if created or before is None:
        record(current_actor(), "group made", instance.name)
    elif before.name != instance.name:
        record(current_actor(), "group renamed", instance.name, name=f"was {before.name}")


def _before_deletion(instance: User | Group, **_signal: Any) -> None:
    """Keep what a user or a group had, which is gone once the deletion tells of itself."""
    links = instance.groups if isinstance(instance, User) else instance.permissions
    instance._had = _names(links.all())  # type: ignore[union-attr]


def _deleted(instance: User | Group, **_signal: Any) -> None:
    kind, held = ("user", "groups") if isinstance(instance, User) else ("group", "permissions")
    record(current_actor(), f"{kind} deleted", str(instance), **{held: getattr(instance, "_had")})  # noqa: B009


def _links_changed(
    instance: Model,
    action: str,
    reverse: bool,
    model: type[Model],
    pk_set: set[int] | None,
    **_signal: Any,
) -> None:
    """Groups of a user, and permissions of either, by their names; from whichever side."""
    if action == "pre_clear":
        instance._cleared = _names(_links(instance, model))  # type: ignore[attr-defined]
        return
    if action == "post_clear":
        names, verb = getattr(instance, "_cleared", []), "removed"
    elif action in VERBS and pk_set:
        names, verb = _names(model._default_manager.filter(pk__in=pk_set)), VERBS[action]
    else:
        return
    if not names:
        return
    for user in _users_of(instance, model, pk_set):
        notices.tell(user, f"your roles or permissions ({verb})")
    held: type[Model] = type(instance) if reverse else model
    what = "permissions changed" if issubclass(held, Permission) else "groups changed"
    if reverse:
        for name in names:
            record(current_actor(), what, name, **{verb: _name(instance)})
    else:
        record(current_actor(), what, _name(instance), **{verb: names})


def _users_of(instance: Model, model: type[Model], pk_set: set[int] | None) -> list[User]:
    """Whose groups or permissions a change is of, from whichever side it was made."""
    if isinstance(instance, User):
        return [instance]
    return list(User.objects.filter(pk__in=pk_set or ())) if model is User else []


def _links(instance: Model, model: type[Model]) -> Any:
    """All that stands on the other side of a relation that is about to be cleared."""
    return getattr(instance, ACCESSORS[type(instance), model]).all()


def _names(rows: Any) -> list[str]:
    return sorted(_name(row) for row in rows)


def _name(row: Model) -> str:
    if isinstance(row, Permission):
        return f"{row.content_type.app_label}.{row.codename}"
    return row.get_username() if isinstance(row, User) else str(row)
