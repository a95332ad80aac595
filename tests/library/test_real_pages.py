"""Every page of the real release 18.1, against the bundles themselves."""

import lzma
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.library.pages import LIBRARY, MITIGATIONS, Element, Listing, Site, Table

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]

DOMAINS = {"enterprise": "Enterprise", "mobile": "Mobile", "ics": "ICS"}
LIVE_RECORDS, ALL_RECORDS, LIVE_OBJECTS = 109, 335, 108
type Properties = dict[str, Any]


@dataclass
class Oracle:
    """What the bundles say of mitigations, read without the library's code."""

    mitigations: dict[str, dict[str, Properties]] = field(default_factory=dict)
    # The ATT&CK IDs of what each live relationship addresses, by mitigation and relationship.
    addressed: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def read(self, domain: str, path: Path) -> None:
        """Take in one bundle."""
        objects = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
        held = {found["id"]: found for found in objects}
        self.mitigations[domain] = {
            found["id"]: found for found in objects if found["type"] == "course-of-action"
        }
        for found in objects:
            if found["type"] != "relationship":
                continue
            source, target = held.get(found["source_ref"], {}), held.get(found["target_ref"], {})
            if found["relationship_type"] == "mitigates" and all(
                end and is_live(end) for end in (source, target, found)
            ):
                self.addressed[found["source_ref"]][found["id"]] = attack_id(target)


def is_live(found: Properties) -> bool:
    return not (found.get("revoked") or found.get("x_mitre_deprecated"))


def attack_id(found: Properties) -> str:
    names = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack"}
    for reference in found.get("external_references", []):
        if reference["source_name"] in names:
            return str(reference["external_id"])
    return ""


def bundle_path(folder: Path, domain: str) -> Path:
    return folder / f"{domain}-attack-18.1.json.xz"


@pytest.fixture(scope="module")
def oracle(attack_bundles: Path) -> Oracle:
    """The bundles of release 18.1, read plainly."""
    found = Oracle()
    for domain in DOMAINS:
        found.read(domain, bundle_path(attack_bundles, domain))
    return found


def whole_list(site: Site, query: str) -> list[Element]:
    """The cards of all pages of a list."""
    cards: list[Element] = []
    address = MITIGATIONS + query
    while address:
        listing = Listing(site.page(address))
        cards += listing.entries
        address = listing.pages.get("Next", "")
    return cards


def row_of(card: Element) -> tuple[str, str, str]:
    """Name, domain and ID of a card."""
    link = card.one("h2").one("a")
    found = link.one(css="attack-id").words
    return link.words.removeprefix(f"{found}: "), card.one(css="domain").words, found


def test_list_begins_as_the_live_site_does(site: Site) -> None:
    second = Listing(site.page(f"{MITIGATIONS}?offset=25"))
    assert second.ids[:8] == [
        "M0953",
        "M1057",
        "M0803",
        "M1010",
        "M1042",
        "M0942",
        "M1055",
        "M1059",
    ]
    assert second.count.startswith(f"{LIVE_RECORDS} records")
    assert f"{LIVE_OBJECTS} mitigations" in second.count
    eighth = Listing(site.page(f"{MITIGATIONS}?includeRevoked=true&offset=175"))
    assert eighth.ids[:5] == ["M0805", "M0806", "M0816", "T1031", "T1112"]
    assert eighth.count.startswith(f"{ALL_RECORDS} records")


@pytest.mark.parametrize("everything", [False, True])
def test_list_holds_every_mitigation_in_order(site: Site, oracle: Oracle, everything: bool) -> None:
    expected = [
        (found["name"], label, attack_id(found))
        for domain, label in DOMAINS.items()
        for found in oracle.mitigations[domain].values()
        if everything or is_live(found)
    ]
    labels = list(DOMAINS.values())
    expected.sort(key=lambda row: (row[0].lower(), labels.index(row[1]), row[2]))
    cards = whole_list(site, "?includeRevoked=true" if everything else "")
    shown = [(" ".join(name.split()), domain, found) for name, domain, found in expected]
    assert [row_of(card) for card in cards] == shown
    assert len(cards) == (ALL_RECORDS if everything else LIVE_RECORDS)


