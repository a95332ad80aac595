"""The Atom feeds of releases, types and objects: what they tell, how, and at what cost."""

import re
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from library.models import Snapshot
from library.releases.feeds import MOST_RELEASES, MOST_RELEASES_OF_OBJECT
from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site, parse

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
HOST = "http://testserver"
RELEASES = f"{LIBRARY}/releases/atom"
TECHNIQUES = f"{LIBRARY}/techniques"
TAG = re.compile(r"tag:testserver,2025:/[!-~]+")

IMPACT = tactic("TA1000", "Impact", "impact")
T1000 = technique("T1000", "Thing", ("impact",))
T1001 = technique("T1001", "Other", ("impact",))
M1000 = mitigation("M1000", "Measure")
GROUP = attack_object("intrusion-set", "G1000", "Band")


@dataclass(frozen=True)
class Entry:
    """One entry of a feed."""

    id: str
    title: str
    href: str
    updated: datetime
    content: Element

    @property
    def words(self) -> str:
        """What it says, as one line."""
        return self.content.words

    @property
    def items(self) -> list[str]:
        """The entries of its lists."""
        return [item.words for item in self.content.all("li")]


@dataclass(frozen=True)
class Feed:
    """A feed, after every check of what must hold of one."""

    root: ElementTree.Element
    entries: list[Entry]

    def text(self, name: str) -> str:
        return _text(self.root, name)

    @property
    def titles(self) -> list[str]:
        return [entry.title for entry in self.entries]


def feed(site: Site, path: str, page: str = "") -> Feed:
    """The feed at an address: well formed, complete by RFC 4287, with headers as pages have.

    It is that of the page above it, or of another.
    """
    response = site.get(path)
    assert response.status_code == 200, path
    assert response["Content-Type"].startswith("application/atom+xml")
    assert response["ETag"]
    assert response["X-Robots-Tag"] == "noindex"
    assert not response.cookies
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{ATOM}feed"
    links = {link.get("rel"): link.get("href", "") for link in root.findall(f"{ATOM}link")}
    assert links["self"] == HOST + path
    assert links["alternate"] == HOST + (page or path.removesuffix("/atom"))
    assert _text(root, "title")
    assert TAG.fullmatch(_text(root, "id"))
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    assert _text(root, "generator") == "Glexia ATT&CK Library"
    datetime.fromisoformat(_text(root, "updated"))
    entries = [_entry(found) for found in root.findall(f"{ATOM}entry")]
    ids = [entry.id for entry in entries]
    assert len(set(ids)) == len(ids)
    assert [e.updated for e in entries] == sorted((e.updated for e in entries), reverse=True)
    return Feed(root, entries)


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{ATOM}{name}")
    assert found is not None, name
    return found.text or ""


def _entry(found: ElementTree.Element) -> Entry:
    link, summary = found.find(f"{ATOM}link"), found.find(f"{ATOM}summary")
    assert link is not None
    assert summary is not None
    assert summary.get("type") == "html"
    assert TAG.fullmatch(_text(found, "id"))
    href = link.get("href", "")
    assert href.startswith(f"{HOST}{LIBRARY}")
    content = parse(summary.text or "")
    for element in content.walk():
        assert element.tag in {"", "p", "ul", "li", "a", "h3"}
        assert element.tag != "a" or element["href"].startswith(f"{HOST}{LIBRARY}/")
    updated = datetime.fromisoformat(_text(found, "updated"))
    return Entry(_text(found, "id"), _text(found, "title"), href, updated, content)


def test_feed_of_releases_has_an_entry_for_each_release_of_each_domain(site: Site) -> None:
    import_objects(IMPACT, T1000, release="1.0")
    import_objects(IMPACT, T1000 | {"description": "Now."}, T1001, M1000, release="2.0")
    import_objects(technique("T0800", "Works", domain="ics"), domain="ics", release="2.0")
    found = feed(site, RELEASES)
    assert sorted(found.titles) == [
        "Enterprise ATT&CK 1.0",
        "Enterprise ATT&CK 2.0",
        "ICS ATT&CK 2.0",
    ]
    by_title = {entry.title: entry for entry in found.entries}
    second = by_title["Enterprise ATT&CK 2.0"]
    assert second.href == f"{HOST}{LIBRARY}/releases/1.0...2.0?domain=enterprise"
    assert second.words.startswith("Compared with 1.0: 2 additions, 1 patch.")
    assert second.items == ["Techniques: 1 addition, 1 patch", "Mitigations: 1 addition"]
    first = by_title["ICS ATT&CK 2.0"]
    assert first.words == "The first release of its domain that is held here: 3 objects."
    assert "The MITRE Corporation" in found.text("rights")
    assert [e.id for e in feed(site, RELEASES).entries] == [e.id for e in found.entries]


