"""When a text is published by its file: at what time, and on whose word."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from analysis.models import ActKind, Revision, State
from analysis.takefiles.shape import TakeFile
from analysis.workflow import act
from tests.analysis.exchange.files import (
    MEASURE,
    NAME,
    Run,
    epoch,
    exported,
    line_of,
    put,
    states,
    written,
)
from tests.takes import delete_takes, draft, member, publish

pytestmark = pytest.mark.django_db


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


def done(*acts: tuple[ActKind, str], minutes: int = 1) -> list[dict[str, Any]]:
    # After the text, which the tests write next.
    at = timezone.now() + timedelta(minutes=minutes)
    return [{"act": kind, "by": name, "at": at} for kind, name in acts]


def confirmed(name: str, take: TakeFile, **other: Any) -> dict[str, Any]:
    """A confirmation against the version that a text is written against."""
    (act,) = done((ActKind.CONFIRMED, name), minutes=2)
    return act | {"against": take.written_against.model_dump()} | other


def published(*acts: dict[str, Any]) -> TakeFile:
    """A text that was approved and published, and what else was done to it."""
    take = written()
    way = done((APPROVED, "bob"), (PUBLISHED, "eve"))
    given = {"state": State.PUBLISHED, "acts": [*way, *acts]}
    return TakeFile.model_validate(take.model_dump() | given)


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
    take = published()
    acts = done((APPROVED, "bob"), (PUBLISHED, "ann"))
    given = {"acts": [*acts, confirmed("bob", take)]}
    put(folder, TakeFile.model_validate(take.model_dump() | given))
    assert run("import_takes", folder)[1][0] == f"{NAME}: new, published"


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW])
def test_a_text_on_its_way_is_not_approved_by_its_author(
    folder: Path, run: Run, state: State
) -> None:
    acts = done((ActKind.SUBMITTED, "ann"), (APPROVED, "ann"))
    put(folder, written(state=state, acts=acts))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert error.endswith(f"acts, entry 2, by: {OWN}")


def test_a_new_text_is_not_confirmed_by_its_author(folder: Path, run: Run) -> None:
    put(folder, published(confirmed("ann", written())))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    assert "acts, entry 3, by: who confirmed this text wrote it" in error


def test_a_confirmation_says_against_which_version(folder: Path, run: Run) -> None:
    put(folder, published(*done((ActKind.CONFIRMED, "bob"), minutes=2)))
    status, _, (error,) = run("import_takes", folder)
    assert status == 2
    said = "a confirmation says against which version of the object"
    assert error.endswith(f"acts, entry 3, act: {said}")


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


HOUR = timedelta(hours=1)


def dated(*acts: tuple[ActKind, str, timedelta]) -> TakeFile:
    """A published text with what was done to it so long after it was written."""
    moment = timezone.now() - 9 * HOUR
    made = [{"act": kind, "by": by, "at": moment + after} for kind, by, after in acts]
    return written(state=State.PUBLISHED, written_at=moment, acts=made)


@pytest.mark.parametrize(
    ("first", "second", "wrong"), [(-1, 1, 1), (2, 1, 2), (-2, -1, 1), (0, 0, 0)]
)
def test_nothing_is_done_before_the_text_or_before_what_was_done_above(
    folder: Path, run: Run, first: int, second: int, wrong: int
) -> None:
    put(folder, dated((APPROVED, "bob", first * HOUR), (PUBLISHED, "eve", second * HOUR)))
    lines = [
        at
        for at, line in enumerate((folder / NAME).read_text().splitlines(), 1)
        if line.startswith("    at: ")
    ]
    status, _, error = run("import_takes", folder)
    assert status == (2 if wrong else 0)
    if wrong:
        begin = f"{NAME}, line {lines[wrong - 1]}: acts, entry {wrong}, at: this is before "
        assert error[0].startswith(begin)


def test_what_is_further_done_to_a_text_held_is_not_before_what_was_done_here(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    early = confirmed("bob", exported(), at=timezone.now() - HOUR)
    take = exported().model_dump()
    put(folder, TakeFile.model_validate(take | {"acts": [*take["acts"], early]}))
    (error,) = run("import_takes", folder)[2]
    assert "acts, entry 4, at: this is before " in error


OUT_OF_ORDER = {
    "published before approved": ((PUBLISHED, "eve"), (APPROVED, "bob")),
    "published without approval": ((PUBLISHED, "eve"),),
    "sent back once published": (
        (APPROVED, "bob"),
        (PUBLISHED, "eve"),
        (ActKind.SENT_BACK, "bob"),
    ),
    "approved twice": ((APPROVED, "bob"), (APPROVED, "bob")),
    "handed in twice": ((ActKind.SUBMITTED, "ann"), (ActKind.SUBMITTED, "ann")),
}


@pytest.mark.parametrize("case", OUT_OF_ORDER)
def test_what_could_not_be_done_in_that_order_is_refused_of_earlier_texts_too(
    folder: Path, run: Run, case: str
) -> None:
    draft(MEASURE, summary="First.")
    draft(MEASURE, summary="Second.")
    take = exported()
    delete_takes()
    earlier = take.earlier[0].model_dump() | {"acts": done(*OUT_OF_ORDER[case])}
    put(folder, TakeFile.model_validate(take.model_dump() | {"earlier": [earlier]}))
    (error,) = run("import_takes", folder)[2]
    assert "earlier, entry 1, acts, entry " in error
    assert ", act: " in error
    assert not Revision.objects.exists()


def superseded_with(*acts: tuple[ActKind, str]) -> TakeFile:
    """A draft held that another gave way to, and what a file says was done to it besides."""
    draft(MEASURE, by=member("author", name="ann"), summary="First.")
    draft(MEASURE, by=member("author", name="eve"), summary="Second.")
    take = exported().model_dump()
    earlier = take["earlier"][0] | {"acts": done(*acts)}
    return TakeFile.model_validate(take | {"earlier": [earlier]})


def test_nothing_is_further_done_to_a_draft_that_gave_way_here(folder: Path, run: Run) -> None:
    put(folder, superseded_with((APPROVED, "bob"), (PUBLISHED, "eve")))
    line = line_of(folder, "act: approved")
    said = "earlier, entry 1, acts, entry 1, act: this could not be done to this text by then"
    assert run("import_takes", folder)[::2] == (2, [f"{NAME}, line {line}: {said}"])
    assert not Revision.objects.filter(acts__isnull=False).exists()


@pytest.mark.parametrize("needs_second", [True, False])
def test_an_author_approves_their_text_held_in_a_team_of_one_alone(
    folder: Path, run: Run, settings: Any, *, needs_second: bool
) -> None:
    settings.TAKES_NEED_SECOND_PERSON = needs_second
    draft(MEASURE, by=member("author", name="ann"))
    take = exported().model_dump() | {"state": State.IN_REVIEW, "acts": done((APPROVED, "ann"))}
    put(folder, TakeFile.model_validate(take))
    status, _, error = run("import_takes", folder)
    assert status == (2 if needs_second else 0)
    said = "acts, entry 1, by: who approved this text wrote it, or words that it may keep"
    assert [said in told for told in error] == ([True] if needs_second else [])


def test_what_was_published_and_gave_way_may_have_been_confirmed_elsewhere_before(
    folder: Path, run: Run
) -> None:
    publish(MEASURE, summary="First.")
    publish(MEASURE, summary="Second.")
    take = exported().model_dump()
    first = take["earlier"][0]
    acts = [*first["acts"], confirmed("bob", exported())]
    put(folder, TakeFile.model_validate(take | {"earlier": [first | {"acts": acts}]}))
    assert run("import_takes", folder)[1][0] == f"{NAME}: revised, 1 act added"
