"""What machines that find pages are told: sitemaps, robots.txt, Open Graph; and how to cite."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from tests.factories import attack_object, import_objects, mitigation, stix_object, technique
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

HOST = "http://testserver"
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def addresses(site: Site, path: str) -> list[str]:
    """The addresses that a sitemap or an index of them names."""
    response = site.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml"
    root = ElementTree.fromstring(response.content)
    found = [str(entry.text) for entry in root.iter(f"{NAMESPACE}loc")]
    assert all(address.startswith(HOST) for address in found)
    return [address.removeprefix(HOST) for address in found]


def test_sitemaps_name_every_live_object_and_list_once(site: Site) -> None:
    shared = mitigation("M1001", "Shared")
    import_objects(
        mitigation("M1000", "Live"),
        mitigation("M1002", "Gone", revoked=True),
        mitigation("M1003", "Let go of", x_mitre_deprecated=True),
        technique("T1000", "Way"),
        shared,
    )
    import_objects(shared, domain="ics")
    sections = addresses(site, "/sitemap.xml")
    assert sections[0] == "/sitemaps/lists.xml"
    named = {section: addresses(site, section) for section in sections}
    assert named["/sitemaps/mitigations.xml"] == [f"{MITIGATIONS}/M1000", f"{MITIGATIONS}/M1001"]
    assert named["/sitemaps/techniques.xml"] == [f"{LIBRARY}/techniques/T1000"]
    assert {LIBRARY, f"{LIBRARY}/takes"} < set(named["/sitemaps/lists.xml"])
    for address in (address for every in named.values() for address in every):
        page = site.page(address)
        assert not page.has("meta", name="robots"), address
        assert page.one("link", rel="canonical")["href"] == HOST + address


def test_sitemaps_name_objects_and_list_of_a_type_that_no_release_has_had(site: Site) -> None:
    foo, gone = stix_object("x-mitre-foo", "Foo"), stix_object("x-mitre-bar", "Bar", revoked=True)
    bound = stix_object("identity", "Somebody", identity_class="organization")
    import_objects(mitigation("M1000", "Live"), foo, gone, bound)
    sections = addresses(site, "/sitemap.xml")
    assert sections[-1] == "/sitemaps/objects-x-mitre-foo.xml"
    assert not [name for name in sections if "identity" in name or "bar" in name]
    (page,) = addresses(site, sections[-1])
    listed = addresses(site, "/sitemaps/lists.xml")
    assert f"{LIBRARY}/objects/x-mitre-foo" in listed
    assert f"{LIBRARY}/objects/x-mitre-bar" not in listed
    for address in (page, f"{LIBRARY}/objects/x-mitre-foo"):
        shown = site.page(address)
        assert not shown.has("meta", name="robots")
        assert shown.one("link", rel="canonical")["href"] == HOST + address
    for name in ("objects-x-mitre-bar", "objects-identity", "objects-", "x-mitre-foo"):
        assert site.get(f"/sitemaps/{name}.xml").status_code == 404


def test_sitemaps_name_nothing_when_readers_see_the_sample(site: Site) -> None:
    import_objects(mitigation("M1000", "One"), release="sample-1")
    assert addresses(site, "/sitemaps/mitigations.xml") == []
    assert addresses(site, "/sitemaps/lists.xml") == []


@pytest.mark.parametrize("path", ["/sitemaps/x.xml", "/sitemaps/%00.xml", "/sitemaps/objects.xml"])
def test_unknown_sitemap_is_a_404(site: Site, path: str) -> None:
    import_objects(mitigation("M1000", "One"))
    assert site.get(path).status_code == 404


def test_robots_are_told_where_the_sitemap_is(site: Site) -> None:
    response = site.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    lines = response.content.decode().splitlines()
    assert f"Sitemap: {HOST}/sitemap.xml" in lines
    assert "Disallow: /learn/attack/search" in lines
    assert "Disallow: /" not in lines


def properties(page: Element) -> dict[str, str]:
    return {
        meta["property"]: meta["content"]
        for meta in page.all("meta")
        if "property" in meta.attributes
    }


def test_open_graph_describes_a_page(site: Site) -> None:
    import_objects(mitigation("M1000", 'A "quoted" <name>', description="What it is."))
    told = properties(site.page(f"{MITIGATIONS}/M1000"))
    assert told["og:title"] == 'M1000: A "quoted" <name>'
    assert told["og:description"] == "What it is."
    assert told["og:url"] == f"{HOST}{MITIGATIONS}/M1000"
    assert told["og:image"].startswith(f"{HOST}/static/images/card")


def test_every_indexed_page_has_a_description_when_mitre_gives_none(site: Site) -> None:
    import_objects(mitigation("M1000", "Bare", description=""))
    for path in (LIBRARY, MITIGATIONS, f"{MITIGATIONS}/M1000"):
        assert site.page(path).one("meta", name="description")["content"], path


def citation(site: Site, path: str) -> str:
    return site.page(path).one(id="citation").words


def test_citation_names_the_release_and_an_address_that_keeps_it(site: Site) -> None:
    import_objects(mitigation("M1000", "One"), release="1.0")
    import_objects(attack_object("x-mitre-asset", "A0001", "Two", "ics"), domain="ics")
    lasting = f"{HOST}{LIBRARY}/v/1.0"
    in_library = "MITRE ATT&CK 1.0, in: Glexia ATT&CK Library,"
    assert citation(site, f"{MITIGATIONS}/M1000") == (
        f"“M1000: One”, {in_library} {lasting}/mitigations/M1000"
    )
    assert citation(site, f"{MITIGATIONS}?domain=ics").endswith(f"{lasting}/mitigations?domain=ics")
    assert citation(site, f"{LIBRARY}/v/1.0/mitigations/M1000").endswith(
        f"{lasting}/mitigations/M1000"
    )
    cited = citation(site, f"{MITIGATIONS}/M1000").rpartition(HOST)[2]
    assert site.page(cited).one("h1").words == "M1000: One"


def test_citation_of_an_object_names_its_own_release_when_domains_differ(site: Site) -> None:
    import_objects(mitigation("M1000", "One"), release="2.0")
    import_objects(attack_object("x-mitre-asset", "A0001", "Two", "ics"), domain="ics")
    assert "/v/1.0/assets/A0001" in citation(site, f"{LIBRARY}/assets/A0001")
    assert "ATT&CK 1.0," in citation(site, f"{LIBRARY}/assets/A0001")
    listed = citation(site, MITIGATIONS)
    assert "Enterprise 2.0 · ICS 1.0" in listed
    assert listed.endswith(f"{HOST}{MITIGATIONS}")


def test_modified_is_that_of_the_object_in_a_sitemap(site: Site) -> None:
    # Before the collection of its bundle was.
    moment = datetime(2024, 2, 3, tzinfo=UTC)
    import_objects(mitigation("M1000", "One", modified="2024-02-03T04:05:06.000Z"))
    root = ElementTree.fromstring(site.get("/sitemaps/mitigations.xml").content)
    assert [e.text for e in root.iter(f"{NAMESPACE}lastmod")] == [f"{moment:%Y-%m-%d}"]
