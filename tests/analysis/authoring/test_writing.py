"""A Take is written in the admin site: what is taken, what is refused, and what is kept."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from analysis.models import ActKind, Revision, State, Take
from analysis.workflow import act
from tests.analysis.authoring.console import MEASURE, TARGET, address, signed_in, text
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    technique,
)
from tests.library.pages import PARTIAL, Site
from tests.takes import as_seen, draft, member, publish

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script> [x](javascript:alert(2)) <p style="x">'


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


def test_a_text_is_saved_when_an_address_in_it_looks_like_an_id() -> None:
    said = "Our playbook is [here](https://kb.example.org/S1999), or https://example.org/C2025."
    assert signed_in("author").post(address(MEASURE), text(summary=said)).status_code == 302
    assert Revision.objects.get().sections == {"summary": said}


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
    assert "Revision 1 of this Take was saved by ann after you opened it." in page
    assert "Ann" not in page
    assert "Words of another.</textarea>" in page
    assert re.search(r"<del>.*one.*</del><ins>.*another.*</ins>", page)
    assert Revision.objects.get().sections == {"summary": "Words of one."}
    based_on = re.search(r'name="based_on" value="(\d+)"', page)
    assert based_on is not None
    again = bob.post(address(MEASURE), text(int(based_on[1]), summary="Words of both."))
    assert again.status_code == 302
    assert [r.number for r in Revision.objects.all()] == [2, 1]


def form_of(of: Properties) -> tuple[int, str]:
    """What the form is based on, and the summary that it begins with."""
    page = signed_in("author", name="bob").get(address(of)).content.decode()
    based_on = re.search(r'name="based_on" value="(\d+)"', page)
    summary = re.search(r'<textarea name="summary"[^>]*>([^<]*)<', page)
    assert based_on is not None
    assert summary is not None
    return int(based_on[1]), summary[1]


def test_the_next_author_goes_on_from_what_readers_see_when_a_draft_was_discarded() -> None:
    publish(MEASURE, summary="What readers see.")
    discarded = draft(MEASURE, summary="Given up.")
    assert form_of(MEASURE) == (2, "Given up.")
    act(discarded, ActKind.WITHDRAWN, member("author"))
    assert form_of(MEASURE) == (2, "What readers see.")
    sent = text(2, summary="What readers see, and more.")
    assert signed_in("author", name="bob").post(address(MEASURE), sent).status_code == 302


def test_the_next_author_goes_on_from_what_was_withdrawn_when_nothing_is_published() -> None:
    published = publish(MEASURE, summary="Once read.")
    act(published, ActKind.WITHDRAWN, member("publisher"))
    act(draft(MEASURE, summary="Given up."), ActKind.WITHDRAWN, member("author"))
    assert form_of(MEASURE) == (2, "Once read.")


def test_the_next_author_begins_anew_when_nothing_was_ever_published() -> None:
    draft(MEASURE, summary="Superseded.")
    act(draft(MEASURE, summary="Given up."), ActKind.WITHDRAWN, member("author"))
    assert form_of(MEASURE) == (2, "")


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
    fields = dict(re.findall(r'name="(release|content_sha256|shown)" value="([^"]+)"', page))
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
    sent = text(summary="T9000, or TA9001, holds `T9998`.") | as_seen(kit)
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


def test_an_author_whose_session_has_ended_is_told_and_keeps_what_is_written() -> None:
    preview = reverse("admin:take-preview", args=[MEASURE["id"]])
    answer = Client().post(preview, text(), headers=PARTIAL)
    assert answer.status_code == 401
    assert "HX-Redirect" not in answer
    assert "Copy what you have written" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_what_an_author_sent_is_shown_to_be_copied_when_the_session_has_ended() -> None:
    sent = text(summary=HOSTILE, likely_telemetry=["First.", "Second."], change_note="Why.")
    answer = Client().post(address(MEASURE), sent)
    page = answer.content.decode()
    assert answer.status_code == 401
    assert f"{escape(HOSTILE)}</textarea>" in page
    assert "<script>alert" not in page
    assert 'entry 2">Second.</textarea>' in page
    assert 'value="Why."' in page
    assert f'href="/admin/login/?next={quote(address(MEASURE), safe="")}"' in page
    assert "no-store" in answer["Cache-Control"]
    assert not Take.objects.exists()


def test_what_another_site_sends_without_a_session_is_not_shown() -> None:
    answer = Client(enforce_csrf_checks=True).post(address(MEASURE), text(summary="Not mine."))
    assert answer.status_code == 403
    assert "Not mine." not in answer.content.decode()


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


def test_requests_without_a_token_are_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member("author"))
    assert client.post(address(MEASURE), text()).status_code == 403
    assert not Take.objects.exists()


@pytest.mark.parametrize("where", ["mobile", "enterprise"])
def test_an_author_is_told_when_what_relates_to_the_object_changed_since_the_form_was_opened(
    where: str,
) -> None:
    far = technique("T1600", "Far", (), "mobile")
    import_objects(MEASURE, far, domain="mobile")
    sent = text(summary="Of the old one.")
    if where == "mobile":
        link = relationship("mitigates", MEASURE, far)
        import_objects(MEASURE, far, link, domain="mobile", release="2.0")
    else:
        # Another bundle of the same release, with the same object and other links.
        import_objects(MEASURE, TARGET)
    client = signed_in("author")
    response = client.post(address(MEASURE), sent)
    page = response.content.decode()
    assert response.status_code == 409
    assert not Revision.objects.exists()
    assert "Readers see another release by now" in page
    assert "what relates to it may have changed" in page
    assert "Of the old one.</textarea>" in page
    assert client.post(address(MEASURE), sent | as_seen(MEASURE)).status_code == 302
