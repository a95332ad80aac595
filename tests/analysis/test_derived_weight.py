"""What derived Takes say of tactics: in which of them an object has its weight."""

import pytest

from tests.analysis.small_library import (
    HEAD,
    KIT,
    PAGE,
    PLACES,
    SUB,
    library,
    many,
    meets,
    take,
    uses,
)
from tests.factories import Properties, import_objects, mitigation, tactic, technique
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_weight_is_where_most_techniques_are_and_not_where_the_share_is_largest(
    site: Site,
) -> None:
    large, small = many(40), many(2, 3000, "second")
    library(*large, *small, *uses(KIT, *large[:3], *small))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "Its weight is in First, where it uses 3 of 43 techniques, then in Second (2 of 3)." in (
        said
    )


def stages(*counts: int) -> tuple[list[Properties], list[Properties]]:
    """Tactics with 30 techniques each, and of the techniques of each so many as are used."""
    everything: list[Properties] = []
    used: list[Properties] = []
    for n, count in enumerate(counts):
        ways = many(30, 2000 + 100 * n, f"s{n}")
        everything += [tactic(f"TA10{n:02}", f"Stage {n}", f"s{n}"), *ways]
        used += ways[:count]
    return everything, used


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (
            (9, 4, 3, 2, 2),
            "Its weight is in Stage 0, where it uses 9 of 30 techniques, then in Stage 1 (4 of 30)"
            " and Stage 2 (3 of 30). ATT&CK names",
        ),
        (
            (9, 1, 1),
            "0, where it uses 9 of 30 techniques; it hardly touches Stage 1 (1 of 30)",
        ),
        ((2, 1, 1), "Its weight is in Stage 0, where it uses 2 of 30 techniques. ATT&CK names"),
        (
            (2, 2, 1),
            "Its weight is equally in Stage 0 (2 of 30) and Stage 1 (2 of 30). ATT&CK",
        ),
        ((2, 2, 2, 2, 2, 2, 1), "Its weight is spread evenly over 6 tactics. ATT&CK names"),
        ((4,), "That is 4 of 30 techniques in Stage 0. ATT&CK names"),
    ],
)
def test_weight_goes_by_what_an_object_has_and_never_by_a_single_technique(
    site: Site, counts: tuple[int, ...], said: str
) -> None:
    everything, used = stages(*counts)
    library(*everything, *uses(KIT, *used))
    assert said in take(site.page(f"{LIBRARY}/software/S0001"))


def test_a_tactic_with_a_good_part_of_what_an_object_has_is_not_hardly_touched(site: Site) -> None:
    everything, used = stages(9, 4)
    wide = many(200, 5000, "second")
    library(*everything, *wide, *uses(KIT, *used, *wide[:3]))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "then in Stage 1 (4 of 30) and Second (3 of 201)." in said
    assert "hardly" not in said


@pytest.mark.parametrize("each", [1, 2])
def test_there_is_no_weight_where_all_tactics_have_equally_many(site: Site, each: int) -> None:
    large, small = many(5), many(2, 3000, "second")
    library(*large, *small, *uses(KIT, *large[:each], *small[:each]))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert "weight" not in said
    assert f"It uses {each} of 3 techniques in Second and {each} of 8 in First." in said


def test_tactics_of_one_name_have_their_domain_beside_them(site: Site) -> None:
    domains = ["enterprise-attack", "mobile-attack"]
    both = mitigation("M1000", "Measure", x_mitre_domains=domains)
    far = tactic("TA0027", "First", "first", "mobile")
    ways = [technique(f"T160{n}", f"Away {n}", ("first",), "mobile") for n in range(3)]
    import_objects(*PLACES, both, *meets(both, HEAD, SUB))
    import_objects(far, *ways, both, *meets(both, *ways), domain="mobile")
    said = take(site.page(PAGE))
    then = "then in Enterprise First (2 of 3)."
    assert f"is in Mobile First, where it addresses all 3 techniques, {then}" in said
    assert "It has nothing in Second." in said
