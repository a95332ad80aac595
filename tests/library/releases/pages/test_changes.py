"""The lists of what changed between two releases."""

import pytest

from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_id,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Site
from tests.library.releases.pages.pair import (
    EDITED,
    GROUP,
    IMPACT,
    KEPT,
    LATER,
    PAIR,
    RELEASES,
    entries,
    rows,
)

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("two")
def test_change_is_told_in_phrases_and_leads_to_its_comparison(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?type=techniques")
    told = rows(page)
    head = "T1001 Edited Enterprise"
    assert told[head] == ["Minor version change", "1.0 to 1.1", "description edited"]
    link = next(link for link in page.all("a") if link.words == "T1001 Edited")
    lasting = f"{LIBRARY}/objects/{EDITED['id']}/history"
    assert link["href"] == f"{lasting}?from=1.0&to=2.0&domain=enterprise"


def test_list_says_what_changed_of_relationships(site: Site) -> None:
    edited, led, noisy, dying, gone, bare = (
        relationship("uses", GROUP, KEPT, f"It ran {n}.", id=stix_id("relationship", f"r{n}"))
        for n in range(6)
    )
    del bare["description"]
    held = (IMPACT, KEPT, EDITED, GROUP)
    import_objects(*held, edited, led, noisy, dying, gone, release="1.0")
    import_objects(
        *held,
        edited | {"description": "Other words."},
        led | {"target_ref": EDITED["id"]},
        noisy | {"modified": LATER},
        dying | {"x_mitre_deprecated": True},
        bare,
        release="2.0",
    )

    def told(kind: str) -> list[str]:
        page = site.page(f"{PAIR}/changes?type=relationship&kind={kind}")
        return sorted(row.all("td")[-1].words for row in page.one("tbody").all("tr"))

    assert told("patches") == ["description edited", "nothing of substance in it", "other target"]
    assert told("deprecations") == ["now deprecated"]
    assert told("deletions") == ["It ran 4."]
    assert told("additions") == [""]
    lasting = f"{LIBRARY}/objects/{led['id']}/history?from=1.0&to=2.0"
    assert "Other target" in site.page(lasting).words
    assert "T1000 Kept" in site.page(lasting).one("table", css="differences").words


@pytest.mark.usefixtures("two")
def test_list_says_how_the_description_begins_of_what_is_gone(site: Site) -> None:
    told = rows(site.page(f"{PAIR}/changes?type=mitigations"))
    assert told["M1009 Gone Enterprise"] == ["Deletion", "1.0", "About Gone."]


@pytest.mark.usefixtures("two")
def test_changes_in_noise_alone_are_counted_and_folded(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?type=techniques&kind=patches")
    assert entries(page) == ["T1003 Moved"]
    assert page.one(css="noise").words == "1 of them in noise alone, listed apart"
    assert entries(site.page(page.one(css="noise").one("a")["href"])) == ["T1002 Noisy"]


@pytest.mark.usefixtures("two")
def test_change_is_no_noise_when_links_of_it_changed(site: Site) -> None:
    """G1001 has the same content but for its date; what it uses is new."""
    gang = attack_object("intrusion-set", "G1001", "Gang of two")
    uses = relationship("uses", gang, KEPT, "It ran a tool.")
    import_objects(KEPT, gang, release="3.0")
    import_objects(KEPT, gang | {"modified": LATER}, uses, release="4.0")
    pair = f"{RELEASES}/3.0...4.0"
    assert rows(site.page(f"{pair}/changes?type=groups"))["G1001 Gang of two Enterprise"][2] == (
        "1 technique added"
    )
    assert "0 changes" in site.page(f"{pair}/changes?weight=noise").words
    assert "in noise alone" not in site.page(f"{pair}/brief").words


def test_entry_is_listed_when_its_links_alone_changed(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    mitigates = relationship("mitigates", measure, KEPT, "Do.")
    import_objects(KEPT, measure, release="1.0")
    import_objects(KEPT, measure, mitigates, release="2.0")
    assert "No entry differs; 1 relationship object does." in site.page(PAIR).words
    for query in ("type=mitigations&kind=relationships", "type=mitigations&weight=material"):
        told = rows(site.page(f"{PAIR}/changes?{query}"))
        assert told["M1000 Measure Enterprise"] == [
            *("Relationships alone", "1.0", "1 technique added"),
        ]
    assert "2 changed in substance" in site.page(f"{PAIR}/brief").words


def test_row_tells_the_changes_of_its_own_domain(site: Site) -> None:
    phone = technique("T9000", "On phones", domain="mobile")
    everywhere = GROUP | {"x_mitre_domains": ["enterprise-attack", "mobile-attack"]}
    for release, said in (("1.0", "One."), ("2.0", "Two.")):
        own = everywhere | {"description": said}
        ways = [relationship("uses", GROUP, KEPT)] if release == "2.0" else []
        import_objects(KEPT, own, *ways, release=release)
        import_objects(phone, own, domain="mobile", release=release)
    told = {
        tuple(row.one("th").words.split()[-1:]): row.all("td")[2].words
        for row in site.page(f"{PAIR}/changes?type=groups")
        .one("table", css="changes")
        .all("tr")[1:]
    }
    assert told == {
        ("Enterprise",): "description edited; 1 technique added",
        ("Mobile",): "description edited",
    }
    listed = site.page(f"{PAIR}/changes?type=groups")
    assert "2 changes · of 1 object" in listed.words or "2 changes of 1 object" in listed.words


def test_object_weighs_the_same_in_all_domains_in_the_brief_and_in_lists(site: Site) -> None:
    """G1000 changed in noise in mobile and materially in enterprise; M1000 in noise in both."""
    measure = mitigation("M1000", "Measure")
    for release, said in (("1.0", {}), ("2.0", {"modified": LATER})):
        group, noisy = GROUP | said, measure | said
        ways = [relationship("uses", group, KEPT)] if said else []
        import_objects(KEPT, group, noisy, *ways, release=release)
        phone = technique("T9000", "On phones", domain="mobile")
        import_objects(phone, group, noisy, domain="mobile", release=release)
    noise = site.page(f"{PAIR}/changes?weight=noise")
    assert entries(noise) == ["M1000 Measure", "M1000 Measure Mobile"]
    assert "2 changes of 1 object" in noise.words
    assert "; 1 in noise alone" in site.page(f"{PAIR}/brief").words
    groups = site.page(f"{PAIR}/changes?type=groups")
    assert entries(groups) == ["G1000 Band", "G1000 Band Mobile"]
    assert not groups.all(css="noise")


@pytest.mark.usefixtures("two")
def test_edited_relationship_shows_the_words_that_changed(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?links=Procedure+examples&kind=edited")
    (row,) = page.one("table", css="changes").all("tr")[1:]
    assert row.one("ins").words.strip("[] ") == "added: another"
    assert row.one("del").words.strip("[] ") == "removed: a"


@pytest.mark.usefixtures("two")
def test_part_of_a_list_has_rows_alone(site: Site) -> None:
    part, address = site.part(f"{PAIR}/changes?type=techniques&kind=patches")
    assert entries(part) == ["T1003 Moved"]
    assert address == f"{PAIR}/changes?type=techniques&kind=patches"
    response = site.get(f"{PAIR}/changes?type=techniques&embedded", **PARTIAL)
    assert "HX-Push-Url" not in response
    assert b"results-count" not in response.content


@pytest.mark.usefixtures("two")
def test_list_is_empty_when_nothing_of_a_known_name_changed(site: Site) -> None:
    for query in ("type=assets", "links=Assets+that+techniques+target"):
        page = site.page(f"{PAIR}/changes?{query}")
        assert "Nothing of substance changed in this way." in page.words
        assert "There is no" not in page.words


@pytest.mark.parametrize("query", ["offset=-1", "offset=9999", "offset=x", "weight=x&kind=x"])
@pytest.mark.usefixtures("two")
def test_parameter_that_cannot_be_used_is_as_if_not_given(query: str, site: Site) -> None:
    whole = entries(site.page(f"{PAIR}/changes?type=techniques"))
    assert entries(site.page(f"{PAIR}/changes?type=techniques&{query}")) == whole


def test_relationship_without_ends_is_listed_by_its_id(site: Site) -> None:
    lost = relationship("uses", GROUP, KEPT, id=stix_id("relationship", "lost"))
    lost["target_ref"] = stix_id("attack-pattern", "nowhere")
    import_objects(GROUP, release="1.0")
    import_objects(GROUP, lost, release="2.0")
    assert entries(site.page(f"{PAIR}/changes?type=relationship")) == [lost["id"]]


def test_choices_of_relationships_lead_to_lists_as_long_when_one_was_led_elsewhere(
    site: Site,
) -> None:
    other = technique("T1001", "Other")
    gang = attack_object("intrusion-set", "G1001", "Gang")
    led = relationship("uses", GROUP, other, "It ran.")
    import_objects(KEPT, other, GROUP, gang, led, release="1.0")
    fresh = relationship("uses", gang, KEPT, "It walked.")
    led |= {"target_ref": KEPT["id"]}
    import_objects(KEPT, other, GROUP, gang, led, fresh, release="2.0")
    links = site.page(f"{PAIR}/brief").all("a")
    (figure,) = [link for link in links if link.words == "1 new example"]
    for choice in site.page(figure["href"]).one("nav", **{"aria-label": "Kind of change"}).all("a"):
        listed = site.page(choice["href"]).one(id="results-count").one("strong").words
        assert listed.split()[0] == choice.one(css="figure").words, choice.words
