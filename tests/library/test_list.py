"""The list of mitigations."""

from html import escape
from urllib.parse import quote

import pytest

from library.contexts import object_list
from library.text.markdown import plain
from tests.factories import Properties, import_objects, mitigation, relationship, stix_object
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Listing, Site

pytestmark = pytest.mark.django_db

HOSTILE = '<script>alert("1")</script> & \'"><img src=x onerror=alert(2)>'


def numbered(count: int, domain: str = "enterprise", first: int = 1000) -> list[Properties]:
    """Mitigations whose names have the order of their numbers."""
    return [
        mitigation(f"M{number}", f"Measure {number}", domain)
        for number in range(first, first + count)
    ]


def listing(site: Site, query: str = "") -> Listing:
    return Listing(site.page(MITIGATIONS + query))


def test_list_has_25_entries_when_there_are_more(site: Site) -> None:
    import_objects(*numbered(51))
    assert listing(site).ids == [f"M{n}" for n in range(1000, 1025)]
    assert listing(site, "?offset=25").ids == [f"M{n}" for n in range(1025, 1050)]
    assert listing(site, "?offset=50").ids == ["M1050"]


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


def shared() -> tuple[Properties, Properties]:
    """One object in two domains."""
    one = mitigation("M1013", "Shared")
    return one, one | {"x_mitre_domains": ["mobile-attack"]}


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


@pytest.mark.parametrize(
    ("offset", "first"),
    [
        ("26", "M1025"),
        ("24", "M1000"),
        ("49", "M1025"),
        ("50", "M1050"),
        ("51", "M1050"),
        ("75", "M1050"),
        ("99999", "M1050"),
        ("999999999", "M1050"),
    ],
)
def test_offset_is_rounded_down_and_clamped_when_it_starts_no_page(
    site: Site, offset: str, first: str
) -> None:
    import_objects(*numbered(51))
    assert listing(site, f"?offset={offset}").ids[0] == first


BAD = [
    "-1",
    "abc",
    "%00",
    "25%00",
    quote("٢٥"),
    quote("\uff12\uff15"),
    "25.5",
    "%ff",
]


def test_last_page_is_shown_when_the_offset_is_absurd(site: Site) -> None:
    import_objects(*numbered(26))
    assert listing(site, "?offset=1" + "0" * 3000).ids == ["M1025"]


@pytest.mark.parametrize("bad", [*BAD, "", "[]", "25&offset="])
def test_first_page_is_shown_when_the_offset_is_no_number(site: Site, bad: str) -> None:
    import_objects(*numbered(26))
    assert listing(site, f"?offset={bad}").ids[0] == "M1000"