def test_release_is_dated_by_the_bundle(site: Site) -> None:
    import_objects(T1000, release="1.0")
    (entry,) = feed(site, RELEASES).entries
    assert entry.updated == Snapshot.objects.get().released_at


def test_release_says_so_when_no_entry_differs(site: Site) -> None:
    import_objects(T1000, release="1.0")
    import_objects(T1000, release="2.0")
    assert "No entry differs from 1.0." in [e.words for e in feed(site, RELEASES).entries]


def test_feed_of_a_type_names_what_became_of_its_objects(site: Site) -> None:
    gone, dead, old = (technique(f"T101{n}", f"Way {n}", ("impact",)) for n in range(3))
    around = technique("T1014", "Around", ("impact",))
    silent = technique("T1015", "Silent", ("impact",))
    import_objects(IMPACT, T1000, gone, dead, old, around, silent, GROUP, release="1.0")
    import_objects(
        *(IMPACT, T1001, GROUP | {"name": "Gang"}),
        T1000 | {"name": "Thing, renamed"},
        dead | {"revoked": True},
        old | {"x_mitre_deprecated": True},
        around | {"x_mitre_contributors": ["Someone"]},
        silent | {"revoked": False},
        release="2.0",
    )
    (entry,) = feed(site, f"{TECHNIQUES}/atom").entries
    assert entry.title == "Techniques in Enterprise ATT&CK 2.0"
    assert entry.href == (
        f"{HOST}{LIBRARY}/releases/1.0...2.0/changes?type=techniques&domain=enterprise"
    )
    assert [head.words for head in entry.content.all("h3")] == [
        *("Added (1)", "Changed materially (1)", "Revoked (1)", "Deprecated (1)"),
        "No longer in the bundle (1)",
    ]
    assert entry.items == [
        *("T1001 Other", "T1000 Thing, renamed", "T1011 Way 1", "T1012 Way 2", "T1010 Way 0"),
    ]
    assert "1 entry changed in other properties" in entry.words
    links = {a.words: a["href"].removeprefix(HOST) for a in entry.content.all("a")}
    history = f"{LIBRARY}/objects/{T1000['id']}/history"
    assert links["T1000 Thing, renamed"] == f"{history}?from=1.0&to=2.0&domain=enterprise"
    assert site.follow(links["T1001 Other"])[1] == f"{LIBRARY}/v/2.0/techniques/T1001"
    assert site.follow(links["T1010 Way 0"])[1] == f"{LIBRARY}/v/1.0/techniques/T1010"


def test_feed_of_a_type_says_what_is_live_again(site: Site) -> None:
    mitigates = relationship("mitigates", M1000, T1000, "Do.")
    import_objects(IMPACT, M1000, mitigates, T1000 | {"revoked": True}, release="1.0")
    import_objects(IMPACT, M1000, mitigates, T1000, release="2.0")
    (entry,) = feed(site, f"{TECHNIQUES}/atom").entries
    assert entry.words == "Live again (1)T1000 Thing"
    (own,) = feed(site, f"{TECHNIQUES}/T1000/atom").entries
    assert own.items == [
        *("no longer revoked", "1 mitigation added", "tactic Impact added"),
    ]


def test_object_is_news_when_it_has_other_mitigations_though_it_is_the_same(site: Site) -> None:
    mitigates = relationship("mitigates", M1000, T1000, "Do.")
    import_objects(IMPACT, T1000, T1001, M1000, release="1.0")
    import_objects(IMPACT, T1000, T1001, M1000, mitigates, release="2.0")
    assert [e.items for e in feed(site, f"{TECHNIQUES}/atom").entries] == [["T1000 Thing"]]
    assert [e.items for e in feed(site, f"{MITIGATIONS}/atom").entries] == [["M1000 Measure"]]


def test_release_is_no_news_of_a_type_when_nothing_but_noise_changed(site: Site) -> None:
    import_objects(T1000, release="1.0")
    import_objects(T1000 | {"revoked": False}, M1000, release="2.0")
    assert feed(site, f"{TECHNIQUES}/atom").entries == []


def test_type_without_words_has_a_feed_too(site: Site) -> None:
    novelty = stix_object("x-new-kind", "Thing")
    import_objects(T1000, release="1.0")
    import_objects(T1000, novelty, release="2.0")
    (entry,) = feed(site, f"{LIBRARY}/objects/x-new-kind/atom").entries
    assert entry.items == ["Thing"]
    (own,) = feed(site, f"{LIBRARY}/objects/{novelty['id']}/atom").entries
    assert own.items == ["added"]
    assert site.get(f"{LIBRARY}/objects/x-none/atom").status_code == 404


