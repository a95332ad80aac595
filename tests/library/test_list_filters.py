"""The filters of lists: words, domains, platforms, tactics, and what is no longer live."""

from html import escape
from urllib.parse import quote

import pytest

from library.contexts import object_list
from library.text.markdown import plain
from tests.factories import Properties, import_objects, mitigation, tactic, technique
from tests.library.listed import HOSTILE, listing, numbered, shared
from tests.library.pages import LIBRARY, MITIGATIONS, Element, Listing, Site

pytestmark = pytest.mark.django_db


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


def test_way_out_is_offered_when_nothing_fits(site: Site) -> None:
    import_objects(mitigation("M1000", "Alpha"))
    found = listing(site, "?q=nothing")
    assert found.count.startswith("0 records")
    assert MITIGATIONS in [a["href"] for a in found.root.one(id="results").all("a")]


@pytest.fixture
def techniques(site: Site) -> Site:
    """Live and dead techniques on platforms, under tactics of one name in two domains."""
    execution = tactic("TA0002", "Execution", "execution")
    old = technique("T1002", "Old", x_mitre_platforms=["Office 365"], revoked=True)
    import_objects(
        execution,
        technique("T1001", "Doppelgänging", ("execution",), x_mitre_platforms=["Linux"]),
        old,
    )
    import_objects(
        tactic("TA0104", "Execution", "execution-ics", "ics"),
        technique("T0801", "Plant", ("execution-ics",), "ics", x_mitre_platforms=["None"]),
        domain="ics",
    )
    return site


def offered(page: Element) -> list[str]:
    options = page.one("select", id="filter-platform").all("option")
    return [option["value"] for option in options if option["value"]]


def test_platforms_of_nothing_that_the_list_has_are_not_offered(techniques: Site) -> None:
    path = f"{LIBRARY}/techniques"
    assert offered(techniques.page(path)) == ["Linux"]
    assert offered(techniques.page(f"{path}?includeRevoked=true")) == ["Linux", "Office 365"]
    part, _ = techniques.part(f"{path}?includeRevoked=true")
    assert offered(part) == ["Linux", "Office 365"]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        *(("tactic=Execution", ["T1001"]), ("tactic=execution&domain=ics", ["T0801"])),
        *(("tactic=Execution (ICS)", ["T0801"]), ("tactic=TA0104", ["T0801"])),
    ],
)
def test_a_tactic_may_be_given_by_its_name(techniques: Site, asked: str, ids: list[str]) -> None:
    assert Listing(techniques.page(f"{LIBRARY}/techniques?{asked}")).ids == ids


def test_text_is_found_without_its_accents(techniques: Site) -> None:
    for asked in ("doppelganging", "DOPPELGÄNGING"):
        assert Listing(techniques.page(f"{LIBRARY}/techniques?q={asked}")).ids == ["T1001"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("mitigations?domain=foo", "There is no domain “foo”"),
        ("techniques?tactic=initial-access", "There is no tactic with the ID “initial-access”"),
        ("techniques?platform=Amiga", "There is no platform “Amiga”"),
        ("search?q=measure&domain=foo", "There is no domain “foo”"),
        ("search?q=measure&type=foo", "There is no type “foo”"),
    ],
)
def test_filter_that_there_is_not_is_left_aside_and_told(site: Site, path: str, said: str) -> None:
    import_objects(*numbered(2), technique("T1000", "Thing"))
    whole = f"{LIBRARY}/{path.partition('?')[0]}{'?q=measure' if 'search' in path else ''}"
    count = site.page(f"{LIBRARY}/{path}").one(id="results-count").words
    assert f"{said}: that filter is left aside." in count
    assert count.startswith(("2 re", "1 record"))
    assert "There is no" not in site.page(whole).words


def test_platform_that_no_matrix_has_is_left_aside_and_told(site: Site) -> None:
    import_objects(tactic("TA1000", "Impact", "impact"), technique("T1000", "Thing", ("impact",)))
    held = site.page(f"{LIBRARY}/matrices/enterprise-attack?platform=Amiga").one(id="matrix-grids")
    assert "There is no platform “Amiga”: that filter is left aside." in held.words
    assert "on Amiga" not in held.words
