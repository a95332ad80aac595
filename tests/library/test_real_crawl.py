"""Pages of all real releases at random, read as `make crawl` reads every one.

The seed stands in the head of each run; `CRAWL_SEED=…` reads the same pages again.
"""

import os
import random
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from library.identifiers import OBJECT_TYPES
from library.models import Snapshot
from tests.library.crawl import Crawler, Known, form_of
from tests.library.itinerary import a_sample
from tests.library.pages import LIBRARY

# Tests with that mark run before all others: without it on each the sample would be read twice.
pytestmark = [pytest.mark.real_data, pytest.mark.django_db]

IN_EACH_STATE, PINNED, LISTS, LINKS = 2, 1, 6, 300
PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


def of_every_form(seed: random.Random, links: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Links in an order of chance, the first of every form before the rest."""
    shuffled = seed.sample(links, len(links))
    first = {form_of(link[0]): link for link in reversed(shuffled)}
    return list(dict.fromkeys([*first.values(), *shuffled]))


@pytest.fixture(scope="module")
def known(every_release: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Known]:
    """What a sample of the pages shows, and of the links that they have."""
    seed = random.Random(int(os.environ["CRAWL_SEED"]))
    with django_db_blocker.unblock(), override_settings(STORAGES=PLAIN):
        crawler = Crawler(Client())
        plan = a_sample(seed, current=IN_EACH_STATE, pinned=PINNED, lists=LISTS)
        for stop in plan.pages:
            crawler.read(stop.address, stop.shows, stop.status)
        for address in plan.lists:
            crawler.walk(address)
        unvisited = crawler.known.unvisited()
        for address, source in of_every_form(seed, unvisited)[:LINKS]:
            crawler.visit(address, source)
        yield crawler.known


def test_nothing_is_wrong_with_pages_and_links_at_random(known: Known) -> None:
    assert known.findings == []


def test_links_to_a_part_of_a_page_find_it(known: Known) -> None:
    assert any("#" in link for link in known.links)
    assert any(address.partition("?")[0].endswith("/raw") for address in known.ids)
    assert known.dead_anchors() == []


@pytest.mark.parametrize(
    ("release", "home"),
    [("18.1", LIBRARY), ("17.1", f"{LIBRARY}/v/17.1"), ("18.0", f"{LIBRARY}/v/18.0")],
)
def test_every_kind_of_page_of_every_release_is_read(known: Known, release: str, home: str) -> None:
    visited = {address.partition("?")[0] for address in known.ids}
    snapshots = Snapshot.objects.filter(attack_version=release)
    held = set[str]().union(*(snapshot.objects_by_type for snapshot in snapshots))
    assert {home, f"{home}/search"} <= visited
    for kind in OBJECT_TYPES:
        assert f"{home}/{kind.path}" in visited
        addresses = (f"{home}/{kind.path}/", f"{home}/objects/{kind.stix_types[0]}--")
        is_read = any(address.startswith(addresses) for address in visited)
        assert is_read or not held.intersection(kind.stix_types), kind.path
    assert any(a.startswith(f"{home}/") and a.endswith("/matrix") for a in visited)
