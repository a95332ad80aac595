"""What derived Takes say of use: who uses a technique, and what else others use."""

import pytest

from tests.analysis.small_library import CREW, HEAD, KIT, OTHER, OWN, SUB, library, many, take, uses
from tests.factories import attack_object, import_objects, relationship, technique
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_technique_says_who_uses_it_and_how_it_stands_among_its_peers(site: Site) -> None:
    second = attack_object("intrusion-set", "G0002", "Band")
    library(
        second,
        *(relationship("uses", user, HEAD) for user in (CREW, second, KIT)),
        relationship("uses", CREW, OTHER),
        relationship("mitigates", OWN, HEAD),
    )
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "Head serves First on Linux and Windows." in said
    assert "ATT&CK records 2 groups and 1 piece of software using it." in said
    assert (
        "The only other technique under First, both with their sub-techniques, is not used by more"
        " groups or software."
    ) in said
    assert "ATT&CK lists one mitigation for it: Measure." in said
    other = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert (
        "The only other technique under First, both with their sub-techniques, is used by more"
        " groups."
    ) in other
    assert "under Second" not in other  # Where it has no peers.
    assert "No mitigation is listed in this release." in other
    assert "Sub, a sub-technique of Head, serves First" in take(
        site.page(f"{LIBRARY}/techniques/T1000.001")
    )


def test_group_says_what_would_meet_it_and_when_evidence_is_thin(site: Site) -> None:
    library(
        relationship("uses", CREW, HEAD),
        relationship("uses", CREW, KIT),
        relationship("mitigates", OWN, HEAD),
    )
    said = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "Crew is recorded using 1 technique in 1 of 2 tactics." in said
    assert "It is recorded using 1 piece of software." in said
    assert "For the only technique it uses, ATT&CK lists Measure." in said
    assert "The evidence is thin" in said
    assert "ATT&CK records no technique used by Kit" in take(site.page(f"{LIBRARY}/software/S0001"))


def test_what_is_shared_is_told_in_figures_and_nothing_of_who_is_there(site: Site) -> None:
    ways = many(4)
    band, away = (attack_object("intrusion-set", f"G{n}", f"Band {n}") for n in (1000, 1001))
    import_objects(technique("T1600", "Far", (), "mobile"), away, domain="mobile")
    library(*ways, band, *uses(CREW, *ways), *uses(band, ways[0]), *uses(KIT, ways[0], ways[1]))
    said = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert (
        "What it uses that others use most: T2000 Way 2000 (the only other group and the only piece"
        " of software) and T2001 Way 2001 (the only piece of software)." in said
    )
    alone = "using 2 of 4 techniques (Way 2002 and Way 2003)."
    assert f"No other group, software or campaign is recorded {alone}" in said
    assert "who is there" not in said


def test_what_others_use_most_is_counted_without_the_object_itself(site: Site) -> None:
    ways = many(4)
    tools = [attack_object("tool", f"S{1000 + n}", f"Tool {n}") for n in range(3)]
    raid = attack_object("campaign", "C0001", "Raid")
    links = [*uses(KIT, *ways), *uses(tools[0], ways[0], ways[1]), *uses(tools[1], ways[0])]
    library(*ways, *tools, raid, *links, *uses(CREW, ways[1]), *uses(raid, ways[2]))
    page = site.page(f"{LIBRARY}/software/S0001")
    assert (
        "What it uses that others use most: T2001 Way 2001 (the only group and 1 of 3 other pieces"
        " of software), T2000 Way 2000 (2 of 3 other pieces of software) and T2002 Way 2002 (the"
        " only campaign)." in take(page)
    )
    (two,) = (a for a in page.all("a") if a.words == "2 of 3 other pieces of software")
    counted = site.page(f"{LIBRARY}/software/S0001/evidence").one(
        "section", id=two["href"].partition("#")[2]
    )
    assert [one.words for one in counted.all("li")] == ["S1000 Tool 0", "S1001 Tool 1"]


def test_technique_is_ranked_by_every_kind_of_user_in_every_tactic(site: Site) -> None:
    ways = many(2)
    late = many(2, 3000, "second")
    raid = attack_object("campaign", "C0001", "Raid")
    bands = [attack_object("intrusion-set", f"G{n}", f"Band {n}") for n in (1000, 1001)]
    library(
        *ways,
        *late,
        raid,
        *bands,
        *(link for user in (CREW, KIT, raid) for link in uses(user, OTHER)),
        *(link for band in bands for link in uses(band, ways[0], ways[1])),
    )
    said = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert (
        "Of the 3 other techniques under First, each with its sub-techniques, 2 are used by more"
        " groups, none by more software and none by more campaigns. None of the 2 other techniques"
        " under Second is used by more"
        " groups, software or campaigns."
    ) in said


def test_prevalence_of_a_technique_counts_its_sub_techniques_and_tells_itself_apart(
    site: Site,
) -> None:
    part = technique("T1000.002", "Part", ("first",))
    band = attack_object("intrusion-set", "G0002", "Band")
    library(
        part,
        band,
        relationship("subtechnique-of", part, HEAD),
        *uses(CREW, SUB, part, OTHER),
        *uses(band, HEAD, OTHER),
        *uses(KIT, SUB),
    )
    page = site.page(f"{LIBRARY}/techniques/T1000")
    assert (
        "ATT&CK records 2 groups and 1 piece of software using it or a sub-technique of it. Apart"
        " from its sub-techniques, ATT&CK records 1 group using it. The only other technique under"
        " First, both with their sub-techniques, is not used by more groups or software."
    ) in take(page)
    evidence = site.page(f"{LIBRARY}/techniques/T1000/evidence")
    counted = {"2 groups": ["G0001 Crew", "G0002 Band"], "1 group": ["G0002 Band"]}
    for words, names in counted.items():
        link = next(a for a in page.one(id="take").all("a") if a.words == words)
        target = evidence.one("section", id=link["href"].partition("#")[2])
        assert [one.words for one in target.all("li")] == names
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "The only other sub-technique under First is not used by more groups or software." in sub
    assert "or a sub-technique of it" not in sub


def test_technique_that_is_recorded_by_its_sub_techniques_alone_says_so(site: Site) -> None:
    library(*uses(CREW, SUB))
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "ATT&CK records 1 group using it or a sub-technique of it." in said
    assert "Apart from its sub-techniques, nobody is recorded using it." in said


def test_what_groups_use_beside_a_technique_counts_those_of_its_sub_techniques(site: Site) -> None:
    bands = [attack_object("intrusion-set", f"G{1000 + n}", f"Band {n}") for n in range(3)]
    links = [link for band in bands for link in uses(band, SUB, OTHER)]
    library(*bands, *links)
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert (
        "Groups that use it or a sub-technique of it also use, most often, T1001 Other (all 3)."
        in said
    )


def test_a_technique_whose_sub_techniques_others_use_is_not_used_by_one_alone(site: Site) -> None:
    ways = many(3)
    library(*ways, *uses(KIT, HEAD, *ways), *uses(CREW, SUB))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "is recorded using 3 of 4 techniques (Way 2000, Way 2001 and Way 2002)." in said