def test_long_list_of_names_leads_to_the_whole(site: Site) -> None:
    import_objects(T1000, release="1.0")
    import_objects(T1000, *(technique(f"T2{n:03}", f"Way {n}") for n in range(53)), release="2.0")
    (entry,) = feed(site, f"{TECHNIQUES}/atom").entries
    assert len(entry.items) == 51
    assert entry.items[-1] == "and 3 more"
    assert "Added (53)" in entry.words


def test_feed_of_an_object_tells_what_changed_of_it(site: Site) -> None:
    uses = relationship("uses", GROUP, T1000, "It ran.")
    import_objects(IMPACT, GROUP, release="1.0")
    import_objects(IMPACT, T1000, GROUP, release="2.0")
    import_objects(IMPACT, T1000 | {"name": "Thing, renamed"}, GROUP, uses, release="3.0")
    import_objects(IMPACT, T1000 | {"name": "Thing, renamed"}, GROUP, uses, release="4.0")
    found = feed(site, f"{TECHNIQUES}/T1000/atom")
    assert found.text("title") == "T1000 Thing, renamed: changes"
    newer, older = sorted(found.entries, key=lambda entry: entry.title, reverse=True)
    assert newer.title == "T1000 Thing, renamed in Enterprise ATT&CK 3.0"
    assert newer.items == ["renamed from “Thing”", "1 procedure example added"]
    assert newer.href == f"{HOST}{TECHNIQUES}/T1000/history?from=2.0&to=3.0&domain=enterprise"
    assert older.items == ["added"]
    same = feed(site, f"{LIBRARY}/objects/{T1000['id']}/atom")
    assert {entry.id for entry in same.entries} == {entry.id for entry in found.entries}


def test_entries_of_an_object_lead_to_pages_when_it_came_or_went(site: Site) -> None:
    import_objects(IMPACT, release="1.0")
    import_objects(IMPACT, T1000, release="2.0")
    import_objects(IMPACT, release="3.0")
    import_objects(IMPACT, T1000 | {"name": "Thing, renamed"}, release="4.0")
    found = feed(site, f"{TECHNIQUES}/T1000/atom")
    told = {entry.title.rpartition(" ")[2]: entry for entry in found.entries}
    assert {release: entry.items for release, entry in told.items()} == {
        "2.0": ["added"],
        "3.0": ["no longer in the bundle"],
        "4.0": ["added"],
    }
    for entry in found.entries:
        assert site.page(entry.href.removeprefix(HOST)).one("h1")


def test_feed_of_an_object_names_what_replaced_it(site: Site) -> None:
    import_objects(T1000, T1001, release="1.0")
    led = relationship("revoked-by", T1000, T1001)
    import_objects(T1000 | {"revoked": True}, T1001, led, release="2.0")
    (entry,) = feed(site, f"{TECHNIQUES}/T1000/atom").entries
    assert entry.items == ["now revoked, in favour of T1001 Other"]


def test_object_of_two_domains_has_an_entry_for_each(site: Site) -> None:
    for domain in ("enterprise", "ics"):
        import_objects(M1000, domain=domain, release="1.0")
        import_objects(M1000 | {"description": "Now."}, domain=domain, release="2.0")
    assert sorted(feed(site, f"{MITIGATIONS}/M1000/atom").titles) == [
        *("M1000 Measure in Enterprise ATT&CK 2.0", "M1000 Measure in ICS ATT&CK 2.0"),
    ]


def test_feeds_answer_for_a_library_with_nothing_or_one_release(site: Site) -> None:
    for path in (RELEASES, f"{TECHNIQUES}/atom"):
        assert feed(site, path).entries == []
    import_objects(T1000, release="1.0")
    assert len(feed(site, RELEASES).entries) == 1
    assert feed(site, f"{TECHNIQUES}/atom").entries == []
    assert feed(site, f"{TECHNIQUES}/T1000/atom").entries == []


def test_samples_are_told_of_while_readers_see_a_sample(site: Site) -> None:
    import_objects(T1000, release="sample-1")
    import_objects(T1000 | {"description": "Now."}, release="sample-2")
    found = feed(site, RELEASES)
    assert len(found.entries) == 2
    assert found.text("title").startswith("Sample: ")
    assert "MITRE" not in (found.root.findtext(f"{ATOM}author/{ATOM}name") or "")
    assert len(feed(site, f"{TECHNIQUES}/T1000/atom").entries) == 1
    import_objects(T1000, release="1.0")
    assert feed(site, RELEASES).titles == ["Enterprise ATT&CK 1.0"]
    assert feed(site, f"{TECHNIQUES}/T1000/atom").entries == []


