"""The page of a mitigation: its sections, facts, texts, references and notices."""

from datetime import UTC, datetime
from html import unescape
from itertools import pairwise

import pytest
from pytest_django import Settings

from importer.pipeline import Options, import_bundles
from tests.factories import (
    Properties,
    bundle,
    import_objects,
    mitigation,
    relationship,
    source,
    stix_id,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Site

pytestmark = pytest.mark.django_db

OUR_SCRIPTS = ["/static/js/page.js", "/static/django_htmx/htmx-4.min.js"]
PAGE = f"{MITIGATIONS}/M1000"
NOTICE = (
    "The MITRE Corporation. This work is reproduced and distributed with the permission of"
    " The MITRE Corporation."
)
HOSTILE = '<script>alert("1")</script> & \'"><img src=x onerror=alert(2)> {{ 7*7 }}{% now "Y" %}'


def cited(name: str, url: str = "") -> Properties:
    described = {"source_name": name, "description": f"{name}, by its author."}
    return described | {"url": url or f"https://example.org/{name}"}


def rich() -> list[Properties]:
    """A mitigation with everything that its page can show."""
    measure = mitigation(
        "M1000",
        "Filter Traffic",
        description="First.(Citation: B) Then.(Citation: A)(Citation: Nowhere)",
        references=[cited("A"), cited("B"), cited("Unused")],
        labels=["NIST SP 800-53 - AC-3", "IEC 62443 - SR 2.1"],
    )
    lateral, first = tactic("TA0002", "Lateral", "lateral"), tactic("TA0001", "First", "first")
    one = technique("T1000", "One", ("lateral", "first"))
    two = technique("T1001", "Two", ("first",))
    return [
        measure,
        lateral,
        first,
        one,
        two,
        relationship(
            "mitigates", measure, one, "Note.(Citation: C)", external_references=[cited("C")]
        ),
        relationship("mitigates", measure, two, "Again.(Citation: A)"),
    ]


def position(page: Element, element: Element) -> int:
    return list(page.walk()).index(element)


def facts(page: Element) -> dict[str, str]:
    rows = page.all("dl", css="facts")[0].all("div")
    return {row.one("dt").words: row.one("dd").words for row in rows}


def test_sections_stand_in_the_order_of_the_issue(site: Site) -> None:
    import_objects(*rich())
    page = site.page(PAGE)
    order = [
        page.one("aside", css="incident"),
        page.one("nav", **{"aria-label": "Breadcrumb"}),
        page.one("h1"),
        page.all("dl", css="facts")[0],
        page.one(id="take"),
        page.one(id="definition"),
        page.one(css="usage"),
        page.one(id="techniques"),
        page.one(id="explorer"),
        page.one(id="history"),
        page.one(id="raw"),
        page.one(id="references"),
        page.one(id="licence"),
    ]
    assert all(a < b for a, b in pairwise(position(page, element) for element in order))
    assert page.one("h1").words == "M1000: Filter Traffic"
    assert page.one("title").words == "M1000: Filter Traffic · Glexia ATT&CK Library"


def test_incident_bar_leads_where_the_settings_say(site: Site, settings: Settings) -> None:
    settings.INCIDENT_URL = "tel:+15550100"
    import_objects(mitigation("M1000", "Alpha"))
    assert site.page(PAGE).one("aside", css="incident").one("a")["href"] == "tel:+15550100"


def test_breadcrumb_leads_up(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    crumbs = site.page(PAGE).one("nav", **{"aria-label": "Breadcrumb"})
    assert [a["href"] for a in crumbs.all("a")] == [LIBRARY, MITIGATIONS]
    assert crumbs.one(**{"aria-current": "page"}).words == "M1000"


def test_facts_are_those_that_mitre_states(site: Site) -> None:
    labels = ["NIST SP 800-53 - AC-3", "IEC 62443 - SR 2.1"]
    dates = {"created": "2019-06-11T16:33:55.337Z", "modified": "2025-04-16T20:23:49.951Z"}
    import_objects(mitigation("M1000", "Alpha", labels=labels, x_mitre_version="1.2", **dates))
    page = site.page(PAGE)
    assert facts(page) == {
        "Domain": "Enterprise",
        "ID": "M1000",
        "Type": "Mitigation",
        "Object version": "1.2",
        "Created": "11 June 2019",
        "Last modified": "16 April 2025",
        "Status": "Live",
        "Security controls": "NIST SP 800-53 - AC-3; IEC 62443 - SR 2.1",
    }
    stated = page.all("dl", css="facts")[0].all("time")
    assert [time["datetime"][:19] for time in stated] == [
        "2019-06-11T16:33:55",
        "2025-04-16T20:23:49",
    ]


@pytest.mark.parametrize("value", [None, "", "soon", 20240506, [], "0001-01-01T00:00:00+14:00"])
def test_date_is_left_out_when_mitre_does_not_state_one(site: Site, value: object) -> None:
    import_objects(mitigation("M1000", "Alpha", created=value, modified=value))
    page = site.page(PAGE)
    assert not {"Created", "Last modified"} & set(facts(page))
    assert "not stated" in page.one(id="history").words


@pytest.mark.parametrize("value", [None, 5, [], {}, True, ["a", 5, None]])
def test_page_is_shown_when_every_field_is_of_a_wrong_type(site: Site, value: object) -> None:
    broken = mitigation("M1000", "Alpha", description=value, labels=value, x_mitre_version=value)
    broken |= {"created": value, "name": value, "x_mitre_domains": value}
    broken["external_references"] += [value, {"source_name": value, "url": value}]
    import_objects(broken)
    site.page(PAGE)
    site.page(MITIGATIONS)


def test_domains_are_all_named_when_there_are_several(site: Site) -> None:
    both = mitigation("M1000", "Alpha")
    import_objects(both)
    import_objects(both | {"x_mitre_domains": ["mobile-attack"]}, domain="mobile")
    page = site.page(PAGE)
    assert facts(page)["Domains"] == "Enterprise, Mobile"
    hashes = page.one(id="raw").all(css="hash-whole")
    assert len({found.words for found in hashes}) == 2


def test_content_of_the_first_domain_is_shown_when_domains_differ(site: Site) -> None:
    both = mitigation("M1000", "Zeta", description="From enterprise.")
    import_objects(both | {"name": "Alpha", "description": "From ICS."}, domain="ics")
    import_objects(both | {"name": "Beta", "description": "From mobile."}, domain="mobile")
    import_objects(both)
    for address in (PAGE, f"{LIBRARY}/objects/{both['id']}"):
        page, _ = site.follow(address)
        assert page.one("h1").words == "M1000: Zeta"
        assert "From enterprise." in page.one(id="definition").words


def test_definition_links_to_the_same_entry_at_mitre(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    link = site.page(PAGE).one(css="source-line").one("a")
    assert link["href"] == "https://attack.mitre.org/x/M1000"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://attack.mitre.org/x",
        "https://attack.mitre.org.evil.example/",
        "https://evil.example/https://attack.mitre.org/",
        5,
        None,
        "",
    ],
)
def test_definition_links_to_mitre_when_the_object_names_another_place(
    site: Site, url: object
) -> None:
    reference = {"source_name": "mitre-attack", "external_id": "M1000", "url": url}
    import_objects(mitigation("M1000", "Alpha", external_references=[reference]))
    link = site.page(PAGE).one(css="source-line").one("a")
    assert link["href"] == "https://attack.mitre.org/mitigations/M1000"


def test_references_are_numbered_in_order_of_first_use(site: Site) -> None:
    import_objects(*rich())
    page = site.page(PAGE)
    entries = page.one(id="references").all("li")
    assert [entry["id"] for entry in entries] == [f"ref-{n}" for n in range(1, 6)]
    assert [entry["value"] for entry in entries] == ["1", "2", "3", "4", "5"]
    texts = [entry.one(css="reference-text").words for entry in entries]
    assert [text.split(",")[0] for text in texts] == ["B", "A", "Nowhere", "C", "Unused"]
    assert [a["href"] for a in page.one(id="definition").all("a") if a["href"][0] == "#"] == [
        "#ref-1",
        "#ref-2",
        "#ref-3",
    ]
    numbers = [sup.words for sup in page.all("sup", css="cite")]
    assert numbers == ["[1]", "[2]", "[3]", "[4]", "[2]"]


def test_references_lead_back_to_every_use(site: Site) -> None:
    import_objects(*rich())
    page = site.page(PAGE)
    cites = {sup["id"]: sup.one("a")["href"] for sup in page.all("sup", css="cite")}
    for entry in page.one(id="references").all("li"):
        back = [a["href"][1:] for a in entry.all("a") if a["href"].startswith("#")]
        assert {cites[use] for use in back} <= {f"#{entry['id']}"}
        uses = [use for use, target in cites.items() if target == f"#{entry['id']}"]
        assert back == uses
    assert "not cited" in page.one(id="ref-5").words
    assert "name a source" in page.one(id="ref-3").words


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", 'https://x/"onclick='])
def test_reference_has_no_link_when_its_address_is_hostile(site: Site, url: str) -> None:
    reference = cited("A") | {"url": url}
    import_objects(
        mitigation("M1000", "Alpha", description="x(Citation: A)", references=[reference])
    )
    assert not site.page(PAGE).one(id="ref-1").has("a", css="reference-link")


@pytest.mark.parametrize(
    "name",
    [HOSTILE, "\u202egnp.exe", "a" * 1_000, "&lt;b&gt;", "  ", "\x00\x1f\x7f", "línea\u2028"],
    ids=["markup", "right-to-left", "1 kB", "entities", "blank", "controls", "unicode"],
)
def test_hostile_name_is_text_wherever_it_stands(site: Site, name: str) -> None:
    hostile = mitigation("M1000", "x") | {"name": name}
    other = technique("T1000", "x", ("x",)) | {"name": name}
    stage = tactic("TA0001", "x", "x") | {"name": name}
    twin = mitigation("M1000", "x", id=stix_id("course-of-action", "twin")) | {"name": name}
    twin["x_mitre_deprecated"] = True
    objects = (hostile, other, stage, twin, relationship("mitigates", hostile, other, name))
    import_objects(*objects)
    page = site.page(PAGE)
    shown = " ".join(name.replace("\x00", "\ufffd").split())
    assert shown in page.one("h1").words
    assert shown in page.one("title").words
    assert page.words.count(shown) >= 6
    assert not page.has("img")
    assert [found["src"] for found in page.all("script")] == OUR_SCRIPTS
    assert b"<script>" not in site.get(PAGE).content
    site.page(f"{MITIGATIONS}/M1001", status=404)


@pytest.mark.parametrize(
    "description",
    [
        HOSTILE,
        "[x](javascript:alert(1)) ![i](https://evil.example/i.png)",
        "a" * 100000,
        "<style>*{display:none}</style><p style=color:red onclick=x>",
        "`" * 9999,
        "\u202e\u2066",
        "(Citation: " * 5000,
        '<sup id="ref-1">',
        "<!-- --><![CDATA[ ]]>",
        "* " * 20000,
    ],
    ids=["markup", "links", "100 kB", "style", "ticks", "bidi", "cites", "ids", "comments", "list"],
)
def test_hostile_description_is_text_wherever_it_stands(site: Site, description: str) -> None:
    hostile, other = mitigation("M1000", "x"), technique("T1000", "x")
    hostile["description"] = description
    import_objects(hostile, other, relationship("mitigates", hostile, other, description))
    page = site.page(PAGE)
    assert not page.has("img")
    assert [found["src"] for found in page.all("script")] == OUR_SCRIPTS
    assert b"<script>" not in site.get(PAGE).content
    meta = page.all("meta", name="description")
    assert all(len(found["content"]) <= 200 for found in meta)
    site.page(MITIGATIONS)


def test_meta_description_is_plain_words(site: Site) -> None:
    text = 'Use `x` & "y" <z>.(Citation: A) **Bold** ' + "word " * 80
    import_objects(mitigation("M1000", "Alpha", description=text, references=[cited("A")]))
    content = site.page(PAGE).one("meta", name="description")["content"]
    assert content.startswith('Use x & "y" <z>. Bold word')
    assert content.endswith("…")
    raw = unescape(site.get(PAGE).content.decode())
    assert "(Citation:" not in raw.split("<body>")[0]


def import_dated(moment: str | None, domain: str = "enterprise") -> None:
    """A release whose collection and objects are all of one moment."""
    made = bundle(mitigation("M1000", "Alpha", domain), domain=domain)
    for found in made["objects"]:
        found["modified"] = moment
    import_bundles([source(made)], Options(validate=False))


def test_notice_is_word_for_word_on_every_page_with_content(site: Site) -> None:
    import_dated("2021-06-05T04:03:02Z", "mobile")
    import_dated("2023-10-31T12:00:00Z")
    for path in (LIBRARY, MITIGATIONS, PAGE):
        words = site.page(path).one(id="licence").words
        assert f"© 2023 {NOTICE}" in words
        assert "MITRE ATT&CK and ATT&CK are registered trademarks of The MITRE Corporation" in words
        assert "neither affiliated with MITRE nor endorsed by it" in words


def test_notice_bears_the_year_of_the_import_when_no_date_is_stated(site: Site) -> None:
    import_dated(None)
    assert f"© {datetime.now(tz=UTC).year} {NOTICE}" in site.page(PAGE).one(id="licence").words


def test_deprecated_page_is_marked_and_kept_from_robots(site: Site) -> None:
    old = mitigation("M1000", "Old", x_mitre_deprecated=True)
    other = technique("T1000", "One")
    import_objects(old, other, relationship("mitigates", old, other, "Still live."))
    page = site.page(PAGE)
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert page.one(css="status").words == "Deprecated"
    assert facts(page)["Status"] == "Deprecated"
    assert "of deprecated entries are not listed" in page.one(id="techniques").words
    assert not page.has("tr", css="row")


def test_live_page_is_open_to_robots_and_names_its_address(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(f"{PAGE}?filter=x&sort=name&utm=1")
    assert not page.has("meta", name="robots")
    assert page.one("link", rel="canonical")["href"] == f"http://testserver{PAGE}"


def test_take_stands_before_the_definition_and_apart_from_it(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    sections = [found.attributes.get("id") for found in site.page(PAGE).all("section")]
    assert sections[:2] == ["take", "definition"]


def test_link_in_a_text_leads_to_our_page_when_we_hold_the_object(site: Site) -> None:
    text = (
        "See [Other](https://attack.mitre.org/mitigations/M1001),"
        " [One](https://attack.mitre.org/techniques/T1000) and"
        " [Gone](https://attack.mitre.org/mitigations/M9999). (LinkById: M1001)"
    )
    import_objects(mitigation("M1000", "A", description=text), mitigation("M1001", "Other"))
    page = site.page(PAGE)
    assert [a["href"] for a in page.one(id="definition").one(css="prose").all("a")] == [
        f"{MITIGATIONS}/M1001",
        "https://attack.mitre.org/techniques/T1000",
        "https://attack.mitre.org/mitigations/M9999",
        f"{MITIGATIONS}/M1001",
    ]


def test_sample_banner_stands_on_every_kind_of_page(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"), release="sample-1")
    for path, status in [(LIBRARY, 200), (MITIGATIONS, 200), (PAGE, 200), (f"{PAGE}1", 404)]:
        page = site.page(path, status)
        assert "sample content, not ATT&CK" in page.one(css="sample-banner").words
        assert page.one("meta", name="robots")["content"] == "noindex"
    missing = site.page(f"{LIBRARY}/nothing/here", 404)
    assert missing.has(css="sample-banner")


def test_citation_resolves_when_only_another_note_of_the_page_lists_its_source(site: Site) -> None:
    one, other = technique("T1001", "One"), technique("T1002", "Other")
    listed = [{"source_name": "Shared", "description": "A source.", "url": "https://example.org/s"}]
    measure = mitigation("M1000", "Measure")
    import_objects(
        measure,
        one,
        other,
        relationship("mitigates", measure, one, "a(Citation: Shared)", external_references=listed),
        relationship("mitigates", measure, other, "b(Citation: Shared)"),
    )
    (entry,) = site.page(f"{MITIGATIONS}/M1000").one("ol", css="references").all("li")
    assert "A source." in entry.words
    assert "↑2" in entry.words
