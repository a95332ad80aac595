"""A Take is confirmed as still right in the admin site."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from analysis.models import ActKind, Revision
from analysis.workflow import act
from importer.editions import make_current
from library.models import Snapshot
from tests.analysis.authoring.console import MEASURE, TARGET, post_act, signed_in
from tests.factories import import_objects, mitigation, relationship, tactic, technique
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db


def test_still_right_confirms_the_version_that_was_shown() -> None:
    made = publish(MEASURE)
    edited = MEASURE | {"description": "Quite another thing."}
    import_objects(TARGET, edited, release="2.0")
    queue = reverse("admin:take-queue", args=["stale"])
    page = signed_in("reviewer").get(queue).content.decode()
    assert "description edited" in page
    assert "What it means." in page
    buttons = re.findall(r'class="button">([^<]+)</button>', page)
    assert buttons == ["Still right"]
    import_objects(TARGET, MEASURE | {"description": "Yet another."}, release="3.0")
    told = post_act(made, "reviewer", "confirmed", against=against(page))
    assert "another release since this page was shown" in told
    assert made.confirmations == []


def against(page: str) -> str:
    """What a page's one form says that its reader has before them."""
    (shown,) = re.findall(r'name="against" value="([^"]+)"', page)
    return str(shown)


@pytest.mark.parametrize("domain", ["enterprise", "mobile"])
def test_still_right_is_refused_when_what_relates_to_the_object_changed(domain: str) -> None:
    far = technique("T1600", "Far", (), "mobile")
    import_objects(MEASURE, far, domain="mobile", release="1.0")
    made = publish(MEASURE)
    import_objects(TARGET, MEASURE | {"description": "Quite another thing."}, release="2.0")
    page = signed_in("reviewer").get(reverse("admin:take-queue", args=["stale"])).content.decode()
    # The object itself is the same to the byte.
    if domain == "mobile":
        held = [MEASURE, far, relationship("mitigates", MEASURE, far)]
    else:
        held = [TARGET, MEASURE | {"description": "Quite another thing."}]
    import_objects(*held, domain=domain, release="3.0")
    told = post_act(made, "reviewer", "confirmed", against=against(page))
    assert "another release since this page was shown" in told
    assert made.confirmations == []


def test_still_right_is_taken_when_a_domain_without_the_object_changed() -> None:
    far = technique("T1600", "Far", (), "mobile")
    import_objects(far, domain="mobile", release="1.0")
    made = publish(MEASURE)
    import_objects(TARGET, MEASURE | {"description": "Quite another thing."}, release="2.0")
    page = signed_in("reviewer").get(reverse("admin:take-queue", args=["stale"])).content.decode()
    import_objects(far | {"name": "Farther"}, domain="mobile", release="2.0")
    told = post_act(made, "reviewer", "confirmed", against=against(page))
    assert "confirmed as still right" in told


def offered(revision: Revision) -> list[str]:
    """The buttons that a reviewer has on the page of a Take."""
    page = reverse("admin:analysis_take_change", args=[revision.take_id])
    shown = signed_in("reviewer", name="another reviewer").get(page).content.decode()
    return re.findall(r'<button type="submit" class="button">([^<]+)</button>', shown)


@pytest.mark.parametrize("release", ["1.0", "2.0"])
def test_what_needs_no_confirming_is_not_confirmed(release: str) -> None:
    made = publish(MEASURE)
    if release != "1.0":
        # What MITRE touched without a change that readers are told of.
        noise = {"modified": "2025-01-01T00:00:00.000Z", "x_mitre_version": "1.1"}
        link = relationship("mitigates", MEASURE, TARGET)
        stage = tactic("TA0002", "Execution", "execution")
        import_objects(stage, TARGET, MEASURE | noise, link, release=release)
    assert offered(made) == []
    told = "Nothing has changed since M1000, revision 1 was written against 1.0"
    assert told in post_act(made, "reviewer", "confirmed")
    assert made.confirmations == []


