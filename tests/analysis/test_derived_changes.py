"""What a derived Take says that a release changed."""

import pytest

from tests.analysis.small_library import API, HEAD, OTHER, OWN, PLACES, SUB, analytic, take, uses
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Site

pytestmark = pytest.mark.django_db


def test_take_says_what_the_release_changed_since_the_one_before(site: Site) -> None:
    stage = tactic("TA0002", "Execution", "execution")
    shell = technique("T1059", "Shell", ("execution",))
    measure = mitigation("M1000", "Measure")
    import_objects(stage, shell, release="1.0")
    import_objects(stage, shell, measure, relationship("mitigates", measure, shell), release="2.0")
    take = site.page(f"{LIBRARY}/techniques/T1059").one(id="take")
    assert "Changed from 1.0 to 2.0: 1 mitigation added." in take.words
    assert "New since 1.0, which did not have it." in (
        site.page(f"{LIBRARY}/mitigations/M1000").one(id="take").words
    )
    old = site.page(f"{LIBRARY}/v/1.0/techniques/T1059").one(id="take").words
    assert "Changed" not in old
    assert "Changed" not in site.page(f"{LIBRARY}/tactics/TA0002").one(id="take").words


def noticed(*techniques: Properties, by: Properties) -> list[Properties]:
    """A strategy for techniques whose only analytic reads a component, as since 18.0."""
    reads = analytic(1, by)
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice it", x_mitre_analytic_refs=[reads["id"]]
    )
    return [reads, strategy, *(relationship("detects", strategy, each) for each in techniques)]


def test_what_a_component_notices_is_compared_whatever_links_lead_there(site: Site) -> None:
    direct = [relationship("detects", API, found) for found in (HEAD, SUB)]
    import_objects(*PLACES, API, *direct, release="1.0")
    import_objects(*PLACES, API, *noticed(HEAD, OTHER, by=API), release="2.0")
    component = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "API Calls helps to notice 2 techniques" in component
    assert "1.0 to 2.0: 1 technique added, 1 technique removed, 1 analytic added" in component
    head = take(site.page(f"{LIBRARY}/techniques/T1000"))
    assert "Changed from 1.0 to 2.0: 1 detection strategy added." in head
    sub = take(site.page(f"{LIBRARY}/techniques/T1000.001"))
    assert "Changed from 1.0 to 2.0: 1 data component removed." in sub
    other = take(site.page(f"{LIBRARY}/techniques/T1001"))
    assert "Changed from 1.0 to 2.0: 1 detection strategy added." in other


def test_a_component_that_notices_the_same_by_other_links_lost_no_technique(site: Site) -> None:
    import_objects(*PLACES, API, relationship("detects", API, HEAD), release="1.0")
    import_objects(*PLACES, API, *noticed(HEAD, by=API), release="2.0")
    component = take(site.page(f"{LIBRARY}/data-components/DC0021"))
    assert "Changed from 1.0 to 2.0: 1 analytic added" in component
    assert "removed" not in component


def test_what_changed_is_told_of_every_domain_that_holds_an_object(site: Site) -> None:
    domains = ["enterprise-attack", "mobile-attack"]
    crew = attack_object("intrusion-set", "G0001", "Crew", x_mitre_domains=domains)
    away = technique("T1600", "Away", (), "mobile")
    import_objects(*PLACES, crew, *uses(crew, HEAD), release="1.0")
    import_objects(away, crew, domain="mobile", release="1.0")
    import_objects(away, crew, *uses(crew, away), domain="mobile", release="2.0")
    page = f"{LIBRARY}/groups/G0001"
    assert "Changed in Mobile from 1.0 to 2.0: 1 technique added." in take(site.page(page))
    import_objects(*PLACES, crew, *uses(crew, SUB), release="2.0")
    assert (
        "Changed in Enterprise from 1.0 to 2.0: 1 technique added, 1 technique removed. Changed in"
        " Mobile from 1.0 to 2.0: 1 technique added." in take(site.page(page))
    )
    measure = mitigation("M1000", "Measure", x_mitre_domains=domains)
    import_objects(*PLACES, measure, release="3.0")
    import_objects(away, domain="mobile", release="3.0")
    import_objects(away, measure, domain="mobile", release="4.0")
    import_objects(*PLACES, measure, release="4.0")
    own = take(site.page(f"{MITIGATIONS}/M1000"))
    assert "New in Mobile since 3.0, which did not have it." in own
    assert "Enterprise since" not in own


def test_what_is_new_is_not_laid_to_a_release_that_may_not_have_brought_it(site: Site) -> None:
    import_objects(*PLACES, release="17.1")
    import_objects(*PLACES, OWN, release="18.1")  # 18.0, which lies between, is not held.
    said = take(site.page(f"{MITIGATIONS}/M1000"))
    assert "New since 17.1, which did not have it." in said
    assert "18.1" not in said.partition("New since")[2]
