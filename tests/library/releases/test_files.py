"""Two releases compared as files: what is in each, and that nothing in one does harm."""

import io
from typing import Any

import jsonschema
import orjson
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from markdown_it import MarkdownIt
from mitreattack.navlayers import Layer

from library.identifiers import OBJECT_TYPES
from library.models import Snapshot
from library.releases.compared import difference
from library.releases.highlights import NAMED_KINDS
from library.releases.kinds import ChangeKind
from library.releases.markdown import MOST_LISTED
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Site
from tests.library.taken import FORMULA, content, loaded, rows, schema_of, sheets, strict

pytestmark = pytest.mark.django_db
TWO = f"{LIBRARY}/releases/1.0...2.0"
FORMS = ("json", "csv", "xlsx", "markdown", "navigator")
HOSTILE = (
    "<img src=x onerror=alert(1)> [a](//evil.example) `c` | *d* www.evil.example http://e.f &lt; !"
)

IMPACT, ACCESS = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
STAYS = technique("T1000", "Stays", ("impact",))
MOVES = technique("T1001", "Moves", ("impact",))
GOES = technique("T1002", "Goes", ("impact",))
COMES = technique("T1003", "Comes", ("access",))
GROUP = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", GROUP, STAYS, "It ran.")


@pytest.fixture
def two() -> None:
    """Two releases of enterprise: one technique new, one edited, one moved, one revoked."""
    import_objects(IMPACT, ACCESS, STAYS, MOVES, GOES, GROUP, USES, release="1.0")
    under = technique("T1001", "Moves", ("access",))["kill_chain_phases"]
    import_objects(
        *(IMPACT, ACCESS, COMES, GROUP),
        STAYS | {"description": "Another.", "x_mitre_version": "1.1"},
        MOVES | {"kill_chain_phases": under},
        GOES | {"revoked": True},
        relationship("revoked-by", GOES, COMES),
        USES | {"description": "It ran on."},
        release="2.0",
    )


def validate(site: Site, found: Any) -> None:
    """Check a file against the schema that it names."""
    jsonschema.validate(found, strict(schema_of(site, found)))


def test_json_is_of_the_published_schema_and_holds_what_the_command_prints(
    site: Site, two: None
) -> None:
    found = loaded(site, f"{TWO}/json")
    validate(site, found)
    assert found["url"] == f"http://testserver{TWO}"
    assert found["title"] == "ATT&CK 1.0 to 2.0"
    assert found["citation"].endswith(f"http://testserver{TWO}")
    assert "The MITRE Corporation" in found["notice"]
    printed = io.StringIO()
    call_command("compare_releases", "enterprise", "1.0", "2.0", "--json", stdout=printed)
    assert found["domains"] == {"enterprise": orjson.loads(printed.getvalue())}
    assert list(found["domains"]["enterprise"]["attack-pattern"]) == list(ChangeKind)
    held = {s.attack_version: s for s in Snapshot.objects.all()}
    for side, release in (("before", "1.0"), ("after", "2.0")):
        assert found[side]["enterprise"]["attack_version"] == release
        assert found[side]["enterprise"]["bundle_sha256"] == held[release].sha256


def test_json_tells_links_in_a_reader_s_words(site: Site, two: None) -> None:
    links = loaded(site, f"{TWO}/json")["links"]["enterprise"]
    (edited,) = links["Procedure examples"]["edited"]
    assert (edited["kind"], edited["source"]["name"], edited["target"]["attack_id"]) == (
        *("uses", "Band", "T1000"),
    )
    tactics = links["Techniques under tactics"]
    assert sorted(one["target"]["name"] for one in tactics["added"]) == ["Access", "Access"]
    assert sorted(one["source"]["attack_id"] for one in tactics["removed"]) == ["T1001", "T1002"]


def test_csv_has_a_row_for_each_object_that_changed(site: Site, two: None) -> None:
    heads, *found = rows(site, f"{TWO}/csv")
    by_id = {row[3]: dict(zip(heads, row, strict=True)) for row in found}
    stays, goes = by_id["T1000"], by_id["T1002"]
    assert stays["Type"] == "Technique"
    assert (stays["Kind of change"], stays["Weight"]) == ("Minor version change", "material")
    assert (stays["Object version before"], stays["Object version after"]) == ("1.0", "1.1")
    assert (goes["Kind of change"], goes["Replaced by"]) == ("Revocation", "T1003 Comes")
    history = f"http://testserver{LIBRARY}/objects/{STAYS['id']}/history"
    assert stays["Difference"] == f"{history}?from=1.0&to=2.0&domain=enterprise"
    before, after = Snapshot.objects.order_by("attack_version")
    assert {row[5] for row in found} == {one.stix_id for one in difference(before, after).objects}
    assert "Band uses Stays" in [row[4] for row in found]


