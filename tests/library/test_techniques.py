"""Techniques Addressed and the relationship explorer of a mitigation's page."""

from urllib.parse import quote

import pytest

from tests.factories import (
    Properties,
    import_objects,
    matrix,
    mitigation,
    relationship,
    stix_id,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import MITIGATIONS, Element, Site, Table

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
MEASURE = mitigation("M1000", "Filter Traffic")


def table(site: Site, query: str = "") -> Table:
    return Table(site.page(PAGE + query))


def family(number: str, *suffixes: str, name: str = "") -> dict[str, Properties]:
    """A technique and its sub-techniques, by ID, with the links that make them so."""
    head = technique(number, name or f"Head {number}")
    made = {number: head}
    for suffix in suffixes:
        sub = technique(f"{number}.{suffix}", f"Part {suffix} of {number}")
        made |= {f"{number}.{suffix}": sub}
        made |= {f"link {number}.{suffix}": relationship("subtechnique-of", sub, head)}
    return made


def addressing(*targets: Properties, **notes: str) -> list[Properties]:
    return [relationship("mitigates", MEASURE, target, "Do it.") for target in targets]


def nested(site: Site) -> None:
    """Rows for T1001 and its .001 and .002, for T1002's .003 alone, and for T1000 and T1003."""
    one, two = family("T1001", "001", "002"), family("T1002", "001", "003", name="aardvark")
    single, last = technique("T1000", "Zulu"), technique("T1003", "mike")
    rows = addressing(
        two["T1002.003"], last, one["T1001.002"], one["T1001"], single, one["T1001.001"]
    )
    import_objects(MEASURE, single, last, *one.values(), *two.values(), *rows)


def test_rows_are_exact_and_nested_under_their_parents(site: Site) -> None:
    nested(site)
    found = table(site)
    assert found.ids == ["T1000", "T1001", "T1001.001", "T1001.002", "T1002.003", "T1003"]
    assert found.count == "6 rows"
    assert ["nested" in row.classes for row in found.rows] == [
        False,
        False,
        True,
        True,
        True,
        False,
    ]
    contents = found.root.one("nav", css="contents").one("a", href="#techniques")
    assert contents.one(css="figure").words == "6"


def test_parent_heads_its_sub_techniques_when_it_is_not_listed_itself(site: Site) -> None:
    nested(site)
    found = table(site)
    assert found.heads == ["T1002"]
    body = next(b for b in found.root.all("tbody") if b.has("tr", css="family-head"))
    rows = [row for row in body.content if isinstance(row, Element)]
    assert "T1002 aardvark" in rows[0].words
    assert "T1002.003" in rows[1].words
    assert len(rows) == 2


def test_row_shows_domain_id_name_and_note(site: Site) -> None:
    target = family("T1001", "001")
    import_objects(MEASURE, *target.values(), *addressing(target["T1001.001"]))
    found = table(site)
    heads = [th.words for th in found.root.one(id="techniques").one("thead").all("th")]
    assert heads == ["Domain", "ID", "Name", "Use"]
    (row,) = found.rows
    assert found.column("Domain") == ["Enterprise"]
    assert row.one("th", **{"data-label": "ID"}).one("a")["href"] == (
        "/learn/attack/techniques/T1001.001"
    )
    assert found.column("Name") == ["Head T1001: Part 001 of T1001"]
    assert found.column("Use") == ["Do it."]


def test_row_says_so_when_mitre_gives_no_note(site: Site) -> None:
    target = technique("T1000", "One")
    import_objects(MEASURE, target, relationship("mitigates", MEASURE, target))
    assert table(site).column("Use") == ["There is no note."]


@pytest.mark.parametrize("note", [5, [], {}, None, ""])
def test_row_is_kept_when_its_note_is_no_text(site: Site, note: object) -> None:
    target = technique("T1000", "One")
    link = relationship("mitigates", MEASURE, target) | {"description": note}
    import_objects(MEASURE, target, link)
    assert table(site).count == "1 row"


def test_rows_are_not_listed_when_anything_on_them_is_retired(site: Site) -> None:
    live = technique("T1000", "Live")
    dead = [technique("T1001", "R", revoked=True), technique("T1002", "D", x_mitre_deprecated=True)]
    retired = [technique(f"T100{n}", "x") for n in (3, 4)]
    links = addressing(live, *dead)
    links.append(relationship("mitigates", MEASURE, retired[0], revoked=True))
    links.append(relationship("mitigates", MEASURE, retired[1], x_mitre_deprecated=True))
    links.append(relationship("uses", MEASURE, retired[0]))
    links.append(relationship("mitigates", MEASURE, technique("T1009", "not in the bundle")))
    import_objects(MEASURE, live, *dead, *retired, *links)
    assert table(site).ids == ["T1000"]


def test_two_relationships_to_one_technique_are_two_rows(site: Site) -> None:
    target = technique("T1000", "One")
    first = relationship("mitigates", MEASURE, target, "First note.")
    second = relationship(
        "mitigates", MEASURE, target, "Second note.", id=stix_id("relationship", "second")
    )
    import_objects(MEASURE, target, first, second)
    found = table(site)
    assert found.count == "2 rows"
    assert set(found.column("Use")) == {"First note.", "Second note."}


def test_page_says_none_listed_when_there_are_no_techniques(site: Site) -> None:
    import_objects(MEASURE)
    page = site.page(PAGE)
    assert "lists no technique for this mitigation in the release shown" in page.words
    assert "cannot" not in page.one(id="techniques").words
    assert not page.has("form", css="table-tools")


def in_mobile(found: Properties) -> Properties:
    return found | {"x_mitre_domains": ["mobile-attack"]}


def test_relationship_is_one_row_when_two_domains_hold_it(site: Site) -> None:
    both, mine, theirs = (technique(f"T100{n}", f"N{n}") for n in (2, 1, 3))
    shared = relationship("mitigates", MEASURE, both, "Shared.")
    import_objects(MEASURE, both, mine, shared, *addressing(mine))
    mobile = [in_mobile(found) for found in (MEASURE, both, theirs)]
    other_note = shared | {"description": "Said otherwise."}
    import_objects(*mobile, other_note, *addressing(theirs), domain="mobile")
    found = table(site)
    assert found.ids == ["T1001", "T1002", "T1003"]
    domains = [[mark.words for mark in row.all(css="domain")] for row in found.rows]
    assert domains == [["Enterprise"], ["Enterprise", "Mobile"], ["Mobile"]]
    assert found.column("Use")[1] == "Shared."
    assert found.count == "3 rows"


@pytest.mark.parametrize(
    ("sort", "ids", "marked"),
    [
        ("id", ["T1000", "T1001", "T1001.001", "T1001.002", "T1002.003", "T1003"], ("ID", "asc")),
        ("-id", ["T1003", "T1002.003", "T1001", "T1001.002", "T1001.001", "T1000"], ("ID", "desc")),
        (
            "name",
            ["T1002.003", "T1001", "T1001.001", "T1001.002", "T1003", "T1000"],
            ("Name", "asc"),
        ),
        (
            "-name",
            ["T1000", "T1003", "T1001", "T1001.002", "T1001.001", "T1002.003"],
            ("Name", "desc"),
        ),
    ],
)
def test_rows_are_sorted_as_asked_with_sub_techniques_under_their_parent(
    site: Site, sort: str, ids: list[str], marked: tuple[str, str]
) -> None:
    nested(site)
    for found in (table(site, f"?sort={sort}"), Table(site.part(f"{PAGE}?sort={sort}")[0])):
        assert found.ids == ids
        heads = [th for th in found.root.all("th") if th.attributes.get("aria-sort")]
        order = {th.words: th["aria-sort"] for th in heads}
        assert order.pop(marked[0]) == f"{marked[1]}ending"
        assert set(order.values()) == {"none"}


def test_sort_links_lead_to_the_other_direction(site: Site) -> None:
    nested(site)
    heads = table(site, "?filter=part&sort=name").root.one(id="techniques-table").one("thead")
    assert [a["href"] for a in heads.all("a")] == [
        f"{PAGE}?filter=part#techniques",
        f"{PAGE}?filter=part&sort=-name#techniques",
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("T1001", ["T1001", "T1001.001", "T1001.002"]),
        ("t1001.002", ["T1001.002"]),
        ("aardvark", ["T1002.003"]),
        ("part 003", ["T1002.003"]),
        ("ZULU", ["T1000"]),
        ("enterprise mike", ["T1003"]),
        ("do it", ["T1000", "T1001", "T1001.001", "T1001.002", "T1002.003", "T1003"]),
        ("%", []),
        ("<td>", []),
        ("x" * 10_000, []),
        ("\x00", ["T1000", "T1001", "T1001.001", "T1001.002", "T1002.003", "T1003"]),
    ],
)
def test_rows_are_filtered_by_what_they_show(site: Site, text: str, ids: list[str]) -> None:
    nested(site)
    query = f"?filter={quote(text)}"
    part, _ = site.part(PAGE + query)
    for found in (table(site, query), Table(part)):
        assert found.ids == ids
        assert found.count == ("6 rows" if len(ids) == 6 else f"{len(ids)} of 6 rows")


