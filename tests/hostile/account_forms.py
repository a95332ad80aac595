"""The forms of users, groups and signing in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.accounts.people import PASSWORD, code
from tests.hostile.digest import KEPT_OF_TRIES
from tests.hostile.form import Form, Sent, at, nothing
from tests.hostile.world import World

# Wrong codes have to wait longer each time, which the device keeps.
DEVICE: Final = ("otp_totp_totpdevice", "otp_static_staticdevice")
OWN: Final = "another-lantern-77"


def _code(world: World) -> Sent:
    return {"code": code(world.device)}


def _passwords(_world: World) -> Sent:
    return {"old_password": PASSWORD, "new_password1": OWN, "new_password2": OWN}


def _ticked(action: str, whom: str, **more: str) -> Callable[[World], Sent]:
    """An action on a user who is ticked in the list."""
    return lambda world: {"action": action, "_selected_action": [getattr(world, whom).pk]} | more


ACCOUNTS: Final = (
    Form(
        "sign-in",
        at("login"),
        lambda _: {"username": "somebody", "password": PASSWORD, "next": "/admin/"},
        ("username", "password"),
        who="",
        once=False,
        grows=KEPT_OF_TRIES,
    ),
    Form(
        "second factor: ask",
        at("second-factor-ask"),
        lambda world: _code(world) | {"next": "/admin/"},
        ("code",),
        who="guarded",
        own=True,
        grows=(*KEPT_OF_TRIES, *DEVICE),
    ),
    Form(
        "second factor: confirm",
        at("second-factor-confirm"),
        lambda world: {"code": code(world.begun)},
        ("code",),
        who="beginner",
        own=True,
        grows=(*KEPT_OF_TRIES, *DEVICE),
    ),
    *(
        Form(
            f"second factor: {what}",
            at(f"second-factor-{what}"),
            _code,
            ("code",),
            who="guarded",
            device="device",
            own=True,
            grows=(*KEPT_OF_TRIES, *DEVICE),
        )
        for what in ("codes", "remove")
    ),
    # Begun again, a device has another key.
    Form("second factor: begin", at("second-factor-begin"), nothing, once=False, own=True),
    Form(
        "password",
        at("password_change"),
        _passwords,
        ("old_password", "new_password1", "new_password2"),
        own=True,
        grows=KEPT_OF_TRIES,
    ),
    Form(
        "first password",
        at("first-password"),
        _passwords,
        ("old_password", "new_password1", "new_password2"),
        who="given",
        own=True,
        grows=KEPT_OF_TRIES,
    ),
    # Each is of a session of its own.
    Form("sign-out", at("logout"), nothing, once=False, own=True),
    Form(
        "sign-out before a code is given",
        at("second-factor-leave"),
        nothing,
        who="guarded",
        once=False,
        own=True,
    ),
    Form(
        "sessions: end the others",
        at("own-sessions"),
        nothing,
        once=False,
        own=True,
        grows=("django_session",),
    ),
    Form(
        "user: add",
        at("auth_user_add"),
        lambda world: {
            "username": "fresh",
            "usable_password": "true",
            "password1": OWN,
            "password2": OWN,
            "groups": [world.role.pk],
        },
        ("password1", "password2"),
    ),
    Form(
        "user: change",
        at("auth_user_change", lambda world: world.somebody.pk),
        lambda world: {"username": "anybody", "groups": [world.role.pk], "is_staff": "on"},
        ("groups",),
        once=False,
    ),
    Form(
        "user: password",
        at("auth_user_password_change", lambda world: world.somebody.pk),
        lambda _: {
            "usable_password": "true",
            "password1": OWN,
            "password2": OWN,
        },
        ("password1", "password2"),
        once=False,
    ),
    Form(
        "user: delete",
        at("auth_user_delete", lambda world: world.somebody.pk),
        lambda _: {"post": "yes"},
        who="chief",
    ),
    Form(
        "users ticked: lift the lock-out",
        at("auth_user_changelist"),
        _ticked("lift_lockouts", "somebody"),
        ("action", "_selected_action"),
    ),
    Form(
        "users ticked: remove the second factor",
        at("auth_user_changelist"),
        _ticked("remove_second_factors", "guarded"),
        ("action", "_selected_action"),
    ),
    Form(
        "users ticked: delete",
        at("auth_user_changelist"),
        _ticked("delete_selected", "somebody", post="yes"),
        ("action", "_selected_action"),
        who="chief",
    ),
    Form(
        "group: add",
        at("auth_group_add"),
        lambda _: {"name": "fresh", "permissions": []},
        ("permissions",),
        who="chief",
    ),
    Form(
        "group: change",
        at("auth_group_change", lambda world: world.group.pk),
        lambda _: {"name": "guards", "permissions": []},
        ("permissions",),
        who="chief",
        once=False,
    ),
    Form(
        "group: delete",
        at("auth_group_delete", lambda world: world.group.pk),
        lambda _: {"post": "yes"},
        who="chief",
    ),
)
