"""Tables of an object's own properties: filtered and folded as those of relationships are."""

import pytest

from tests.factories import attack_object, import_objects, relationship, technique
from tests.library.pages import LIBRARY, PARTIAL, Element, Site
from tests.library.taken import loaded, rows

pytestmark = pytest.mark.django_db
PAGE = f"{LIBRARY}/data-components/DC0001"
LOGS = [("sysmon", "EventCode=1"), ("auditd", "execve"), ("auditd", "`open_at`")]
PAPER = {"source_name": "Paper", "description": "A. Paper."}


@pytest.fixture
def library(site: Site) -> Site:
    component = attack_object(
        "x-mitre-data-component",
        "DC0001",
        "Process",
        x_mitre_log_sources=[{"name": name, "channel": channel} for name, channel in LOGS],
    )
    noticed = technique("T1000", "Noticed")
    note = {"source_name": "Other crew", "description": "(Citation: Paper)"}
    aliases = ["Crew", "Other crew", "Third crew"]
    group = attack_object(
        "intrusion-set", "G0001", "Crew", aliases=aliases, references=[note, PAPER]
    )
    import_objects(component, noticed, relationship("detects", component, noticed), group)
    return site


def shown(page: Element, section: str = "log-sources") -> list[str]:
    """The rows of a table, their cells parted by a space."""
    found = page.one(id=section).all("tr", css="row")
    return [" ".join(c.words for c in (*row.all("th"), *row.all("td"))) for row in found]


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("auditd", ["auditd execve", "auditd open_at"], "2 of 3 rows"),
        ("AUDITD open_at", ["auditd open_at"], "1 of 3 rows"),
        ("eventcode=1", ["sysmon EventCode=1"], "1 of 3 rows"),
        ("nothing", [], "0 of 3 rows"),
        ("", ["sysmon EventCode=1", "auditd execve", "auditd open_at"], "3 rows"),
    ],
)
def test_a_filter_leaves_the_rows_that_hold_every_word(
    library: Site, text: str, left: list[str], count: str
) -> None:
    page = library.page(f"{PAGE}?table=log-sources&filter={text}")
    assert shown(page) == left
    section = page.one(id="log-sources")
    assert section.one("p", css="count").one("strong").words == count
    assert section.has("p", css="nothing") == (not left)
    # Of the other table every row.
    assert len(page.one(id="techniques").all("tr", css="row")) == 1


def test_a_table_of_a_property_has_the_filter_and_the_fold_of_any_table(library: Site) -> None:
    section = library.page(PAGE).one(id="log-sources")
    form = section.one("form", css="table-tools")
    assert form["action"] == f"{PAGE}#log-sources"
    fields = {field["name"]: field.attributes.get("value", "") for field in form.all("input")}
    assert fields == {"table": "log-sources", "filter": ""}
    assert section.has("details", css="fold")


def test_a_part_is_the_rows_with_their_count(library: Site) -> None:
    part = library.get(f"{PAGE}?table=log-sources&filter=execve", **PARTIAL)
    assert part["HX-Push-Url"] == f"{PAGE}?table=log-sources&filter=execve"
    body = part.content.decode()
    assert body.strip().startswith('<div id="log-sources-table">')
    assert "1 of 3 rows" in body
    assert "sysmon" not in body


def test_a_table_filtered_before_is_whole_again(library: Site) -> None:
    before = {"HX-Current-URL": f"http://testserver{PAGE}?table=log-sources&filter=execve"}
    part = library.get(f"{PAGE}?table=techniques&filter=x", **PARTIAL, **before).content.decode()
    assert '<section id="log-sources" hx-swap-oob="true"' in part
    assert "sysmon" in part


def test_files_have_what_is_shown_and_json_has_all(library: Site) -> None:
    page = library.page(f"{PAGE}?table=log-sources&filter=execve")
    link = page.one(id="log-sources").one("a", css="count-file")["href"]
    assert rows(library, link) == [["Name", "Channel", "Sources"], ["auditd", "execve", ""]]
    (listing,) = loaded(library, f"{PAGE}/json?table=log-sources&filter=execve")["listings"]
    assert len(listing["rows"]) == len(LOGS)


def test_references_say_when_the_rows_that_cite_them_are_left_out(library: Site) -> None:
    path = f"{LIBRARY}/groups/G0001"
    page = library.page(f"{path}?table=aliases&filter=third")
    assert shown(page, "aliases") == ["Third crew not stated"]
    assert "Cited in rows that the filter leaves out." in page.one(id="references").words
    assert "Cited in rows" not in library.page(path).one(id="references").words
