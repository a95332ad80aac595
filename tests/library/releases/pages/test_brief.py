"""The brief of two releases: figures, news and questions."""

import pytest

from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_id,
    technique,
)
from tests.library.pages import Site
from tests.library.releases.pages.pair import (
    DYING,
    EDITED,
    GONE,
    GROUP,
    IMPACT,
    KEPT,
    MOVED,
    PAIR,
    RELEASES,
    USES,
    entries,
)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("two")
def test_brief_tells_figures_news_and_questions(site: Site) -> None:
    words = site.page(f"{PAIR}/brief").words
    assert "1 new technique" in words
    assert "3 changed in substance" in words
    assert "1 in noise alone" in words
    assert "Renamed: 1 entry: G1000 Gang was “Band”." in words
    assert "Which of our detections, plans and reports still name what MITRE let go of?" in words


COMPONENT = attack_object(
    *("x-mitre-data-component", "DC1000", "Logs"),
    x_mitre_log_sources=[{"name": "old", "channel": "1"}],
)
OTHER_LOGS = {"x_mitre_log_sources": [{"name": "new", "channel": "1"}], "description": "Other."}


def test_brief_asks_about_log_sources_and_whatever_else_changed_in_substance(site: Site) -> None:
    quiet = COMPONENT | {"id": stix_id("x-mitre-data-component", "quiet"), "name": "Quiet"}
    import_objects(COMPONENT, quiet, release="1.0")
    import_objects(COMPONENT | OTHER_LOGS, quiet | {"description": "New."}, release="2.0")
    brief = site.page(f"{PAIR}/brief")
    asked = brief.one("ul", css="brief-questions")
    assert "log sources of 1 data component under the names" in asked.words
    assert "still fit the entries that changed in substance: 2 data components?" in asked.words
    assert "2 changed in substance (2 data components)" in brief.words
    assert "No live entry came, and none changed its name or tactic, or went." in brief.words
    assert "no question" not in brief.words
    told = {link.words: link["href"] for link in asked.all("a")}
    listed = site.page(told["1 data component"])
    assert entries(listed) == ["DC1000 Logs"]
    assert "those alone whose log sources changed" in listed.words
    assert len(entries(site.page(told["2 data components"]))) == 2


def test_brief_tells_what_is_no_longer_in_the_bundle_when_nothing_else_changed(site: Site) -> None:
    source = attack_object("x-mitre-data-source", "DS1000", "Source")
    import_objects(KEPT, EDITED, GONE, source, release="1.0")
    import_objects(EDITED, release="2.0")
    brief = site.page(f"{PAIR}/brief").words
    assert "No longer in the bundle: 1 technique: T1000 Kept." in brief
    assert "No longer in the bundle: 1 mitigation: M1009 Gone." in brief
    assert "No longer in the bundle: 1 data source." in brief


def test_brief_tells_new_entries_of_every_kind(site: Site) -> None:
    asset = attack_object("x-mitre-asset", "A1000", "Plant", domain="ics")
    strategy = attack_object("x-mitre-detection-strategy", "DET1000", "Look")
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, asset, strategy, GONE, release="2.0")
    brief = site.page(f"{PAIR}/brief")
    figures = [found.words for found in brief.one("ul", css="brief-figures").all("li")]
    assert figures == ["1 new mitigation", "1 new detection strategy", "1 new asset"]
    assert "1 new asset: A1000 Plant." in brief.words
    assert "A1000 Plant" in site.page(PAIR).one(id="first").words


def test_brief_weighs_the_same_both_ways_what_neither_release_lets_go_of(site: Site) -> None:
    measure = mitigation("M1000", "Measure", x_mitre_deprecated=True)
    import_objects(IMPACT, KEPT, EDITED, DYING, measure, release="1.0")
    import_objects(
        *(IMPACT, KEPT, EDITED | {"description": "Another."}),
        DYING | {"x_mitre_deprecated": True, "description": "Another."},
        measure | {"x_mitre_deprecated": False, "description": "Another."},
        release="2.0",
    )
    for path in ("1.0...2.0", "2.0...1.0"):
        brief = site.page(f"{RELEASES}/{path}/brief")
        assert "neither newly revoked or deprecated nor live again" in brief.words
        assert "1 changed in substance (1 technique)" in brief.words
        listed = site.page(f"{RELEASES}/{path}/changes?weight=material")
        assert entries(listed) == ["T1001 Edited"]


@pytest.mark.usefixtures("two")
def test_brief_asks_nothing_when_the_newer_release_comes_first(site: Site) -> None:
    brief = site.page(f"{RELEASES}/2.0...1.0/brief")
    assert not brief.all("ul", css="brief-questions")
    assert "here the newer one comes first" in brief.words
    link = next(a for a in brief.all("a") if a.words == "the brief of 1.0 to 2.0")
    assert link["href"] == f"{PAIR}/brief"
    assert site.page(link["href"]).all("ul", css="brief-questions")


def test_example_is_not_newly_reported_when_another_technique_had_it(site: Site) -> None:
    fresh = relationship("uses", GROUP, MOVED, "It went.")
    import_objects(KEPT, EDITED, MOVED, GROUP, USES, release="1.0")
    import_objects(
        *(KEPT, EDITED, MOVED, GROUP, fresh), USES | {"target_ref": EDITED["id"]}, release="2.0"
    )
    asked = site.page(f"{PAIR}/brief").one("ul", css="brief-questions")
    asks = "Of the techniques that 1.0 has as well, do we detect those newly reported most often: "
    assert f"{asks}T1003 Moved (1 new example)?" in asked.words
    link = next(a for a in asked.all("a") if a.words == "1 new example")
    assert len(site.page(link["href"]).one("tbody").all("tr")) == 1
    every = site.page(f"{PAIR}/changes?links=Procedure+examples&kind=added")
    assert len(every.one("tbody").all("tr")) == 2


@pytest.mark.usefixtures("two")
def test_brief_leads_to_lists_as_long_as_its_figures(site: Site) -> None:
    page = site.page(f"{PAIR}/brief")
    followed = 0
    for link in page.one("article", css="release-brief").all("a"):
        number = link.words.split()[0]
        if number.isdigit() and int(number) and "/changes" in link["href"]:
            assert len(entries(site.page(link["href"]))) == int(number), link["href"]
            followed += 1
    assert followed == 12


def test_what_came_and_was_revoked_in_between_is_not_told_as_new(site: Site) -> None:
    dead, live = (technique(f"T100{n}", f"Thing {n}", ("impact",)) for n in (7, 8))
    dead |= {"revoked": True}
    import_objects(IMPACT, KEPT, release="1.0")
    import_objects(IMPACT, KEPT, dead, relationship("revoked-by", dead, KEPT), release="2.0")
    brief = site.page(f"{PAIR}/brief").words
    assert "could be used against us" not in brief
    assert "No live entry is new." in brief
    import_objects(IMPACT, KEPT, dead, live, release="3.0")
    page = site.page(f"{RELEASES}/1.0...3.0/brief")
    assert "1 new technique" in page.words
    assert "Thing 7" not in page.words
    (listed,) = {link["href"] for link in page.all("a") if link.words == "1 new technique"}
    count = site.page(listed).one(id="results-count")
    assert count.one("strong").words == "1 change"
    assert "those alone that are neither revoked nor deprecated" in count.words
    # What was dead is told when it is gone, as in the feed of its type.
    import_objects(IMPACT, KEPT, live, release="4.0")
    assert "No longer in the bundle: 1 technique" in (
        site.page(f"{RELEASES}/3.0...4.0/brief").words
    )
