"""Files of Takes that continue, repeat or contradict what the library holds."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analysis.models import Act, ActKind, Revision, State
from analysis.workflow import act
from library.models import Snapshot
from tests.analysis.exchange.files import (
    MEASURE,
    NAME,
    OTHER,
    WAY,
    Run,
    confirm,
    epoch,
    exported,
    put,
    states,
)
from tests.takes import delete_takes, draft, member, publish

pytestmark = pytest.mark.django_db


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
    confirm(Revision.objects.get())
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
    assert confirmed.snapshot == Snapshot.objects.get(attack_version="2.0")
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
