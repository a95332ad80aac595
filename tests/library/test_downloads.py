"""Files that people take away: what is in them, and that nothing in them does harm."""

import io
from typing import Any

import jsonschema
import openpyxl
import orjson
import pytest
import stix2

from library.files.sheets import Sheet
from library.files.spreadsheets import workbook
from tests.factories import (
    import_objects,
    mitigation,
    relationship,
    stix_object,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Listing, Site, Table
from tests.library.taken import (
    FORMULA,
    GROUPS,
    PAGE,
    content,
    detected,
    group,
    loaded,
    measure,
    rows,
)

pytestmark = pytest.mark.django_db


def sheets(site: Site, path: str) -> dict[str, list[tuple[Any, ...]]]:
    """The sheets of a workbook by their names; no cell may be a formula."""
    book = openpyxl.load_workbook(io.BytesIO(content(site, path)))
    found = {}
    for page in book:
        assert all(cell.data_type in {"s", "inlineStr", "n"} for row in page.rows for cell in row)
        found[page.title] = list(page.values)
    return found


def test_csv_has_the_rows_of_the_table_in_its_order(site: Site) -> None:
    import_objects(*measure())
    table = Table(site.page(PAGE))
    heads, *found = rows(site, f"{PAGE}/csv")
    assert heads == ["Domain", "ID", "Name", "Use", "Sources"]
    assert [row[1] for row in found] == table.ids == ["T1000", "T1000.001"]
    assert found[0][2:] == [
        "Head",
        "First.\nThen x < y.[1]",
        "[1] By A. https://example.org/a",
    ]
    assert found[1][2] == "Head: Sub"


def test_csv_is_filtered_and_sorted_as_the_table_is(site: Site) -> None:
    import_objects(*measure())
    for query in ("?sort=-name", "?filter=sub", "?filter=nothing", "?filter=head&sort=-id"):
        page = site.page(PAGE + query)
        links = [a["href"] for a in page.one(id="techniques").all("a", css="count-file")]
        shown = [row.one("th").words for row in page.all("tr", css="row")]
        assert [row[1] for row in rows(site, links[0])[1:]] == shown


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t=", " =", "\uff1d"])
def test_no_cell_of_a_csv_begins_a_formula(site: Site, beginning: str) -> None:
    own = mitigation("M1000", f"{beginning}cmd|'/c calc'!A1", description=f"{beginning}1+1")
    head = technique("T1000", f"{beginning}2")
    import_objects(own, head, relationship("mitigates", own, head, f"{beginning}3"))
    for path in (f"{PAGE}/csv", f"{PAGE}/csv?table=facts", f"{MITIGATIONS}/csv"):
        for row in rows(site, path):
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), cell


def test_csv_is_of_the_table_that_is_asked_for(site: Site) -> None:
    import_objects(*measure())
    facts = dict(row for row in rows(site, f"{PAGE}/csv?table=facts"))
    assert facts["ID"] == "M1000"
    assert facts["Created"] == "2024-05-06"
    assert rows(site, f"{PAGE}/csv?table=references") == [
        ["Number", "Source", "Address"],
        ["1", "By A.", "https://example.org/a"],
    ]
    assert site.get(f"{PAGE}/csv?table=none").status_code == 404


def test_csv_has_the_facts_when_a_page_has_no_table(site: Site) -> None:
    import_objects(stix_object("x-new-kind", "Thing"))
    stix_id = stix_object("x-new-kind", "Thing")["id"]
    assert rows(site, f"{LIBRARY}/objects/{stix_id}/csv")[0] == ["Fact", "Value"]


def test_csv_has_every_column_that_rows_show(site: Site) -> None:
    import_objects(*group())
    assert rows(site, f"{GROUPS}/G0001/csv?table=aliases")[1] == ["Other", "[1]", "[1] By A."]
    heads, row = rows(site, f"{GROUPS}/G0001/csv?table=campaigns")
    assert heads == ["Domain", "ID", "Name", "First seen", "Last seen", "Attribution", "Sources"]
    assert row[1:5] == ["C0001", "Spree", "2020-02", "2020-03"]
    heads, row = rows(site, f"{GROUPS}/G0001/csv?table=software")
    assert heads[-2:] == ["Techniques", "Sources"]
    assert row[-3:-1] == ["Ran it.", "T1500 Used"]


