"""The pages of releases: all that are held, two compared, the lists, the matrix and the brief."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    attack_object,
    import_objects,
    matrix,
    mitigation,
    relationship,
    stix_id,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Element, Site

pytestmark = pytest.mark.django_db
LATER = "2025-01-02T03:04:05.000Z"
RELEASES = f"{LIBRARY}/releases"
PAIR = f"{RELEASES}/1.0...2.0"

IMPACT, ACCESS = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
GRID = matrix("enterprise", [IMPACT, ACCESS])
KEPT = technique("T1000", "Kept", ("impact",))
EDITED = technique("T1001", "Edited", ("impact",))
NOISY = technique("T1002", "Noisy", ("impact",))
MOVED = technique("T1003", "Moved", ("impact",))
DYING = technique("T1004", "Dying", ("impact",))
FRESH = technique("T1005", "Fresh <b>", ("access",))
GONE = mitigation("M1009", "Gone")
GROUP = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", GROUP, KEPT, "It ran a tool.")
ONE = [IMPACT, ACCESS, GRID, KEPT, EDITED, NOISY, MOVED, DYING, GONE, GROUP, USES]
TWO = [
    IMPACT,
    ACCESS,
    GRID,
    KEPT,
    EDITED | {"description": "Another.", "x_mitre_version": "1.1"},
    NOISY | {"modified": LATER},
    MOVED | {"kill_chain_phases": FRESH["kill_chain_phases"]},
    DYING | {"revoked": True},
    FRESH,
    GROUP | {"name": "Gang"},
    USES | {"description": "It ran another tool."},
    relationship("revoked-by", DYING, FRESH),
]


@pytest.fixture
def two() -> None:
    """Two releases of enterprise, of which the second did a little of everything."""
    import_objects(*ONE, release="1.0")
    import_objects(*TWO, release="2.0")


def rows(page: Element) -> dict[str, list[str]]:
    """The rows of all tables by their heads."""
    return {
        row.all("th")[0].words: [cell.words for cell in row.all("td")]
        for row in page.all("tr")
        if row.all("th") and row.all("td")
    }


def entries(page: Element) -> list[str]:
    """The entries of a list of changes."""
    table = page.one("table", css="changes")
    return [row.one("th").words.removesuffix(" Enterprise") for row in table.all("tr")[1:]]


@pytest.mark.usefixtures("two")
def test_comparison_counts_entries_by_type_and_kind(site: Site) -> None:
    page = site.page(PAIR)
    assert page.one("h1").words == "ATT&CK 1.0 to 2.0"
    told = rows(page)
    #                              add  maj  min  oth  pat  rev  dep  del  same
    assert told["Techniques"] == ["1", "0", "1", "0", "2", "1", "0", "0", "1"]
    assert told["Mitigations"] == ["0", "0", "0", "0", "0", "0", "0", "1", "0"]
    assert told["All entries"] == ["1", "0", "1", "0", "3", "1", "0", "1", "4"]
    assert told["Relationship objects"] == ["1", "0", "0", "0", "1", "0", "0", "0", "0"]
    assert told["Procedure examples"] == ["0", "0", "1"]
    assert told["Techniques under tactics"] == ["2", "2", "0"]


@pytest.mark.usefixtures("two")
def test_notes_tell_every_rule_by_which_the_comparison_differs_from_diffstix(site: Site) -> None:
    rules = [rule.words for rule in site.page(PAIR).one("ul", css="kind-rules").all("li")]
    assert len(rules) == 3
    for rule, said in zip(
        rules,
        ("same modification date", "of another type, or of none", "revoked or deprecated in both"),
        strict=True,
    ):
        assert said in rule


@pytest.mark.usefixtures("two")
def test_every_number_leads_to_a_list_as_long(site: Site) -> None:
    page = site.page(PAIR)
    followed = 0
    for table in page.all("table", css="release-figures"):
        for link in table.all("a"):
            if link.words.isdigit():
                listed = site.page(link["href"])
                noise = sum(int(found.words.split()[0]) for found in listed.all(css="noise"))
                assert int(link.words) == len(entries(listed)) + noise, link["href"]
                assert listed.one(id="results-count").words.startswith(f"{link.words} change")
                followed += 1
    assert followed == 11


@pytest.mark.usefixtures("two")
def test_first_of_all_are_what_is_new_renamed_moved_revoked_and_gone(site: Site) -> None:
    words = site.page(PAIR).one(id="first").words
    for said in (
        "1 techniqueT1005 Fresh <b>",
        "G1000 Gang was “Band”",
        "T1003 Moved from Impact to Access",
        "T1004 Dying, in favour of T1005 Fresh <b>",
        "1 mitigationM1009 Gone",
    ):
        assert said in words


@pytest.mark.usefixtures("two")
def test_change_is_told_in_phrases_and_leads_to_its_comparison(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?type=techniques")
    told = rows(page)
    head = "T1001 Edited Enterprise"
    assert told[head] == ["Minor version change", "1.0 to 1.1", "description edited"]
    link = next(link for link in page.all("a") if link.words == "T1001 Edited")
    lasting = f"{LIBRARY}/objects/{EDITED['id']}/history"
    assert link["href"] == f"{lasting}?from=1.0&to=2.0&domain=enterprise"


def test_list_says_what_changed_of_relationships(site: Site) -> None:
    edited, led, noisy, dying, gone, bare = (
        relationship("uses", GROUP, KEPT, f"It ran {n}.", id=stix_id("relationship", f"r{n}"))
        for n in range(6)
    )
    del bare["description"]
    held = (IMPACT, KEPT, EDITED, GROUP)
    import_objects(*held, edited, led, noisy, dying, gone, release="1.0")
    import_objects(
        *held,
        edited | {"description": "Other words."},
        led | {"target_ref": EDITED["id"]},
        noisy | {"modified": LATER},
        dying | {"x_mitre_deprecated": True},
        bare,
        release="2.0",
    )

    def told(kind: str) -> list[str]:
        page = site.page(f"{PAIR}/changes?type=relationship&kind={kind}")
        return sorted(row.all("td")[-1].words for row in page.one("tbody").all("tr"))

    assert told("patches") == ["description edited", "nothing of substance in it", "other target"]
    assert told("deprecations") == ["now deprecated"]
    assert told("deletions") == ["It ran 4."]
    assert told("additions") == [""]
    lasting = f"{LIBRARY}/objects/{led['id']}/history?from=1.0&to=2.0"
    assert "Other target" in site.page(lasting).words
    assert "T1000 Kept" in site.page(lasting).one("table", css="differences").words


@pytest.mark.usefixtures("two")
def test_list_says_how_the_description_begins_of_what_is_gone(site: Site) -> None:
    told = rows(site.page(f"{PAIR}/changes?type=mitigations"))
    assert told["M1009 Gone Enterprise"] == ["Deletion", "1.0", "About Gone."]


@pytest.mark.usefixtures("two")
def test_changes_in_noise_alone_are_counted_and_folded(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?type=techniques&kind=patches")
    assert entries(page) == ["T1003 Moved"]
    assert page.one(css="noise").words == "1 of them in noise alone, listed apart"
    assert entries(site.page(page.one(css="noise").one("a")["href"])) == ["T1002 Noisy"]


@pytest.mark.usefixtures("two")
def test_change_is_no_noise_when_links_of_it_changed(site: Site) -> None:
    """G1001 has the same content but for its date; what it uses is new."""
    gang = attack_object("intrusion-set", "G1001", "Gang of two")
    uses = relationship("uses", gang, KEPT, "It ran a tool.")
    import_objects(KEPT, gang, release="3.0")
    import_objects(KEPT, gang | {"modified": LATER}, uses, release="4.0")
    pair = f"{RELEASES}/3.0...4.0"
    assert rows(site.page(f"{pair}/changes?type=groups"))["G1001 Gang of two Enterprise"][2] == (
        "1 technique added"
    )
    assert "0 changes" in site.page(f"{pair}/changes?weight=noise").words
    assert "0 in noise alone" not in site.page(f"{pair}/brief").words


def test_entry_is_listed_when_its_links_alone_changed(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    mitigates = relationship("mitigates", measure, KEPT, "Do.")
    import_objects(KEPT, measure, release="1.0")
    import_objects(KEPT, measure, mitigates, release="2.0")
    assert "No entry differs; 1 relationship object does." in site.page(PAIR).words
    for query in ("type=mitigations&kind=relationships", "type=mitigations&weight=material"):
        told = rows(site.page(f"{PAIR}/changes?{query}"))
        assert told["M1000 Measure Enterprise"] == [
            *("Relationships alone", "1.0", "1 technique added"),
        ]
    assert "2 changed in substance" in site.page(f"{PAIR}/brief").words


def test_matrix_marks_a_technique_that_is_the_same_and_has_another_mitigation(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    before = (IMPACT, ACCESS, GRID, KEPT, EDITED, measure)
    import_objects(*before, release="1.0")
    import_objects(*before, relationship("mitigates", measure, KEPT, "Do."), release="2.0")
    marked = site.page(f"{PAIR}/matrix").all("a", css="matrix-marked")
    assert [cell.words for cell in marked] == ["T1000 Kept, changed"]


def test_what_is_live_again_has_a_word_of_its_own_everywhere(site: Site) -> None:
    source = attack_object("x-mitre-data-source", "DS1000", "Source")
    dead = [found | {"x_mitre_deprecated": True} for found in (KEPT, source)]
    import_objects(IMPACT, ACCESS, GRID, *dead, GROUP, USES, release="1.0")
    import_objects(IMPACT, ACCESS, GRID, KEPT, source, GROUP, USES, release="2.0")
    (cell,) = site.page(f"{PAIR}/matrix").all("a", css="matrix-marked")
    assert cell.words == "T1000 Kept, back"
    assert "Back 1live again: revoked or deprecated" in site.page(f"{PAIR}/matrix").words
    first = site.page(PAIR).one(id="first")
    assert [head.words for head in first.all("h3")] == ["Live again"]
    told = {link.words: link["href"] for link in first.all("a") if link.words[0].isdigit()}
    assert list(told) == ["1 technique", "1 data source"]
    assert entries(site.page(told["1 technique"])) == ["T1000 Kept"]
    listed = rows(site.page(told["1 technique"]))["T1000 Kept Enterprise"]
    assert listed[2] == "no longer deprecated; tactic Impact added; 1 procedure example added"
    brief = site.page(f"{PAIR}/brief").words
    assert "Live again, revoked or deprecated before: 1 technique: T1000 Kept." in brief
    assert "Live again, revoked or deprecated before: 1 data source." in brief
    whole = site.page(f"{PAIR}/changes?type=data-sources")
    assert [choice.words for choice in whole.one("nav", css="choices").all("a")] == [
        *("All changes 1", "Patches 1", "Live again 1"),
    ]


def test_row_tells_the_changes_of_its_own_domain(site: Site) -> None:
    phone = technique("T9000", "On phones", domain="mobile")
    everywhere = GROUP | {"x_mitre_domains": ["enterprise-attack", "mobile-attack"]}
    for release, said in (("1.0", "One."), ("2.0", "Two.")):
        own = everywhere | {"description": said}
        ways = [relationship("uses", GROUP, KEPT)] if release == "2.0" else []
        import_objects(KEPT, own, *ways, release=release)
        import_objects(phone, own, domain="mobile", release=release)
    told = {
        tuple(row.one("th").words.split()[-1:]): row.all("td")[2].words
        for row in site.page(f"{PAIR}/changes?type=groups")
        .one("table", css="changes")
        .all("tr")[1:]
    }
    assert told == {
        ("Enterprise",): "description edited; 1 technique added",
        ("Mobile",): "description edited",
    }
    listed = site.page(f"{PAIR}/changes?type=groups")
    assert "2 changes · of 1 object" in listed.words or "2 changes of 1 object" in listed.words


def test_object_weighs_the_same_in_all_domains_in_the_brief_and_in_lists(site: Site) -> None:
    """G1000 changed in noise in mobile and materially in enterprise; M1000 in noise in both."""
    measure = mitigation("M1000", "Measure")
    for release, said in (("1.0", {}), ("2.0", {"modified": LATER})):
        group, noisy = GROUP | said, measure | said
        ways = [relationship("uses", group, KEPT)] if said else []
        import_objects(KEPT, group, noisy, *ways, release=release)
        phone = technique("T9000", "On phones", domain="mobile")
        import_objects(phone, group, noisy, domain="mobile", release=release)
    noise = site.page(f"{PAIR}/changes?weight=noise")
    assert entries(noise) == ["M1000 Measure", "M1000 Measure Mobile"]
    assert "2 changes of 1 object" in noise.words
    assert "; 1 in noise alone" in site.page(f"{PAIR}/brief").words
    groups = site.page(f"{PAIR}/changes?type=groups")
    assert entries(groups) == ["G1000 Band", "G1000 Band Mobile"]
    assert not groups.all(css="noise")


def test_object_is_not_new_when_another_domain_had_it(site: Site) -> None:
    phone = technique("T9000", "On phones", domain="mobile")
    import_objects(KEPT, GROUP, release="1.0")
    import_objects(KEPT, GROUP, release="2.0")
    import_objects(phone, domain="mobile", release="1.0")
    import_objects(phone, GROUP, domain="mobile", release="2.0")
    first = site.page(PAIR).one(id="first")
    assert [head.words for head in first.all("h3")] == ["In a further domain"]
    brief = site.page(f"{PAIR}/brief").words
    assert "In a further domain: 1 group: G1000 Band" in brief
    assert "new group" not in brief
    assert rows(site.page(f"{PAIR}/changes?type=groups&kind=additions&new=true")) == {}
    (link,) = first.one("ul", css="release-kinds").all("a")[:1]
    assert entries(site.page(link["href"])) == ["G1000 Band Mobile"]


@pytest.mark.usefixtures("two")
def test_edited_relationship_shows_the_words_that_changed(site: Site) -> None:
    page = site.page(f"{PAIR}/changes?links=Procedure+examples&kind=edited")
    (row,) = page.one("table", css="changes").all("tr")[1:]
    assert row.one("ins").words.strip("[] ") == "added: another"
    assert row.one("del").words.strip("[] ") == "removed: a"


@pytest.mark.usefixtures("two")
def test_part_of_a_list_has_rows_alone(site: Site) -> None:
    part, address = site.part(f"{PAIR}/changes?type=techniques&kind=patches")
    assert entries(part) == ["T1003 Moved"]
    assert address == f"{PAIR}/changes?type=techniques&kind=patches"
    response = site.get(f"{PAIR}/changes?type=techniques&embedded", **PARTIAL)
    assert "HX-Push-Url" not in response
    assert b"results-count" not in response.content


@pytest.mark.usefixtures("two")
def test_comparison_may_be_read_backwards(site: Site) -> None:
    page = site.page(f"{RELEASES}/2.0...1.0")
    assert "This reads backwards" in page.words
    assert rows(page)["Techniques"] == ["0", "0", "0", "1", "3", "0", "0", "1", "1"]
    assert "T1003 Moved from Access to Impact" in page.one(id="first").words


@pytest.mark.usefixtures("two")
def test_release_does_not_differ_from_itself(site: Site) -> None:
    page = site.page(f"{RELEASES}/2.0...2.0")
    assert "Nothing differs: both hold the same objects, to the byte." in page.words
    brief = site.page(f"{RELEASES}/2.0...2.0/brief").words
    assert "These releases raise no question." in brief


@pytest.mark.usefixtures("two")
def test_domain_that_holds_one_release_alone_is_named(site: Site) -> None:
    import_objects(technique("T9000", "On phones", domain="mobile"), domain="mobile", release="2.0")
    assert "Mobile is held in 2.0 alone, so it is not compared." in site.page(PAIR).words
    assert "holds both 1.0 and 2.0" in site.page(f"{PAIR}?domain=mobile", 404).words


@pytest.mark.usefixtures("two")
def test_two_domains_are_told_together_and_apart(site: Site) -> None:
    phone = technique("T9000", "On phones", domain="mobile")
    for release, held in (("1.0", []), ("2.0", [phone])):
        import_objects(*held, domain="mobile", release=release)
    assert rows(site.page(PAIR))["Techniques"][0] == "2"
    assert rows(site.page(f"{PAIR}?domain=mobile"))["Techniques"][0] == "1"
    listed = site.page(f"{PAIR}/changes?type=techniques&kind=additions&domain=enterprise")
    assert entries(listed) == ["T1005 Fresh <b>"]


@pytest.mark.usefixtures("two")
def test_official_snapshot_stands_for_a_release(site: Site) -> None:
    """Of two imports of a release, neither of them official, the newest."""
    import_objects(*TWO, technique("T1006", "Late", ("impact",)), release="2.0")
    assert rows(site.page(PAIR))["Techniques"][0] == "2"


@pytest.mark.parametrize(
    "path",
    [
        *("1.0...3.0", "3.0...1.0", "x...y", "1.0...%00", "1.0...2.0/changes", "1.0...2.0x"),
        *("1.0...2.0/changes?type=nothing", "1.0...2.0/changes?links=%3Cscript%3E&kind=added"),
        *("1.0...2.0?domain=desktop", f"{'9' * 60}...1.0", "1.0...2.0/matrix?domain=ics"),
        *("1.0...2.0/brief?domain=%00", "٢...2.0", "1.0...1.0/changes?type=%00"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_is_not_held_gets_one_sentence(path: str, site: Site) -> None:
    if path == "1.0...2.0/changes":
        assert entries(site.page(f"{RELEASES}/{path}"))
        return
    page = site.page(f"{RELEASES}/{path}", 404)
    assert page.one("h1").words == "No such comparison"
    assert "<script>" not in page.words or "&lt;" not in page.words


@pytest.mark.parametrize("query", ["offset=-1", "offset=9999", "offset=x", "weight=x&kind=x"])
@pytest.mark.usefixtures("two")
def test_parameter_that_cannot_be_used_is_as_if_not_given(query: str, site: Site) -> None:
    whole = entries(site.page(f"{PAIR}/changes?type=techniques"))
    assert entries(site.page(f"{PAIR}/changes?type=techniques&{query}")) == whole


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


@pytest.mark.usefixtures("two")
def test_brief_tells_figures_news_and_questions(site: Site) -> None:
    words = site.page(f"{PAIR}/brief").words
    assert "1 new technique" in words
    assert "3 changed in substance" in words
    assert "1 in noise alone" in words
    assert "Renamed: G1000 Gang was “Band”." in words
    assert "Which of our detections, plans and reports still name what MITRE let go of?" in words


@pytest.mark.usefixtures("two")
def test_brief_leads_to_lists_as_long_as_its_figures(site: Site) -> None:
    page = site.page(f"{PAIR}/brief")
    for link in page.one("article", css="release-brief").all("a"):
        number = link.words.split()[0]
        if number.isdigit() and int(number) and "/changes" in link["href"]:
            assert len(entries(site.page(link["href"]))) == int(number), link["href"]


@pytest.mark.usefixtures("two")
def test_all_releases_are_listed_with_what_is_in_them(site: Site) -> None:
    page = site.page(RELEASES)
    told = rows(page)
    newest = told["2.0 shown"]
    assert "Techniques 6" in newest[2]
    assert newest[4].startswith("Unrecognised: not a hash that MITRE published")
    assert newest[5].startswith("against 1.0")
    assert told["1.0"][5] == "nothing earlier is held"
    assert page.has("svg", **{"aria-label": "Techniques: 5 in 1.0, 6 in 2.0"})


@pytest.mark.usefixtures("two")
def test_form_leads_to_the_comparison_of_two_releases(site: Site) -> None:
    assert site.moves(f"{RELEASES}?from=1.0&to=2.0") == PAIR
    assert site.page(f"{RELEASES}?from=%2F%2Fevil.example&to=2.0").one("h1").words == "Releases"


def test_releases_of_an_empty_library_say_so(site: Site) -> None:
    assert "Nothing has been imported yet." in site.page(RELEASES).words
    assert "Releases 1.0 and 2.0 are not held." in site.page(PAIR, 404).words


def _queries(site: Site, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert site.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("", 7),
        ("/changes?type=techniques", 9),
        ("/matrix", 9),
        ("/brief", 9),
    ],
)
def test_queries_do_not_grow_with_what_changed_or_with_releases(
    path: str, count: int, site: Site
) -> None:
    counts = []
    for size, first in ((1, 1), (4, 3)):
        made = [technique(f"T1{at:03}", f"Way {at}", ("impact",)) for at in range(size)]
        uses = [relationship("uses", GROUP, way, "Old.") for way in made]
        other = [found | {"description": "New."} for found in (*made, *uses)]
        import_objects(IMPACT, GRID, GROUP, *made, *uses, release=f"{first}.0")
        import_objects(IMPACT, GRID, GROUP, *other, release=f"{first + 1}.0")
        # The edition and the published Takes, of which there are none, are kept from before.
        for page in (LIBRARY, f"{LIBRARY}/takes"):
            site.get(page)
        counts.append(_queries(site, f"{RELEASES}/{first}.0...{first + 1}.0{path}"))
    assert counts == [count, count]


def test_releases_page_costs_the_same_however_many_there_are(site: Site) -> None:
    counts = []
    for release in range(1, 5):
        import_objects(KEPT, release=f"{release}.0")
        site.get(LIBRARY)
        counts.append(_queries(site, RELEASES))
    assert counts == [3, 3, 3, 3]


def test_relationship_without_ends_is_listed_by_its_id(site: Site) -> None:
    lost = relationship("uses", GROUP, KEPT, id=stix_id("relationship", "lost"))
    lost["target_ref"] = stix_id("attack-pattern", "nowhere")
    import_objects(GROUP, release="1.0")
    import_objects(GROUP, lost, release="2.0")
    assert entries(site.page(f"{PAIR}/changes?type=relationship")) == [lost["id"]]
