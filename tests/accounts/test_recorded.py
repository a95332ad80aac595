"""Every act on imports, editions and Takes is in the audit log, by whom and on what."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from accounts.audit import command_actor
from accounts.models import AuditEntry
from analysis.models import ActKind
from analysis.starters import load_starters
from analysis.workflow import RefusedError, act, move
from importer import editions
from importer.deletion import delete_snapshot
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from library.models import Snapshot
from tests.accounts.people import told
from tests.factories import bundle, import_objects, mitigation, source
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db
MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
BUNDLES = Path(__file__).resolve().parents[2] / "fixtures" / "bundles"


def done() -> list[tuple[str, str, str]]:
    """What was done to Takes."""
    return [entry for entry in told() if entry[1].startswith("Take ")]


def test_every_act_on_a_take_is_recorded() -> None:
    import_objects(MEASURE)
    made = publish(MEASURE)
    import_objects(MEASURE, release="2.0")
    act(made, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    act(made, ActKind.WITHDRAWN, member("publisher"), "Superseded by events.")
    again = draft(MEASURE)
    act(again, ActKind.SUBMITTED, member("author"))
    act(again, ActKind.SENT_BACK, member("reviewer"), "Too long.")
    one, two = "M1000, revision 1", "M1000, revision 2"
    assert done() == [
        ("author", "Take saved", one),
        ("author", "Take submitted", one),
        ("reviewer", "Take approved", one),
        ("publisher", "Take published", one),
        ("reviewer", "Take confirmed", one),
        ("publisher", "Take withdrawn", one),
        ("author", "Take saved", two),
        ("author", "Take submitted", two),
        ("reviewer", "Take sent back", two),
    ]
    assert {kind.value for kind in ActKind} == {
        action.removeprefix("Take ") for _, action, _ in done() if action != "Take saved"
    }
    sent_back = AuditEntry.objects.get(action="Take sent back")
    assert sent_back.details == {"note": "Too long.", "stix_id": MEASURE["id"]}


def test_a_take_moved_to_another_object_is_recorded() -> None:
    import_objects(MEASURE, OTHER)
    move(publish(MEASURE), subject(OTHER), "Moved.", member("author"), 0)
    entry = AuditEntry.objects.get(target="M1001, revision 1")
    assert entry.details == {"moved_from": "M1000, revision 1", "stix_id": OTHER["id"]}


def test_what_is_refused_is_not_recorded() -> None:
    import_objects(MEASURE)
    made = draft(MEASURE)
    with pytest.raises(RefusedError):
        act(made, ActKind.PUBLISHED, member("author"))
    assert done() == [("author", "Take saved", "M1000, revision 1")]


def test_takes_from_files_are_recorded_by_the_command_once(tmp_path: Path) -> None:
    import_objects(MEASURE, release="18.1")
    draft(MEASURE)
    call_command("export_takes", str(tmp_path), stdout=StringIO())
    (found,) = tmp_path.rglob("*.yaml")
    found.write_text(found.read_text().replace("What it means.", "What it means now."))
    count = len(done())
    call_command("import_takes", str(tmp_path), stdout=StringIO())
    call_command("import_takes", str(tmp_path), stdout=StringIO())
    assert done()[count:] == [(command_actor("import_takes"), "Take imported", "M1000 Measure")]


def test_starter_takes_are_recorded_when_they_are_loaded() -> None:
    shipped = BUNDLES.parent / "takes"
    count = load_starters(shipped)
    load_starters(shipped)
    assert count == len(done())
    assert {(actor, action) for actor, action, _ in done()} == {("make run", "Take imported")}


def test_an_import_is_recorded_with_the_edition_it_makes() -> None:
    report = import_objects(MEASURE, made_by="ann")
    entries = AuditEntry.objects.order_by("id")
    assert [(entry.actor, entry.action) for entry in entries] == [
        ("ann", "snapshot imported"),
        ("ann", "edition made"),
    ]
    first, second = entries
    assert first.target == "enterprise 1.0"
    assert first.details["sha256"] == report.bundle_sha256
    assert second.details == {"shows": ["enterprise 1.0"]}


def test_a_dry_run_a_failure_and_an_import_of_the_same_are_not_recorded() -> None:
    import_objects(MEASURE, dry_run=True)
    with pytest.raises(BundleError):
        import_objects(MEASURE, domain="enterprise", release="no release")
    assert told() == []
    same = bundle(MEASURE)
    for _ in range(2):
        import_bundles([source(same)], Options(validate=False))
        assert [action for _, action, _ in told()] == ["snapshot imported", "edition made"]


def test_commands_are_recorded_with_who_ran_them() -> None:
    for name in ("enterprise-sample-1", "enterprise-sample-2"):
        call_command("import_attack", str(BUNDLES / f"{name}.json"), stdout=StringIO())
    for words in (
        ("make_current", "enterprise", "sample-1"),
        ("make_current", "--undo"),
        ("delete_snapshot", "enterprise", "sample-1"),
    ):
        call_command(*words, stdout=StringIO())
    by_import, by_choice = command_actor("import_attack"), command_actor("make_current")
    assert [(actor, action) for actor, action, _ in told()] == [
        *[(by_import, "snapshot imported"), (by_import, "edition made")] * 2,
        (by_choice, "edition made"),
        (command_actor("make_current --undo"), "edition before taken up"),
        (command_actor("delete_snapshot"), "snapshot deleted"),
    ]


def test_a_deletion_is_recorded_with_what_went() -> None:
    import_objects(MEASURE, release="1.0")
    import_objects(MEASURE, release="2.0")
    gone = Snapshot.objects.get(attack_version="1.0")
    with pytest.raises(BundleError):
        delete_snapshot(Snapshot.objects.get(attack_version="2.0"), "ann")
    deleted = delete_snapshot(gone, "ann")
    entry = AuditEntry.objects.get(action="snapshot deleted")
    assert (entry.actor, entry.target) == ("ann", "enterprise 1.0")
    assert entry.details["memberships"] == deleted.memberships
    assert entry.details["sha256"] == gone.sha256


def test_a_choice_that_changes_nothing_is_not_recorded() -> None:
    import_objects(MEASURE)
    count = len(told())
    assert editions.make_current(Snapshot.objects.get(), "ann") is None
    assert len(told()) == count