def test_filter_looks_at_the_words_of_notes_without_their_markup(site: Site) -> None:
    one, two = technique("T1000", "One"), technique("T1001", "Two")
    noted = relationship("mitigates", MEASURE, one, "Block `cmd` at <b>edge</b>.(Citation: Vendor)")
    import_objects(MEASURE, one, two, noted, *addressing(two))
    for text, count in [("cmd edge", 1), ("vendor", 0), ("citation", 0), ("sup", 0)]:
        part, _ = site.part(f"{PAGE}?filter={text}")
        assert len(Table(part).rows) == count, text


def test_references_lead_nowhere_else_when_a_filter_hides_their_rows(site: Site) -> None:
    target = technique("T1000", "One")
    import_objects(MEASURE, target, relationship("mitigates", MEASURE, target, "x(Citation: A)"))
    site.page(f"{PAGE}?filter=nothing")


def test_partial_request_brings_table_and_references_and_pushes_its_address(site: Site) -> None:
    nested(site)
    part, pushed = site.part(f"{PAGE}?filter=+Part++003&sort=-name&x=1")
    assert [e["id"] for e in part.content if isinstance(e, Element)] == [
        "techniques-table",
        "techniques-count",
        "references",
    ]
    assert pushed == f"{PAGE}?filter=Part+003&sort=-name"
    assert site.part(f"{PAGE}?filter=&sort=id")[1] == PAGE


