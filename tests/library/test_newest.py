"""Readers are told which release they see, and when MITRE has published a newer one."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from library.conditional import current_shelf
from library.epoch import advance_epoch
from library.models import KnownRelease
from tests.factories import import_objects, mitigation
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
MOMENT = "2026-01-01T00:00:00Z"


def know(**releases: str) -> None:
    """Have these be the newest releases that are known, as the importer has it."""
    for domain, release in releases.items():
        KnownRelease.objects.update_or_create(
            domain=domain,
            defaults={"attack_version": release, "source": "index", "known_since": MOMENT},
        )
    advance_epoch()


def hold(release: str, *domains: str) -> None:
    for domain in domains or ("enterprise",):
        import_objects(mitigation("M1000", "A", domain), domain=domain, release=release)


def footer(site: Site, path: str = PAGE) -> str:
    """What the footer says of releases, without the link to all of them."""
    line = site.page(path).one("footer").all("p")[0].words
    return line.removesuffix(" · Releases and what they changed")


def test_the_footer_and_home_say_which_release_this_is_and_which_is_newer(site: Site) -> None:
    hold("18.1")
    know(enterprise="19.0")
    for path in (LIBRARY, MITIGATIONS, PAGE, f"{LIBRARY}/releases"):
        assert footer(site, path) == "Shown: ATT&CK 18.1 · Newest from MITRE: ATT&CK 19.0"
    assert site.page(LIBRARY).one(id="newest").words == (
        "What is shown here is not the newest release: MITRE has published ATT&CK 19.0."
    )


@pytest.mark.parametrize("release", ["18.1", "18.0", "9.0", "sample-9", "18.1-beta"])
def test_nothing_is_said_when_what_is_shown_is_as_new(site: Site, release: str) -> None:
    hold("18.1")
    know(enterprise=release)
    assert footer(site) == "Shown: ATT&CK 18.1"
    assert not site.page(LIBRARY).has(id="newest")


def test_nothing_is_said_when_nothing_is_known(site: Site) -> None:
    hold("18.1")
    assert footer(site) == "Shown: ATT&CK 18.1"
    assert not site.page(LIBRARY).has(id="newest")


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"enterprise": "19.0", "mobile": "19.0", "ics": "19.0"}, "ATT&CK 19.0"),
        ({"mobile": "19.0"}, "Mobile 19.0"),
        ({"ics": "19.0", "enterprise": "19.0", "mobile": "18.1"}, "Enterprise 19.0 and ICS 19.0"),
        (
            {"enterprise": "19.1", "mobile": "19.0", "ics": "19.1"},
            "Enterprise 19.1, Mobile 19.0 and ICS 19.1",
        ),
    ],
)
def test_domains_are_named_when_they_differ(site: Site, known: dict[str, str], said: str) -> None:
    hold("18.1", "enterprise", "mobile", "ics")
    know(**known)
    assert footer(site) == f"Shown: ATT&CK 18.1 · Newest from MITRE: {said}"


def test_a_domain_that_readers_do_not_see_is_not_named(site: Site) -> None:
    hold("18.1")
    know(enterprise="19.0", mobile="20.0", ics="19.0")
    assert footer(site).endswith("Newest from MITRE: ATT&CK 19.0")


def test_a_page_of_a_pinned_release_is_told_of_what_the_library_lacks(site: Site) -> None:
    hold("17.1")
    hold("18.1")
    know(enterprise="18.1")
    assert footer(site, f"{LIBRARY}/v/17.1/mitigations/M1000") == "Shown: ATT&CK 17.1"
    know(enterprise="19.0")
    assert footer(site, f"{LIBRARY}/v/17.1/mitigations/M1000") == (
        "Shown: ATT&CK 17.1 · Newest from MITRE: ATT&CK 19.0"
    )


def test_pages_of_the_sample_say_it_once(site: Site) -> None:
    hold("sample-1")
    know(enterprise="19.0")
    for path in (LIBRARY, MITIGATIONS, PAGE):
        assert footer(site, path) == "Sample content · Newest from MITRE: ATT&CK 19.0"
        assert site.page(path).words.count("19.0") == 1


def test_an_empty_library_says_that_it_is_empty(site: Site) -> None:
    know(enterprise="19.0")
    assert footer(site, LIBRARY) == "No release has been imported yet."
    assert not site.page(LIBRARY).has(id="newest")


def raised() -> None:
    know(enterprise="19.1")


def taken_back() -> None:
    KnownRelease.objects.all().delete()
    advance_epoch()


@pytest.mark.parametrize("change", [raised, taken_back])
@pytest.mark.parametrize("path", [LIBRARY, PAGE])
def test_a_page_has_another_tag_when_another_release_is_known(
    site: Site, path: str, change: Callable[[], None]
) -> None:
    hold("18.1")
    know(enterprise="19.0")
    known = site.get(path)["ETag"]
    assert site.get(path, **{"If-None-Match": known}).status_code == 304
    change()
    answer = site.get(path, **{"If-None-Match": known})
    assert (answer.status_code, answer["ETag"] == known) == (200, False)


@pytest.mark.parametrize("path", [LIBRARY, MITIGATIONS, PAGE])
def test_a_page_costs_no_query_more_when_a_newer_release_is_known(site: Site, path: str) -> None:
    hold("18.1")
    know(enterprise="18.1")
    before, _ = read(site, path)
    know(enterprise="19.0", mobile="19.0", ics="19.0")
    after, text = read(site, path)
    assert "Newest from MITRE" in text
    assert after == before > 0


def read(site: Site, path: str) -> tuple[int, str]:
    """How many queries a page takes when it is read once more, and its text."""
    site.get(path)
    with CaptureQueriesContext(connection) as queries:
        text = site.get(path).content.decode()
    return len(queries), text


def test_what_is_known_comes_with_the_shelf(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    hold("18.1")
    know(enterprise="19.0", ics="8.0")
    current_shelf()
    with django_assert_num_queries(1):
        shelf = current_shelf()
    assert dict(shelf.known) == {"enterprise": "19.0", "ics": "8.0"}
    assert shelf.newer == [("Enterprise", "19.0")]


def test_only_a_domain_of_attack_can_be_known() -> None:
    with pytest.raises(IntegrityError, match="known_release_domain"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO library_knownrelease (domain, attack_version, source, known_since, mailed)"
            " VALUES ('pre', '7.2', 'list', now(), '')"
        )
