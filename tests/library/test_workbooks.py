"""Workbooks of pages, of lists and of a whole release."""

import openpyxl
import pytest

from library.files.sheets import Sheet
from library.files.spreadsheets import workbook
from library.models import Snapshot
from tests.factories import import_objects, mitigation, stix_object
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.taken import FORMULA, PAGE, measure, sheets

pytestmark = pytest.mark.django_db


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
    held = Snapshot.objects.get()
    assert len(links) == held.edges.count()
    listed = sum(len(found) - 1 for name, found in book.items() if name != "Links")
    assert listed == held.object_count - held.objects_by_type["relationship"]
    assert site.get(f"{LIBRARY}/workbooks/mobile").status_code == 404


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