def test_filter_works_as_a_form_without_javascript(site: Site) -> None:
    nested(site)
    page = site.page(f"{PAGE}?filter=part&sort=name")
    form = page.one("form", css="table-tools")
    assert (form["method"], form["action"]) == ("get", f"{PAGE}#techniques")
    assert {field["name"]: field["value"] for field in form.all("input")} == {"filter": "part"}
    # The order stands in the part that is swapped, so that it is always that of the table.
    order = page.one(id="techniques-table").one("input")
    assert (order["form"], order["name"], order["value"]) == (form["id"], "sort", "name")


def test_explorer_groups_every_technique_by_tactic_in_matrix_order(site: Site) -> None:
    late, early = tactic("TA0002", "Late", "late"), tactic("TA0001", "Early", "early")
    found = [technique(f"T1{n:03}", f"N{n}", ("late", "early")) for n in range(30)]
    found.append(technique("T2000", "Only late", ("late",)))
    found.append(technique("T3000", "No tactic"))
    beside = technique("T4000", "Not addressed", ("early",))
    import_objects(MEASURE, early, late, beside, *found, *addressing(*found))
    groups = site.page(PAGE).one(id="explorer").all("section", css="tactic")
    heads = [(h3.one("a").words, h3.one(css="figure").words) for g in groups for h3 in g.all("h3")]
    assert heads == [("Early", "30 of 31"), ("Late", "31 of 31")]
    ids = [[a.one(css="attack-id").words for a in group.one("ul").all("a")] for group in groups]
    assert ids[0] == [f"T1{n:03}" for n in range(30)]
    assert ids[1] == [*ids[0], "T2000"]


def test_explorer_names_the_domain_of_each_tactic(site: Site) -> None:
    stage, target = tactic("TA0001", "First", "first"), technique("T1000", "One", ("first",))
    import_objects(MEASURE, stage, target, *addressing(target))
    other = technique("T1100", "M", ("first",), domain="mobile")
    other_stage = tactic("TA0027", "First", "first", "mobile")
    import_objects(in_mobile(MEASURE), other_stage, other, *addressing(other), domain="mobile")
    groups = site.page(PAGE).one(id="explorer").all("section", css="tactic")
    assert [group.one(css="domain").words for group in groups] == ["Enterprise", "Mobile"]
    assert [group.one("ul").words for group in groups] == ["T1000 One", "T1100 M"]


def test_explorer_has_the_domains_in_their_order_whatever_their_matrices_are_called(
    site: Site,
) -> None:
    for domain, name in (("enterprise", "Zulu"), ("mobile", "Yankee"), ("ics", "Alpha")):
        stage, target = (
            tactic(f"TA-{name}", name, "x", domain),
            technique(name, name, ("x",), domain),
        )
        grid = matrix(domain, [stage]) | {"name": name}
        rows = addressing(target)
        import_objects(MEASURE, stage, target, grid, *rows, domain=domain)
    groups = site.page(PAGE).one(id="explorer").all("section", css="tactic")
    assert [group.one("h3").one("a").words for group in groups] == ["Zulu", "Yankee", "Alpha"]


def test_rows_are_shown_when_what_is_addressed_is_of_an_unknown_type(site: Site) -> None:
    strange, nameless = stix_object("x-new-thing", "Strange"), stix_object("attack-pattern")
    import_objects(MEASURE, strange, nameless, *addressing(strange, nameless))
    assert table(site).count == "1 row"
    assert "Strange" in site.page(PAGE).one("section", id="mitigates-to").words


def test_page_is_shown_when_a_technique_is_its_own_parent(site: Site) -> None:
    loop, other = technique("T1000", "Loop"), technique("T1001", "Other")
    links = [
        relationship("subtechnique-of", loop, loop),
        relationship("subtechnique-of", other, loop),
    ]
    import_objects(MEASURE, loop, other, *links, *addressing(loop, other))
    assert table(site).count == "2 rows"
