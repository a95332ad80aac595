"""Source quality: what a page says is wrong or missing in what MITRE published."""

import pytest

from library.models import Finding
from tests.factories import Properties, import_objects, mitigation, relationship, technique
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.taken import loaded

pytestmark = pytest.mark.django_db

PAGE = f"{MITIGATIONS}/M1000"
METHOD = technique("T1000", "Method", description="It runs.")


def bring_in(*objects: Properties) -> None:
    """Import these as an admin does: each is checked against its schema."""
    import_objects(*objects, validate=True)


def said(site: Site, path: str = PAGE) -> str:
    """The line; empty where the page has none."""
    lines = site.page(path).all(css="quality")
    return lines[0].words if lines else ""


def test_nothing_is_said_when_the_source_is_sound(site: Site) -> None:
    bring_in(mitigation("M1000", "Sound", description="Do it."))
    assert said(site) == ""
    assert loaded(site, f"{PAGE}/json")["source_quality"] == []


@pytest.mark.parametrize("nothing", ["", " \n", None])
def test_a_missing_definition_is_said(site: Site, nothing: str | None) -> None:
    given = {} if nothing is None else {"description": nothing}
    found = mitigation("M1000", "Silent")
    found.pop("description", None)
    bring_in(found | given)
    assert "There is no definition." in said(site)


def test_citations_of_the_object_and_of_its_links_that_lead_nowhere_are_counted(
    site: Site,
) -> None:
    own = mitigation("M1000", "Cited", description="Do it.(Citation: Nowhere)")
    link = relationship("mitigates", own, METHOD, note="Thus.(Citation: Gone)(Citation: Nowhere)")
    bring_in(own, METHOD, link)
    assert "2 citations name no source that MITRE lists." in said(site)
    assert said(site, f"{LIBRARY}/techniques/T1000").count("no source that MITRE lists") == 1


def test_findings_of_the_import_are_said_on_the_page_of_their_object_alone(site: Site) -> None:
    broken = mitigation("M1000", "Broken", description="Do it.", x_mitre_version="one")
    bring_in(broken, mitigation("M1001", "Whole", description="Do it."))
    found = Finding.objects.filter(version__name="Broken").order_by("pk")
    expected = [f"{finding.field}: {finding.reason}" for finding in found]
    assert expected
    assert said(site) == " ".join(("Source quality:", *expected))
    assert loaded(site, f"{PAGE}/json")["source_quality"] == expected
    assert said(site, f"{MITIGATIONS}/M1001") == ""
