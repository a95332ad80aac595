"""Files that people take away: which are offered, what they hold, and what they are called."""

import pytest
import stix2

from library.files.responses import name_part
from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Listing, Site
from tests.library.taken import (
    GROUPS,
    PAGE,
    content,
    detected,
    group,
    loaded,
    measure,
    rows,
    sheets,
)

pytestmark = pytest.mark.django_db


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
    response = site.head(f"{PAGE}/csv")
    assert response.status_code == 200
    assert response["Content-Disposition"]
    assert b"".join(response.streaming_content) == b""  # type: ignore[attr-defined]


def test_files_of_an_unknown_kind_have_what_mitre_wrote(site: Site) -> None:
    novelty = stix_object("x-new-kind", "Thing", x_of="it")
    import_objects(novelty)
    page = f"{LIBRARY}/objects/{novelty['id']}"
    assert loaded(site, f"{page}/json")["written"]["x_of"] == "it"
    assert ["x_of", "it", ""] in rows(site, f"{page}/csv")


def test_a_page_offers_a_layer_only_where_there_are_techniques_for_it(site: Site) -> None:
    import_objects(*measure(), mitigation("M2000", "Idle"))
    import_objects(mitigation("M1000", "Filter", "ics"), domain="ics")
    for path, domains in ((PAGE, ["Enterprise"]), (f"{MITIGATIONS}/M2000", [])):
        links = [a.words for a in site.page(path).one(id="files").all("a")]
        assert [w for w in links if w.startswith("Layer")] == [f"Layer, {d}" for d in domains]


def named(site: Site, path: str) -> str:
    """What a file is called."""
    told = site.get(path)["Content-Disposition"]
    assert told.startswith('attachment; filename="')
    return told.removeprefix('attachment; filename="').removesuffix('"')


def test_files_of_lists_say_what_they_are_filtered_by(site: Site) -> None:
    import_objects(
        tactic("TA0002", "Execution", "execution"),
        technique("T1000", "One", ("execution",), x_mitre_platforms=["Windows"]),
    )
    path = f"{LIBRARY}/techniques/csv"
    assert named(site, path) == "techniques-attack-1.0.csv"
    asked = "domain=enterprise&tactic=execution&platform=windows&q=Some words&includeRevoked=1"
    assert named(site, f"{path}?{asked}") == (
        "techniques-enterprise-ta0002-windows-some-words-with-revoked-and-deprecated-attack-1.0.csv"
    )
    assert named(site, f"{path}?q=%D0%B0") == "techniques-filtered-attack-1.0.csv"


def test_files_of_a_matrix_say_its_name_once_and_its_platform(site: Site) -> None:
    found = technique("T1000", "One", ("execution",), x_mitre_platforms=["Windows"])
    import_objects(tactic("TA0002", "Execution", "execution"), found)
    path = f"{LIBRARY}/matrices/enterprise-attack"
    assert named(site, f"{path}/navigator") == (
        "enterprise-attack-enterprise-matrix-1.0.layer.json"
    )
    assert named(site, f"{path}/csv?platform=windows") == (
        "enterprise-attack-enterprise-matrix-windows-1.0.csv"
    )


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("Enterprise ATT&CK", "enterprise-attack"),
        ("Research & Development", "research-development"),
        (
            f"{'long words ' * 5}breaking off",
            "long-words-long-words-long-words-long-words-long-words",
        ),
        ("x" * 80, "x" * 60),
    ],
)
def test_a_long_name_is_cut_between_words(name: str, part: str) -> None:
    assert name_part(name) == part


def test_a_layer_of_a_list_is_of_the_first_domain_that_has_techniques(site: Site) -> None:
    asset = attack_object("x-mitre-asset", "A0001", "Pump", "ics")
    found = technique("T0801", "Stop", domain="ics")
    import_objects(technique("T1000", "One"))
    import_objects(asset, found, relationship("targets", found, asset), domain="ics")
    layer = loaded(site, f"{LIBRARY}/assets/navigator")
    assert layer["domain"] == "ics-attack"
    assert [one["techniqueID"] for one in layer["techniques"]] == ["T0801"]


def test_files_of_lists_have_the_other_names(site: Site) -> None:
    aliases = ["APT28", "Fancy Bear", "Sofacy"]
    import_objects(attack_object("intrusion-set", "G0007", "APT28", aliases=aliases))
    heads, row = rows(site, f"{LIBRARY}/groups/csv")
    assert dict(zip(heads, row, strict=True))["Associated groups"] == "Fancy Bear; Sofacy"
    (record,) = loaded(site, f"{LIBRARY}/groups/json")["records"]
    assert record["facts"]["Associated groups"] == "Fancy Bear; Sofacy"
