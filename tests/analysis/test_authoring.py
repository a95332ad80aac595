"""Takes are written, reviewed and kept current in the admin site."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analysis.models import ActKind, Revision, State, Take
from analysis.workflow import act, may
from importer.editions import make_current
from library.models import Snapshot
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import Site
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db
MEASURE = mitigation("M1000", "Measure")
HEIR = mitigation("M1001", "Heir")
TARGET = technique("T1000", "Shell", ("execution",))
HOSTILE = '<script>alert(1)</script> [x](javascript:alert(2)) <p style="x">'


@pytest.fixture(autouse=True)
def library(plain_static: None) -> None:
    stage = tactic("TA0002", "Execution", "execution")
    import_objects(stage, MEASURE, TARGET, relationship("mitigates", MEASURE, TARGET))


def signed_in(*roles: str, name: str = "") -> Client:
    client = Client()
    client.force_login(member(*roles, name=name))
    return client


def address(of: Properties) -> str:
    return reverse("admin:take-write", args=[of["id"]])


def text(based_on: int = 0, **sections: Any) -> dict[str, Any]:
    """What the form of a Take on the measure sends."""
    seen = subject(MEASURE).version._asdict()
    given = {"based_on": based_on, "confidence": "moderate", "summary": "It matters."}
    return given | seen | sections


def test_an_author_writes_a_draft(site: Site) -> None:
    entries = ["First: T1000.", " ", "Second."]
    response = signed_in("author").post(address(MEASURE), text(likely_telemetry=entries))
    made = Revision.objects.get()
    assert response.status_code == 302
    assert response["Location"] == reverse("admin:analysis_take_change", args=[made.take_id])
    assert made.sections == {
        "summary": "It matters.",
        "likely_telemetry": ["First: T1000.", "Second."],
    }
    assert (made.state, made.number, made.attack_version) == (State.DRAFT, 1, "1.0")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"summary": " "}, "a Take needs a summary"),
        ({"summary": "See T9999."}, "no release held here has an object T9999"),
        ({"confidence": "utter"}, "use one of low, moderate, high"),
        ({"limits": "x" * 10_001}, "10,001 characters: at most 10,000"),
        ({"likely_telemetry": ["a", "b\x00"]}, "Entry 2: there is a control character in it"),
        ({"limits": "Plain\u200b words"}, "or one that cannot be seen"),
        ({"limits": "Plain words\U000e0041"}, "or one that cannot be seen"),
        ({"likely_telemetry": ["a"] * 41}, "41 entries: at most 40"),
        ({"confidence_why": "x" * 301}, "301 characters: at most 300"),
    ],
)
def test_a_text_is_kept_in_the_form_when_something_is_wrong(
    wrong: dict[str, Any], said: str
) -> None:
    response = signed_in("author").post(address(MEASURE), text(analyst_notes="Mine.") | wrong)
    page = response.content.decode()
    assert response.status_code == 400
    assert said in page
    assert "Mine.</textarea>" in page
    assert not Take.objects.exists()


def test_the_second_to_save_is_told_and_sees_both_texts() -> None:
    ann, bob = signed_in("author", name="ann"), signed_in("author", name="bob")
    ann.post(address(MEASURE), text(summary="Words of one."))
    response = bob.post(address(MEASURE), text(summary="Words of another."))
    page = response.content.decode()
    assert response.status_code == 409
    assert "ann saved revision 1" in page
    assert "Words of another.</textarea>" in page
    assert re.search(r"<del>.*one.*</del><ins>.*another.*</ins>", page)
    assert Revision.objects.get().sections == {"summary": "Words of one."}
    based_on = re.search(r'name="based_on" value="(\d+)"', page)
    assert based_on is not None
    again = bob.post(address(MEASURE), text(int(based_on[1]), summary="Words of both."))
    assert again.status_code == 302
    assert [r.number for r in Revision.objects.all()] == [2, 1]


@pytest.mark.parametrize("based_on", ["", "x", "-1", "99999999", "٣"])
def test_a_save_is_refused_when_the_form_does_not_say_what_it_is_based_on(based_on: str) -> None:
    draft(MEASURE)
    response = signed_in("author").post(address(MEASURE), text() | {"based_on": based_on})
    assert response.status_code == 409
    assert Revision.objects.count() == 1


def test_an_author_is_told_when_the_object_has_changed_since_the_form_was_opened() -> None:
    sent = text(summary="Of the old one.")
    edited = MEASURE | {"description": "Quite another thing."}
    import_objects(edited, TARGET, release="2.0")
    client = signed_in("author")
    response = client.post(address(MEASURE), sent)
    page = response.content.decode()
    assert response.status_code == 409
    assert not Revision.objects.exists()
    assert "opened with release 1.0; readers see 2.0 now" in page
    assert "<li>description edited</li>" in page
    assert "Of the old one.</textarea>" in page
    fields = dict(re.findall(r'name="(release|content_sha256)" value="([^"]+)"', page))
    assert client.post(address(MEASURE), sent | fields).status_code == 302
    assert Revision.objects.get().attack_version == "2.0"


@pytest.mark.parametrize("missing", ["release", "content_sha256"])
def test_a_save_is_refused_when_the_form_does_not_say_which_version_it_is_on(missing: str) -> None:
    client = signed_in("author")
    response = client.post(address(MEASURE), text() | {missing: ""})
    assert response.status_code == 409
    assert "is not known here" in response.content.decode()
    assert not Revision.objects.exists()


def test_an_object_may_be_named_though_its_name_looks_like_an_id() -> None:
    kit = attack_object("malware", "S0098", "T9000", x_mitre_aliases=["T9000", "TA9001"])
    import_objects(MEASURE, TARGET, kit, release="2.0")
    sent = text(summary="T9000, or TA9001, holds `T9998`.") | subject(kit).version._asdict()
    assert signed_in("author").post(address(kit), sent).status_code == 302
    assert signed_in("author").post(address(MEASURE), text(summary="T9000")).status_code == 400


def test_preview_shows_what_readers_would_see_and_what_is_wrong() -> None:
    preview = reverse("admin:take-preview", args=[MEASURE["id"]])
    response = signed_in("author").post(preview, text(summary=f"**Use** T1000. {HOSTILE} T9999"))
    page = response.content.decode()
    assert "<strong>Use</strong>" in page
    assert '<a href="/learn/attack/techniques/T1000" title="Shell" rel="noopener' in page
    assert "T9999" in page
    assert "no release held here has an object T9999" in page
    assert "<script" not in page
    assert "javascript:" not in re.sub(r"\[x\]\(javascript[^)]*\)+", "", page)
    assert not Revision.objects.exists()


def test_what_is_too_long_is_said_so_and_not_rendered() -> None:
    preview = reverse("admin:take-preview", args=[MEASURE["id"]])
    response = signed_in("author").post(preview, text(limits="[" * 100_000, summary="Short."))
    page = response.content.decode()
    assert "100,000 characters: at most 10,000" in page
    assert "Short." in page
    assert "[[[" not in page


def test_an_author_is_warned_when_the_object_is_deprecated() -> None:
    gone = mitigation("T1003", "Old way", x_mitre_deprecated=True)
    import_objects(MEASURE, gone, release="2.0")
    page = signed_in("author").get(address(gone)).content.decode()
    assert "T1003 Old way is deprecated in the release that readers see" in page
    assert "errornote" not in signed_in("author").get(address(MEASURE)).content.decode()


def test_an_object_is_chosen_by_its_id() -> None:
    add = reverse("admin:analysis_take_add")
    client = signed_in("author")
    assert client.post(add, {"asked": " m1000 "})["Location"] == address(MEASURE)
    assert client.post(add, {"asked": MEASURE["id"]})["Location"] == address(MEASURE)
    assert "holds no “M9”" in client.post(add, {"asked": "M9"}).content.decode()


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
    assert nobody.post(reverse("admin:take-act", args=[made.pk]), {"kind": "submitted"})
    assert Revision.objects.get().state == State.DRAFT
    reader = signed_in("reviewer", name="a reviewer")
    assert reader.get(address(MEASURE)).status_code == 403
    assert reader.get(take).status_code == 200


def test_requests_without_a_token_are_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("author"))
    assert client.post(address(MEASURE), text()).status_code == 403
    assert not Take.objects.exists()


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


def test_queue_to_review_has_what_is_handed_in() -> None:
    made = draft(MEASURE)
    page = reverse("admin:take-queue", args=["review"])
    client = signed_in("reviewer")
    assert "Nothing waits here." in client.get(page).content.decode()
    act(made, ActKind.SUBMITTED, member("author"))
    assert "M1000 Measure" in client.get(page).content.decode()
    back = client.post(
        reverse("admin:take-act", args=[made.pk]), {"kind": "approved", "queue": "review"}
    )
    assert back["Location"] == page


def test_queue_of_the_unwritten_is_ordered_by_what_depends_on_the_object() -> None:
    other = technique("T1001", "Other", ("execution",))
    stage = tactic("TA0002", "Execution", "execution")
    links = [relationship("mitigates", MEASURE, t) for t in (TARGET, other)]
    import_objects(stage, MEASURE, TARGET, other, *links, release="2.0")
    page = reverse("admin:take-queue", args=["missing"])
    client = signed_in("author")
    shown = client.get(page).content.decode()
    rows = re.findall(r'<th scope="row">(\S+) [^<]*</th><td>[^<]*</td><td>(\d+)</td>', shown)
    assert rows == [("TA0002", "3"), ("M1000", "2"), ("T1000", "2"), ("T1001", "2")]
    publish(MEASURE)
    left = client.get(f"{page}?type=mitigations").content.decode()
    assert "0 objects without a Take" in left


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


def post_act(revision: Revision, role: str, kind: str, **more: str) -> str:
    """Post an act, and say what the page that follows tells of it."""
    client = signed_in(role, name=f"another {role}")
    address = reverse("admin:take-act", args=[revision.pk])
    return client.post(address, {"kind": kind, **more}, follow=True).content.decode()


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
    shown = re.search(r'name="against" value="([0-9a-f]{64})"', page)
    assert shown is not None
    import_objects(TARGET, MEASURE | {"description": "Yet another."}, release="3.0")
    told = post_act(made, "reviewer", "confirmed", against=shown[1])
    assert "has changed since this page was shown" in told
    assert made.confirmations == []


def test_a_confirmation_is_refused_while_readers_see_an_older_release() -> None:
    import_objects(TARGET, MEASURE, release="2.0")
    made = publish(MEASURE)
    make_current(Snapshot.objects.get(attack_version="1.0"), "the test")
    queue = reverse("admin:take-queue", args=["stale"])
    assert "Nothing waits here." in signed_in("reviewer").get(queue).content.decode()
    assert "Readers see a release before 2.0" in post_act(made, "reviewer", "confirmed")
    assert Revision.objects.get().confirmations == []


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
