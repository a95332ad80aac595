"""security.txt, as RFC 9116 has it."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from glexia import env
from tests.library.pages import Site

PATH = "/.well-known/security.txt"


def fields(site: Site) -> dict[str, str]:
    lines = site.get(PATH).content.decode().splitlines()
    found = dict(line.split(": ", 1) for line in lines)
    assert len(found) == len(lines), "a field stands twice"
    return found


def test_it_says_whom_to_tell(settings: Settings, site: Site) -> None:
    settings.SECURITY_CONTACT = "mailto:security@library.example"
    told = fields(site)
    assert told["Contact"] == "mailto:security@library.example"
    assert told["Preferred-Languages"] == "en"
    assert told["Canonical"] == f"http://testserver{PATH}"


def test_it_is_good_for_less_than_a_year_from_whenever_it_is_read(site: Site) -> None:
    expires = datetime.strptime(fields(site)["Expires"], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)


def test_it_is_plain_text_without_a_cookie(site: Site) -> None:
    response = site.get(PATH)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert not response.cookies


@pytest.mark.parametrize("contact", ["http://x.example", "/contact", "ftp://x.example", "ada"])
def test_a_contact_that_the_rfc_forbids_is_refused(
    monkeypatch: pytest.MonkeyPatch, contact: str
) -> None:
    monkeypatch.setenv("SECURITY_CONTACT", contact)
    with pytest.raises(env.SettingError, match="SECURITY_CONTACT"):
        env.contact("SECURITY_CONTACT", "https://library.example")
