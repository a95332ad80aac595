"""The newest release that is known of each domain: from the list, from MITRE's index, or both."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command

from importer import known_releases, published
from importer.apps import learn_from_list
from importer.errors import BundleError
from importer.known_releases import note_published, outlook, refresh
from library.conditional import current_shelf
from library.identifiers import Domain
from library.models import KnownRelease
from tests.factories import import_objects, mitigation

pytestmark = pytest.mark.django_db

type Listing = dict[str, list[str]]
type Publish = Callable[[Listing, Listing], None]
LIST, INDEX = KnownRelease.Source.LIST, KnownRelease.Source.INDEX


def everywhere(*releases: str) -> Listing:
    return {domain: list(releases) for domain in Domain.values}


@pytest.fixture
def mitre(monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Has the list name these releases, and MITRE's index those."""

    def publish(listed: Listing, indexed: Listing) -> None:
        monkeypatch.setattr(published, "published_releases", lambda domain: listed.get(domain, []))
        monkeypatch.setattr(known_releases, "fetch_releases", lambda: indexed)

    publish(everywhere("18.1", "9.0"), everywhere("18.1"))
    return publish


def known() -> dict[str, tuple[str, str]]:
    rows = KnownRelease.objects.values_list("domain", "attack_version", "source")
    return {domain: (release, source) for domain, release, source in rows}


def epoch() -> int:
    import_objects(mitigation("M1", "One"))
    return current_shelf().epoch


def test_the_newest_release_of_the_list_is_known_without_any_network(mitre: Publish) -> None:
    mitre(everywhere("9.0", "18.1", "11.0-beta") | {"ics": []}, {})
    note_published()
    assert known() == dict.fromkeys(("enterprise", "mobile"), ("18.1", LIST))
    assert not KnownRelease.objects.exclude(index_read_at=None).exists()


def test_the_index_is_believed_when_it_names_a_newer_release(mitre: Publish) -> None:
    mitre(everywhere("18.1"), {"enterprise": ["9.0", "19.0", "18.1"], "mobile": ["18.1"]})
    refresh()
    assert known() == {
        "enterprise": ("19.0", INDEX),
        "mobile": ("18.1", LIST),
        "ics": ("18.1", LIST),
    }
    assert not KnownRelease.objects.filter(index_read_at=None).exists()


def test_the_list_is_believed_when_the_index_is_behind_it(mitre: Publish) -> None:
    mitre(everywhere("18.1"), everywhere("17.1"))
    refresh()
    assert set(known().values()) == {("18.1", LIST)}


def test_what_the_index_said_stays_when_the_list_alone_is_looked_at(mitre: Publish) -> None:
    mitre(everywhere("18.1"), everywhere("19.0"))
    refresh()
    read_at = KnownRelease.objects.get(pk="ics").index_read_at
    mitre(everywhere("18.1"), {})
    note_published()
    assert set(known().values()) == {("19.0", INDEX)}
    assert KnownRelease.objects.get(pk="ics").index_read_at == read_at


def test_a_release_has_a_hash_to_be_checked_by_once_the_list_names_it(mitre: Publish) -> None:
    mitre(everywhere("18.1"), everywhere("19.0"))
    refresh()
    since = KnownRelease.objects.get(pk="ics").known_since
    mitre(everywhere("18.1", "19.0"), {})
    note_published()
    assert set(known().values()) == {("19.0", LIST)}
    assert KnownRelease.objects.get(pk="ics").known_since == since


def test_a_release_is_forgotten_when_the_index_takes_it_back(mitre: Publish) -> None:
    mitre(everywhere("18.1"), everywhere("19.0"))
    refresh()
    mitre(everywhere("18.1"), everywhere("18.1"))
    refresh()
    assert set(known().values()) == {("18.1", LIST)}


def test_nothing_changes_when_the_index_cannot_be_had(
    mitre: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    note_published()
    before = list(KnownRelease.objects.order_by("domain").values())

    def unreachable() -> Listing:
        raise BundleError("https://example.org/index.json: cannot be reached (ConnectionError).")

    monkeypatch.setattr(known_releases, "fetch_releases", unreachable)
    with pytest.raises(BundleError):
        refresh()
    assert list(KnownRelease.objects.order_by("domain").values()) == before


def test_the_epoch_advances_when_another_release_is_known_and_only_then(mitre: Publish) -> None:
    first = epoch()
    note_published()
    second = epoch()
    assert second > first
    note_published()
    refresh()
    assert epoch() == second
    mitre(everywhere("18.1"), {"ics": ["19.0"]})
    refresh()
    assert epoch() > second


def test_what_was_mailed_is_kept_when_anything_is_learnt(mitre: Publish) -> None:
    refresh()
    KnownRelease.objects.update(mailed="18.1")
    mitre(everywhere("18.1"), everywhere("19.0"))
    refresh()
    assert set(KnownRelease.objects.values_list("mailed", flat=True)) == {"18.1"}


def test_outlook_tells_of_every_domain_what_is_shown_and_what_is_known(mitre: Publish) -> None:
    for domain, release in (("enterprise", "18.1"), ("mobile", "9.0")):
        import_objects(mitigation("M1", "One", domain), domain=domain, release=release)
    refresh()
    found = {row.domain: row for row in outlook()}
    assert list(found) == Domain.values
    assert {domain: row.shown for domain, row in found.items()} == {
        "enterprise": "18.1",
        "mobile": "9.0",
        "ics": "",
    }
    assert {row.known.attack_version for row in found.values() if row.known} == {"18.1"}
    assert [domain for domain, row in found.items() if row.is_newer] == ["mobile"]


def test_nothing_is_newer_when_nothing_is_known_or_what_is_shown_is_newest() -> None:
    import_objects(mitigation("M1", "One"), release="18.1")
    assert [row.is_newer for row in outlook()] == [False, False, False]
    KnownRelease.objects.create(
        domain="enterprise",
        attack_version="9.0",
        source=LIST,
        known_since=datetime.fromisoformat("2026-01-01T00:00:00Z"),
    )
    assert [row.is_newer for row in outlook()] == [False, False, False]


def test_a_sample_is_older_than_anything_that_is_known(mitre: Publish) -> None:
    import_objects(mitigation("M1", "One"), release="sample-2")
    note_published()
    assert [row.is_newer for row in outlook()] == [True, False, False]


def test_an_upgrade_learns_what_its_list_names_when_it_migrates(mitre: Publish) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    assert set(known().values()) == {("18.1", LIST)}


def test_migrating_to_before_there_was_a_table_asks_for_none(mitre: Publish) -> None:
    class Past:
        all_models: dict[str, dict[str, object]] = {"library": {"epoch": object}}

    learn_from_list(apps=Past(), using="default")
    assert known() == {}
