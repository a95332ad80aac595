"""Glexia's Take on the page of an object: whose it is, how it stands, where to report an error."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from pytest_django import Settings

from analysis.models import ActKind
from analysis.workflow import act
from library.models import Snapshot
from tests.factories import (
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Element, Site
from tests.takes import member, publish, subject

pytestmark = pytest.mark.django_db
MEASURE = mitigation("M1000", "Measure")
HEIR = mitigation("M1001", "Heir")
STAGE = tactic("TA0002", "Execution", "execution")
SHELL = technique("T1059", "Shell", ("execution",))
PAGE = f"{LIBRARY}/mitigations/M1000"


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(STAGE, SHELL, MEASURE, relationship("mitigates", MEASURE, SHELL))


def take(site: Site, page: str = PAGE) -> Element:
    return site.page(page).one("section", id="take")


def test_a_written_take_stands_above_what_is_derived(site: Site) -> None:
    assert "not written or reviewed by an analyst" in take(site).words
    publish(MEASURE, summary="Ask for T1059 first.", confidence_why="Seen often.")
    shown = take(site)
    assert "By author" in shown.words
    assert "Confidence: moderate. Seen often." in shown.words
    assert "Ask for T1059 first." in shown.words
    link = next(a for a in shown.all("a") if a.words == "T1059")
    assert link["href"] == f"{LIBRARY}/techniques/T1059"
    evidence = shown.one("details", css="take-facts")
    assert evidence.one("summary").words == "Evidence: what ATT&CK’s relationships say"
    assert "addresses 1 technique" in evidence.words


def test_a_derived_take_says_of_which_release_and_date_it_is(site: Site) -> None:
    snapshot = Snapshot.objects.get()
    assert snapshot.released_at is not None
    day = f"{snapshot.released_at:%-d %B %Y}"
    said = f"From release {snapshot.attack_version} of {day}. Confidence: not rated."
    assert said in take(site).words
    assert said in take(site, f"{PAGE}?view=executive").words


def test_a_take_is_withdrawn_for_all_readers_at_once(site: Site) -> None:
    made = publish(MEASURE, summary="Mind this.")
    before = site.get(PAGE)["ETag"]
    assert "Mind this." in take(site).words
    act(made, ActKind.WITHDRAWN, member("publisher"))
    assert "Mind this." not in take(site).words
    assert site.get(PAGE)["ETag"] != before
    assert site.get(PAGE, **{"If-None-Match": before}).status_code == 200


def test_a_take_says_what_changed_since_and_what_it_was_confirmed_against(site: Site) -> None:
    made = publish(MEASURE)
    other = technique("T1003", "Dump", ("execution",))
    links = [relationship("mitigates", MEASURE, found) for found in (SHELL, other)]
    import_objects(STAGE, SHELL, other, MEASURE, *links, release="2.0")
    told = "Written against 1.0; MITRE has since changed this object: 1 technique added."
    assert told in take(site).words
    act(made, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    shown = take(site)
    assert "has since changed" not in shown.words
    assert "Written against ATT&CK 1.0, confirmed against 2.0." in shown.words


def test_a_take_on_a_revoked_object_stands_marked_beside_its_successor(site: Site) -> None:
    publish(MEASURE, summary="Of the old one.")
    revoked = MEASURE | {"revoked": True}
    import_objects(
        STAGE, SHELL, revoked, HEIR, relationship("revoked-by", revoked, HEIR), release="2.0"
    )
    shown = take(site, f"{LIBRARY}/mitigations/M1001").one("details", css="take-inherited")
    assert "Take on M1000 Measure, which this replaced" in shown.words
    assert "Of the old one." in shown.words
    assert "Of the old one." in take(site, f"{PAGE}?redirect=no").words


def replaced(site: Site, *, own: bool) -> Element:
    """The successor's page beside whose own Take, if any, stands one on what it replaced."""
    publish(MEASURE, summary="Of the old one.")
    publish(MEASURE, summary="Of the old one, again.")
    revoked = MEASURE | {"revoked": True}
    import_objects(
        STAGE, SHELL, revoked, HEIR, relationship("revoked-by", revoked, HEIR), release="2.0"
    )
    if own:
        publish(HEIR, summary="Of the new one.")
    return take(site, f"{LIBRARY}/mitigations/M1001")


