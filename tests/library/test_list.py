"""The list of mitigations: its order, its counts and its entries."""

import pytest

from tests.factories import import_objects, mitigation, relationship, stix_object
from tests.library.listed import HOSTILE, listing, shared
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db


def test_list_is_ordered_by_name_domain_and_id_when_names_repeat(site: Site) -> None:
    made = {
        "enterprise": [("M1", "beta"), ("M3", "Alpha"), ("M2", "alpha"), ("M9", "Zeta")],
        "mobile": [("M4", "BETA"), ("M5", "alpha")],
        "ics": [("M6", "Beta"), ("M7", "alphA"), ("M8", "_under")],
    }
    for domain, rows in made.items():
        import_objects(*(mitigation(*row, domain) for row in rows), domain=domain)
    assert listing(site).rows == [
        ("M8", "ICS"),
        ("M2", "Enterprise"),
        ("M3", "Enterprise"),
        ("M5", "Mobile"),
        ("M7", "ICS"),
        ("M1", "Enterprise"),
        ("M4", "Mobile"),
        ("M6", "ICS"),
        ("M9", "Enterprise"),
    ]


def test_both_counts_are_shown_when_an_object_is_in_two_domains(site: Site) -> None:
    enterprise, mobile = shared()
    import_objects(enterprise, mitigation("M1000", "Other"))
    import_objects(mobile, domain="mobile")
    found = listing(site)
    assert found.rows == [("M1000", "Enterprise"), ("M1013", "Enterprise"), ("M1013", "Mobile")]
    assert found.count.startswith("3 records")
    assert "2 mitigations" in found.count


def test_one_count_is_shown_when_records_are_objects(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    assert listing(site).count == (
        "1 record validated library, from bundles MITRE did not publish for Enterprise"
    )


def test_list_says_so_when_nothing_has_been_imported(site: Site) -> None:
    found = listing(site)
    assert found.ids == []
    assert "Nothing has been imported yet" in found.root.words
    assert "No release has been imported yet" in found.root.one("footer").words
    assert not found.root.has("meta", name="robots")


def test_sample_banner_and_noindex_stand_when_the_sample_is_shown(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"), release="sample-1")
    found = listing(site)
    assert "This is sample content, not ATT&CK." in found.root.one(css="sample-banner").words
    assert found.root.one("meta", name="robots")["content"] == "noindex"
    assert "sample content" in found.count
    assert "validated library" not in found.count


def test_entry_is_listed_when_it_has_neither_id_nor_name(site: Site) -> None:
    nameless = stix_object("course-of-action")
    import_objects(nameless, mitigation("M1000", "Alpha"))
    found = listing(site)
    assert len(found.entries) == 2
    assert nameless["id"] in found.root.words


@pytest.mark.parametrize("attack_id", ["M/1000", "m1000", "M 1000", "..", "M1000?x=1", "M#1", "%"])
def test_entry_leads_to_its_stix_id_when_its_id_is_odd(site: Site, attack_id: str) -> None:
    odd = mitigation(attack_id, "Alpha")
    import_objects(odd)
    link = listing(site).entries[0].one("h2").one("a")["href"]
    assert link == f"{LIBRARY}/objects/{odd['id']}"


def test_entry_shows_a_name_as_it_is_when_that_is_hostile(site: Site) -> None:
    import_objects(mitigation("M1000", HOSTILE, description=HOSTILE))
    found = listing(site)
    assert HOSTILE in found.entries[0].one("h2").words
    assert not found.root.has("img")


def test_citations_lead_to_the_entry_s_own_references(site: Site) -> None:
    source = {"source_name": "A", "description": "Text.", "url": "https://example.org/a"}
    import_objects(
        mitigation("M1000", "Alpha", description="x (Citation: A).", references=[source])
    )
    cite = listing(site).entries[0].one(css="cite").one("a")
    assert cite["href"] == f"{MITIGATIONS}/M1000#ref-1"
    assert site.page(f"{MITIGATIONS}/M1000").one("li", id="ref-1").words.startswith("Text.")


def test_citations_of_a_revoked_entry_do_not_lead_to_its_replacement(site: Site) -> None:
    source = {"source_name": "A", "description": "Old text.", "url": "https://example.org/a"}
    old = mitigation(
        "M1000", "Old", revoked=True, description="x(Citation: A)", references=[source]
    )
    new = mitigation("M1001", "New")
    import_objects(old, new, relationship("revoked-by", old, new))
    card = listing(site, "?includeRevoked=true").entries[1]
    page, _, anchor = card.one(css="cite").one("a")["href"].partition("#")
    assert site.page(page).one(id=anchor).words.startswith("Old text.")


@pytest.mark.parametrize("query", ["?q=alpha", "?domain=enterprise&q=a", "?includeRevoked=true"])
def test_a_citation_names_exactly_what_is_listed(site: Site, query: str) -> None:
    import_objects(mitigation("M1000", "Alpha"), release="18.1")
    cited = f"http://testserver{LIBRARY}/v/18.1/mitigations{query}"
    assert site.page(MITIGATIONS + query).one(css="citation-address").words == cited
    part, _ = site.part(MITIGATIONS + query)
    assert part.one("p", id="citation").one(css="citation-address").words == cited
    response = site.get(f"{MITIGATIONS}/json{query}")
    assert b"".join(response).decode().count(cited) == 1