def test_page_says_what_the_csv_leaves_out(site: Site, two: None) -> None:
    """The links that properties carry are in the JSON and the workbook alone."""
    said = site.page(TWO).one(id="files").words
    assert "without the relationships that MITRE writes as properties" in said
    assert "nothing that differs is left out of the JSON and the workbook." in said
    assert "Techniques under tactics" in loaded(site, f"{TWO}/json")["links"]["enterprise"]
    assert "Techniques under tactics" in [
        row[1] for row in sheets(site, f"{TWO}/xlsx")["Relationships"]
    ]


def test_workbook_has_the_numbers_then_a_sheet_for_each_type(site: Site, two: None) -> None:
    book = sheets(site, f"{TWO}/xlsx")
    assert list(book) == [
        *("Summary", "Relationship summary", "Techniques", "Relationships"),
        *("Relationship objects", "Other objects"),
    ]
    heads, *lines = book["Summary"]
    assert heads == ("Type", *(kind.label for kind in ChangeKind), "Unchanged")
    numbers = {line[0]: line[1:] for line in lines}
    assert numbers["Techniques"] == (1, 0, 1, 0, 1, 1, 0, 0, 0)
    assert numbers["Tactics"][-1] == 2
    assert len(book["Techniques"]) == 1 + 4
    assert ("Procedure examples", 0, 0, 1) in book["Relationship summary"]
    edited = ("Enterprise", "Procedure examples", "Edited", "G1000", "Band", "T1000", "Stays")
    assert edited in book["Relationships"]


def test_markdown_is_a_changelog_by_type_and_kind(site: Site, two: None) -> None:
    text = content(site, f"{TWO}/markdown").decode()
    page = f"http://testserver{LIBRARY}/v/2.0/objects/{COMES['id']}"
    lines = text.splitlines()
    assert lines[0] == "# ATT&CK 1.0 to 2.0"
    assert [line for line in lines if line.startswith("##")] == [
        *("## Enterprise", "### Techniques"),
        *("#### Additions (1)", "#### Minor version changes (1)", "#### Patches (1)"),
        *("#### Revocations (1)", "### Relationships"),
    ]
    assert f"- [T1003 Comes]({page})" in lines
    (revoked,) = [line for line in lines if line.startswith("- [T1002")]
    assert f"in favour of [T1003 Comes]({page})" in revoked
    (edited,) = [line for line in lines if line.startswith("- [T1000")]
    assert "description edited; 1 procedure example edited; object version 1.0 to 1.1" in edited
    assert f"{LIBRARY}/objects/{STAYS['id']}/history?from=1.0&to=2.0&domain=enterprise" in edited
    assert "The MITRE Corporation" in lines[-1]


