"""The entry-point table of the staff's site: every form, and what it takes.

A form that has no field but its token (`made current`, `go back`, …) is sent with hostile tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from tests.accounts.people import PASSWORD, code
from tests.hostile.digest import KEPT_OF_TRIES
from tests.hostile.world import BUNDLE_NAME, MEASURE, OTHER, World
from tests.takes import subject

type Sent = dict[str, Any]
# Wrong codes have to wait longer each time, which the device keeps.
DEVICE: Final = ("otp_totp_totpdevice", "otp_static_staticdevice")


@dataclass(frozen=True, slots=True)
class Form:
    """A form of the staff's site."""

    name: str
    path: Callable[[World], str]
    valid: Callable[[World], Sent]
    """What would be done."""

    strict: tuple[str, ...] = ()
    """Fields of which a hostile value alone is refused; in the others any text may stand."""

    who: str = "staff"
    device: str = ""
    """With whose codes they have signed in."""

    once: bool = True
    """Whether what has been done cannot be done again by sending it again."""

    changes: bool = True
    """Whether it does anything."""

    own: bool = False
    """Whether it is about nobody but who sends it, and so everybody's."""

    grows: tuple[str, ...] = ()
    """Tables that a try changes though it is refused."""


def _at(name: str, *arguments: Callable[[World], Any]) -> Callable[[World], str]:
    return lambda world: reverse(f"admin:{name}", args=[given(world) for given in arguments])


def _text(_world: World) -> Sent:
    seen = subject(MEASURE).version._asdict()
    return {"based_on": 1, "confidence": "moderate", "summary": "It matters."} | seen


def _nothing(_world: World) -> Sent:
    return {}


def _code(world: World) -> Sent:
    return {"code": code(world.device)}


_measure: Final = lambda _world: MEASURE["id"]  # noqa: E731
_run: Final = lambda world: world.run.pk  # noqa: E731
_published: Final = lambda world: world.published.pk  # noqa: E731
_first: Final = lambda world: world.first.pk  # noqa: E731