@pytest.mark.parametrize("name", ["domain", "includeRevoked", "q", "unknown", "q%00", "%22%3E"])
@pytest.mark.parametrize("bad", [*BAD, quote(HOSTILE), "'; DROP TABLE library_edition; --"])
def test_page_is_clean_when_a_parameter_is_hostile(site: Site, name: str, bad: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    site.page(f"{MITIGATIONS}?{name}={bad}")
    site.part(f"{MITIGATIONS}?{name}={bad}")


def with_retired() -> list[Properties]:
    return [
        mitigation("M1000", "Live"),
        mitigation("M1001", "Old", x_mitre_deprecated=True),
        mitigation("M1002", "Revoked", revoked=True),
    ]


def test_revoked_and_deprecated_are_left_out_unless_asked_for(site: Site) -> None:
    import_objects(*with_retired())
    assert listing(site).ids == ["M1000"]
    found = listing(site, "?includeRevoked=true")
    assert found.ids == ["M1000", "M1001", "M1002"]
    assert found.count.startswith("3 records")


def test_mark_stands_on_a_card_when_it_is_revoked_or_deprecated(site: Site) -> None:
    import_objects(*with_retired())
    live, deprecated, revoked = listing(site, "?includeRevoked=true").entries
    assert not live.has(css="status")
    assert deprecated.one(css="status").words == "Deprecated"
    assert "status-deprecated" in deprecated.one(css="status").classes
    assert "status-revoked" in revoked.one(css="status").classes


def test_one_domain_is_listed_when_it_is_asked_for(site: Site) -> None:
    enterprise, mobile = shared()
    import_objects(enterprise, mitigation("M1000", "Alpha"))
    import_objects(mobile, domain="mobile")
    assert listing(site, "?domain=mobile").rows == [("M1013", "Mobile")]
    assert listing(site, "?domain=ics").ids == []
    selected = listing(site, "?domain=mobile").root.one("select", name="domain")
    assert [o["value"] for o in selected.all("option") if "selected" in o.attributes] == ["mobile"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("M1001", ["M1001"]),
        ("m1001", ["M1001"]),
        ("filter", ["M1000"]),
        ("FILTER TRAFFIC", ["M1000"]),
        ("traffic filter", ["M1000"]),
        ("appliances", ["M1001"]),
        ("M1001 appliances", ["M1001"]),
        ("filter appliances", []),
        ("grün", ["M1001"]),
        ("GRÜN STRASSE", ["M1001"]),
        ("100%", ["M1002"]),
        ("%", ["M1002"]),
        ("_", ["M1002"]),
        ("\\", ["M1002"]),
        ("<b>", ["M1002"]),
        ("&", ["M1002"]),
        ('"', ["M1002"]),
        ("&amp;", []),
        ("Citation", []),
        ("Vendor", []),
        ("zzz", []),
        ("   ", ["M1001", "M1000", "M1002"]),
        ("filter\x00", ["M1000"]),
    ],
)
def test_text_finds_id_name_and_words_of_the_definition(
    site: Site, text: str, ids: list[str]
) -> None:
    import_objects(
        mitigation("M1000", "Filter Network Traffic", description="Drop it at the edge."),
        mitigation(
            "M1001", "Appliances", description="Grüne Straße.(Citation: Vendor 2020) Use `x`."
        ),
        mitigation("M1002", "Zeta", description='A share of 100% in C:\\x_y says "<b>" & more.'),
    )
    assert listing(site, f"?q={quote(text)}").ids == ids


@pytest.mark.parametrize(
    "definition",
    [
        "Power<code>Shell</code>",
        "Power`Shell`s",
        "Power(Citation: A b)Shell",
        "Power (Citation: A)\n(Citation: B (c) d)Shell",
        "[Power](https://attack.mitre.org/software/S0001)Shell",
        "P**ower***Shell*",
        "Power<b>Sh</b>ell",
        "Pow&#101;rShell",
        "P&#x6f;werShell",
        "Power{{LinkById|Shell}}",
        "Power(LinkById: Shell)",
        "<code>Power<code>Shell",
        "Power![Shell](https://example.org/a.png)",
        "Power~~Shell~~",
        "Power\\*Shell",
    ],
)
def test_text_finds_a_word_as_the_reader_sees_it_when_markup_parts_it(
    site: Site, definition: str
) -> None:
    import_objects(mitigation("M1000", "Alpha", description=definition))
    seen = plain(definition).casefold()
    for word in {*seen.split(), seen[3:8], seen[4:6]}:
        assert listing(site, f"?q={quote(word)}").ids == ["M1000"], word
    assert listing(site, "?q=https").ids == []


