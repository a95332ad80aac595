"""Takes from one library to another as files: whole, once, and in their order."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from analysis.models import Act, ActKind, Revision, State, Take
from analysis.takefiles import folder as folders
from analysis.takefiles.exporting import held_files
from analysis.takefiles.layout import file_bytes
from analysis.takefiles.reading import read_take
from analysis.takefiles.shape import TakeFile
from analysis.workflow import act, save
from library.conditional import current_shelf
from library.identifiers import Domain
from tests.factories import Properties, attack_object, import_objects, mitigation, technique
from tests.takes import delete_takes, draft, member, publish, same, subject, writing

pytestmark = pytest.mark.django_db
MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
WAY = technique("T1000", "Way")
NAME = "mitigations/M1000.yaml"


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(MEASURE, OTHER, WAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "takes"


type Run = Callable[..., tuple[int, list[str], list[str]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A command's exit status, its lines, and its complaints."""

    def run(*command: Any) -> tuple[int, list[str], list[str]]:
        status = 0
        try:
            call_command(*map(str, command))
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, error = capsys.readouterr()
        return status, out.splitlines(), error.splitlines()

    return run


def put(folder: Path, take: TakeFile, name: str = NAME) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file_bytes(take))
    return path


def exported(name: str = NAME) -> TakeFile:
    take = read_take(name, held_files()[name]).take
    assert take is not None
    return take


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def epoch() -> int:
    return current_shelf().epoch


def states(of: Properties = MEASURE) -> list[str]:
    rows = Revision.objects.of_objects([of["id"]]).order_by("number")
    return list(rows.values_list("state", flat=True))


def much_written() -> None:
    """Takes with a history of many acts, drafts and awkward texts."""
    first = publish(MEASURE, summary="First.\r\nSecond line.", change_note="Begun.")
    act(first, ActKind.CONFIRMED, member("reviewer"), "Still\r\nright.", against=same(first))
    sent = draft(MEASURE, summary="Trailing \n\n  space", likely_telemetry=["yes", "- a: b"])
    act(sent, ActKind.SUBMITTED, member("author"))
    act(sent, ActKind.SENT_BACK, member("reviewer"), "Not yet.")
    draft(MEASURE, summary="1.0", limits="Tab\there: 😀 #", confidence_why="“Why”: so")
    given_up = draft(OTHER, summary="No.")
    act(given_up, ActKind.WITHDRAWN, member("author"))
    publish(WAY, summary="A way, see T1000.")


# --- round trips ---


def test_everything_comes_back_byte_for_byte_in_an_delete_takes(folder: Path, run: Run) -> None:
    much_written()
    before = list(Revision.objects.order_by("take__stix_id", "number").values())
    assert run("export_takes", folder)[0] == 0
    first = files_in(folder)
    assert set(first) == {NAME, "mitigations/M1001.yaml", "techniques/T1000.yaml"}
    delete_takes()
    assert run("import_takes", folder) == (
        0,
        [
            f"{NAME}: new, 3 revisions, the newest draft",
            "mitigations/M1001.yaml: new, withdrawn",
            "techniques/T1000.yaml: new, published",
            "3 files, 3 new",
        ],
        [],
    )
    after = list(Revision.objects.order_by("take__stix_id", "number").values())
    unlike = {"id", "take_id"}
    assert [{k: v for k, v in row.items() if k not in unlike} for row in after] == [
        {k: v for k, v in row.items() if k not in unlike} for row in before
    ]
    shutil.rmtree(folder)
    run("export_takes", folder)
    assert files_in(folder) == first


def test_importing_what_is_held_changes_nothing(folder: Path, run: Run) -> None:
    much_written()
    run("export_takes", folder)
    counts = Revision.objects.count(), Act.objects.count(), epoch()
    status, out, _ = run("import_takes", folder)
    assert (status, out[-1]) == (0, "3 files, 3 unchanged")
    assert (Revision.objects.count(), Act.objects.count(), epoch()) == counts


def test_exporting_again_writes_nothing_anew(folder: Path, run: Run) -> None:
    publish(MEASURE)
    assert run("export_takes", folder)[1] == [f"{NAME}: written", "1 file, 1 written"]
    made = (folder / NAME).stat().st_mtime_ns
    assert run("export_takes", folder)[1][0] == f"{NAME}: unchanged"
    assert (folder / NAME).stat().st_mtime_ns == made