CONSOLE: Final = (
    Form(
        "console: start, published",
        _at("importer_importrun_add"),
        lambda _: {"source": "published", "release": "18.1", "domain": ["ics"]},
        ("source", "release", "domain"),
        once=False,
    ),
    Form(
        "console: start, on the server",
        _at("importer_importrun_add"),
        lambda _: {
            "source": "directory",
            "name": BUNDLE_NAME,
            "said_domain": "ics",
            "said_release": "18.1",
        },
        ("source", "name"),
        once=False,
    ),
    Form(
        "console: confirm",
        _at("import-act", _run),
        lambda _: {"kind": "confirm", "make_current": "on"},
        ("kind",),
    ),
    Form("console: cancel", _at("import-act", _run), lambda _: {"kind": "cancel"}, ("kind",)),
    Form("console: make current", _at("import-make-current", _first), _nothing),
    Form("console: go back", _at("import-go-back"), _nothing, once=False),
    Form(
        "console: delete",
        _at("import-delete", lambda world: world.spare.pk),
        lambda _: {"typed": "enterprise 0.5"},
        ("typed",),
    ),
)
TAKES: Final = (
    Form(
        "Take: choose",
        _at("analysis_take_add"),
        lambda _: {"asked": "M1000"},
        ("asked",),
        changes=False,
    ),
    Form(
        "Take: write",
        _at("take-write", _measure),
        _text,
        ("based_on", "confidence", "release", "content_sha256"),
    ),
    Form("Take: preview", _at("take-preview", _measure), _text, ("summary",), changes=False),
    Form(
        "Take: act",
        _at("take-act", lambda world: world.draft.pk),
        lambda _: {"kind": "sent back", "note": "Not yet.", "against": subject(OTHER).sha256},
        ("kind",),
    ),
    Form(
        "Take: withdraw",
        _at("take-act", _published),
        lambda _: {"kind": "withdrawn", "note": "Wrong."},
        ("kind",),
    ),
    Form("Take: move", _at("take-move", lambda world: world.moving.pk), _nothing),
)
ACCOUNTS: Final = (
    Form(
        "sign-in",
        _at("login"),
        lambda _: {"username": "somebody", "password": PASSWORD, "next": "/admin/"},
        ("username", "password"),
        who="",
        once=False,
        grows=KEPT_OF_TRIES,
    ),
    Form(
        "second factor: ask",
        _at("second-factor-ask"),
        lambda world: _code(world) | {"next": "/admin/"},
        ("code",),
        who="guarded",
        own=True,
        grows=(*KEPT_OF_TRIES, *DEVICE),
    ),
    Form(
        "second factor: confirm",
        _at("second-factor-confirm"),
        lambda world: {"code": code(world.begun)},
        ("code",),
        who="beginner",
        own=True,
        grows=(*KEPT_OF_TRIES, *DEVICE),
    ),
    *(
        Form(
            f"second factor: {what}",
            _at(f"second-factor-{what}"),
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
    Form("second factor: begin", _at("second-factor-begin"), _nothing, once=False, own=True),
    Form(
        "password",
        _at("password_change"),
        lambda _: {
            "old_password": PASSWORD,
            "new_password1": "another-lantern-77",
            "new_password2": "another-lantern-77",
        },
        ("old_password", "new_password1", "new_password2"),
        own=True,
    ),
    Form(
        "user: add",
        _at("auth_user_add"),
        lambda world: {
            "username": "fresh",
            "usable_password": "true",
            "password1": "another-lantern-77",
            "password2": "another-lantern-77",
            "groups": [world.group.pk],
        },
        ("password1", "password2"),
    ),
    Form(
        "user: change",
        _at("auth_user_change", lambda world: world.somebody.pk),
        lambda world: {"username": "anybody", "groups": [world.group.pk], "is_staff": "on"},
        ("groups",),
        once=False,
    ),
    Form(
        "user: password",
        _at("auth_user_password_change", lambda world: world.somebody.pk),
        lambda _: {
            "usable_password": "true",
            "password1": "another-lantern-77",
            "password2": "another-lantern-77",
        },
        ("password1", "password2"),
        once=False,
    ),
    Form(
        "group: add",
        _at("auth_group_add"),
        lambda _: {"name": "fresh", "permissions": []},
        ("permissions",),
    ),
    Form(
        "group: change",
        _at("auth_group_change", lambda world: world.group.pk),
        lambda _: {"name": "guards", "permissions": []},
        ("permissions",),
        once=False,
    ),
    Form(
        "group: delete",
        _at("auth_group_delete", lambda world: world.group.pk),
        lambda _: {"post": "yes"},
    ),
)
FORMS: Final = (*CONSOLE, *TAKES, *ACCOUNTS)
# Forms that stand elsewhere, by the names of their addresses, with the tests of each.
ELSEWHERE: Final = {
    "import-upload": "importer/console/test_upload.py",
    # Its token is all that it takes; done, it asks the network.
    "import-check": "importer/console/test_permissions.py",
    "second-factor-leave": "accounts/test_second_factor.py",
    "logout": "accounts/test_audit.py",
    "oidc-begin": "accounts/test_oidc.py",
    "oidc-callback": "accounts/test_oidc.py",
    # Nobody but superusers comes to it.
    "auth_user_delete": "accounts/test_roles.py",
    # Actions on what is ticked in the list.
    "auth_user_changelist": "accounts/test_sign_in.py",
    "auth_group_changelist": "accounts/test_roles.py",
}
# What is read alone: a POST is refused, or is as a GET.
READ: Final = {
    *("index", "app_list", "jsi18n", "autocomplete", "view_on_site", "password_change_done"),
    *("audit-export", "second-factor", "second-factor-picture", "import-overview"),
    *("import-findings", "take-queue", "take-compare"),
    *("importer_importrun_changelist", "importer_importrun_change", "importer_importrun_history"),
    *("importer_importrun_delete", "analysis_take_changelist", "analysis_take_change"),
    *("analysis_take_history", "analysis_take_delete", "accounts_auditentry_changelist"),
    *("accounts_auditentry_add", "accounts_auditentry_change", "accounts_auditentry_delete"),
    *("accounts_auditentry_history", "auth_user_history", "auth_group_history"),
    # The queue's own pages, which superusers alone see, and change nothing on.
    *(
        f"django_tasks_database_dbtaskresult_{page}"
        for page in ("changelist", "change", "add", "delete", "history")
    ),
}
