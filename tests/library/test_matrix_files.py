"""Files of a matrix: of the platform that it is filtered by, as the page beside them."""

import pytest

from tests.factories import import_objects, matrix, mitigation, relationship, tactic, technique
from tests.library.pages import LIBRARY, PARTIAL, Site, parse
from tests.library.taken import content, loaded, sheets

pytestmark = pytest.mark.django_db
MATRIX = f"{LIBRARY}/matrices/enterprise-attack"
FIRST = tactic("TA0001", "First", "first")
ALPHA = technique("T1001", "Alpha", ("first",), x_mitre_platforms=["Linux"])
SUB = technique("T1001.001", "Sub", ("first",), x_mitre_platforms=["Linux", "macOS"])
BETA = technique("T1002", "beta", ("first",), x_mitre_platforms=["Windows"])
MEASURE = mitigation("M1000", "Measure")


@pytest.fixture
def library(site: Site) -> Site:
    links = relationship("subtechnique-of", SUB, ALPHA), relationship("mitigates", MEASURE, SUB)
    import_objects(matrix("enterprise", [FIRST]), FIRST, ALPHA, SUB, BETA, MEASURE, *links)
    return site


def test_files_of_a_platform_have_its_sub_techniques_and_not_what_heads_them(
    library: Site,
) -> None:
    table = content(library, f"{MATRIX}/csv?table=matrix&platform=macOS").decode("utf-8-sig")
    assert [row.split(",")[2:] for row in table.splitlines()[1:]] == [["T1001.001", "Alpha: Sub"]]
    layer = loaded(library, f"{MATRIX}/navigator?platform=macOS")
    scored = [entry["techniqueID"] for entry in layer["techniques"] if "score" in entry]
    assert scored == ["T1001.001"]
    columns = loaded(library, f"{MATRIX}/json?platform=macOS")["matrix"]
    (head,) = [each for column in columns for each in column["techniques"]]
    assert [head["on_platform"], head["technique"]["attack_id"]] == [False, "T1001"]
    assert [sub["attack_id"] for sub in head["sub_techniques"]] == ["T1001.001"]


def test_files_beside_a_matrix_are_of_the_platform_that_is_shown(library: Site) -> None:
    asked = f"{MATRIX}?platform=Linux&find=sub&subs=open"
    part = parse(library.get(asked, **PARTIAL).content.decode())
    for files in (library.page(asked).one("section", id="files"), part):
        offered = files.one("span", id="matrix-files")
        forms = [a["href"].removeprefix(f"{MATRIX}/") for a in offered.all("a")]
        assert forms == [f"{form}?platform=Linux" for form in ("json", "xlsx", "csv", "navigator")]
        assert offered.words.endswith("of Linux alone, as the matrix above")
    assert part.one("span", id="matrix-files")["hx-swap-oob"] == "true"
    bare = library.page(MATRIX).one("span", id="matrix-files")
    assert all("?" not in a["href"] for a in bare.all("a"))
    own = f"{LIBRARY}/mitigations/M1000/matrix?platform=Linux"
    assert not parse(library.get(own, **PARTIAL).content.decode()).has(id="matrix-files")


def test_files_of_a_matrix_say_which_platform_they_are_of(library: Site) -> None:
    for query in ("", "?platform=Linux"):
        found = loaded(library, f"{MATRIX}/json{query}")
        assert found["url"] == f"http://testserver{MATRIX}{query}"
    shown = loaded(library, f"{MATRIX}/navigator?platform=linux")
    assert shown["name"] == "enterprise matrix on Linux (Enterprise, ATT&CK 1.0)"
    assert shown["links"][0]["url"] == f"http://testserver{MATRIX}?platform=Linux"
    tables = sheets(library, f"{MATRIX}/xlsx?platform=Linux")["enterprise matrix"]
    assert {row[2] for row in tables[1:]} == {"T1001", "T1001.001"}
