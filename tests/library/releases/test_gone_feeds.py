"""The feeds of objects that the current edition does not hold."""

import pytest

from tests.factories import Properties, import_objects, mitigation, stix_id, stix_object
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.releases.test_feeds import HOST, feed, offered

pytestmark = pytest.mark.django_db

M1000, BESIDE = mitigation("M1000", "Measure"), mitigation("M1001", "Beside")
BY_ID, BY_STIX_ID = f"{MITIGATIONS}/M1000", f"{LIBRARY}/objects/{M1000['id']}"


def let_go(*, then: Properties = BESIDE) -> None:
    """A measure that the second of two releases holds last, and the third no longer."""
    import_objects(M1000, BESIDE, release="1.0")
    import_objects(M1000 | {"description": "Now."}, BESIDE, release="2.0")
    import_objects(then, release="3.0")


@pytest.mark.parametrize("address", [BY_ID, BY_STIX_ID])
def test_feed_tells_how_an_object_went_when_the_edition_does_not_hold_it(
    site: Site, address: str
) -> None:
    import_objects(M1000, BESIDE, release="1.0")
    import_objects(M1000 | {"description": "Now."}, BESIDE, release="2.0")
    before = feed(site, f"{address}/atom")
    import_objects(BESIDE, release="3.0")
    found = feed(site, f"{address}/atom", page=f"{address}/history")
    told = {entry.title.rpartition(" ")[2]: entry for entry in found.entries}
    assert {release: entry.items for release, entry in told.items()} == {
        "2.0": ["description edited"],
        "3.0": ["no longer in the bundle"],
    }
    assert found.text("id") == before.text("id")
    assert [entry.id for entry in before.entries] == [told["2.0"].id]
    for entry in found.entries:
        assert site.page(entry.href.removeprefix(HOST)).one("h1")


def test_feed_goes_on_when_the_object_is_back(site: Site) -> None:
    let_go()
    gone = {entry.id for entry in feed(site, f"{BY_ID}/atom", page=f"{BY_ID}/history").entries}
    import_objects(M1000, BESIDE, release="4.0")
    back = {entry.id: entry.items for entry in feed(site, f"{BY_ID}/atom").entries}
    assert gone < set(back)
    assert ["added"] in back.values()


def test_pages_of_an_object_that_is_gone_lead_to_its_feed(site: Site) -> None:
    let_go()
    assert offered(site.page(f"{BY_ID}/history")) == [f"{BY_ID}/atom"]
    assert offered(site.page(f"{BY_STIX_ID}/history")) == [f"{BY_STIX_ID}/atom"]
    pinned = site.page(f"{LIBRARY}/v/2.0/mitigations/M1000")
    assert offered(pinned) == [f"{BY_STIX_ID}/atom"]
    assert f"{BY_STIX_ID}/atom" in [a["href"] for a in pinned.one("main").all("a")]
    assert offered(site.page(f"{LIBRARY}/v/2.0/mitigations/M1001")) == []


def test_id_in_lower_case_leads_to_the_feed_of_what_is_gone(site: Site) -> None:
    let_go()
    assert site.moves(f"{MITIGATIONS}/m1000/atom", 301) == f"{BY_ID}/atom"
    assert site.get(f"{MITIGATIONS}/m9999/atom").status_code == 404


def test_id_stands_for_what_has_it_now_and_the_one_that_is_gone_has_its_stix_id(
    site: Site,
) -> None:
    let_go(then=mitigation("M1000", "Heir", id=stix_id("course-of-action", "heir")))
    assert feed(site, f"{BY_ID}/atom").text("title") == "M1000 Heir: changes"
    gone = feed(site, f"{BY_STIX_ID}/atom", page=f"{BY_STIX_ID}/history")
    assert gone.text("title") == "M1000 Measure: changes"
    assert offered(site.page(f"{LIBRARY}/v/2.0/mitigations/M1000")) == [f"{BY_STIX_ID}/atom"]


def test_type_without_words_has_feeds_of_what_is_gone(site: Site) -> None:
    novelty = stix_object("x-new-kind", "Thing")
    import_objects(novelty, BESIDE, release="1.0")
    import_objects(BESIDE, release="2.0")
    address = f"{LIBRARY}/objects/{novelty['id']}"
    (entry,) = feed(site, f"{address}/atom", page=f"{address}/history").entries
    assert entry.items == ["no longer in the bundle"]


def test_sample_has_no_feeds_when_readers_see_att_and_ck(site: Site) -> None:
    import_objects(M1000, release="sample-1")
    import_objects(BESIDE, release="1.0")
    assert site.get(f"{BY_ID}/atom").status_code == 404
    assert site.get(f"{BY_STIX_ID}/atom").status_code == 404
    assert offered(site.page(f"{BY_ID}/history")) == []
    assert offered(site.page(f"{LIBRARY}/v/sample-1/mitigations/M1000")) == []
