"""A revision's way to its readers: who may do what, and what two who act at once are told."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from analysis.models import Act, ActKind, Revision, State, Take
from analysis.workflow import ConflictError, RefusedError, act, may, save
from importer.deletion import delete_snapshot
from importer.errors import BundleError
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.takes import draft, member, publish, same, subject, writing

pytestmark = pytest.mark.django_db
MEASURE = mitigation("M1000", "Measure")


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(MEASURE)


def state_of(revision: Revision) -> str:
    return Revision.objects.get(pk=revision.pk).state


def in_review() -> Revision:
    made = draft(MEASURE)
    act(made, ActKind.SUBMITTED, member("author"))
    return made


def approved() -> Revision:
    made = in_review()
    act(made, ActKind.APPROVED, member("reviewer"))
    return made


def published() -> Revision:
    return publish(MEASURE)


def drafted() -> Revision:
    return draft(MEASURE)


STARTS: dict[str, Callable[[], Revision]] = {
    "draft": drafted,
    "in review": in_review,
    "approved": approved,
    "published": published,
}
# What may be done to a revision in each state, by whom, and where it leads.
ALLOWED = {
    ("draft", ActKind.SUBMITTED): ("author", "in review"),
    ("draft", ActKind.WITHDRAWN): ("publisher", "withdrawn"),
    ("in review", ActKind.SENT_BACK): ("reviewer", "draft"),
    ("in review", ActKind.APPROVED): ("reviewer", "in review"),
    ("in review", ActKind.WITHDRAWN): ("publisher", "withdrawn"),
    ("approved", ActKind.SENT_BACK): ("reviewer", "draft"),
    ("approved", ActKind.PUBLISHED): ("publisher", "published"),
    ("approved", ActKind.WITHDRAWN): ("publisher", "withdrawn"),
    ("published", ActKind.CONFIRMED): ("reviewer", "published"),
    ("published", ActKind.WITHDRAWN): ("publisher", "withdrawn"),
}


@pytest.mark.parametrize("role", ["author", "reviewer", "publisher", "nobody"])
@pytest.mark.parametrize("kind", ActKind)
@pytest.mark.parametrize("start", STARTS)
def test_an_act_is_done_or_refused_by_role_and_state(start: str, kind: ActKind, role: str) -> None:
    revision = STARTS[start]()
    before = state_of(revision)
    user = member(*([role] if role != "nobody" else []), name=f"another {role}")
    import_objects(MEASURE, release="2.0")
    against = subject(MEASURE) if kind == ActKind.CONFIRMED else None
    acts = Act.objects.count()
    wanted, leads_to = ALLOWED.get((start, kind), ("", before))
    if role == wanted:
        act(revision, kind, user, note="Why.", against=against)
        assert state_of(revision) == leads_to
        done = Act.objects.last()
        assert done is not None
        assert (done.kind, done.actor, done.note) == (kind, user, "Why.")
    else:
        with pytest.raises(RefusedError):
            act(revision, kind, user, against=against)
        assert state_of(revision) == before
        assert Act.objects.count() == acts


@pytest.mark.parametrize("role", ["author", "reviewer", "publisher", "nobody"])
def test_only_authors_save(role: str) -> None:
    user = member(*([role] if role != "nobody" else []), name=f"another {role}")
    if role == "author":
        assert save(subject(MEASURE), writing(), user, 0).state == State.DRAFT
    else:
        with pytest.raises(RefusedError, match="may not write Takes"):
            save(subject(MEASURE), writing(), user, 0)
        assert not Take.objects.exists()


def test_roles_are_made_by_migration() -> None:
    assert {"author", "reviewer", "publisher"} <= set(Group.objects.values_list("name", flat=True))


def test_an_author_does_not_approve_their_own_text_unless_a_team_is_one(
    settings: Settings,
) -> None:
    both = member("author", "reviewer")
    revision = draft(MEASURE, by=both)
    act(revision, ActKind.SUBMITTED, both)
    with pytest.raises(RefusedError, match="somebody other than its author"):
        act(revision, ActKind.APPROVED, both)
    settings.TAKES_NEED_SECOND_PERSON = False
    act(revision, ActKind.APPROVED, both)


def test_an_author_does_not_approve_their_own_words_that_another_saved_again() -> None:
    both = member("author", "reviewer")
    draft(MEASURE, by=both, summary="Mine.")
    again = draft(MEASURE, summary="Mine.")
    act(again, ActKind.SUBMITTED, member("author"))
    with pytest.raises(RefusedError, match="somebody other than its author"):
        act(again, ActKind.APPROVED, both)


def test_an_author_s_words_are_another_matter_once_they_were_published() -> None:
    both = member("author", "reviewer")
    first = draft(MEASURE, by=both)
    act(first, ActKind.SUBMITTED, both)
    act(first, ActKind.APPROVED, member("reviewer"))
    act(first, ActKind.PUBLISHED, member("publisher"))
    second = draft(MEASURE, summary="Another’s.")
    act(second, ActKind.SUBMITTED, member("author"))
    act(second, ActKind.APPROVED, both)


def test_an_author_does_not_confirm_their_own_text_unless_a_team_is_one(
    settings: Settings,
) -> None:
    both = member("author", "reviewer")
    draft(MEASURE, by=both, summary="Mine.")
    revision = publish(MEASURE, summary="Mine, saved again by another.")
    import_objects(MEASURE, release="2.0")
    assert not may(both, revision, ActKind.CONFIRMED)
    with pytest.raises(RefusedError, match="confirmed by somebody other than its author"):
        act(revision, ActKind.CONFIRMED, both, against=subject(MEASURE))
    settings.TAKES_NEED_SECOND_PERSON = False
    act(revision, ActKind.CONFIRMED, both, against=subject(MEASURE))


def test_a_text_is_confirmed_against_another_version_than_its_own_and_once() -> None:
    revision, reviewer = published(), member("reviewer")
    with pytest.raises(RefusedError, match=r"this very version of the object, in 1\.0"):
        act(revision, ActKind.CONFIRMED, reviewer, against=same(revision))
    with pytest.raises(RefusedError, match="of which version"):
        act(revision, ActKind.CONFIRMED, reviewer)
    import_objects(MEASURE, release="2.0")
    done = act(revision, ActKind.CONFIRMED, reviewer, against=subject(MEASURE))
    told = f"confirmed against 2.0 already, by reviewer on {done.at:%Y-%m-%d}"
    with pytest.raises(RefusedError, match=told):
        act(revision, ActKind.CONFIRMED, member("reviewer", name="rita"), against=subject(MEASURE))
    assert Revision.objects.get().confirmations == [done]


def test_a_text_is_confirmed_anew_against_another_bundle_of_its_release() -> None:
    revision = published()
    import_objects(MEASURE, mitigation("M1001", "Another"))
    done = act(revision, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    assert done.attack_version == revision.attack_version
    assert done.snapshot != revision.snapshot


def test_a_starter_is_confirmed_as_it_came_once() -> None:
    given = subject(MEASURE)
    starter = Revision.objects.create(
        take=Take.objects.create(stix_id=MEASURE["id"]),
        number=1,
        state=State.PUBLISHED,
        author_name="Glexia",
        written_at=timezone.now(),
        is_starter=True,
        name=given.name,
        confidence="low",
        sections={"summary": "Shipped."},
        **given.baseline | {"snapshot": None},
    )
    act(starter, ActKind.CONFIRMED, member("reviewer"), against=given)
    with pytest.raises(RefusedError, match=r"confirmed against 1\.0 already"):
        act(starter, ActKind.CONFIRMED, member("reviewer"), against=given)


@pytest.mark.parametrize("start", ["draft", "in review"])
def test_an_author_discards_their_own_draft(start: str) -> None:
    revision = STARTS[start]()
    act(revision, ActKind.WITHDRAWN, member("author"))
    assert state_of(revision) == State.WITHDRAWN


def test_an_approval_ends_when_the_revision_is_sent_back() -> None:
    revision = approved()
    act(revision, ActKind.SENT_BACK, member("reviewer"))
    act(revision, ActKind.SUBMITTED, member("author"))
    with pytest.raises(RefusedError, match="has not been approved"):
        act(revision, ActKind.PUBLISHED, member("publisher"))


def test_a_save_is_a_new_revision_in_place_of_the_draft_before_it() -> None:
    first = draft(MEASURE, summary="First.")
    second = draft(MEASURE, summary="Second.")
    assert (state_of(first), state_of(second)) == (State.SUPERSEDED, State.DRAFT)
    assert [r.number for r in Revision.objects.all()] == [2, 1]
    assert Revision.objects.get(number=1).sections == {"summary": "First."}


def test_the_second_of_two_writers_is_told_and_nothing_is_overwritten() -> None:
    first = draft(MEASURE, summary="Mine.")
    ann, bob = member("author", name="ann"), member("author", name="bob")
    save(subject(MEASURE), writing("Ann’s."), ann, first.number)
    with pytest.raises(ConflictError, match="Revision 2 of this Take was saved by ann") as told:
        save(subject(MEASURE), writing("Bob’s."), bob, first.number)
    assert told.value.newest.sections["summary"] == "Ann’s."
    assert Revision.objects.count() == 2


def test_what_is_in_review_is_not_written_over() -> None:
    revision = in_review()
    with pytest.raises(RefusedError, match="in review"):
        save(subject(MEASURE), writing(), member("author"), revision.number)


def test_publishing_supersedes_what_was_published_before() -> None:
    first = publish(MEASURE, summary="First.")
    second = publish(MEASURE, summary="Second.")
    assert (state_of(first), state_of(second)) == (State.SUPERSEDED, State.PUBLISHED)
    with pytest.raises(RefusedError, match="superseded by now"):
        act(first, ActKind.WITHDRAWN, member("publisher"))


def test_a_revision_says_what_it_was_written_against() -> None:
    revision = draft(MEASURE)
    assert (revision.domain, revision.attack_version) == ("enterprise", "1.0")
    assert revision.snapshot is not None
    member_of = revision.snapshot.members.get(object__stix_id=MEASURE["id"])
    assert revision.sha256 == member_of.version.sha256


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE analysis_revision SET author_name = 'someone'",
        "UPDATE analysis_revision SET sections = '{}'",
        "UPDATE analysis_revision SET state = 'draft' WHERE state = 'superseded'",
        "UPDATE analysis_take SET stix_id = 'x'",
        "UPDATE analysis_act SET note = 'x'",
        "DELETE FROM analysis_act",
        "DELETE FROM analysis_revision",
        "DELETE FROM analysis_take",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE analysis_act",
        "INSERT INTO analysis_revision SELECT (jsonb_populate_record(r, jsonb_build_object("
        "'id', 0, 'number', 99))).* FROM analysis_revision r WHERE state = 'published'",
    ],
)
def test_the_database_refuses_to_change_what_was_written_or_done(change: str) -> None:
    publish(MEASURE)
    publish(MEASURE)
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)


def test_a_snapshot_is_kept_while_a_take_cites_it() -> None:
    draft(MEASURE)
    import_objects(MEASURE | {"name": "Other"}, release="2.0")
    with pytest.raises(BundleError, match="cited by 1 revision, and so it is kept"):
        delete_snapshot(Snapshot.objects.get(attack_version="1.0"))