def link_of(part: Element, words: str) -> str:
    return next(a["href"] for a in part.all("a") if a.words.startswith(words))


def reported(part: Element) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link_of(part, "Report an error in this Take")).query)


def test_a_take_beside_the_successor_of_its_object_leads_to_the_history_of_that_object(
    site: Site,
) -> None:
    inherited = replaced(site, own=False).one("details", css="take-inherited")
    history = link_of(inherited, "Change history")
    assert urlsplit(history).path == f"{LIBRARY}/objects/{MEASURE['id']}/history"
    assert "M1000" in site.page(history).one("h1").words


def test_an_error_is_reported_of_the_take_beside_the_successor_and_of_its_own(
    site: Site, settings: Settings
) -> None:
    settings.TAKE_REPORT_URL = "https://example.org/report"
    shown = replaced(site, own=True)
    inherited = shown.one("details", css="take-inherited")
    old = {"page": [f"{PAGE}?redirect=no"], "release": ["2.0"], "revision": ["2"]}
    assert reported(inherited) == old
    own = next(p for p in shown.all("p", css="take-evidence") if p.has("a") and "JSON" in p.words)
    page = f"{LIBRARY}/mitigations/M1001"
    assert reported(own) == {"page": [page], "release": ["2.0"], "revision": ["1"]}


def test_the_page_of_a_revoked_object_keeps_its_readers(site: Site, settings: Settings) -> None:
    settings.TAKE_REPORT_URL = "https://example.org/report"
    replaced(site, own=False)
    page = site.page(f"{PAGE}?redirect=no")
    views = [a["href"] for a in page.one("nav", css="views").all("a")]
    assert views == [f"{PAGE}?redirect=no&view={view}" for view in ("analyst", "executive")]
    for view in views:
        assert "Of the old one" in site.page(view).one("section", id="take").words
    assert reported(page.one("section", id="take"))["page"] == [f"{PAGE}?redirect=no"]


def test_the_executive_view_has_the_take_first_and_the_rest_folded(site: Site) -> None:
    publish(MEASURE)
    page = site.page(f"{PAGE}?view=executive")
    rest = page.one("details", css="rest")
    assert "open" not in rest.attributes
    assert rest.has(id="definition")
    assert rest.has(id="references")
    assert not rest.has(id="take")
    for silly in ("", "?view=", "?view=x", "?view=%00", "?view=analyst"):
        assert not site.page(PAGE + silly).has("details", css="rest")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/report",
        "https://example.org/report?form=1",
        "/report",
        "https://example.org/#report",
    ],
)
def test_an_error_is_reported_with_page_release_and_revision(
    site: Site, settings: Settings, address: str
) -> None:
    settings.TAKE_REPORT_URL = address
    publish(MEASURE)
    publish(MEASURE)
    link = next(a for a in take(site).all("a") if a.words == "Report an error in this Take")
    assert link["href"].startswith(address.partition("#")[0])
    assert urlsplit(link["href"]).fragment == urlsplit(address).fragment
    told = parse_qs(urlsplit(link["href"]).query)
    assert (told["page"], told["release"], told["revision"]) == ([PAGE], ["1.0"], ["2"])


def test_an_error_is_reported_by_telephone_without_more(site: Site, settings: Settings) -> None:
    settings.TAKE_REPORT_URL = "tel:+441234567890"
    link = next(a for a in take(site).all("a") if a.words == "Report an error in this Take")
    assert link["href"] == "tel:+441234567890"


def test_an_error_is_reported_by_mail_when_the_address_says_so(
    site: Site, settings: Settings
) -> None:
    settings.TAKE_REPORT_URL = "mailto:takes@example.org"
    link = next(a for a in take(site).all("a") if a.words == "Report an error in this Take")
    told = unquote(link["href"])
    assert told.startswith("mailto:takes@example.org?subject=Error in the Take on")
    assert f"page: {PAGE}\nrelease: 1.0\nrevision: derived" in told
