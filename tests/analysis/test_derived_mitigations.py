"""What derived Takes say of mitigations: what each addresses, and which come first."""

import pytest

from tests.analysis.small_library import (
    BEFORE,
    BESIDE,
    CREW,
    HEAD,
    KIT,
    OTHER,
    OWN,
    PAGE,
    SUB,
    library,
    many,
    meets,
    take,
    uses,
)
from tests.factories import attack_object, mitigation, relationship, technique
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_mitigation_says_what_it_addresses_and_where(site: Site) -> None:
    addressed = [relationship("mitigates", OWN, found) for found in (HEAD, SUB)]
    library(*addressed, relationship("mitigates", BESIDE, HEAD), relationship("uses", CREW, HEAD))
    said = take(site.page(PAGE))
    assert (
        "Measure addresses 2 techniques (1 technique and 1 sub-technique) in 1 of 2 tactics."
        in (said)
    )
    assert "That is 2 of 3 techniques in First." in said
    assert "ATT&CK records 1 group using at least one of these techniques." in said
    assert "For 1 of 2 techniques it is the only mitigation ATT&CK lists: Sub." in said
    assert "names no other that prevents it" in said
    assert "Linux (2), Windows (1)" in said.replace(" and ", ", ")
    assert "It has nothing in Second." in said
    assert "T1000 Head (1 group); 1 other mitigation" in said


def test_mitigation_says_so_when_it_addresses_nothing(site: Site) -> None:
    library()
    said = take(site.page(PAGE))
    assert "ATT&CK lists no technique for Measure in this release" in said
    assert not site.page(PAGE).one(id="take").has("h3")


def test_what_is_revoked_is_not_counted(site: Site) -> None:
    gone = technique("T1002", "Gone", ("first",), revoked=True)
    library(
        gone,
        relationship("mitigates", OWN, HEAD),
        relationship("mitigates", OWN, gone),
        relationship("mitigates", OWN, OTHER, revoked=True),
    )
    assert "Measure addresses 1 technique in" in take(site.page(PAGE))


@pytest.mark.parametrize(
    ("own", "beside", "said"),
    [
        (3, 1, "Of the mitigations ATT&CK lists, Measure meets most of what it uses: 3 of 5 tech"),
        (
            2,
            1,
            "lists meets more than half of what it uses; the widest is Measure: 2 of 5 techniques.",
        ),
        (2, 2, "half of what it uses; the widest are Measure (2 of 5) and Beside (2 of 5)."),
        (3, 3, "Each of these mitigations meets most of what it uses: Measure (3 of 5) and Besi"),
        (1, 1, "No mitigation ATT&CK lists meets more than one of its techniques."),
        (2, 0, "Measure is the only mitigation ATT&CK lists for any of it: for 2 of 5 techniques."),
    ],
)
def test_group_names_the_widest_mitigations_and_most_only_above_half(
    site: Site, own: int, beside: int, said: str
) -> None:
    ways = many(5)
    met = meets(OWN, *ways[:own]) + meets(BESIDE, *ways[:beside])
    library(*ways, *uses(CREW, *ways), *met)
    shown = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert said in shown
    assert ("meets most of what" in shown) is (own == 3)


def test_ties_are_broken_by_other_evidence_and_not_by_id(site: Site) -> None:
    ways = many(8)
    raid = attack_object("campaign", "C0001", "Raid")
    library(*ways, raid, *meets(OWN, *ways), *uses(KIT, *ways[4:]), *uses(raid, ways[7]))
    said = take(site.page(PAGE))
    listed = said.partition("Mitigation priorities ")[2]
    # Four are used by the software, one of them by the campaign too; the first by nobody.
    assert listed.startswith("T2007 Way 2007 (1 piece of software); no other mitigation")
    assert "T2000" not in said
    assert "nothing else that it addresses is used by more software." in said


def test_what_ranks_equal_is_not_put_in_order(site: Site) -> None:
    ways = many(3)
    measures = [mitigation(f"M{1100 + n}", f"Measure {n}") for n in range(6)]
    met = [link for measure in measures for link in meets(measure, *ways)]
    library(*ways, *measures, *met, *uses(CREW, *ways))
    page = site.page(f"{LIBRARY}/groups/G0001")
    said = take(page)
    assert "6 mitigations meet equally much, so that none of them comes first." in said
    assert "M1100" not in said


def test_mitigation_says_what_in_its_reach_it_leaves_out(site: Site) -> None:
    ways = many(4)
    library(*ways, *meets(OWN, HEAD, *ways[:2]), *uses(CREW, ways[2], SUB), *uses(KIT, ways[2]))
    said = take(site.page(PAGE))
    assert (
        "Of the techniques that it addresses whole or in part, 1 sub-technique is not listed for"
        " it: T1000.001 Sub." in said
    )
    assert (
        "In First it is not listed for 4 of 7 techniques; most used of them: T2002 Way 2002"
        " (1 group) and T1000.001 Sub (1 group)." in said
    )


def test_technique_names_every_mitigation_with_what_it_covers_the_widest_first(
    site: Site,
) -> None:
    ways = many(6)
    measures = [mitigation(f"M{1100 + n}", f"Measure {n}") for n in range(6)]
    covered = [
        link for n, measure in enumerate(measures) for link in meets(measure, HEAD, *ways[: 5 - n])
    ]
    library(*ways, *measures, *covered, *meets(measures[0], SUB))
    said = take(site.page(f"{LIBRARY}/techniques/T1000"))
    listed = said.partition("Mitigation priorities ")[2]
    places = [listed.index(f"M{1100 + n} Measure {n}") for n in range(6)]
    assert places == sorted(places)
    assert (
        "M1100 Measure 0: addresses 7 techniques in all, among them the only sub-technique of Head"
        in listed
    )
    assert "M1101 Measure 1: addresses 5 techniques in all, but no sub-technique of Head" in (
        listed
    )
    assert "M1105 Measure 5: addresses nothing else" in listed
    way = take(site.page(f"{LIBRARY}/techniques/T2000"))
    assert (
        "M1100 Measure 0: addresses 7 techniques in all, among them 6 of 8 other techniques under"
        in (way)
    )


def test_another_mitigation_is_most_often_there_only_above_half(site: Site) -> None:
    library(*meets(OWN, HEAD, SUB), *meets(BESIDE, HEAD), *meets(BEFORE, SUB), BEFORE)
    assert "Every one of them has another mitigation as well: this is one" in take(site.page(PAGE))


def test_what_nothing_else_meets_is_not_counted_twice(site: Site) -> None:
    ways = many(4)
    library(*ways, *uses(KIT, *ways), *meets(OWN, *ways[:2]), *meets(BESIDE, ways[2]))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "M1000 Measure: 2 of 4 techniques, all of them met by nothing else" in said
    assert "M1001 Beside: 1 of 4 techniques, met by nothing else" in said