def test_export_leaves_other_files_alone_and_names_those_that_look_like_takes(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    (folder / "mitigations").mkdir(parents=True)
    (folder / "mitigations" / "M9999.yaml").write_text("mine")
    (folder / "README.md").write_text("mine")
    _, out, _ = run("export_takes", folder)
    assert "mitigations/M9999.yaml: not of a Take held, left alone" in out
    assert files_in(folder)["mitigations/M9999.yaml"] == files_in(folder)["README.md"] == b"mine"


def test_export_that_cannot_write_says_so_and_leaves_no_half_file(folder: Path, run: Run) -> None:
    publish(MEASURE)
    (folder / NAME).mkdir(parents=True)
    status, _, error = run("export_takes", folder)
    assert (status, error) == (2, [f"{NAME}: cannot be written: Is a directory"])
    assert files_in(folder) == {}


def test_export_writes_through_no_link(folder: Path, tmp_path: Path, run: Run) -> None:
    publish(MEASURE)
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "mitigations").symlink_to(tmp_path / "elsewhere")
    status, _, error = run("export_takes", folder)
    assert (status, len(error)) == (2, 1)
    assert "its folder is a link" in error[0]
    assert not list((tmp_path / "elsewhere").iterdir())


def test_two_objects_of_one_id_have_a_file_each(folder: Path, run: Run) -> None:
    twin = mitigation("M1000", "Twin", id="course-of-action--" + "1" * 8 + OTHER["id"][-28:])
    import_objects(MEASURE, twin, release="2.0")
    publish(MEASURE)
    publish(twin)
    run("export_takes", folder)
    first = files_in(folder)
    assert set(first) == {f"objects/{found['id']}.yaml" for found in (MEASURE, twin)}
    delete_takes()
    assert run("import_takes", folder)[0] == 0
    assert held_files() == first


def test_a_take_of_an_object_renamed_since_keeps_both_names(folder: Path, run: Run) -> None:
    draft(MEASURE, summary="Then.")
    import_objects(MEASURE | {"name": "Renamed"}, release="2.0")
    draft(MEASURE, summary="Now.")
    run("export_takes", folder)
    delete_takes()
    run("import_takes", folder)
    assert list(Revision.objects.order_by("number").values_list("name", flat=True)) == [
        "Measure",
        "Renamed",
    ]


# --- what continues what is held ---


def test_an_edited_file_is_the_next_revision_without_the_acts_of_the_one_before(
    folder: Path, run: Run
) -> None:
    publish(MEASURE, summary="First.")
    put(folder, exported().model_copy(update={"summary": "Edited.", "state": State.DRAFT}))
    assert run("import_takes", folder)[1] == [
        f"{NAME}: revised, revision 2 draft",
        "1 file, 1 revised",
    ]
    assert states() == [State.PUBLISHED, State.DRAFT]
    newest = Revision.objects.get(number=2)
    assert newest.sections == {"summary": "Edited."}
    assert not newest.acts.exists()
    assert run("import_takes", folder)[1][-1] == "1 file, 1 unchanged"


