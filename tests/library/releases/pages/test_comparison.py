"""The page of two releases compared: figures, what comes first, what is not held, and the cost."""

import pytest

from tests.factories import attack_object, import_objects, relationship, technique
from tests.library.pages import LIBRARY, Site
from tests.library.releases.pages.pair import (
    ACCESS,
    GRID,
    GROUP,
    IMPACT,
    KEPT,
    PAIR,
    RELEASES,
    TWO,
    USES,
    entries,
    queries_of,
    rows,
)
from tests.library.taken import content, loaded

pytestmark = pytest.mark.django_db


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
    # T1001, T1003, T1004 and G1000.
    assert "DiffStix counts it as unchanged: here 4 entries;" in rules[0]


@pytest.mark.usefixtures("two")
def test_every_number_leads_to_a_list_as_long(site: Site) -> None:
    page = site.page(PAIR)
    unchanged = "what is unchanged is counted alone"
    assert f"Every number of what changed leads to its list; {unchanged}." in page.words
    followed = 0
    for table in page.all("table", css="release-figures"):
        plain = [
            (cell["data-label"], cell.words)
            for cell in table.all("td", css="figure")
            if cell.words != "0" and not cell.all("a")
        ]
        assert {head for head, _ in plain} <= {"Unchanged"}
        for link in table.all("a"):
            if link.words.isdigit():
                listed = site.page(link["href"])
                noise = sum(int(found.words.split()[0]) for found in listed.all(css="noise"))
                assert int(link.words) == len(entries(listed)) + noise, link["href"]
                assert listed.one(id="results-count").words.startswith(f"{link.words} change")
                followed += 1
    assert followed == 16
    (every,) = [a for a in page.all("a") if a.words == "All entries"]
    assert site.page(every["href"]).one(id="results-count").words.startswith("7 changes")


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
    assert "these releases raise no question." in brief


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
        *("1.0...2.0?domain=ics", f"{'9' * 60}...1.0", "1.0...2.0/matrix?domain=ics"),
        *("1.0...2.0/brief?domain=mobile", "٢...2.0", "1.0...2.0/json?domain=desktop"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_is_not_held_gets_one_sentence(path: str, site: Site) -> None:
    if path == "1.0...2.0/changes":
        assert entries(site.page(f"{RELEASES}/{path}"))
        return
    page = site.page(f"{RELEASES}/{path}", 404)
    assert page.one("h1").words == "No such comparison"
    assert ("desktop" in path) == ("There is no domain “desktop”." in page.words)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("?domain=desktop", "There is no domain “desktop”"),
        ("/brief?domain=desktop", "There is no domain “desktop”"),
        ("/matrix?domain=desktop", "There is no domain “desktop”"),
        ("/matrix?platform=Amiga", "There is no platform “Amiga”"),
        ("/changes?domain=%3Cb%3E", "There is no domain “<b>”"),
        ("/changes?type=foo", "There is no type “foo”"),
        ("/changes?links=foo&kind=added", "There is no kind of relationship “foo”"),
        ("/changes?type=techniques&kind=foo", "There is no kind of change “foo”"),
        ("/changes?type=techniques&weight=foo", "There is no weight of a change “foo”"),
        ("/changes?type=techniques&about=foo", "There is no property “foo”"),
    ],
)
@pytest.mark.usefixtures("two")
def test_filter_that_there_is_not_is_left_aside_and_told(path: str, said: str, site: Site) -> None:
    name = path.partition("?")[2].split("&")[-1].partition("=")[0]
    # A list is of a kind, so that without one there is no list, but the comparison.
    plain = site.page(PAIR if name == "kind" else f"{PAIR}{path.replace(f'{name}=', 'x=')}")
    page = site.page(f"{PAIR}{path}")
    assert f"{said}: that filter is left aside." in page.words
    assert "There is no" not in plain.words
    if name not in {"kind", "domain", "platform"}:
        assert entries(page) == entries(plain)


def test_object_is_not_gone_when_another_domain_holds_it_still(site: Site) -> None:
    phone = technique("T9000", "On phones", domain="mobile")
    import_objects(KEPT, GROUP, release="1.0")
    import_objects(KEPT, GROUP, release="2.0")
    import_objects(phone, GROUP, domain="mobile", release="1.0")
    import_objects(domain="mobile", release="2.0")
    first = site.page(PAIR).one(id="first")
    assert [head.words for head in first.all("h3")] == [
        *("No longer in the bundle", "Left a domain, held in another"),
    ]
    told = {link.words: link["href"] for link in first.all("a") if link.words[0].isdigit()}
    assert entries(site.page(told["1 technique"])) == ["T9000 On phones Mobile"]
    assert entries(site.page(told["1 group"])) == ["G1000 Band Mobile"]
    assert rows(site.page(told["1 group"].replace("gone=false", "gone=true"))) == {}
    brief = site.page(f"{PAIR}/brief").words
    assert "Left a domain, held in another: 1 group: G1000 Band (Mobile)." in brief


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("", 7),
        ("/changes?type=techniques", 9),
        ("/matrix", 13),
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
        counts.append(queries_of(site, f"{RELEASES}/{first}.0...{first + 1}.0{path}"))
    assert counts == [count, count]


def test_successor_is_marked_where_it_is_itself_deprecated_or_revoked(site: Site) -> None:
    old, hop, end = (technique(f"T100{n}", f"Way {n}", ("impact",)) for n in range(3))
    links = relationship("revoked-by", old, hop), relationship("revoked-by", hop, end)
    import_objects(IMPACT, GRID, old, hop, end, release="1.0")
    dead = [found | {"revoked": True} for found in (old, hop)]
    import_objects(IMPACT, GRID, *dead, end | {"x_mitre_deprecated": True}, *links, release="2.0")
    chain = "in favour of T1001 Way 1, and that in favour of T1002 Way 2 (deprecated)"
    assert f"T1000 Way 0, {chain}" in site.page(PAIR).one(id="first").words
    assert f"T1000 Way 0, {chain}" in site.page(f"{PAIR}/brief").words
    assert f"I{chain[1:]}" in site.page(f"{PAIR}/changes?type=techniques").words
    changelog = content(site, f"{PAIR}/markdown").decode()
    (line,) = [each for each in changelog.splitlines() if each.startswith("- [T1000")]
    assert line.count(" (deprecated)") == 1
    assert b"T1001 Way 1; T1002 Way 2 (deprecated)" in content(site, f"{PAIR}/csv")
    layer = loaded(site, f"{PAIR}/navigator?domain=enterprise")
    comments = {one["techniqueID"]: one["comment"] for one in layer["techniques"]}
    assert "in favour of T1002 Way 2 (deprecated)" in comments["T1000"]


def test_a_comparison_says_what_differs_beside_entries_and_relationships(site: Site) -> None:
    for release in ("1.0", "2.0"):
        import_objects(KEPT, release=release)
    words = site.page(PAIR).words
    assert "Nothing differs" not in words
    assert "No entry and no relationship differs; 1 other object of the bundles does" in words