def test_still_right_pressed_twice_is_told_that_it_was_confirmed_already() -> None:
    made = publish(MEASURE)
    import_objects(TARGET, MEASURE | {"description": "Quite another thing."}, release="2.0")
    assert offered(made) == ["Still right"]
    assert "confirmed as still right" in post_act(made, "reviewer", "confirmed")
    again = post_act(made, "reviewer", "confirmed")
    assert "was confirmed against 2.0 already, by another reviewer on" in again
    assert offered(made) == []
    assert len(Revision.objects.get().confirmations) == 1


def test_who_may_not_confirm_is_told_that_alone() -> None:
    made = publish(MEASURE)
    told = post_act(made, "author", "confirmed")
    assert "nother author may not do this" in told
    assert "Nothing has changed" not in told


def test_an_author_is_not_offered_to_confirm_their_own_text() -> None:
    many = member("author", "reviewer", "publisher")
    made = draft(MEASURE, by=many)
    act(made, ActKind.SUBMITTED, many)
    act(made, ActKind.APPROVED, member("reviewer"))
    act(made, ActKind.PUBLISHED, many)
    import_objects(TARGET, MEASURE | {"description": "Quite another thing."}, release="2.0")
    client = Client()
    client.force_login(many)
    queue = reverse("admin:take-queue", args=["stale"])
    assert "Still right" not in client.get(queue).content.decode()
    sent = {"kind": "confirmed", "queue": "stale"}
    told = client.post(reverse("admin:take-act", args=[made.pk]), sent, follow=True)
    assert "confirmed by somebody other than its author" in told.content.decode()
    assert made.confirmations == []


def test_a_confirmation_is_refused_while_readers_see_an_older_release() -> None:
    import_objects(TARGET, MEASURE, release="2.0")
    made = publish(MEASURE)
    make_current(Snapshot.objects.get(attack_version="1.0"), "the test")
    queue = reverse("admin:take-queue", args=["stale"])
    assert "Nothing waits here." in signed_in("reviewer").get(queue).content.decode()
    assert "Readers see a release before 2.0" in post_act(made, "reviewer", "confirmed")
    assert Revision.objects.get().confirmations == []


def test_what_left_its_domain_is_confirmed_in_the_one_that_readers_see() -> None:
    shared, beside = mitigation("M1013", "Shared"), technique("T1600", "Far", (), "mobile")
    import_objects(shared, beside, domain="mobile", release="18.1")
    made = publish(shared)
    import_objects(TARGET, MEASURE, shared, release="17.1")
    import_objects(beside, domain="mobile", release="19.0")
    queue = signed_in("reviewer").get(reverse("admin:take-queue", args=["stale"])).content.decode()
    assert "no longer in Mobile" in queue
    told = post_act(made, "reviewer", "confirmed", against=against(queue))
    assert "confirmed as still right" in told
    (done,) = Revision.objects.get().confirmations
    assert (done.domain, done.attack_version) == ("enterprise", "17.1")
    assert offered(made) == []


def test_nothing_is_offered_to_confirm_where_readers_see_no_live_object() -> None:
    made = publish(MEASURE)
    import_objects(TARGET, MEASURE | {"revoked": True}, release="2.0")
    assert offered(made) == []
    assert "does not hold the object live" in post_act(made, "reviewer", "confirmed")


def test_a_change_in_another_domain_alone_is_confirmed_with_one_press() -> None:
    far = technique("T1600", "Far", (), "mobile")
    link = relationship("mitigates", MEASURE, far)
    import_objects(MEASURE, far, domain="mobile", release="1.0")
    made = publish(MEASURE)
    import_objects(MEASURE, far, link, domain="mobile", release="2.0")
    assert offered(made) == ["Still right"]
    assert "confirmed as still right" in post_act(made, "reviewer", "confirmed")
    assert offered(made) == []
