"""How derived Takes are worded: one is not spoken of as many, and names are told apart."""

import pytest

from tests.analysis.small_library import (
    API,
    BESIDE,
    CREW,
    FILES,
    HEAD,
    KIT,
    OTHER,
    OWN,
    PAGE,
    SUB,
    analytic,
    detection,
    library,
    meets,
    take,
    uses,
)
from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_two_are_both_and_one_sub_technique_is_not_none_of_which(site: Site) -> None:
    library(API, FILES, *detection(), *meets(OWN, HEAD, SUB), *meets(BESIDE, HEAD, SUB))
    assert "has another mitigation as well, most often Beside (both): this" in take(site.page(PAGE))
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "It has 1 sub-technique, which nobody is recorded using." in head


def test_names_that_recur_have_their_ids_before_them(site: Site) -> None:
    twin = technique("T1002", "Head", ("second",))
    library(twin, *meets(OWN, HEAD, OTHER, twin))
    assert "ATT&CK lists: T1000 Head, Other and T1002 Head." in take(site.page(PAGE))


def test_names_that_another_domain_or_kind_has_too_have_their_ids_before_them(site: Site) -> None:
    far = technique("T0900", "HEAD", ("far",), "ics")
    code = attack_object("tool", "S0900", "Other")
    import_objects(far, mitigation("M0900", "Measure", "ics"), domain="ics")
    library(code, *uses(CREW, HEAD, SUB, OTHER), *meets(OWN, HEAD, SUB))
    crew = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "recorded using all 3 techniques (T1000 Head, Sub and T1001 Other)." in crew
    assert "M1000 Measure is the only mitigation ATT&CK lists for any of it" in crew
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "Sub, a sub-technique of T1000 Head, serves First" in sub
    assert "ATT&CK lists one mitigation for it: M1000 Measure." in sub


def test_component_of_one_technique_is_not_spoken_of_as_of_many(site: Site) -> None:
    without = attack_object("x-mitre-analytic", "AN0002", "Analytic 0002")
    one = analytic(1, API)
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Notice it",
        x_mitre_analytic_refs=[one["id"], without["id"]],
    )
    library(API, one, without, strategy, relationship("detects", strategy, HEAD))
    said = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "That technique has an analytic that does without it." in said
    assert "none of them" not in said


def test_one_technique_is_not_spoken_of_as_many(site: Site) -> None:
    library(*detection(), *meets(OWN, HEAD), *meets(BESIDE, HEAD), *uses(CREW, HEAD))
    said = take(site.page(PAGE))
    assert "in 1 of 2 tactics. That is 1 of 3 techniques in First." in said
    assert (
        "The technique is T1000 Head. ATT&CK records 1 group using it. The technique works on"
        in said
    )
    assert "For that technique ATT&CK lists Beside as well: this is one layer of several" in said
    assert "1 detection strategy with 1 analytic is listed for the technique it addresses." in said
    group = take(site.page(f"{LIBRARY}/groups/G0001"))
    assert "The technique works on Linux and Windows." in group
    assert "for the technique it uses." in group
    component = take(site.page(f"{LIBRARY}/data-components/DC0001"))
    assert "For the only technique every analytic ATT&CK lists reads it: Head." in component


def test_only_technique_without_mitigation_is_not_these_techniques(site: Site) -> None:
    library(*uses(KIT, HEAD))
    said = take(site.page(f"{LIBRARY}/software/S0001"))
    assert (
        "For the only technique no mitigation is listed in this release: Head. Ask how it" in said
    )


def test_no_figure_is_given_of_tactics_when_the_release_names_none(site: Site) -> None:
    lost = technique("T1000", "Lost", ("gone",))
    import_objects(OWN, lost, relationship("mitigates", OWN, lost))
    said = take(site.page(PAGE))
    assert "all 0" not in said
    assert "no tactic that this release names" in said


def test_nothing_stands_in_place_of_a_mitigation_when_there_is_one(site: Site) -> None:
    stage, way = tactic("TA0001", "First", "first"), technique("T1000", "Way", ("first",))
    harm = mitigation("M1055", "Do Not Mitigate")
    links = [relationship("mitigates", found, way) for found in (OWN, harm)]
    import_objects(stage, way, OWN, harm, *links)
    assert "In place of a mitigation" not in take(site.page(f"{LIBRARY}/techniques/T1000"))
    import_objects(stage, way, OWN, harm, links[1], release="2.0")
    assert "In place of a mitigation" in take(site.page(f"{LIBRARY}/techniques/T1000"))


def test_layers_of_a_data_source_are_those_of_its_first_domain(site: Site) -> None:
    source = attack_object("x-mitre-data-source", "DS0001", "Start")
    for domain, layer in (("enterprise", "Host"), ("ics", "Network")):
        import_objects(source | {"x_mitre_collection_layers": [layer]}, domain=domain)
    said = take(site.page(f"{LIBRARY}/data-sources/DS0001"))
    assert "Host" in said
    assert "Network" not in said
