"""The reference of an object's ATT&CK ID: what of it is noise, and what is a change."""

import pytest

from tests.factories import Properties
from tests.library.history.test_difference import MEASURE, compared, row
from tests.library.pages import Site

pytestmark = pytest.mark.django_db


def with_address(url: str) -> Properties:
    """The mitigation whose reference of the ATT&CK ID leads elsewhere."""
    (own,) = MEASURE["external_references"]
    return MEASURE | {"external_references": [own | {"url": url}]}


SITE_PAGE = "https://attack.mitre.org/mitigations/M1000"


@pytest.mark.parametrize(
    "url",
    [
        "https://attack.mitre.org/wiki/Mitigation/M1000",
        "http://attack.mitre.org/mitigations/M1000/",
        "https://attack.mitre.org/versions/v18/mitigations/M1000",
    ],
)
def test_address_of_the_id_is_noise_and_shown_when_it_is_a_page_of_the_same_id(
    site: Site, url: str
) -> None:
    page = compared(site, with_address(SITE_PAGE), with_address(url))
    assert "No change in substance" in page.one(id="main").words
    folded = page.one("details", css="noise")
    assert folded.one("summary").words == "1 field differs in form alone"
    cells = row(page, "Reference of the ATT&CK ID")
    assert cells == [f"mitre-attack {SITE_PAGE}", f"mitre-attack {url}"]
    assert "the same ID" in page.one("details", css="what-counts").words


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/mitigations/M1000",
        "https://attack.mitre.org.evil.example/mitigations/M1000",
        "https://attack.mitre.org@evil.example/mitigations/M1000",
        "https://attack.mitre.org/mitigations/M1001",
        "https://attack.mitre.org/",
        "/mitigations/M1000",
        "",
    ],
)
def test_address_of_the_id_is_an_edited_reference_when_it_leads_elsewhere(
    site: Site, url: str
) -> None:
    page = compared(site, with_address(SITE_PAGE), with_address(url))
    assert page.one("ul", css="told-changes").words == "1 reference edited"
    assert row(page, "References") == [
        f"removed ATT&CK ID M1000 {SITE_PAGE}",
        f"added ATT&CK ID M1000 {url}".rstrip(),
    ]
    assert not page.has("details", css="noise")