def test_files_say_of_an_analytic_what_the_detection_table_does(site: Site) -> None:
    import_objects(*detected())
    path = f"{LIBRARY}/techniques/T1600"
    listed = site.page(path).one(id="detections").one("details", css="beside").all("li")
    shown = ["AN0001 Analytic 1 Windows: Watch; look.", "AN0002 Analytic 2 Linux: Listen."]
    assert [li.words for li in listed] == shown
    heads, row = rows(site, f"{path}/csv?table=detections")
    # A column that no row has anything to say in is none of the page's.
    assert heads == ["Domain", "ID", "Name", "Analytics", "Sources"]
    said = "AN0001 Analytic 1 | Windows: Watch; look.\nAN0002 Analytic 2 | Linux: Listen."
    assert row == ["Enterprise", "DET0001", "Notice", said, ""]
    assert sheets(site, f"{path}/xlsx")["Detection"][1][3] == said
    tables = {table["slug"]: table for table in loaded(site, f"{path}/json")["tables"]}
    (stated,) = tables["detections"]["rows"]
    assert [one["told"] for one in stated["beside"]] == [
        "Windows: Watch; look.",
        "Linux: Listen.",
    ]


def test_detection_table_is_filtered_by_all_that_its_rows_show(site: Site) -> None:
    import_objects(*detected())
    for text, found in (("windows", 1), ("listen", 1), ("analytic+2", 1), ("macos", 0)):
        page = site.page(f"{LIBRARY}/techniques/T1600?table=detections&filter={text}")
        assert len(page.one(id="detections").all("tr", css="row")) == found, text


def test_json_of_before_is_still_of_the_published_schema(site: Site) -> None:
    import_objects(*detected())
    found = loaded(site, f"{LIBRARY}/techniques/T1600/json")
    for table in found["tables"]:
        for row in table["rows"]:
            row["beside"] = [{k: v for k, v in o.items() if k != "told"} for o in row["beside"]]
    jsonschema.validate(found, strict(schema_of(site, found)))


def test_json_says_what_the_page_says(site: Site) -> None:
    import_objects(*measure(description="Defined.(Citation: Nowhere)"))
    found = loaded(site, f"{PAGE}/json")
    assert found["url"] == f"http://testserver{PAGE}"
    assert (found["attack_id"], found["name"], found["status"]) == (
        "M1000",
        "Filter & Block",
        "Live",
    )
    assert found["definition"] == {"words": "Defined.[1]", "references": [1]}
    (table,) = found["tables"]
    assert [row["object"]["attack_id"] for row in table["rows"]] == ["T1000", "T1000.001"]
    assert table["rows"][1]["parent"]["name"] == "Head"
    assert table["rows"][0]["note"]["references"] == [2]
    assert [entry["resolved"] for entry in found["references"]] == [False, True]
    raw = site.get(found["domains"][0]["raw_url"].removeprefix("http://testserver"))
    assert raw.status_code == 200
    assert "The MITRE Corporation" in found["notice"]
    assert found["citation"].endswith(f"http://testserver{LIBRARY}/v/1.0/mitigations/M1000")


def schema_of(site: Site, found: dict[str, Any]) -> Any:
    response = site.get(found["$schema"].removeprefix("http://testserver"))
    assert response["Content-Type"] == "application/schema+json"
    published = orjson.loads(response.content)
    jsonschema.Draft202012Validator.check_schema(published)
    assert published["$id"] == found["$schema"]
    return published


def strict(node: Any) -> Any:
    """The same schema, in which no object may have a property that it does not name."""
    if isinstance(node, dict):
        closed = {"additionalProperties": False} if "properties" in node else {}
        return {key: strict(value) for key, value in node.items()} | closed
    return [strict(part) for part in node] if isinstance(node, list) else node


