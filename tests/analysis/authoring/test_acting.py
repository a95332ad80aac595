"""The page of a Take in the admin site: what each role sees and may do there."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from analysis.models import ActKind, Revision, State
from analysis.workflow import act
from tests.analysis.authoring.console import MEASURE, address, post_act, signed_in, text
from tests.library.pages import Site
from tests.takes import draft, member, publish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", ["author", "reviewer", "publisher"])
def test_a_take_s_page_offers_what_the_user_may_do(role: str) -> None:
    made = draft(MEASURE)
    act(made, ActKind.SUBMITTED, member("author"))
    page = reverse("admin:analysis_take_change", args=[made.take_id])
    shown = signed_in(role, name=f"another {role}").get(page).content.decode()
    buttons = set(re.findall(r'<button type="submit" class="button">([^<]+)</button>', shown))
    assert (
        buttons
        == {
            "author": set(),
            "reviewer": {"Send back to the author", "Approve"},
            "publisher": {"Discard"},
        }[role]
    )
    assert ("Write the next revision" in shown) == (role == "author")


def test_a_revision_goes_to_its_readers_through_the_buttons(site: Site) -> None:
    signed_in("author").post(address(MEASURE), text(summary="Read me."))
    made = Revision.objects.get()
    steps = [("author", "submitted"), ("reviewer", "approved"), ("publisher", "published")]
    for role, kind in steps:
        act_address = reverse("admin:take-act", args=[made.pk])
        assert signed_in(role).post(act_address, {"kind": kind}).status_code == 302
    assert Revision.objects.get().state == State.PUBLISHED
    assert "Read me." in site.page("/learn/attack/mitigations/M1000").one(id="take").words


@pytest.mark.parametrize("kind", ["", "x", "saved", "published\x00"])
def test_an_act_is_a_404_when_there_is_none_of_that_name(kind: str) -> None:
    made = draft(MEASURE)
    response = signed_in("author").post(reverse("admin:take-act", args=[made.pk]), {"kind": kind})
    assert response.status_code == 404
    assert Revision.objects.get().state == State.DRAFT


PAGES = ["admin:analysis_take_changelist", "admin:analysis_take_add"]


@pytest.mark.parametrize("name", PAGES)
def test_pages_ask_for_a_login(name: str) -> None:
    assert "/admin/login/" in Client().get(reverse(name))["Location"]


def test_pages_are_forbidden_without_a_role() -> None:
    made = draft(MEASURE)
    nobody = signed_in(name="somebody on the staff")
    take = reverse("admin:analysis_take_change", args=[made.take_id])
    for page in (take, address(MEASURE), reverse("admin:take-queue", args=["review"])):
        assert nobody.get(page).status_code == 403
    sent = nobody.post(reverse("admin:take-act", args=[made.pk]), {"kind": "submitted"})
    assert sent.status_code == 403
    assert Revision.objects.get().state == State.DRAFT
    reader = signed_in("reviewer", name="a reviewer")
    assert reader.get(address(MEASURE)).status_code == 403
    assert reader.get(take).status_code == 200


def test_any_two_revisions_are_compared() -> None:
    first = draft(MEASURE, summary="Old words here.", likely_telemetry=["a", "b"])
    draft(MEASURE, summary="New words here.", likely_telemetry=["b", "a"], limits="None.")
    compare = reverse("admin:take-compare", args=[first.take_id])
    client = signed_in("reviewer")
    page = client.get(f"{compare}?from=1&to=2").content.decode()
    titles = re.findall(r"<h3>([^<]+)</h3>", page)
    assert titles == ["Summary", "Likely telemetry", "Limits"]
    assert "<del>" in page
    assert "<ins>" in page
    for wrong in ("", "?from=1", "?from=1&to=9", "?from=x&to=2", "?from=1&to=%00"):
        assert client.get(compare + wrong).status_code == 404


def test_list_of_takes_shows_the_newest_revision_of_each() -> None:
    publish(MEASURE)
    draft(MEASURE, summary="Next.")
    page = signed_in("author").get(reverse("admin:analysis_take_changelist")).content.decode()
    assert "M1000 Measure" in page
    assert "2, draft" in page
    assert "No Take yet" in page


def test_public_pages_set_no_cookie_and_vary_on_none(site: Site) -> None:
    response = signed_in("author").get("/learn/attack/mitigations/M1000")
    assert not response.cookies
    assert "Cookie" not in response["Vary"]


@pytest.mark.parametrize("kind", ["withdrawn", "sent back"])
@pytest.mark.parametrize("note", ["", "  ", "a\x00b", "\u202etxt"])
def test_a_reason_is_asked_for_where_one_is_due(kind: str, note: str) -> None:
    role = "publisher" if kind == "withdrawn" else "reviewer"
    made = publish(MEASURE) if kind == "withdrawn" else draft(MEASURE)
    if kind == "sent back":
        act(made, ActKind.SUBMITTED, member("author"))
    before = Revision.objects.get().state
    told = post_act(made, role, kind, note=note)
    assert "needs a word of why" in told or "control character in the note" in told
    assert Revision.objects.get().state == before
    post_act(made, role, kind, note="It is wrong.")
    assert Revision.objects.get().state != before
