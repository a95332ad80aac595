"""What derived Takes say where nothing can be put in place: nothing helps, or it is too early."""

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
from tests.factories import mitigation, technique
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db
NONE_HELPS = mitigation("M1055", "Do Not Mitigate")


def test_what_says_that_nothing_helps_is_no_mitigation(site: Site) -> None:
    library(
        NONE_HELPS,
        *meets(NONE_HELPS, HEAD),
        *meets(OWN, SUB),
        *uses(CREW, HEAD, SUB),
        *uses(KIT, HEAD),
    )
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "In place of a mitigation ATT&CK lists Do Not Mitigate: prevention may do more" in head
    assert "in place on every system" not in head
    assert "Mitigation priorities" not in head
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert (
        "MITRE says of 1 of 2 techniques that prevention may do more harm than good: Head." in crew
    )
    assert "no mitigation is listed" not in crew
    assert "Do Not Mitigate" not in crew
    kit = take(site.page(f"{LIBRARY}/software/S0001"))
    assert (
        "MITRE says of the only technique that prevention may do more harm than good: Head." in kit
    )
    assert "does little" not in crew + kit
    own = take(site.page(f"{MITIGATIONS}/M1055"))
    assert "is no measure: MITRE lists it for 1 technique to say that prevention may do" in own
    assert "There is nothing to put in place. Ask how it would be noticed, and how soon." in own
    assert "Where this control is weak" not in own
    assert "Do Not Mitigate" not in take(site.page(f"{LIBRARY}/tactics/TA0001"))


def test_what_mitre_says_of_some_techniques_is_said_of_those_alone(site: Site) -> None:
    limited = mitigation("M0816", "Mitigation Limited or Not Effective")
    library(limited, *meets(limited, HEAD, SUB), *uses(CREW, HEAD, SUB), *uses(KIT, HEAD, OTHER))
    little = "prevention does little where features that are needed are abused"
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert f"MITRE says of both techniques that {little}: Head and Sub." in crew
    assert "harm" not in crew
    library(
        NONE_HELPS,
        limited,
        *meets(limited, HEAD),
        *meets(NONE_HELPS, OTHER),
        *uses(KIT, HEAD, OTHER),
    )
    kit = take(site.page(f"{LIBRARY}/software/S0001"))
    assert f"MITRE says of 1 of 2 techniques that {little}: Head." in kit
    assert "MITRE says of 1 of 2 techniques that prevention may do more harm than good: O" in kit


def test_what_is_done_before_an_intrusion_is_not_asked_of_every_system(site: Site) -> None:
    library(BEFORE, *meets(BEFORE, HEAD, SUB), *meets(OWN, SUB), *uses(CREW, HEAD, SUB))
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "no mitigation for it but Pre-compromise, since it happens before an intrusion" in head
    assert "on every system" not in head
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "For 1 of 2 techniques, which happens before an intrusion and outside a" in crew
    assert "M1056" not in crew
    own = take(site.page(f"{MITIGATIONS}/M1056"))
    assert "For 1 of 2 techniques it is the only mitigation ATT&CK lists. What it is" in own
    assert "Where this control is weak" not in own


@pytest.mark.parametrize(
    ("before", "own", "beside", "said"),
    [
        (4, 1, 1, "No mitigation that can be put in place meets more than one of its techniques."),
        (
            4,
            2,
            1,
            "meets more than half of what it uses; the widest is Measure: 2 of 7 techniques.",
        ),
        (5, 2, 2, "the widest are Measure (2 of 7) and Beside (2 of 7)."),
        (5, 2, 0, "Measure is the only mitigation that can be put in place for any of it: for 2 "),
        (3, 4, 1, "Of the mitigations that can be put in place, Measure meets most of what it use"),
    ],
)
def test_no_mitigation_is_said_to_meet_more_than_pre_compromise_does(
    site: Site, before: int, own: int, beside: int, said: str
) -> None:
    ways = many(7)
    met = meets(OWN, *ways[:own]) + meets(BESIDE, *ways[:beside])
    library(BEFORE, *ways, *uses(CREW, *ways), *met, *meets(BEFORE, *ways[-before:]))
    shown = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert said in shown
    assert "that can be put in place" in shown
    assert "ATT&CK lists meets" not in shown
    assert f"For {before} of 7 techniques, which happen before an intrusion" in shown


def test_what_is_listed_beside_a_mitigation_is_told_when_it_is_pre_compromise(site: Site) -> None:
    library(BEFORE, *meets(BEFORE, HEAD, SUB), *meets(OWN, HEAD), *uses(CREW, HEAD))
    one_of_several = "For that technique ATT&CK lists Pre-compromise as well"
    assert one_of_several in take(site.page(PAGE))
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "For the only technique it uses, ATT&CK lists Measure and Pre-compromise." in crew


def test_what_is_before_an_intrusion_is_no_platform(site: Site) -> None:
    ahead = technique("T1002", "Ahead", ("first",), x_mitre_platforms=["PRE"])
    later = technique("T1003", "Later", ("first",), x_mitre_platforms=["PRE"])
    library(ahead, later, *uses(CREW, HEAD, ahead), *uses(KIT, ahead, later), *meets(OWN, ahead))
    own = take(site.page(f"{LIBRARY}/techniques/T1002"))
    assert "Ahead serves First before an intrusion." in own
    assert (
        "By platform, the techniques work on Linux (1) and Windows (1). 1 of 2 techniques happens"
        " before an intrusion, outside the organisation’s systems."
    ) in take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "Both techniques happen before an intrusion" in take(
        site.page(f"{LIBRARY}/software/S0001")
    )
    assert "The technique works before an intrusion." in take(site.page(PAGE))