@pytest.mark.parametrize(
    "path",
    [
        *(f"{PAGE}/json", f"{GROUPS}/G0001/json", f"{LIBRARY}/matrices/enterprise-attack/json"),
        f"{LIBRARY}/techniques/T1600/json",
    ],
)
def test_json_of_a_page_is_of_the_published_schema(site: Site, path: str) -> None:
    import_objects(*measure(), *group(), *detected())
    found = loaded(site, path)
    jsonschema.validate(found, strict(schema_of(site, found)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found | {"name": 1}, schema_of(site, found))


def test_json_of_a_list_is_of_the_published_schema(site: Site) -> None:
    import_objects(*(mitigation(f"M1{n:03}", f"Name {n}") for n in range(30)))
    found = loaded(site, f"{MITIGATIONS}/json?offset=25")
    jsonschema.validate(found, strict(schema_of(site, found)))
    assert found["total"] == len(found["records"]) == 30


def test_unknown_schema_is_a_404(site: Site) -> None:
    assert site.get(f"{LIBRARY}/schemas/object-0").status_code == 404


def test_files_of_a_list_hold_all_of_it_as_it_is_filtered(site: Site) -> None:
    made = [mitigation(f"M1{n:03}", f"Name {n:02}") for n in range(30)]
    import_objects(*made, mitigation("M1900", "Old", revoked=True))
    import_objects(mitigation("M1500", "Name 99", "ics"), domain="ics")
    for query in ("", "?domain=ics", "?q=name+1", "?includeRevoked=true", "?q=none"):
        total = int(Listing(site.page(MITIGATIONS + query)).count.split()[0])
        records = loaded(site, f"{MITIGATIONS}/json{query}")["records"]
        ids = [record["attack_id"] for record in records]
        assert len(ids) == total
        assert [row[1] for row in rows(site, f"{MITIGATIONS}/csv{query}")[1:]] == ids
        book = sheets(site, f"{MITIGATIONS}/xlsx{query}")
        assert [row[1] for row in book["Mitigations"][1:]] == ids
        bundle = loaded(site, f"{MITIGATIONS}/stix{query}")
        objects = bundle.get("objects", [])
        assert stix2.parse(bundle, allow_custom=True, version="2.1")
        held = [found for found in objects if found["type"] == "course-of-action"]
        assert len(held) == len({record["stix_id"] for record in records})


def test_files_that_a_list_offers_are_there(site: Site) -> None:
    import_objects(*measure(), *group())
    for kind in ("mitigations", "techniques", "groups", "matrices"):
        page = site.page(f"{LIBRARY}/{kind}?q=e")
        links = [a["href"] for a in page.one(css="list-files").all("a")]
        assert len(links) == (4 if kind == "matrices" else 5)
        for link in links:
            assert content(site, link)


def test_files_that_a_page_offers_are_there(site: Site) -> None:
    import_objects(*measure(), *group())
    for path in (PAGE, f"{GROUPS}/G0001", f"{LIBRARY}/matrices/enterprise-attack"):
        page = site.page(path)
        links = {a["href"] for a in page.one("main").all("a") if "download" in a.attributes}
        assert len(links) >= 6
        for link in links:
            assert content(site, link)


def test_workbook_has_a_sheet_for_each_table(site: Site) -> None:
    import_objects(*measure())
    book = sheets(site, f"{PAGE}/xlsx")
    assert list(book) == ["Facts", "Techniques addressed", "References"]
    assert book["Techniques addressed"][2][3] == FORMULA


def test_workbook_says_so_when_excel_cannot_hold_a_text(site: Site) -> None:
    import_objects(mitigation("M1000", "One", description="word " * 10_000))
    ((_, *_), row) = sheets(site, f"{MITIGATIONS}/xlsx")["Mitigations"]
    (definition,) = [cell for cell in row if isinstance(cell, str) and cell.startswith("word")]
    assert definition.endswith("[cut: Excel holds no more in a cell]")
    assert len(definition) == 32_767


def test_workbook_of_a_release_leaves_nothing_out(site: Site) -> None:
    objects = [*measure(), mitigation("M1900", "Old", revoked=True)]
    objects += [stix_object("x-new-kind", "Thing")]
    import_objects(*objects)
    page = site.page(LIBRARY)
    (link,) = [a["href"] for a in page.all("a") if "/workbooks/" in a["href"]]
    book = sheets(site, link)
    assert [row[1] for row in book["Mitigations"][1:]] == ["M1000", "M1900"]
    assert ("new kind", "Thing") in [
        (row[0].removeprefix("X "), row[1]) for row in book["Other objects"][1:]
    ]
    links = book["Links"][1:]
    assert ("M1000", "Filter & Block", "mitigates", "T1000", "Head") in [row[:5] for row in links]
    assert {row[2] for row in links} >= {"mitigates", "subtechnique-of", "kill_chain_phases"}
    assert site.get(f"{LIBRARY}/workbooks/mobile").status_code == 404


@pytest.mark.parametrize("form", ["json", "csv", "xlsx", "stix", "navigator"])
def test_files_answer_as_pages_do_when_nothing_fits(site: Site, form: str) -> None:
    import_objects(*measure())
    assert site.get(f"{MITIGATIONS}/M9999/{form}").status_code == 404
    assert site.get(f"{LIBRARY}/objects/x--y/{form}").status_code == 404
    assert site.moves(f"{MITIGATIONS}/m1000/{form}?a=b", 301) == f"{PAGE}/{form}?a=b"
    assert site.get(f"{PAGE}/{form}?domain=%00&table=%00&filter=%00").status_code in {200, 404}
    etag = site.get(f"{PAGE}/{form}")["ETag"]
    again = site.get(f"{PAGE}/{form}", **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert site.client.post(f"{PAGE}/{form}").status_code == 405


def test_files_of_a_pinned_release_are_of_that_release(site: Site) -> None:
    import_objects(mitigation("M1000", "Old name"), release="1.0")
    import_objects(mitigation("M1000", "New name"), release="2.0")
    pinned = f"{LIBRARY}/v/1.0/mitigations"
    assert loaded(site, f"{pinned}/M1000/json")["name"] == "Old name"
    assert rows(site, f"{pinned}/csv")[1][2] == "Old name"
    response = site.get(f"{pinned}/M1000/json")
    assert 'filename="M1000-old-name-1.0.json"' in response["Content-Disposition"]


def test_head_has_the_headers_of_a_file_and_no_body(site: Site) -> None:
    import_objects(*measure())
    response = site.client.head(f"{PAGE}/csv")
    assert response.status_code == 200
    assert response["Content-Disposition"]
    assert b"".join(response.streaming_content) == b""  # type: ignore[attr-defined]


def test_files_of_an_unknown_kind_have_what_mitre_wrote(site: Site) -> None:
    novelty = stix_object("x-new-kind", "Thing", x_of="it")
    import_objects(novelty)
    page = f"{LIBRARY}/objects/{novelty['id']}"
    assert loaded(site, f"{page}/json")["written"]["x_of"] == "it"
    assert ["x_of", "it"] in rows(site, f"{page}/csv")


def test_a_page_offers_a_layer_only_where_there_are_techniques_for_it(site: Site) -> None:
    import_objects(*measure(), mitigation("M2000", "Idle"))
    import_objects(mitigation("M1000", "Filter", "ics"), domain="ics")
    for path, domains in ((PAGE, ["Enterprise"]), (f"{MITIGATIONS}/M2000", [])):
        links = [a.words for a in site.page(path).one(id="files").all("a")]
        assert [w for w in links if w.startswith("Layer")] == [f"Layer, {d}" for d in domains]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Other sub-techniques of the same technique", "Other sub-techniques"),
        ("Techniques detected by its strategy", "Techniques detected"),
        ("x" * 40, "x" * 31),
        ("Thirty-one letters and no more.", "Thirty-one letters and no more."),
        ("References", "References"),
    ],
)
def test_a_sheet_has_a_name_of_whole_words(title: str, name: str) -> None:
    book = openpyxl.load_workbook(workbook([Sheet("a", title, ("A",), [])] * 2, {}))
    assert book.sheetnames[0] == name
    assert len(set(book.sheetnames)) == 2
    assert all(len(each) <= 31 for each in book.sheetnames)
