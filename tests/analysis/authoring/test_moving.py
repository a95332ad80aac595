"""A Take is moved to what replaced its object."""

import pytest
from django.urls import reverse

from analysis.models import ActKind, Revision, State
from analysis.workflow import act, may
from tests.analysis.authoring.console import HEIR, MEASURE, TARGET, address, signed_in
from tests.factories import import_objects, relationship
from tests.library.pages import Site
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db


def revoked() -> Revision:
    """A published Take on an object that the next release revokes in favour of another."""
    made = publish(MEASURE, summary="Of the old one.")
    gone, heir = MEASURE | {"revoked": True}, HEIR
    import_objects(TARGET, gone, heir, relationship("revoked-by", gone, heir), release="2.0")
    return made


def test_a_take_is_moved_to_what_replaced_its_object() -> None:
    made = revoked()
    queue = reverse("admin:take-queue", args=["retire"])
    page = signed_in("author").get(queue).content.decode()
    assert "Move to M1001 Heir" in page
    response = signed_in("author").post(reverse("admin:take-move", args=[made.pk]))
    assert response["Location"] == address(HEIR)
    moved = Revision.objects.get(take__stix_id=HEIR["id"])
    assert (moved.state, moved.sections["summary"]) == (State.DRAFT, "Of the old one.")
    assert moved.change_note == "Moved from the Take on M1000 Measure by author."
    assert Revision.objects.get(pk=made.pk).state == State.PUBLISHED


def test_words_that_are_moved_stay_their_author_s(site: Site) -> None:
    both = member("author", "reviewer")
    draft(MEASURE, by=both, summary="Mine.")
    made = publish(MEASURE, summary="Mine, and more.")
    gone, heir = MEASURE | {"revoked": True}, HEIR
    import_objects(TARGET, gone, heir, relationship("revoked-by", gone, heir), release="2.0")
    publish(HEIR, summary="The heir’s own.")
    mover = signed_in("author", name="mover")
    queue = reverse("admin:take-queue", args=["retire"])
    assert "M1001 Heir has a published Take of its own" in mover.get(queue).content.decode()
    told = mover.post(reverse("admin:take-move", args=[made.pk]), follow=True).content.decode()
    assert "Published, it replaces the Take that M1001 has already." in told
    moved = Revision.objects.filter(take__stix_id=HEIR["id"]).first()
    assert moved is not None
    assert (moved.author_name, moved.change_note) == (
        "author",
        "Moved from the Take on M1000 Measure by mover.",
    )
    act(moved, ActKind.SUBMITTED, member("author"))
    moved.refresh_from_db()
    assert not may(both, moved, ActKind.APPROVED)
    assert may(member("reviewer"), moved, ActKind.APPROVED)


def test_a_move_is_refused_when_another_is_writing_there() -> None:
    made = revoked()
    theirs = draft(HEIR, summary="Theirs.")
    response = signed_in("author").post(reverse("admin:take-move", args=[made.pk]), follow=True)
    assert "is being written by author" in response.content.decode()
    assert Revision.objects.get(take__stix_id=HEIR["id"]).pk == theirs.pk


@pytest.mark.parametrize("role", ["reviewer", "publisher", ""])
def test_only_authors_move(role: str) -> None:
    made = revoked()
    client = signed_in(*([role] if role else []), name=f"another {role}")
    assert client.post(reverse("admin:take-move", args=[made.pk])).status_code == 403
    assert not Revision.objects.filter(take__stix_id=HEIR["id"]).exists()


def test_a_move_is_refused_when_nothing_replaced_the_object() -> None:
    made = publish(MEASURE)
    response = signed_in("author").post(reverse("admin:take-move", args=[made.pk]), follow=True)
    assert "is not on an object that was revoked" in response.content.decode()
    assert Revision.objects.count() == 1