def test_two_snapshots_of_a_release_are_one_release(site: Site) -> None:
    import_objects(T1000, release="1.0")
    import_objects(T1000 | {"description": "First."}, release="2.0")
    import_objects(T1000 | {"name": "Thing, again"}, release="2.0")
    assert len(feed(site, RELEASES).entries) == 2
    (entry,) = feed(site, f"{TECHNIQUES}/T1000/atom").entries
    assert entry.items == ["renamed from “Thing”"]


@pytest.mark.parametrize(
    "name", ["<b>&amp;</b>\x1b[31m", "]]><script>", "\ufffe\x0b\x00x", "\"'&#0;"]
)
def test_names_are_text_whatever_is_in_them(site: Site, name: str) -> None:
    own = technique("T1000", name.replace("\x00", ""))
    import_objects(own, release="1.0")
    import_objects(own | {"description": "Now."}, release="2.0")
    shown = re.sub("[\ufffe\x0b\x1b]", "\ufffd", own["name"])
    (entry,) = feed(site, f"{TECHNIQUES}/atom").entries
    assert entry.items == [f"T1000 {shown}"]
    assert feed(site, f"{TECHNIQUES}/T1000/atom").text("title") == f"T1000 {shown}: changes"


def test_feed_answers_as_its_page_does(site: Site) -> None:
    import_objects(T1000, release="1.0")
    assert site.get(f"{TECHNIQUES}/T9999/atom").status_code == 404
    assert site.get(f"{LIBRARY}/objects/x--y/atom").status_code == 404
    assert site.moves(f"{TECHNIQUES}/t1000/atom", 301) == f"{TECHNIQUES}/T1000/atom"
    etag = site.get(RELEASES)["ETag"]
    again = site.get(RELEASES, **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert site.client.post(RELEASES).status_code == 405
    import_objects(T1000, release="2.0")
    assert site.get(RELEASES)["ETag"] != etag


def offered(page: Element) -> list[str]:
    """The feeds that a page's head names."""
    return [link["href"] for link in page.all("link", rel="alternate", type="application/atom+xml")]


def test_pages_lead_to_their_feeds(site: Site) -> None:
    import_objects(IMPACT, T1000, release="1.0")
    import_objects(IMPACT, T1000, release="2.0")
    for path, address in (
        (f"{TECHNIQUES}/T1000", f"{TECHNIQUES}/T1000/atom"),
        (TECHNIQUES, f"{TECHNIQUES}/atom"),
        (f"{LIBRARY}/releases/1.0...2.0", RELEASES),
    ):
        page = site.page(path)
        assert offered(page) == [address]
        assert address in [a["href"] for a in page.one("main").all("a")]
        assert feed(site, address)


def test_pages_of_a_pinned_release_offer_no_feed(site: Site) -> None:
    import_objects(T1000, release="1.0")
    for path in ("techniques", "techniques/T1000"):
        page = site.page(f"{LIBRARY}/v/1.0/{path}")
        assert offered(page) == []
        assert not [a for a in page.all("a") if a["href"].endswith("/atom")]
        assert site.get(f"{LIBRARY}/v/1.0/{path}/atom").status_code != 200


@pytest.mark.parametrize(
    "path", [RELEASES, f"{TECHNIQUES}/atom", f"{TECHNIQUES}/T1000/atom", f"{MITIGATIONS}/atom"]
)
def test_cost_does_not_grow_with_what_changed_or_with_releases(site: Site, path: str) -> None:
    def add(release: int, count: int) -> None:
        made = [technique(f"T{2000 + n}", f"Way {n}, {release}") for n in range(count)]
        uses = [relationship("uses", GROUP, way, f"Then, {release}.") for way in made]
        own = T1000 | {"description": f"In {release}."}
        measures = [
            mitigation(f"M{2000 + n}", f"Do {n}") | {"description": f"By {release}."}
            for n in range(count)
        ]
        import_objects(GROUP, own, *made, *uses, *measures, release=f"{release}.0")

    def asked() -> int:
        site.get(path)
        with CaptureQueriesContext(connection) as queries:
            feed(site, path)
        return len(queries)

    add(1, 1)
    add(2, 1)
    few = asked()
    for release in range(3, 16):
        add(release, 3)
    most = MOST_RELEASES_OF_OBJECT if "T1000" in path else MOST_RELEASES
    assert len(feed(site, path).entries) == most
    assert asked() == few <= 7