def test_what_comes_in_published_supersedes_what_readers_saw(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    short = exported()
    publish(MEASURE, summary="Second.")
    long = exported()
    delete_takes()
    put(folder, short)
    run("import_takes", folder)
    before = epoch()
    put(folder, long)
    assert run("import_takes", folder)[1][0] == f"{NAME}: revised, revision 2 published"
    assert states() == [State.SUPERSEDED, State.PUBLISHED]
    assert epoch() != before


def test_a_longer_history_is_appended_with_its_states_and_acts(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    short = exported()
    publish(MEASURE, summary="Second.")
    draft(MEASURE, summary="Third.")
    long = exported()
    delete_takes()
    put(folder, short)
    run("import_takes", folder)
    put(folder, long)
    assert run("import_takes", folder)[1][0] == (
        f"{NAME}: revised, revision 2 published; revision 3 draft"
    )
    assert exported() == long


def test_a_shorter_history_is_nothing_new(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    put(folder, exported())
    draft(MEASURE, summary="Second.")
    held = exported()
    assert run("import_takes", folder)[1][0] == f"{NAME}: unchanged"
    assert exported() == held


def test_a_draft_that_comes_in_supersedes_the_draft_held_and_readers_see_nothing(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    draft(MEASURE, summary="Draft.")
    put(folder, exported().model_copy(update={"summary": "Another draft."}))
    before = epoch()
    run("import_takes", folder)
    assert states() == [State.PUBLISHED, State.SUPERSEDED, State.DRAFT]
    assert epoch() == before


def test_acts_that_are_not_held_are_added_with_the_state_they_lead_to(
    folder: Path, run: Run
) -> None:
    draft(MEASURE)
    short = exported()
    act(Revision.objects.get(), ActKind.SUBMITTED, member("author"))
    act(Revision.objects.get(), ActKind.APPROVED, member("reviewer"), "Good.")
    act(Revision.objects.get(), ActKind.PUBLISHED, member("publisher"))
    act(
        Revision.objects.get(),
        ActKind.CONFIRMED,
        member("reviewer"),
        against=same(Revision.objects.get()),
    )
    long = exported()
    delete_takes()
    put(folder, short)
    run("import_takes", folder)
    before = epoch()
    put(folder, long)
    assert run("import_takes", folder)[1][0] == f"{NAME}: revised, 4 acts added"
    assert exported() == long
    assert epoch() != before
    confirmed = Act.objects.get(kind=ActKind.CONFIRMED)
    assert confirmed.snapshot == Revision.objects.get().snapshot is not None
    assert confirmed.actor == member("reviewer")


def test_fewer_acts_than_are_held_change_nothing(folder: Path, run: Run) -> None:
    revision = draft(MEASURE)
    put(folder, exported())
    act(revision, ActKind.SUBMITTED, member("author"))
    assert run("import_takes", folder)[1][0] == f"{NAME}: unchanged, in review here"
    assert states() == [State.IN_REVIEW]


def test_a_state_alone_moves_nothing(folder: Path, run: Run) -> None:
    draft(MEASURE)
    put(folder, exported().model_copy(update={"state": State.PUBLISHED}))
    assert run("import_takes", folder)[1][0] == f"{NAME}: unchanged, draft here"
    assert states() == [State.DRAFT]


def test_what_was_withdrawn_here_stays_so(folder: Path, run: Run) -> None:
    revision = publish(MEASURE)
    put(folder, exported())
    act(revision, ActKind.WITHDRAWN, member("publisher"))
    assert run("import_takes", folder)[1][0] == f"{NAME}: unchanged, withdrawn here"
    assert states() == [State.WITHDRAWN]


def test_another_history_is_refused(folder: Path, run: Run) -> None:
    draft(MEASURE, summary="First.")
    draft(MEASURE, summary="Second.")
    take = exported()
    (earlier,) = take.earlier
    other = earlier.model_copy(update={"summary": "Another first."})
    put(folder, take.model_copy(update={"earlier": [other], "summary": "Third."}))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert error.startswith(f"{NAME}: its history is not the one held here")
    assert Revision.objects.count() == 2


def test_other_acts_on_the_same_revision_are_refused(folder: Path, run: Run) -> None:
    publish(MEASURE)
    take = exported()
    first, *rest = take.acts
    put(folder, take.model_copy(update={"acts": [first.model_copy(update={"by": "eve"}), *rest]}))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert "what was done to this revision is not what was done to it here" in error


# --- what a revision names ---


def test_people_and_snapshots_are_those_held_here_where_there_are_any(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    mine = exported()
    unheld = {"release": "9.9", "content_sha256": "00" * 32}
    against = mine.written_against.model_copy(update=unheld)
    theirs = {"author": "Somebody Else", "written_against": against, "state": State.DRAFT}
    put(folder, mine.model_copy(update=theirs))
    run("import_takes", folder)
    first, second = Revision.objects.order_by("number")
    assert (first.author, first.snapshot_id) == (member("author"), first.snapshot_id)
    assert (second.author, second.author_name, second.snapshot) == (None, "Somebody Else", None)
    assert second.sha256 == "00" * 32


def test_the_author_is_found_by_the_name_that_what_they_write_is_signed_with(
    folder: Path, run: Run
) -> None:
    ann = member("author", name="ann")
    ann.first_name, ann.last_name = "Ann", "Author"
    ann.save()
    draft(MEASURE, by=ann)
    run("export_takes", folder)
    assert "\nauthor: Ann Author\n" in (folder / NAME).read_text()
    delete_takes()
    run("import_takes", folder)
    assert Revision.objects.get().author == ann


@pytest.mark.parametrize(
    ("full_names", "username"),
    [
        ({"ann": "Ann Author", "amy": "Ann Author"}, None),
        ({"ann": "ann author"}, None),
        ({"ann": "Ann Author", "Ann Author": "Else"}, "Ann Author"),
    ],
    ids=["two have it", "in another case", "somebody's username"],
)
def test_a_full_name_is_a_user_where_it_means_no_other(
    folder: Path, run: Run, full_names: dict[str, str], username: str | None
) -> None:
    draft(MEASURE)
    put(folder, exported().model_copy(update={"author": "Ann Author"}))
    for name, full_name in full_names.items():
        user = member(name=name)
        user.first_name, _, user.last_name = full_name.partition(" ")
        user.save()
    run("import_takes", folder)
    author = Revision.objects.get(number=2).author
    assert (author.username if author else None) == username


def written(release: str = "1.0", **changes: Any) -> TakeFile:
    """A draft by somebody else, as a file that is to be imported has it."""
    draft(MEASURE, summary="Held.")
    take = exported()
    delete_takes()
    against = take.written_against.model_copy(update={"release": release})
    given = {"written_against": against, "author": "ann", "attack_id": "M1000"}
    return TakeFile.model_validate(take.model_dump() | given | changes)


NOWHERE = MEASURE["id"][:-4] + "beef"


def test_an_object_that_the_release_named_does_not_have_is_refused(folder: Path, run: Run) -> None:
    put(folder, written(stix_id=NOWHERE))
    assert run("import_takes", folder) == (
        2,
        [],
        [
            f"{NAME}, line 1: stix_id: ATT&CK 1.0 as held here has no object {NOWHERE}"
            " in the domain Enterprise"
        ],
    )
    assert not Take.objects.exists()


def test_a_domain_is_asked_for_its_own_objects(folder: Path, run: Run) -> None:
    import_objects(mitigation("M0001", "Plant", "ics"), domain="ics")
    take = written()
    against = take.written_against.model_copy(update={"domain": Domain.ICS})
    put(folder, take.model_copy(update={"written_against": against}))
    (error,) = run("import_takes", folder)[2]
    assert error.endswith(f"has no object {MEASURE['id']} in the domain ICS")


def test_an_object_of_a_release_that_is_not_held_is_taken(folder: Path, run: Run) -> None:
    put(folder, written("9.9", stix_id=NOWHERE))
    assert run("import_takes", folder)[0] == 0
    assert Revision.objects.get(take__stix_id=NOWHERE).snapshot is None


def test_a_content_that_the_release_named_does_not_have_is_refused(folder: Path, run: Run) -> None:
    take = written()
    held = take.written_against.content_sha256
    against = take.written_against.model_copy(update={"content_sha256": "00" * 32})
    put(folder, take.model_copy(update={"written_against": against}))
    assert run("import_takes", folder)[::2] == (
        2,
        [
            f"{NAME}, line {line_of(folder, 'content_sha256')}: written_against, content_sha256:"
            f" ATT&CK 1.0 as held here has another content of it: {held}"
        ],
    )


def test_a_confirmation_of_a_content_that_is_not_there_is_refused(folder: Path, run: Run) -> None:
    made = publish(MEASURE)
    act(made, ActKind.CONFIRMED, member("reviewer"), against=same(made))
    take = exported()
    *acts, confirmed = take.acts
    delete_takes()
    against = take.written_against.model_copy(update={"content_sha256": "00" * 32})
    put(
        folder,
        take.model_copy(
            update={"acts": [*acts, confirmed.model_copy(update={"against": against})]}
        ),
    )
    (error,) = run("import_takes", folder)[2]
    assert error.startswith(
        f"{NAME}, line {line_of(folder, '00' * 32)}: acts, entry 4, against, content_sha256: "
    )


def test_every_snapshot_of_a_release_is_asked(folder: Path, run: Run) -> None:
    take = written()
    import_objects(MEASURE | {"description": "Corrected."})
    put(folder, take)
    assert run("import_takes", folder)[0] == 0
    assert Revision.objects.get().snapshot is not None


# --- when, and on whose word ---


@pytest.mark.parametrize(("ahead", "status"), [(23, 0), (25, 2)])
def test_what_is_written_more_than_a_day_from_now_is_refused(
    folder: Path, run: Run, ahead: int, status: int
) -> None:
    put(folder, written(written_at=timezone.now() + timedelta(hours=ahead)))
    ended, _, error = run("import_takes", folder)
    line = line_of(folder, "written_at")
    told = [f"{NAME}, line {line}: written_at: this is in the future"] if status else []
    assert (ended, error) == (status, told)


def test_an_act_more_than_a_day_from_now_is_refused(folder: Path, run: Run) -> None:
    act(draft(MEASURE), ActKind.SUBMITTED, member("author"))
    take = exported()
    delete_takes()
    later = take.acts[0].model_copy(update={"at": timezone.now() + timedelta(days=2)})
    put(folder, take.model_copy(update={"acts": [later]}))
    line = line_of(folder, "    at: ")
    assert run("import_takes", folder)[2] == [
        f"{NAME}, line {line}: acts, entry 1, at: this is in the future"
    ]


def done(*acts: tuple[ActKind, str]) -> list[dict[str, Any]]:
    at = timezone.now()
    return [{"act": kind, "by": name, "at": at} for kind, name in acts]


UNAPPROVED = "its acts do not say that this text was approved and published"
OWN = "who approved this text wrote it, or words that it may keep"
ADVICE = "set “state: draft”, and it goes through review here"
APPROVED, PUBLISHED = ActKind.APPROVED, ActKind.PUBLISHED
NOT_PUBLISHED = {
    "nothing": ((), UNAPPROVED),
    "no approval": (((PUBLISHED, "eve"),), UNAPPROVED),
    "no publication": (((APPROVED, "bob"),), UNAPPROVED),
    "sent back since": (
        ((APPROVED, "bob"), (ActKind.SENT_BACK, "bob"), (PUBLISHED, "eve")),
        UNAPPROVED,
    ),
    "withdrawn since": (
        ((APPROVED, "bob"), (PUBLISHED, "eve"), (ActKind.WITHDRAWN, "eve")),
        UNAPPROVED,
    ),
    "the author's own approval": (((APPROVED, "ann"), (PUBLISHED, "eve")), OWN),
}


@pytest.mark.parametrize("case", NOT_PUBLISHED)
def test_a_text_that_nobody_is_said_to_have_published_does_not_come_in_published(
    folder: Path, run: Run, case: str
) -> None:
    acts, said = NOT_PUBLISHED[case]
    put(folder, written(state=State.PUBLISHED, acts=done(*acts)))
    line = line_of(folder, "state: ")
    assert run("import_takes", folder)[::2] == (
        2,
        [f"{NAME}, line {line}: state: {said}: {ADVICE}"],
    )
    assert not Revision.objects.exists()


def test_a_text_that_another_approved_comes_in_published(folder: Path, run: Run) -> None:
    confirmed = (ActKind.CONFIRMED, "bob")
    acts = done((APPROVED, "bob"), (PUBLISHED, "ann"), confirmed)
    put(folder, written(state=State.PUBLISHED, acts=acts))
    assert run("import_takes", folder)[1][0] == f"{NAME}: new, published"


def test_teams_of_one_approve_their_own(folder: Path, run: Run, settings: Any) -> None:
    settings.TAKES_NEED_SECOND_PERSON = False
    put(folder, written(state=State.PUBLISHED, acts=done((APPROVED, "ann"), (PUBLISHED, "ann"))))
    assert run("import_takes", folder)[0] == 0


def test_an_author_is_known_by_either_name_when_their_own_text_is_approved(
    folder: Path, run: Run
) -> None:
    ann = member("author", name="ann")
    ann.first_name, ann.last_name = "Ann", "Author"
    ann.save()
    acts = done((APPROVED, "Ann Author"), (PUBLISHED, "eve"))
    put(folder, written(state=State.PUBLISHED, acts=acts))
    (error,) = run("import_takes", folder)[2]
    assert OWN in error


def test_the_author_of_a_draft_held_is_known_by_either_name(folder: Path, run: Run) -> None:
    draft(MEASURE, by=member("author", name="ann"))
    ann = member(name="ann")
    ann.first_name, ann.last_name = "Ann", "Author"
    ann.save()
    acts = done((APPROVED, "Ann Author"), (PUBLISHED, "eve"))
    take = exported().model_dump() | {"state": State.PUBLISHED, "acts": acts}
    put(folder, TakeFile.model_validate(take))
    (error,) = run("import_takes", folder)[2]
    assert OWN in error
    assert states() == [State.DRAFT]


def test_an_author_s_words_that_another_saved_again_are_approved_by_a_third(
    folder: Path, run: Run
) -> None:
    draft(MEASURE, by=member("author", name="ann"), summary="Mine.")
    draft(MEASURE, by=member("author", name="eve"), summary="Mine, and more.")
    for approver, status in (("ann", 2), ("bob", 0)):
        acts = done((APPROVED, approver), (PUBLISHED, "eve"))
        take = exported().model_dump() | {"state": State.PUBLISHED, "acts": acts}
        put(folder, TakeFile.model_validate(take))
        assert run("import_takes", folder)[0] == status
    assert states() == [State.SUPERSEDED, State.PUBLISHED]


def test_an_edit_of_a_published_file_does_not_come_in_published(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    put(folder, exported().model_copy(update={"summary": "Edited."}))
    before = epoch()
    (error,) = run("import_takes", folder)[2]
    assert UNAPPROVED in error
    assert (states(), epoch()) == ([State.PUBLISHED], before)


def test_a_draft_held_is_not_published_by_less_than_what_publishes_it(
    folder: Path, run: Run
) -> None:
    draft(MEASURE)
    acts = TakeFile.model_validate(
        exported().model_dump() | {"acts": done((ActKind.SUBMITTED, "author"))}
    ).acts
    put(folder, exported().model_copy(update={"state": State.PUBLISHED, "acts": acts}))
    (error,) = run("import_takes", folder)[2]
    assert UNAPPROVED in error
    assert states() == [State.DRAFT]


def test_an_earlier_revision_needs_as_much_to_be_what_readers_see(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    draft(MEASURE, summary="Second.")
    take = exported()
    delete_takes()
    (earlier,) = take.earlier
    put(folder, take.model_copy(update={"earlier": [earlier.model_copy(update={"acts": []})]}))
    (error,) = run("import_takes", folder)[2]
    assert f"earlier, entry 1, state: {UNAPPROVED}: set “state: superseded”" in error


def test_a_text_of_one_s_own_is_not_starter_content(folder: Path, run: Run) -> None:
    put(folder, written(starter=True))
    line = line_of(folder, "starter: ")
    assert run("import_takes", folder)[2] == [
        f"{NAME}, line {line}: starter: this is not the text that comes with the library:"
        " leave this key out"
    ]


def test_ids_in_texts_are_those_of_releases_held(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    text = {"summary": "See T1000.", "mitigation_priorities": ["M1000.", "See T9999 and T8888."]}
    put(folder, exported().model_copy(update={"state": State.DRAFT} | text))
    status, _, error = run("import_takes", folder)
    assert status == 2
    assert error == [
        f"{NAME}, line {line_of(folder, 'T9999')}: mitigation_priorities, entry 2:"
        f" no release held here has an object {attack_id}"
        for attack_id in ("T8888", "T9999")
    ]


def test_an_object_may_be_named_though_its_name_looks_like_an_id(folder: Path, run: Run) -> None:
    crew = attack_object("intrusion-set", "G1018", "TA2541", aliases=["TA2541", "T9000"])
    import_objects(MEASURE, OTHER, WAY, crew, release="2.0")
    publish(crew, summary="First.")
    name = "groups/G1018.yaml"
    take = exported(name).model_copy(update={"state": State.DRAFT, "acts": []})
    put(folder, take.model_copy(update={"summary": "TA2541, or T9000, with T9998."}), name)
    (error,) = run("import_takes", folder)[2]
    assert "no release held here has an object T9998" in error
    put(folder, take.model_copy(update={"summary": "TA2541, or T9000: `T9998`."}), name)
    assert run("import_takes", folder)[0] == 0


def line_of(folder: Path, word: str) -> int:
    lines = (folder / NAME).read_text().splitlines()
    return next(at for at, line in enumerate(lines, 1) if word in line)


def test_ids_are_not_checked_where_only_a_sample_is_held(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    take = exported().model_copy(update={"summary": "See T9999."})
    against = take.written_against.model_copy(update={"domain": Domain.ICS})
    import_objects(mitigation("M0001", "Plant", "ics"), domain="ics", release="sample-1")
    change = {"written_against": against, "state": State.DRAFT}
    put(folder, take.model_copy(update=change))
    assert run("import_takes", folder)[:2] == (
        0,
        [
            f"{NAME}: revised, revision 2 draft",
            "ics: no release is held here, so ATT&CK IDs in the texts were not checked",
            "1 file, 1 revised",
        ],
    )


def test_ids_of_what_is_held_already_are_not_checked_again(folder: Path, run: Run) -> None:
    save(subject(MEASURE), writing("See T9999."), member("author"), 0)
    put(folder, exported())
    assert run("import_takes", folder)[1][-1] == "1 file, 1 unchanged"


# --- bad input ---


def test_every_problem_of_every_file_is_told_and_nothing_is_written(folder: Path, run: Run) -> None:
    publish(MEASURE)
    edit = {"summary": "Edited.", "state": State.DRAFT}
    good = put(folder, exported().model_copy(update=edit))
    (folder / "mitigations" / "M1001.yaml").write_bytes(
        good.read_bytes().replace(b"summary: Edited.", b"summary: ''\nlimit: x")
    )
    (folder / "a.yaml").write_text("a: [")
    (folder / "techniques").mkdir()
    shutil.copy(good, folder / "techniques" / "T1000.yml")
    before = Revision.objects.count(), Take.objects.count(), epoch()
    status, out, error = run("import_takes", folder)
    assert (status, out) == (2, [])
    belongs = f"the Take inside belongs in {NAME} or objects/{MEASURE['id']}.yaml"
    twice = f"line 1: stix_id: {NAME} is about the same object"
    bad = "mitigations/M1001.yaml"
    summary = good.read_text().splitlines().index("summary: Edited.") + 1
    assert error == [
        "a.yaml, line 1: not YAML: did not find expected node content",
        f"{bad}: {belongs}",
        f"{bad}, {twice}",
        f"{bad}, line {summary}: summary: nothing is filled in",
        f"{bad}, line {summary + 1}: limit: there is no such key",
        f"techniques/T1000.yml: {belongs}",
        f"techniques/T1000.yml, {twice}",
    ]
    assert (Revision.objects.count(), Take.objects.count(), epoch()) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.exists, "there is no such folder"),
        (Path.mkdir, "there is no .yaml file in it"),
    ],
)
def test_a_folder_without_takes_is_one_sentence(
    folder: Path, run: Run, make: Callable[[Path], object], said: str
) -> None:
    make(folder)
    assert run("import_takes", folder) == (2, [], [f"{folder}: {said}"])


def test_a_pipe_and_a_huge_file_are_not_read(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(MEASURE)
    path = put(folder, exported())
    os.mkfifo(folder / "pipe.yaml")
    monkeypatch.setattr(folders, "LONGEST_FILE", path.stat().st_size - 1)
    status, _, error = run("import_takes", folder)
    assert status == 2
    assert error[0].startswith(f"{NAME}: larger than ")
    assert error[1] == "pipe.yaml: this is not a file"


def test_names_of_files_are_printed_without_what_moves_a_terminal(folder: Path, run: Run) -> None:
    folder.mkdir()
    (folder / "\x1b[2J\n.yaml").write_text("a: b")
    _, _, error = run("import_takes", folder)
    assert len({line.split(",")[0] for line in error}) == 1
    assert error[0].startswith("?[2J?.yaml, line 1: a: there is no such key")


def test_a_text_of_any_size_is_refused_or_taken_but_does_no_harm(folder: Path, run: Run) -> None:
    publish(MEASURE)
    put(folder, exported().model_copy(update={"summary": "x" * 100_000}))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert error.endswith("summary: 100,000 characters: at most 10,000")


def test_queries_grow_with_what_is_new_alone(folder: Path, run: Run) -> None:
    for found in (MEASURE, OTHER, WAY):
        publish(found)
    run("export_takes", folder)
    costs = []
    for name in (NAME, "mitigations/M1001.yaml"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            run("import_takes", folder)
        costs.append(len(queries))
        (folder / name).unlink()
    assert costs[0] == costs[1]


def test_written_at_is_the_file_s_own(folder: Path, run: Run) -> None:
    publish(MEASURE)
    moment = datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    change = {"written_at": moment, "acts": [], "state": State.DRAFT}
    put(folder, exported().model_copy(update=change))
    run("import_takes", folder)
    assert Revision.objects.get(number=2).written_at == moment