def test_text_finds_what_it_found_before_when_it_is_asked_again(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha", description="Use <code>cmd</code>.(Citation: X)"))
    for text, ids in [("cmd.", ["M1000"]), ("citation", []), ("use", ["M1000"])] * 2:
        assert listing(site, f"?q={text}").ids == ids


def test_list_stays_right_when_its_texts_are_more_than_are_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(object_list, "MOST_KEPT", 20)
    import_objects(*(mitigation(f"M100{n}", "A", description="seven " * n) for n in range(1, 5)))
    import_objects(mitigation("M2000", "Z", "ics", description="seven"), domain="ics")
    for query in ("?q=seven&domain=ics", "?q=seven", "?q=seven&domain=ics", "?q=seven"):
        assert len(listing(site, query).ids) == (1 if "ics" in query else 5)


@pytest.mark.parametrize("text", [HOSTILE, "{{ 7*7 }} {% now %}", "50% & 'x'", "a" * 150])
def test_text_stands_in_its_field_as_it_was_typed(site: Site, text: str) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(f"{MITIGATIONS}?q={quote(text)}")
    assert page.one("input", id="filter-q")["value"] == text
    raw = site.get(f"{MITIGATIONS}?q={quote(text)}").content.decode()
    assert "<script>alert" not in raw
    assert escape(text) in raw


def test_text_is_cut_when_it_has_ten_thousand_characters(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(f"{MITIGATIONS}?q={'x' * 10_000}")
    assert page.one("input", id="filter-q")["value"] == "x" * 200
    assert Listing(page).ids == []


def test_pager_keeps_the_filters_when_it_turns_the_page(site: Site) -> None:
    import_objects(*numbered(60), mitigation("M2000", "Measure old", revoked=True))
    import_objects(*numbered(3, "ics", 3000), domain="ics")
    query = "?domain=enterprise&q=measure&includeRevoked=true"
    found = listing(site, f"{query}&offset=30")
    assert found.pages == {
        "Previous": MITIGATIONS + query,
        "Page 1": MITIGATIONS + query,
        "Page 3": f"{MITIGATIONS}{query}&offset=50",
        "Next": f"{MITIGATIONS}{query}&offset=50",
    }
    assert found.root.one("nav", css="pager").one("span", **{"aria-current": "page"}).words == (
        "Page 2"
    )
    assert "61 records" in found.count
    assert "showing 26 to 50" in found.count
    assert Listing(site.page(found.pages["Next"])).ids[-1] == "M2000"


def test_pager_is_left_out_when_all_fits_on_one_page(site: Site) -> None:
    import_objects(*numbered(25))
    found = listing(site)
    assert found.pages == {}
    assert "showing" not in found.count
    assert len(found.ids) == 25


def test_pager_is_plain_links_for_readers_without_javascript(site: Site) -> None:
    import_objects(*numbered(26))
    form = site.page(MITIGATIONS).one("form", css="filters")
    assert (form["method"], form["action"]) == ("get", MITIGATIONS)
    assert {"q", "domain", "includeRevoked"} == {
        found["name"] for found in form.walk() if found.tag in {"input", "select"}
    }
    assert form.one("button")["type"] == "submit"


def test_way_out_is_offered_when_nothing_fits(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    found = listing(site, "?q=nothing")
    assert found.count.startswith("0 records")
    assert MITIGATIONS in [a["href"] for a in found.root.one(id="results").all("a")]


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


def test_partial_request_brings_the_results_alone(site: Site) -> None:
    import_objects(*numbered(26))
    part, _ = site.part(f"{MITIGATIONS}?offset=25")
    assert [e.tag for e in part.content if isinstance(e, Element)] == ["section", "p", "p"]
    assert part.one("p", id="results-count")["hx-swap-oob"] == "innerHTML"
    assert part.one("section", id="results")
    assert Listing(part).ids == ["M1025"]


@pytest.mark.parametrize(
    ("asked", "pushed"),
    [
        ("", ""),
        ("?q=&domain=", ""),
        ("?q=+alpha++beta+&domain=&includeRevoked=true", "?q=alpha+beta&includeRevoked=true"),
        ("?q=&domain=pre&offset=99999", "?offset=25"),
        ("?offset=26&utm_source=x", "?offset=25"),
        ("?q=%0d%0aSet-Cookie:+a%3Db", "?q=Set-Cookie%3A+a%3Db"),
    ],
)
def test_partial_request_pushes_a_clean_address(site: Site, asked: str, pushed: str) -> None:
    import_objects(*numbered(26))
    assert site.part(MITIGATIONS + asked)[1] == MITIGATIONS + pushed


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true"},
        {"HX-Request": "true", "HX-Request-Type": "full"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        {"HX-Request-Type": "PARTIAL"},
        {"X-Requested-With": "XMLHttpRequest"},
    ],
)
def test_whole_page_is_sent_when_the_request_is_not_for_a_part(
    site: Site, headers: dict[str, str]
) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    page = site.page(MITIGATIONS, headers=headers)
    assert Listing(page).ids == ["M1000"]
    assert "HX-Push-Url" not in site.get(MITIGATIONS, **headers)


def test_robots_stay_away_when_the_list_is_filtered_by_words(site: Site) -> None:
    import_objects(*numbered(30))
    assert not listing(site, "?offset=25").root.has("meta", name="robots")
    assert listing(site, "?q=x").root.one("meta", name="robots")["content"] == "noindex"
    canonical = listing(site, "?offset=27&utm=1").root.one("link", rel="canonical")["href"]
    assert canonical == f"http://testserver{MITIGATIONS}?offset=25"


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
