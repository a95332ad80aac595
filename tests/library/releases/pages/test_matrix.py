"""The matrix of two releases: what it marks, and where a mark leads."""

import pytest

from tests.factories import Properties, import_objects, mitigation, relationship, tactic, technique
from tests.library.pages import LIBRARY, PARTIAL, Element, Site
from tests.library.releases.pages.pair import ACCESS, DYING, EDITED, GRID, IMPACT, KEPT, PAIR

pytestmark = pytest.mark.django_db


def test_matrix_marks_a_technique_that_is_the_same_and_has_another_mitigation(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    before = (IMPACT, ACCESS, GRID, KEPT, EDITED, measure)
    import_objects(*before, release="1.0")
    import_objects(*before, relationship("mitigates", measure, KEPT, "Do."), release="2.0")
    marked = site.page(f"{PAIR}/matrix").all("a", css="matrix-marked")
    assert [cell.words for cell in marked] == ["T1000 Kept, changed"]


@pytest.mark.usefixtures("two")
def test_matrix_marks_techniques_and_leads_to_what_changed(site: Site) -> None:
    page = site.page(f"{PAIR}/matrix")
    marks = {
        cell.words: sorted(css.removeprefix("matrix-") for css in cell.classes)
        for cell in page.all("a", css="matrix-entry")
    }
    assert marks == {
        "T1000 Kept": ["entry"],
        "T1001 Edited, changed": ["changed", "entry", "marked"],
        "T1002 Noisy": ["entry"],
        "T1003 Moved, moved": ["entry", "marked", "moved"],
        "T1004 Dying, gone": ["entry", "gone", "marked"],
        "T1005 Fresh <b>, new": ["entry", "marked", "new"],
    }
    dying = next(a for a in page.all("a", css="matrix-entry") if "Dying" in a.words)
    assert dying["href"].startswith(f"{LIBRARY}/objects/{DYING['id']}/history?from=1.0")
    response = site.get(f"{PAIR}/matrix?find=moved&domain=enterprise", **PARTIAL)
    assert b"matrix-found" in response.content
    assert response["HX-Replace-Url"] == f"{PAIR}/matrix?domain=enterprise&find=moved"


WINDOWS: Properties = {"x_mitre_platforms": ["Windows"]}


def sub_of(sub: Properties, parent: Properties) -> Properties:
    return relationship("subtechnique-of", sub, parent)


def legend(page: Element) -> dict[str, str]:
    """How many techniques the legend says have each mark."""
    told = [term.words for term in page.one("dl", css="matrix-legend").all("dt")]
    return {mark: count for mark, _, count in (each.partition(" ") for each in told) if count}


def columns(page: Element) -> dict[str, list[str]]:
    """What stands under each tactic, sub-techniques after their technique."""
    table = page.one("table", css="matrix")
    heads = [th.words for th in table.one("thead").all("th")]
    found: dict[str, list[str]] = {head: [] for head in heads}
    for tr in table.one("tbody").all("tr"):
        for head, cell in zip(heads, tr.all("td"), strict=True):
            found[head] += [a.words for a in cell.all("a", css="matrix-entry")]
    return found


def test_matrix_shows_a_tactic_that_is_gone_with_the_techniques_that_went_with_it(
    site: Site,
) -> None:
    lost = technique("T1009", "Lost", ("impact",))
    entered = technique("T1008", "Entered", ("access",))
    import_objects(IMPACT, ACCESS, GRID, lost, entered, release="1.0")
    dead = {"x_mitre_deprecated": True}
    smaller = GRID | {"tactic_refs": [ACCESS["id"]]}
    import_objects(IMPACT | dead, ACCESS, smaller, lost | dead, entered, release="2.0")
    page = site.page(f"{PAIR}/matrix")
    assert columns(page) == {
        "Impact tactic gone: 1 of 1 technique": ["T1009 Lost, gone"],
        "Access 0 of 1 technique": ["T1008 Entered"],
    }
    assert legend(page)["Gone"] == "1"
    head = page.one("table", css="matrix").all("th")[0].one("a")
    assert head["href"] == f"{LIBRARY}/v/1.0/tactics/TA1000"


def test_matrix_counts_and_shows_what_is_gone_of_a_platform(site: Site) -> None:
    kept = KEPT | WINDOWS
    gone = [
        technique("T1008", "Of Linux", ("impact",), x_mitre_platforms=["Linux"]),
        technique("T1009", "Of Windows", ("impact",), **WINDOWS),
    ]
    linux = technique("T1007", "Stays", ("impact",), x_mitre_platforms=["Linux"])
    import_objects(IMPACT, ACCESS, GRID, kept, linux, *gone, release="1.0")
    import_objects(IMPACT, ACCESS, GRID, kept, linux, release="2.0")
    page = site.page(f"{PAIR}/matrix?domain=enterprise&platform=Windows")
    impact, _ = columns(page).values()
    assert impact == ["T1000 Kept", "T1009 Of Windows, gone"]
    assert legend(page)["Gone"] == "1"
    assert legend(site.page(f"{PAIR}/matrix"))["Gone"] == "2"


def test_matrix_shows_sub_techniques_that_are_gone_under_their_technique(site: Site) -> None:
    zebra = technique("T1010", "Zebra", ("impact",))
    later, sooner = (
        technique(f"T1000.00{n}", name, ("impact",)) for n, name in ((1, "Under b"), (2, "Under a"))
    )
    head, below = technique("T1009", "Lost", ("impact",)), technique("T1009.001", "B", ("impact",))
    links = [sub_of(later, KEPT), sub_of(sooner, KEPT), sub_of(below, head)]
    stay = [IMPACT, ACCESS, GRID, KEPT, zebra]
    import_objects(*stay, later, sooner, head, below, *links, release="1.0")
    import_objects(*stay, release="2.0")
    impact, _ = columns(site.page(f"{PAIR}/matrix")).values()
    assert impact == [
        *("T1000 Kept", "T1000.002 Under a, gone", "T1000.001 Under b, gone"),
        *("T1009 Lost, gone", "T1009.001 B, gone"),
        "T1010 Zebra",
    ]


def test_matrix_heads_a_sub_technique_that_is_gone_by_its_technique_that_left_the_tactic(
    site: Site,
) -> None:
    sub = technique("T1000.001", "Under", ("impact",))
    moved = technique("T1000", "Kept", ("access",))
    import_objects(IMPACT, ACCESS, GRID, KEPT, sub, sub_of(sub, KEPT), release="1.0")
    import_objects(IMPACT, ACCESS, GRID, moved, release="2.0")
    page = site.page(f"{PAIR}/matrix")
    assert columns(page) == {
        "Impact 0 of 0 techniques, 1 of 1 sub-technique": [
            *("T1000 Kept no longer here itself, only:", "T1000.001 Under, gone"),
        ],
        "Access 1 of 1 technique": ["T1000 Kept, moved"],
    }


def test_matrix_names_what_changed_and_has_no_place_on_it(site: Site) -> None:
    outside = tactic("TA1009", "Outside", "outside")
    before = [technique(f"T100{n}", f"Way {n}", ("impact",)) for n in range(3)]
    after = [
        *(technique("T1000", "Way 0", ("outside",)), technique("T1001", "Way 1"), before[2]),
        technique("T1009", "Fresh <i>"),
    ]
    import_objects(IMPACT, ACCESS, outside, GRID, *before, release="1.0")
    import_objects(IMPACT, ACCESS, outside, GRID, *after, release="2.0")
    page = site.page(f"{PAIR}/matrix")
    told = page.one("p", css="not-placed")
    assert told.words == (
        "Not on the matrix: T1000 Way 0 (moved), T1001 Way 1 (moved), T1009 Fresh <i> (new)"
    )
    assert told.all("a")[0]["href"].startswith(f"{LIBRARY}/objects/{before[0]['id']}/history?from=")
    assert {mark: legend(page)[mark] for mark in ("New", "Moved")} == {"New": "1", "Moved": "2"}
    response = site.get(f"{PAIR}/matrix?find=way&domain=enterprise", **PARTIAL)
    assert b"Not on the matrix" in response.content


def test_matrix_names_nothing_beside_it_when_all_that_changed_has_its_place(site: Site) -> None:
    windows = technique("T1000", "Kept", ("impact",), **WINDOWS)
    linux = technique("T1001", "Other", ("impact",), x_mitre_platforms=["Linux"])
    import_objects(IMPACT, ACCESS, GRID, windows, release="1.0")
    import_objects(IMPACT, ACCESS, GRID, windows, linux, release="2.0")
    for query in ("", "?domain=enterprise&platform=Windows"):
        assert not site.page(f"{PAIR}/matrix{query}").all("p", css="not-placed")


def test_matrix_that_is_gone_is_shown_with_what_went_with_it(site: Site) -> None:
    import_objects(IMPACT, GRID, KEPT, release="1.0")
    dead = {"x_mitre_deprecated": True}
    import_objects(IMPACT, GRID | dead, KEPT | dead, release="2.0")
    page = site.page(f"{PAIR}/matrix")
    assert list(columns(page).values()) == [["T1000 Kept, gone"]]
    told = page.one("p", css="count").words
    assert "matrix, gone" in told
    assert legend(page)["Gone"] == "1"


def test_matrix_of_a_domain_without_the_platform_shows_no_grid_and_no_mark(site: Site) -> None:
    stage = tactic("TA0027", "Entry", "entry", "mobile")
    phone = technique("T1400", "Phone", ("entry",), "mobile", x_mitre_platforms=["Android"])
    news = [technique("T1401", "Radio", ("entry",), "mobile", x_mitre_platforms=["Android"])]
    for release, also in (("1.0", ()), ("2.0", (EDITED,))):
        import_objects(IMPACT, ACCESS, GRID, KEPT, *also, release=release)
        import_objects(stage, phone, *(news if also else ()), domain="mobile", release=release)
    page = site.page(f"{PAIR}/matrix?platform=Android")
    names = [e.one(css="attack-id").words for e in page.all("a", css="matrix-entry")]
    assert names == ["T1400", "T1401"]
    assert legend(page)["New"] == "1"
    absent = page.one(id="matrix-grids").one("p", css="absent").words
    assert absent.endswith("0 techniques: none in it is on Android.")
