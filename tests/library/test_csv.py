"""CSV files of pages and lists: the tables as they are shown, and no formulas."""

import pytest

from tests.factories import import_objects, mitigation, relationship, stix_object, technique
from tests.library.pages import LIBRARY, MITIGATIONS, Site, Table
from tests.library.taken import GROUPS, PAGE, group, measure, rows

pytestmark = pytest.mark.django_db


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
    facts = {row[0]: row[1] for row in rows(site, f"{PAGE}/csv?table=facts")}
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
    assert rows(site, f"{LIBRARY}/objects/{stix_id}/csv")[0] == ["Fact", "Value", "Sources"]


def test_csv_has_every_column_that_rows_show(site: Site) -> None:
    import_objects(*group())
    assert rows(site, f"{GROUPS}/G0001/csv?table=aliases")[1] == ["Other", "[1]", "[1] By A."]
    heads, row = rows(site, f"{GROUPS}/G0001/csv?table=campaigns")
    assert heads == ["Domain", "ID", "Name", "First seen", "Last seen", "Attribution", "Sources"]
    assert row[1:5] == ["C0001", "Spree", "2020-02[1]", "2020-03[1]"]
    heads, row = rows(site, f"{GROUPS}/G0001/csv?table=software")
    assert heads[-2:] == ["Techniques", "Sources"]
    assert row[-3:-1] == ["Ran it.", "T1500 Used"]