@pytest.mark.parametrize("domain", DOMAINS)
def test_list_of_a_domain_holds_its_own(site: Site, oracle: Oracle, domain: str) -> None:
    held = [found for found in oracle.mitigations[domain].values() if is_live(found)]
    cards = whole_list(site, f"?domain={domain}")
    assert {row_of(card)[2] for card in cards} == {attack_id(found) for found in held}
    assert len(cards) == len(held)


def test_m1037_has_49_rows(site: Site) -> None:
    table = Table(site.page(f"{MITIGATIONS}/M1037"))
    assert len(table.ids) == 49
    assert table.count == "49 rows"


def every_mitigation(oracle: Oracle) -> dict[str, Properties]:
    """Each mitigation by its STIX id, in the content of its first domain."""
    found: dict[str, Properties] = {}
    for domain in DOMAINS:
        for stix_id, properties in oracle.mitigations[domain].items():
            found.setdefault(stix_id, properties)
    return found


@dataclass
class Crawl:
    """The pages that tests of this module have read, so that each is made once."""

    site: Site | None = None
    pages: dict[str, Element] = field(default_factory=dict)

    def page(self, address: str) -> Element:
        """The page at an address, or where its redirects lead."""
        if address not in self.pages:
            assert self.site is not None
            self.pages[address], end = self.site.follow(address)
            self.pages[end] = self.pages[address]
        return self.pages[address]


@pytest.fixture(scope="module")
def kept(every_release: None) -> Crawl:
    """What has been read so far."""
    return Crawl()


@pytest.fixture
def crawl(site: Site, kept: Crawl) -> Crawl:
    """A reader of every page."""
    kept.site = site
    return kept


def test_every_page_is_exact(crawl: Crawl, oracle: Oracle) -> None:
    for stix_id, properties in every_mitigation(oracle).items():
        path = f"{MITIGATIONS}/{attack_id(properties)}"
        page = crawl.page(path)
        assert page.one(id="raw").all("code")[0].words == stix_id, path
        name = " ".join(properties["name"].split())
        assert page.one("h1").words == f"{attack_id(properties)}: {name}"
        rows = page.all("tr", css="row")
        shown = [row.one("th", **{"data-label": "ID"}).words for row in rows]
        assert sorted(shown) == sorted(oracle.addressed[stix_id].values()), path
        if rows:
            assert Table(page).count == f"{len(rows)} row{'s' if len(rows) > 1 else ''}"
        stated = page.one("nav", css="contents").one("a", href="#techniques")
        assert stated.one(css="figure").words == str(len(rows))
        assert page.has("meta", name="robots") is not is_live(properties)


def test_every_reference_has_its_number_and_every_number_its_reference(
    crawl: Crawl, oracle: Oracle
) -> None:
    for properties in every_mitigation(oracle).values():
        path = f"{MITIGATIONS}/{attack_id(properties)}"
        page = crawl.page(path)
        cites = page.all("sup", css="cite")
        entries = {entry["id"]: entry for entry in page.one(id="references").all("li")}
        first_uses = list(dict.fromkeys(cite.one("a")["href"] for cite in cites))
        assert first_uses == [f"#ref-{n}" for n in range(1, len(first_uses) + 1)], path
        assert list(entries) == [f"ref-{n}" for n in range(1, len(entries) + 1)], path
        for cite in cites:
            entry = entries[cite.one("a")["href"][1:]]
            assert f"[{entry['value']}]" == cite.words
            assert f"#{cite['id']}" in [a["href"] for a in entry.all("a")]
            assert entry.one(css="reference-text").words


def test_citation_of_a_card_leads_to_the_same_source(crawl: Crawl, site: Site) -> None:
    for card in whole_list(site, "?includeRevoked=true"):
        for cite in card.all("sup", css="cite"):
            address, _, anchor = cite.one("a")["href"].partition("#")
            page = crawl.page(address)
            assert page.one("h1").words.startswith(f"{row_of(card)[2]}: "), address
            use = page.one(id=f"cite-{anchor.removeprefix('ref-')}-1").one("a")
            assert use["aria-label"] == cite.one("a")["aria-label"]


def test_every_mitigation_is_found_by_its_stix_id(site: Site, oracle: Oracle) -> None:
    for stix_id, properties in every_mitigation(oracle).items():
        address = site.moves(f"{LIBRARY}/objects/{stix_id}")
        assert address == f"{MITIGATIONS}/{attack_id(properties)}"
