"""The entry-point table of the staff's site: every form, and what it takes.

A form that has no field but its token (`make current`, `move`, …) is sent with hostile tokens.
"""

from __future__ import annotations

from typing import Final

from importer.editions import step_back
from library.identifiers import RELEASE_FORM
from tests.factories import mitigation
from tests.hostile.account_forms import ACCOUNTS
from tests.hostile.corpus import Value
from tests.hostile.corpus.category import bundle
from tests.hostile.form import Form, Sent, Upload, at, nothing
from tests.hostile.world import BUNDLE_NAME, MEASURE, World
from tests.takes import as_seen


def _text(_world: World) -> Sent:
    given = {"based_on": 1, "confidence": "moderate", "summary": "It matters."}
    return given | as_seen(MEASURE)


def _step_back(_world: World) -> Sent:
    step = step_back()
    assert step is not None
    return {"from": step.current.pk, "to": step.target.pk}


def _upload(_world: World) -> Sent:
    content = bundle(mitigation("M1000", "Measure"))
    said = {"said_domain": "enterprise", "said_release": "9.0"}
    return {"bundle": Upload("bundle.json", content)} | said


def _says_a_release(value: Value) -> bool:
    """Whether nothing is said of an upload, or a release; a file in a field says nothing."""
    last = value[-1] if isinstance(value, list) else value
    return isinstance(last, bytes) or not last.strip() or bool(RELEASE_FORM.fullmatch(last.strip()))


_measure: Final = lambda _world: MEASURE["id"]  # noqa: E731
_run: Final = lambda world: world.run.pk  # noqa: E731
_published: Final = lambda world: world.published.pk  # noqa: E731
_first: Final = lambda world: world.first.pk  # noqa: E731

CONSOLE: Final = (
    Form(
        "console: start, published",
        at("importer_importrun_add"),
        lambda _: {"source": "published", "release": "18.1", "domain": ["ics"]},
        ("source", "release", "domain"),
        once=False,
    ),
    Form(
        "console: start, on the server",
        at("importer_importrun_add"),
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
        "console: start, by upload",
        at("import-upload"),
        _upload,
        ("said_domain", "said_release"),
        once=False,
        file="bundle",
        means=_says_a_release,
    ),
    Form("console: read the index", at("import-check"), nothing, once=False),
    Form(
        "console: confirm",
        at("import-act", _run),
        lambda _: {"kind": "confirm", "make_current": "on"},
        ("kind",),
    ),
    Form("console: cancel", at("import-act", _run), lambda _: {"kind": "cancel"}, ("kind",)),
    Form("console: make current", at("import-make-current", _first), nothing),
    Form(
        "console: retry",
        at("import-act", lambda world: world.failed.pk),
        lambda _: {"kind": "retry", "said_domain": "ics", "said_release": "18.1"},
        ("kind",),
    ),
    Form("console: go back", at("import-go-back"), _step_back, ("from", "to")),
    Form(
        "console: delete",
        at("import-delete", lambda world: world.spare.pk),
        lambda _: {"typed": "enterprise 0.5"},
        ("typed",),
    ),
)
TAKES: Final = (
    Form(
        "Take: choose",
        at("analysis_take_add"),
        lambda _: {"asked": "M1000"},
        ("asked",),
        changes=False,
    ),
    Form(
        "Take: write",
        at("take-write", _measure),
        _text,
        ("based_on", "confidence", "release", "content_sha256", "shown"),
    ),
    Form("Take: preview", at("take-preview", _measure), _text, ("summary",), changes=False),
    Form(
        "Take: act",
        at("take-act", lambda world: world.draft.pk),
        lambda _: {"kind": "sent back", "note": "Not yet.", "against": "1 2"},
        ("kind",),
    ),
    Form(
        "Take: withdraw",
        at("take-act", _published),
        lambda _: {"kind": "withdrawn", "note": "Wrong."},
        ("kind",),
    ),
    Form("Take: move", at("take-move", lambda world: world.moving.pk), nothing),
)
FORMS: Final = (*CONSOLE, *TAKES, *ACCOUNTS)
# What takes its input by its address, with the test of each.
ELSEWHERE: Final = {
    "oidc-begin": "hostile/test_provider.py",
    "oidc-callback": "hostile/test_provider.py",
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
    # Without actions on what is ticked.
    "auth_group_changelist",
    # The queue's own pages, which superusers alone see, and change nothing on.
    *(
        f"django_tasks_database_dbtaskresult_{page}"
        for page in ("changelist", "change", "add", "delete", "history")
    ),
}
