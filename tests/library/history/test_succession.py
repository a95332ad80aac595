"""What replaced an object and what it replaced, as each release of its history has it."""

import pytest

from tests.factories import Properties, import_objects, mitigation, relationship
from tests.library.history.test_story import passages
from tests.library.pages import MITIGATIONS, Element, Site
from tests.library.releases.test_feeds import feed

pytestmark = pytest.mark.django_db

OLD, FIRST, SECOND = (
    mitigation("M1001", "Old"),
    mitigation("M1002", "First"),
    mitigation("M1003", "Second"),
)
DEAD = OLD | {"revoked": True}
BY_FIRST, BY_SECOND = (relationship("revoked-by", OLD, heir) for heir in (FIRST, SECOND))


@pytest.fixture
def replaced_twice() -> None:
    """An object that was revoked in favour of one, then of another, and is live again."""
    import_objects(OLD, FIRST, SECOND, release="1.0")
    import_objects(DEAD, FIRST, SECOND, BY_FIRST, release="2.0")
    import_objects(DEAD, FIRST, SECOND, BY_SECOND, release="3.0")
    import_objects(OLD, FIRST, SECOND, release="4.0")


def told(page: Element) -> list[list[str]]:
    """What each release of a history tells, newest first."""
    return [[entry.words for entry in passage.all("li")] for passage in passages(page)]


@pytest.mark.usefixtures("replaced_twice")
def test_a_revoked_object_is_told_with_what_replaced_it_in_each_release(site: Site) -> None:
    newest, second, first, _ = told(site.page(f"{MITIGATIONS}/M1001/history"))
    assert newest == ["No longer revoked", "No longer replaced by: M1003 Second"]
    assert second == ["Now replaced by: M1003 Second", "No longer replaced by: M1002 First"]
    assert first == ["Now revoked", "Now replaced by: M1002 First"]


@pytest.mark.usefixtures("replaced_twice")
def test_what_an_object_replaced_is_told_of_it_when_it_is_the_same_to_the_byte(site: Site) -> None:
    history = f"{MITIGATIONS}/M1002/history"
    assert told(site.page(history))[:3] == [
        [],
        ["No longer replaces: M1001 Old"],
        ["Now replaces: M1001 Old"],
    ]
    short = site.page(f"{history}?from=1.0&to=2.0").one(css="in-short")
    assert [entry.words for entry in short.all("li")] == ["Now replaces: M1001 Old"]
    assert "Nothing changed" not in short.words
    assert short.one("li").one("a")["href"].endswith("/v/2.0/mitigations/M1001")


@pytest.mark.usefixtures("replaced_twice")
def test_entries_of_a_feed_name_what_replaced_the_object_in_their_release(site: Site) -> None:
    found = feed(site, f"{MITIGATIONS}/M1001/atom").entries
    assert [entry.items for entry in found] == [
        ["no longer revoked", "no longer replaced by M1003 Second"],
        ["now replaced by M1003 Second", "no longer replaced by M1002 First"],
        ["now revoked, in favour of M1002 First"],
    ]
    heir = feed(site, f"{MITIGATIONS}/M1002/atom").entries
    assert [entry.items for entry in heir] == [
        ["no longer replaces M1001 Old"],
        ["now replaces M1001 Old"],
    ]


def in_two_domains() -> Properties:
    """An object that is live in Enterprise and revoked in ICS."""
    import_objects(OLD, release="1.0")
    import_objects(OLD, FIRST, domain="ics", release="1.0")
    import_objects(DEAD, FIRST, BY_FIRST, domain="ics", release="2.0")
    return OLD


def test_the_page_of_a_live_object_says_what_replaced_it_in_another_domain(site: Site) -> None:
    in_two_domains()
    notes = site.page(f"{MITIGATIONS}/M1001").one(css="history-notes")
    assert "ICS Revoked by M1002 First, says 2.0." in notes.words
    assert [a["href"] for a in notes.all("a")] == [f"{MITIGATIONS}/M1002"]


def test_a_feed_names_what_replaced_the_object_when_another_domain_holds_it_as_live(
    site: Site,
) -> None:
    in_two_domains()
    (entry,) = feed(site, f"{MITIGATIONS}/M1001/atom").entries
    assert entry.items == ["now revoked, in favour of M1002 First"]


def test_two_that_replace_each_other_are_told_as_revoked_alone(site: Site) -> None:
    back = relationship("revoked-by", FIRST, OLD)
    import_objects(OLD, FIRST, release="1.0")
    import_objects(DEAD, FIRST | {"revoked": True}, BY_FIRST, back, release="2.0")
    for attack_id in ("M1001", "M1002"):
        assert told(site.page(f"{MITIGATIONS}/{attack_id}/history"))[0] == ["Now revoked"]


def test_what_came_back_replaces_when_the_link_of_its_own_revocation_stayed(site: Site) -> None:
    stayed = relationship("revoked-by", FIRST, OLD)
    import_objects(OLD, FIRST | {"revoked": True}, stayed, release="1.0")
    import_objects(DEAD, FIRST, stayed, BY_FIRST, release="2.0")
    assert site.moves(f"{MITIGATIONS}/M1001").startswith(f"{MITIGATIONS}/M1002")
    assert "Now replaced by: M1002 First" in site.page(f"{MITIGATIONS}/M1001/history").words
