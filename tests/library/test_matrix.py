"""The matrix: tactics in MITRE's order, techniques by name below each, marks and filters."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Element, Site, parse
from tests.library.soundness.matrices import wrong_matrices

pytestmark = pytest.mark.django_db
MATRIX = f"{LIBRARY}/matrices/enterprise-attack"
FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")
ALPHA = technique("T1001", "Alpha", ("first", "second"), x_mitre_platforms=["Linux"])
SUB = technique("T1001.001", "Sub", ("first",), x_mitre_platforms=["Linux", "macOS"])
BETA = technique("T1002", "beta", ("first",), x_mitre_platforms=["Windows"])
GONE = technique("T1003", "Gone", ("first",), revoked=True)
ORPHAN = technique("T1004.001", "Orphan", ("second",))
HEAD = technique("T1004", "Head")
MEASURE = mitigation("M1000", "Measure")


def matrix(*tactics: Properties, **rest: Any) -> Properties:
    refs = [found["id"] for found in tactics]
    return attack_object(
        "x-mitre-matrix", "enterprise-attack", "Enterprise ATT&CK", tactic_refs=refs, **rest
    )


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(
        *(matrix(SECOND, FIRST), FIRST, SECOND, ALPHA, SUB, BETA, GONE, ORPHAN, HEAD, MEASURE),
        relationship("subtechnique-of", SUB, ALPHA),
        relationship("subtechnique-of", ORPHAN, HEAD),
        relationship("mitigates", MEASURE, SUB),
        relationship("mitigates", MEASURE, BETA),
    )
    return site


def grid(page: Element) -> list[list[str]]:
    """The IDs in each row of the table, those of sub-techniques behind their own."""
    rows = page.one("table", css="matrix").one("tbody").all("tr")
    return [
        [" ".join(e.words for e in cell.all(css="attack-id")) for cell in row.all("td")]
        for row in rows
    ]


def test_tactics_stand_in_the_order_of_the_matrix_with_their_counts(library: Site) -> None:
    heads = [th.words for th in library.page(MATRIX).one("table", css="matrix").all("th")]
    # A sub-technique whose technique stands elsewhere is counted as what it is.
    assert heads == [
        "Second 1 technique, 1 sub-technique",
        "First 2 techniques, 1 sub-technique",
    ]
    assert "2 techniques, 2 sub-techniques" in library.page(MATRIX).one(id="matrix-grids").words


def test_techniques_stand_by_name_below_each_tactic_with_their_sub_techniques(
    library: Site,
) -> None:
    # A sub-technique whose parent serves another tactic stands by itself.
    assert grid(library.page(MATRIX)) == [["T1001", "T1001 T1001.001"], ["T1004.001", "T1002"]]


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("Windows", [["", "T1002"]]),
        ("Linux", [["T1001", "T1001 T1001.001"]]),
        # What only parts of it are on heads these.
        ("macOS", [["", "T1001 T1001.001"]]),
        ("linux", [["T1001", "T1001 T1001.001"]]),
    ],
)
def test_a_platform_leaves_what_it_has(
    library: Site, platform: str, expected: list[list[str]]
) -> None:
    assert grid(library.page(f"{MATRIX}?platform={platform}")) == expected


def test_a_technique_that_only_heads_sub_techniques_on_a_platform_says_so_and_counts_for_nothing(
    library: Site,
) -> None:
    page = library.page(f"{MATRIX}?platform=macOS&find=alpha")
    table = page.one("table", css="matrix")
    (head,) = table.all("a", css="matrix-heads-only")
    assert head.words == "T1001 Alpha not on macOS itself, only:"
    assert "open" in table.one("details").attributes
    assert [th.words for th in table.all("th")] == [
        "Second 0 techniques",
        "First 0 techniques, 1 sub-technique",
    ]
    said = page.one(id="matrix-grids").one("p", css="count").words
    assert "0 techniques, 1 sub-technique on macOS 0 hold “alpha”" in said
    assert list(wrong_matrices(page)) == []


def test_an_object_s_matrix_of_a_platform_counts_the_sub_techniques_on_it(library: Site) -> None:
    marks = relationship("mitigates", MEASURE, ALPHA)
    held = (matrix(SECOND, FIRST), FIRST, SECOND, ALPHA, SUB, MEASURE, marks)
    links = relationship("subtechnique-of", SUB, ALPHA), relationship("mitigates", MEASURE, SUB)
    import_objects(*held, *links, release="2.0")
    page = library.page(f"{LIBRARY}/mitigations/M1000/matrix?platform=macOS")
    marked = [e.one(css="attack-id").words for e in page.all("a", css="matrix-marked")]
    assert marked == ["T1001.001"]
    said = page.one(id="matrix-grids").one("p", css="count").words
    assert said.endswith("0 of 0 techniques, 1 of 1 sub-technique on macOS")


def test_a_text_is_highlighted_and_opens_what_holds_it(library: Site) -> None:
    page = library.page(f"{MATRIX}?find=sub")
    assert [e.words for e in page.all("a", css="matrix-found")] == ["T1001.001 Sub"]
    assert page.one("table", css="matrix").one("details").attributes.keys() >= {"open"}
    assert "1 hold “sub”" in page.one(id="matrix-grids").words


def test_sub_techniques_are_shown_when_they_are_asked_for(library: Site) -> None:
    for query, is_open in (("", False), ("?subs=open", True)):
        details = library.page(MATRIX + query).one("table", css="matrix").one("details")
        assert ("open" in details.attributes) is is_open


def test_an_object_has_its_techniques_marked(library: Site) -> None:
    page = library.page(f"{LIBRARY}/mitigations/M1000/matrix")
    marked = [e.one(css="attack-id").words for e in page.all("a", css="matrix-marked")]
    assert marked == ["T1001.001", "T1002"]
    heads = [th.words for th in page.one("table", css="matrix").all("th")]
    assert heads == [
        "Second 0 of 1 technique, 0 of 1 sub-technique",
        "First 1 of 2 techniques, 1 of 1 sub-technique",
    ]
    said = "Enterprise ATT&CK Enterprise 1 of 2 techniques, 1 of 2 sub-techniques"
    assert page.one(id="matrix-grids").one("p", css="count").words == said
    assert page.one("meta", name="robots")["content"] == "noindex"


def test_heads_of_an_object_s_matrix_add_up_to_its_explorer(library: Site) -> None:
    explored = library.page(f"{LIBRARY}/mitigations/M1000").one(id="explorer").all(css="tactic")
    told = {
        group.one("h3").one("a").words: group.one("h3").one(css="figure").words
        for group in explored
    }
    assert told == {"First": "2 of 3"}
    table = library.page(f"{LIBRARY}/mitigations/M1000/matrix").one("table", css="matrix")
    figures = [
        [int(word) for word in re.findall(r"\d+", th.one(css="matrix-count").words)]
        for th in table.all("th")
    ]
    assert [f"{a + c} of {b + d}" for a, b, c, d in figures] == ["0 of 2", told["First"]]


def test_an_object_s_matrix_says_what_its_marks_mean(library: Site) -> None:
    for path in ("mitigations/M1000/matrix", "mitigations/M1000"):
        legend = library.page(f"{LIBRARY}/{path}").one("dl", css="matrix-legend")
        assert [dt.words for dt in legend.all("dt")] == ["Marked", "Parts marked", "2 of 5"]
        assert "stands under “Techniques addressed” itself" in legend.words
    cells = library.page(f"{LIBRARY}/mitigations/M1000/matrix").all("td", css="matrix-has-marked")
    assert [cell.all(css="attack-id")[0].words for cell in cells] == ["T1001"]


def test_a_kind_without_techniques_of_its_own_has_no_matrix(library: Site) -> None:
    page = library.page(f"{LIBRARY}/techniques/T1001/matrix", 404)
    head = page.one("header", css="page-head")
    assert head.one("h1").words == "No matrix of T1001"
    assert head.one("p", css="purpose").words == "Techniques have no matrix of their own."
    assert [a["href"] for a in page.one("ul", css="near").all("a")] == [
        f"{LIBRARY}/techniques/T1001"
    ]
    library.page(f"{LIBRARY}/mitigations/M9999/matrix", 404)


@pytest.mark.parametrize("path", [MATRIX, f"{LIBRARY}/mitigations/M1000/matrix"])
def test_a_part_is_the_grids_alone(library: Site, path: str) -> None:
    part = library.get(f"{path}?find=sub&platform=&subs=open", **PARTIAL)
    assert part["HX-Push-Url"] == f"{path}?find=sub&subs=open"
    assert b"<html" not in part.content
    assert b'id="matrix-grids"' in part.content


@pytest.mark.parametrize("path", [MATRIX, f"{LIBRARY}/mitigations/M1000/matrix"])
@pytest.mark.parametrize(
    ("before", "asked", "is_a_step"),
    [
        *(("", "find=s", True), ("find=s", "find=su", False), ("find=su", "find=s", False)),
        *(("find=s", "", True), ("find=s", "find=s&subs=open", True)),
        *(("find=s", "find=s&platform=Linux", True), ("", "platform=Linux", True)),
    ],
)
def test_back_undoes_each_step_but_not_each_letter(
    library: Site, path: str, before: str, asked: str, is_a_step: bool
) -> None:
    current = {"HX-Current-URL": f"http://testserver{path}?{before}"}
    part = library.get(f"{path}?{asked}", **PARTIAL, **current)
    assert ("HX-Push-Url" in part, "HX-Replace-Url" in part) == (is_a_step, not is_a_step)


def test_a_pinned_matrix_shows_its_release(library: Site) -> None:
    import_objects(matrix(FIRST), FIRST, BETA, release="2.0")
    assert grid(library.page(MATRIX)) == [["T1002"]]
    assert len(grid(library.page(f"{LIBRARY}/v/1.0/matrices/enterprise-attack"))) == 2


@pytest.mark.parametrize("size", [1, 30])
def test_a_matrix_costs_the_same_however_many_techniques(site: Site, size: int) -> None:
    made = [technique(f"T1{n:03}", f"Name {n}", ("first",)) for n in range(size)]
    import_objects(matrix(FIRST), FIRST, *made)
    # What is kept of a release is read once in a process, before its first request.
    site.page(MATRIX)
    with CaptureQueriesContext(connection) as queries:
        site.page(MATRIX)
    assert len(queries) == 7


def test_a_matrix_within_an_object_s_page_leaves_the_address_as_it_is(library: Site) -> None:
    page = f"{LIBRARY}/mitigations/M1000"
    asked = library.page(page).one(id="matrix-grids")["hx-get"]
    response = library.get(asked, **PARTIAL)
    assert response.status_code == 200
    assert "matrix-marked" in response.content.decode()
    assert "HX-Push-Url" not in response
    assert "HX-Replace-Url" not in response


def test_a_matrix_leads_to_a_view_of_each_platform(library: Site) -> None:
    views = library.page(MATRIX).one("nav", css="choices").all("a")
    assert [view.words for view in views] == ["All platforms", "Linux", "Windows", "macOS"]
    page = library.page(views[1]["href"].partition("#")[0])
    assert "on Linux" in page.one(id="matrix-grids").words


def test_a_platform_that_no_technique_has_is_as_if_not_given(library: Site) -> None:
    page = library.page(f"{MATRIX}?platform=Plan+9")
    assert grid(page) == grid(library.page(MATRIX))
    assert "on Plan 9" not in page.one(id="matrix-grids").words


@pytest.mark.parametrize("pinned", ["", "/v/1.0"])
def test_a_matrix_without_the_platform_that_another_has_counts_no_technique_and_shows_no_grid(
    library: Site, pinned: str
) -> None:
    stage = tactic("TA0027", "Entry", "entry", "mobile")
    phone = technique("T1400", "Phone", ("entry",), "mobile", x_mitre_platforms=["Android"])
    links = relationship("mitigates", MEASURE, phone), stage
    import_objects(MEASURE, phone, *links, domain="mobile")
    page = library.page(f"{LIBRARY}{pinned}/mitigations/M1000/matrix?platform=android")
    grids = page.one(id="matrix-grids")
    assert [e.one(css="attack-id").words for e in grids.all("a", css="matrix-entry")] == ["T1400"]
    assert "1 of 1 technique on Android" in grids.one("p", css="count").words
    said = grids.one("p", css="absent").words
    assert said == "Enterprise ATT&CK Enterprise 0 techniques: none in it is on Android."
    # What neither knows is left aside.
    page = library.page(f"{LIBRARY}{pinned}/mitigations/M1000/matrix?platform=Plan+9")
    grids = page.one(id="matrix-grids")
    assert grids.one("p", css="notice").words.startswith("There is no platform “Plan 9”")
    assert len(grids.all("table", css="matrix")) == 2
    assert "?" not in page.one(id="citation").words


def test_a_deprecated_matrix_shows_what_was_let_go_of_with_it(site: Site) -> None:
    old = tactic("TA0003", "Old", "old") | {"x_mitre_deprecated": True}
    gone = technique("T1900", "Gone", ("old",), revoked=True)
    dead = attack_object(
        "x-mitre-matrix",
        "enterprise-attack",
        "Old matrix",
        id="x-mitre-matrix--5104d5f0-16b7-4aec-8ae3-0a90cd5494fc",
        tactic_refs=[old["id"]],
        x_mitre_deprecated=True,
    )
    import_objects(matrix(FIRST), FIRST, BETA, old, gone, dead)
    address = f"{LIBRARY}/objects/{dead['id']}"
    page = site.page(address)
    assert grid(page) == [["T1900"]]
    form = page.one(id="matrix").one("form")
    assert form["action"] == f"{address}#matrix"
    assert grid(site.page(MATRIX)) == [["T1002"]]


def test_a_tactic_too_long_for_the_paper_has_a_head_where_it_goes_on(site: Site) -> None:
    many = [technique(f"T2{n:03}", f"Number {n:03}", ("first",)) for n in range(150)]
    import_objects(matrix(FIRST, SECOND), FIRST, SECOND, ALPHA, *many)
    table = site.page(MATRIX).one("table", css="matrix")
    breaks = table.all("td", css="matrix-break")
    assert breaks
    assert {cell.one(css="matrix-goes-on").words for cell in breaks} == {"First, continued"}
    assert f"on-paper-{2 + len(breaks)}" in table.classes
    assert len(table.all(css="matrix-goes-on")) == len(breaks)


def test_sub_techniques_that_are_found_have_their_place_on_paper(site: Site) -> None:
    subs = [technique(f"T1001.{n:03}", f"Part {n:03}", ("first",)) for n in range(100)]
    links = [relationship("subtechnique-of", sub, ALPHA) for sub in subs]
    import_objects(matrix(FIRST, SECOND), FIRST, SECOND, ALPHA, BETA, *subs, *links)
    for query, breaks in (("", 0), ("?subs=open", 0), ("?find=part", 1)):
        table = site.page(MATRIX + query).one("table", css="matrix")
        assert len(table.all("td", css="matrix-break")) == breaks


def test_a_matrix_of_an_object_is_described_to_those_who_only_hear_of_it(library: Site) -> None:
    page = library.page(f"{LIBRARY}/mitigations/M1000/matrix")
    words = "MITRE ATT&CK mitigation Measure: techniques addressed, marked where they stand"
    assert page.one("meta", name="description")["content"].startswith(words)
    assert page.one("meta", property="og:description")["content"].startswith(words)


def test_a_pinned_matrix_of_an_object_says_how_that_stands_now(library: Site) -> None:
    changed = MEASURE | {"description": "Another."}
    import_objects(matrix(SECOND, FIRST), FIRST, SECOND, changed, release="2.0")
    same = "is the same in the current edition, to the byte, and so is all around it."
    for release, said in (("1.0", "differs from this one."), ("2.0", same)):
        page = library.page(f"{LIBRARY}/v/{release}/mitigations/M1000/matrix")
        banner = page.one("aside", css="pinned-banner")
        assert said in banner.words
        assert banner.one("a")["href"] == f"{LIBRARY}/mitigations/M1000"


def test_a_pinned_matrix_claims_no_more_than_that_its_entry_is_the_same(library: Site) -> None:
    again = (matrix(SECOND, FIRST), FIRST, SECOND, ALPHA, MEASURE)
    import_objects(*again, release="2.0")
    for path, said in (
        ("matrices/enterprise-attack", "the techniques in it may differ."),
        ("mitigations/M1000/matrix", "its techniques and the matrix around them may differ."),
        ("mitigations/M1000", "what is related to it may differ."),
    ):
        banner = library.page(f"{LIBRARY}/v/1.0/{path}").one("aside", css="pinned-banner")
        same = "The entry itself is the same in the current edition, to the byte; "
        assert same + said in banner.words


def test_paper_says_so_when_it_has_no_room_for_sub_techniques(site: Site) -> None:
    subs = [technique(f"T1001.{n:03}", f"Part {n:03}", ("first",)) for n in range(200)]
    for count, is_whole in ((10, True), (200, False)):
        links = [relationship("subtechnique-of", sub, ALPHA) for sub in subs[:count]]
        release = f"{count}.0"
        held = (matrix(FIRST), FIRST, ALPHA, *subs[:count], *links)
        import_objects(*held, release=release)
        for query, is_asked in (("", False), ("?subs=open", True)):
            grids = site.page(f"{LIBRARY}/v/{release}/matrices/enterprise-attack{query}")
            table = grids.one("table", css="matrix")
            assert ("on-paper-whole" in table.classes) == (is_asked and is_whole)
            left_out = "Printed without the sub-techniques" in grids.one(id="matrix-grids").words
            assert left_out == (is_asked and not is_whole)


def test_no_platform_is_none_to_choose(site: Site) -> None:
    plant = technique("T0801", "Plant", ("stop",), "ics", x_mitre_platforms=["None"])
    import_objects(tactic("TA0107", "Stop", "stop", "ics"), plant, domain="ics")
    page = site.page(f"{LIBRARY}/matrices/ics-attack")
    options = page.one("select", id="matrix-platform").all("option")
    assert [option["value"] for option in options] == [""]
    assert "Plant" in page.one("table", css="matrix").words


@pytest.mark.parametrize("path", [MATRIX, f"{LIBRARY}/mitigations/M1000/matrix"])
def test_a_citation_names_the_platform_that_is_shown(library: Site, path: str) -> None:
    asked = f"{path}?platform=Linux"
    cited = library.page(asked).one(id="citation").words
    assert cited.endswith("?platform=Linux")
    part = parse(library.get(asked, **PARTIAL).content.decode())
    assert part.one("p", id="citation").words == cited
    assert "?" not in library.page(path).one(id="citation").words


def test_a_page_of_a_matrix_begins_with_the_grid(library: Site) -> None:
    page = library.page(MATRIX)
    order = [page.one(id=name) for name in ("matrix", "take", "definition")]
    every = list(page.walk())
    assert sorted(order, key=every.index) == order
    executive = library.page(f"{MATRIX}?view=executive")
    order = [executive.one(id=name) for name in ("take", "definition", "matrix")]
    every = list(executive.walk())
    assert sorted(order, key=every.index) == order
