"""Objects that share an ATT&CK ID: every link leads to the very object that it names."""

from collections import Counter
from urllib.parse import quote

import pytest
from django.db import connection

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    relationship,
    stix_id,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Element, Site, parse

pytestmark = pytest.mark.django_db

LIVE = attack_object("malware", "S0017", "Biscuit")
DEAD = attack_object("tool", "S0017", "Ekans", id=stix_id("tool", "other"), x_mitre_deprecated=True)


def by_stix_id(found: Properties, home: str = LIBRARY) -> str:
    return f"{home}/objects/{found['id']}"


def opens(site: Site, href: str) -> str:
    """The STIX id of the object on whose page a link ends."""
    page, _ = site.follow(href)
    return page.one(id="raw").all("code")[0].words


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(LIVE, DEAD)
    return site


@pytest.mark.parametrize("home", [LIBRARY, f"{LIBRARY}/v/1.0"])
@pytest.mark.parametrize("form", ["q=ekans", "live=1&q=ekans", "q=ekan&includeRevoked=true"])
def test_a_result_leads_to_the_object_that_it_names(library: Site, home: str, form: str) -> None:
    found = parse(library.get(f"{home}/search?{form}", **PARTIAL).content.decode())
    links = [a for a in found.all("a") if a.words.endswith("Ekans") or "Ekans" in a.words]
    assert [a["href"] for a in links] == [by_stix_id(DEAD, home)]
    assert opens(library, links[0]["href"]) == DEAD["id"]


def test_a_result_leads_to_the_replacement_that_it_names(site: Site) -> None:
    gone = attack_object("malware", "S0001", "Gone", revoked=True)
    import_objects(LIVE, DEAD, gone, relationship("revoked-by", gone, DEAD))
    found = site.page(f"{LIBRARY}/search?q=gone").one(css="replaced-by").one("a")
    assert found["href"] == by_stix_id(DEAD)
    page, address = site.follow(f"{LIBRARY}/software/S0001")
    assert address == f"{by_stix_id(DEAD)}?replaces=S0001"
    assert "You asked for S0001" in page.one("header", css="page-head").words


def test_a_near_match_leads_to_the_object_that_it_names(library: Site) -> None:
    page = library.page(f"{LIBRARY}/software/EKANS", 404)
    (link,) = page.one("ul", css="near").all("a")
    assert (link.words, link["href"]) == ("S0017 Ekans", by_stix_id(DEAD))


def test_the_banner_of_a_pinned_release_leads_to_the_same_object(library: Site) -> None:
    page = library.page(by_stix_id(DEAD, f"{LIBRARY}/v/1.0"))
    assert page.one("aside", css="pinned-banner").one("a")["href"] == by_stix_id(DEAD)
    page = library.page(f"{LIBRARY}/v/1.0/software/S0017")
    assert page.one("aside", css="pinned-banner").one("a")["href"] == f"{LIBRARY}/software/S0017"


def test_the_cells_of_a_deprecated_matrix_lead_to_what_they_name(site: Site) -> None:
    first = tactic("TA0001", "First", "first")
    other = technique(
        "T1001", "Dead", ("first",), id=stix_id("attack-pattern", "x"), x_mitre_deprecated=True
    )
    matrix = attack_object(
        *("x-mitre-matrix", "old-attack", "Old"), tactic_refs=[first["id"]], x_mitre_deprecated=True
    )
    live = technique("T1001", "Live", ("first",))
    import_objects(first, live, other, matrix)
    cells = site.page(f"{LIBRARY}/matrices/old-attack").one("table", css="matrix").all("a")
    hrefs = {a.words: a["href"] for a in cells}
    assert hrefs["T1001 Live"] == f"{LIBRARY}/techniques/T1001"
    assert hrefs["T1001 Dead"] == by_stix_id(other)


def test_two_live_objects_of_one_id_each_have_their_own_address(site: Site) -> None:
    twin = attack_object("malware", "S0017", "Another", id=stix_id("malware", "twin"))
    import_objects(LIVE, twin)
    entries = site.page(f"{LIBRARY}/software").one(id="results").all("h2")
    opened = {entry.one("a").words: opens(site, entry.one("a")["href"]) for entry in entries}
    assert opened == {"S0017: Another": twin["id"], "S0017: Biscuit": LIVE["id"]}


@pytest.mark.real_data
@pytest.mark.usefixtures("every_release")
def test_every_object_that_shares_an_id_is_found_by_its_name(site: Site) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.attack_id, o.stix_type, v.name, o.stix_id FROM library_snapshotobject m"
            " JOIN library_objectversion v ON v.id = m.version_id"
            " JOIN library_stixobject o ON o.id = m.object_id"
            " JOIN library_snapshot s ON s.id = m.snapshot_id"
            " WHERE v.attack_id > '' AND s.attack_version = '18.1'"
        )
        held = set(cursor.fetchall())
    ids = Counter((attack_id, kind) for attack_id, kind, _, _ in held)
    sharing = [found for found in held if ids[found[:2]] > 1]
    assert len(sharing) >= 4
    for _, _, name, wanted in sharing:
        page: Element = site.page(f"{LIBRARY}/search?q={quote(name)}&includeRevoked=true")
        links = [entry.one("h2").one("a") for entry in page.one(id="results").all("article")]
        named = [a["href"] for a in links if a.words.endswith(name)]
        assert wanted in [opens(site, href) for href in named]