def test_markdown_names_what_its_relationships_alone_changed_in_substance(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    import_objects(STAYS, GROUP, measure, release="1.0")
    links = relationship("mitigates", measure, STAYS, "Do."), relationship("uses", GROUP, STAYS)
    import_objects(STAYS, GROUP, measure, *links, release="2.0")
    lines = content(site, f"{TWO}/markdown").decode().splitlines()
    assert lines.count("#### Relationships alone, in substance (1)") == 2
    (named,) = [line for line in lines if line.startswith("- [M1000")]
    assert "1 technique added" in named
    assert any(line.startswith("- [T1000") and "1 mitigation added" in line for line in lines)
    assert not any(line.startswith("- [G1000") for line in lines)


def test_markdown_counts_what_changed_in_noise_alone(site: Site) -> None:
    import_objects(STAYS, GROUP, release="1.0")
    import_objects(STAYS | {"revoked": False}, GROUP | {"revoked": False}, release="2.0")
    text = content(site, f"{TWO}/markdown").decode()
    assert text.count("\n1 changed in noise alone") == 2
    assert "- [T1000" not in text


def test_objects_whose_names_say_little_are_counted_when_they_are_many(site: Site) -> None:
    made = [
        attack_object("x-mitre-analytic", f"AN{1000 + at}", f"Analytic {1000 + at}")
        for at in range(101)
    ]
    import_objects(STAYS, release="1.0")
    import_objects(STAYS, *made, release="2.0")
    text = content(site, f"{TWO}/markdown").decode()
    assert "#### Additions (101)\n\n[Their list](http" in text
    assert "AN1000" not in text


def test_what_changed_in_substance_is_named_of_many_whose_names_say_little(site: Site) -> None:
    """As many at most as are named of those that are few, and the page says so."""

    def analytics(edited: int) -> list[dict[str, Any]]:
        return [
            attack_object(
                *("x-mitre-analytic", f"AN{1000 + at}", f"Analytic {1000 + at}"),
                description="Other." if at < edited else "Same.",
                x_mitre_contributors=[f"Ann {edited}"],
            )
            for at in range(203)
        ]

    import_objects(STAYS, *analytics(0), release="1.0")
    import_objects(STAYS, *analytics(2), release="2.0")
    import_objects(STAYS, *analytics(202), release="3.0")
    few = content(site, f"{TWO}/markdown").decode()
    assert "#### Patches (203)\n\n- [AN1000 Analytic 1000]" in few
    assert few.count("- [AN") == 2
    assert few.count("description edited") == 2
    assert "2 of the 203 are named, for what changed in substance. [Their list](http" in few
    many = content(site, f"{LIBRARY}/releases/2.0...3.0/markdown").decode()
    assert many.count("- [AN") == MOST_LISTED
    said = site.page(TWO).one(id="files").words
    (told,) = [each for each in said.split(". ") if each.startswith("More than")]
    assert f"More than {MOST_LISTED} {_counted()} that changed in one way it counts" in told
    assert f"those alone that changed in substance, {MOST_LISTED} at most" in told


def _counted() -> str:
    """The kinds whose names say little, as a sentence lists them."""
    *kinds, last = (kind.plural.lower() for kind in OBJECT_TYPES if kind not in NAMED_KINDS)
    return f"{', '.join(kinds)} or {last}"


def test_layer_colours_techniques_by_what_became_of_them(site: Site, two: None) -> None:
    found = loaded(site, f"{TWO}/navigator")
    read = Layer(found, strict=True).layer
    assert (read.domain, found["versions"]["attack"]) == ("enterprise-attack", "2")
    by_id = {one["techniqueID"]: one for one in found["techniques"]}
    legend = {one["color"]: one["label"].partition(":")[0] for one in found["legendItems"]}
    assert {key: legend[one["color"]] for key, one in by_id.items()} == {
        "T1000": "changed",
        "T1001": "moved",
        "T1002": "gone",
        "T1003": "new",
    }
    assert by_id["T1003"]["comment"] == "New in 2.0"
    assert by_id["T1001"]["comment"].startswith("Moved: from Impact to Access")
    assert by_id["T1002"]["comment"].startswith("Revoked in 2.0 in favour of T1003 Comes")
    assert "description edited" in by_id["T1000"]["comment"]
    assert [item.color for item in read.legendItems] == list(legend)


def test_layer_says_what_is_live_again(site: Site) -> None:
    import_objects(IMPACT, STAYS | {"x_mitre_deprecated": True}, release="1.0")
    import_objects(IMPACT, STAYS, release="2.0")
    found = loaded(site, f"{TWO}/navigator")
    (mark,) = found["techniques"]
    assert mark["comment"].startswith("Live again in 2.0")
    legend = {one["color"]: one["label"].partition(":")[0] for one in found["legendItems"]}
    assert legend[mark["color"]] == "back"


def test_layer_shows_the_live_one_of_two_techniques_with_an_id(site: Site) -> None:
    old = technique(
        "T1000", "Old", ("impact",), id=GROUP["id"].replace("intrusion-set", "attack-pattern")
    )
    import_objects(IMPACT, old, release="1.0")
    import_objects(IMPACT, old | {"revoked": True}, STAYS, release="2.0")
    (mark,) = loaded(site, f"{TWO}/navigator")["techniques"]
    assert mark["comment"] == "New in 2.0"


def test_files_are_of_the_domain_that_is_asked_for(site: Site, two: None) -> None:
    for release, name in (("1.0", "Plant"), ("2.0", "Works")):
        import_objects(technique("T0800", name, domain="ics"), domain="ics", release=release)
    assert list(loaded(site, f"{TWO}/json")["domains"]) == ["enterprise", "ics"]
    of_ics = loaded(site, f"{TWO}/json?domain=ics")
    assert list(of_ics["domains"]) == list(of_ics["before"]) == list(of_ics["links"]) == ["ics"]
    assert {row[0] for row in rows(site, f"{TWO}/csv?domain=ics")[1:]} == {"ICS"}
    assert {row[0] for row in rows(site, f"{TWO}/csv")[1:]} == {"Enterprise", "ICS"}
    assert loaded(site, f"{TWO}/navigator")["domain"] == "enterprise-attack"
    assert loaded(site, f"{TWO}/navigator?domain=ics")["domain"] == "ics-attack"
    assert b"## Enterprise" not in content(site, f"{TWO}/markdown?domain=ics")
    named = site.get(f"{TWO}/csv?domain=ics")["Content-Disposition"]
    assert 'filename="ics-attack-1.0-to-2.0.csv"' in named


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_there_for_equal_releases_and_samples(site: Site, form: str) -> None:
    import_objects(STAYS, release="sample-1")
    import_objects(STAYS, COMES, release="sample-2")
    assert content(site, f"{LIBRARY}/releases/sample-1...sample-2/{form}")
    assert content(site, f"{LIBRARY}/releases/sample-2...sample-1/{form}")
    assert content(site, f"{LIBRARY}/releases/sample-2...sample-2/{form}")


@pytest.mark.parametrize("form", FORMS)
def test_form_answers_as_its_page_does(site: Site, two: None, form: str) -> None:
    assert site.get(f"{LIBRARY}/releases/1.0...9.0/{form}").status_code == 404
    assert site.get(f"{TWO}/{form}?domain=ics").status_code == 404
    assert site.get(f"{TWO}/{form}?domain=%00").status_code == 404
    etag = site.get(f"{TWO}/{form}")["ETag"]
    assert site.get(f"{TWO}/{form}", **{"If-None-Match": etag}).status_code == 304
    assert site.client.post(f"{TWO}/{form}").status_code == 405


def test_form_that_there_is_not_is_a_404(site: Site, two: None) -> None:
    for form in ("stix", "html", "JSON", "atom"):
        assert site.get(f"{TWO}/{form}").status_code == 404
    assert site.get(f"{LIBRARY}/techniques/T1000/markdown").status_code != 200


def test_page_leads_to_every_file(site: Site, two: None) -> None:
    for query in ("", "?domain=enterprise"):
        section = site.page(TWO + query).one(id="files")
        links = [a["href"] for a in section.all("a") if "download" in a.attributes]
        assert len(links) == len(FORMS)
        for link in links:
            assert content(site, link)
        assert f"{TWO}/matrix{query}" in [a["href"] for a in section.all("a")]


def hostile(release: str, text: str) -> None:
    """A release whose names would be markup or formulas anywhere."""
    odd = {"name": f"{FORMULA}{HOSTILE}\n\n# Head\n- {release}", "description": text}
    import_objects(
        *(STAYS | odd, GROUP | odd, mitigation("M1000", f"@{HOSTILE}") | {"description": text}),
        relationship("haunts", GROUP, STAYS, text),
        release=release,
    )


def test_names_are_text_in_markdown_whatever_is_in_them(site: Site) -> None:
    hostile("1.0", "One.")
    hostile("2.0", "Two.")
    text = content(site, f"{TWO}/markdown").decode()
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "<img" not in html
    assert "<code>" not in html
    assert "<em>" not in html
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert not [head for head in heads if "Head" in head]
    # What the dialect of GitHub makes links of, which this reader of Markdown does not.
    assert "www.evil" not in text
    assert "http://e.f" not in text
    assert html.count("<table>") == 1
    tokens = MarkdownIt("commonmark").parse(text)
    targets = [
        str(child.attrs["href"])
        for token in tokens
        for child in token.children or ()
        if child.type == "link_open"
    ]
    assert targets
    assert all(target.startswith(f"http://testserver{LIBRARY}") for target in targets)


def test_names_are_no_formulas_in_sheets(site: Site) -> None:
    hostile("1.0", "One.")
    hostile("2.0", "Two.")
    for row in rows(site, f"{TWO}/csv"):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@")), cell
    assert sheets(site, f"{TWO}/xlsx")["Techniques"][1][4].startswith(FORMULA)


@pytest.mark.parametrize("form", FORMS)
def test_queries_do_not_grow_with_what_changed(site: Site, form: str) -> None:
    def asked(count: int, first: int) -> int:
        made = [technique(f"T{first + at}", f"Way {at}", ("impact",)) for at in range(count)]
        old = [technique(f"T{first + 500 + at}", f"Old {at}", ("impact",)) for at in range(count)]
        uses: list[Properties] = [relationship("uses", GROUP, way, "Then.") for way in made]
        one, two = f"{first}.0"[-4:], f"{first}.1"[-4:]
        import_objects(IMPACT, GROUP, *made, *old, *uses, release=one)
        other = [way | {"description": "Another."} for way in made]
        dead = [way | {"revoked": True} for way in old]
        led = [relationship("revoked-by", *pair) for pair in zip(old, made, strict=True)]
        edited = [use | {"description": "Now."} for use in uses]
        import_objects(IMPACT, GROUP, *other, *dead, *led, *edited, release=two)
        with CaptureQueriesContext(connection) as queries:
            content(site, f"{LIBRARY}/releases/{one}...{two}/{form}")
        return len(queries)

    asked(1, 1000)
    assert asked(1, 2010) == asked(5, 3020) <= 16
