"""What the brief of two releases says of published Takes."""

import pytest

from tests.factories import import_objects, mitigation, relationship, technique
from tests.library.pages import LIBRARY, Element, Site
from tests.takes import publish

pytestmark = pytest.mark.django_db
BRIEF = f"{LIBRARY}/releases/1.0...2.0/brief"
KEPT, EDITED, NOTED, DYING = (mitigation(f"M100{at}", f"Measure {at}") for at in range(4))
WAY = technique("T1000", "Way")


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(KEPT, EDITED, NOTED, DYING, WAY, release="1.0")
    import_objects(
        *(KEPT, WAY, DYING | {"revoked": True}),
        EDITED | {"description": "Another."},
        NOTED | {"x_mitre_contributors": ["Someone"]},
        release="2.0",
    )


def section(site: Site, path: str = BRIEF) -> Element:
    return site.page(path).one("section", id="takes")


def test_brief_says_nothing_of_takes_while_there_is_none(site: Site) -> None:
    assert not site.page(BRIEF).has("section", id="takes")


def test_takes_are_told_by_how_their_objects_fared(site: Site) -> None:
    for found in (KEPT, EDITED, NOTED):
        publish(found)
    told = section(site)
    assert "3 Takes are published on objects that both releases hold" in told.words
    assert "1 on an object that changed in substance, 1 with changes around it, 1 untouched" in (
        told.words
    )
    figures = [link for link in told.all("p")[0].all("a") if link["href"].startswith("#")]
    assert len(figures) == 3
    for link in figures:
        listed = told.one(id=link["href"][1:])
        assert int(link.words) == len(listed.all("a"))
    assert told.one(id="takes-material").words == "Changed in substance: M1001 Measure 1."


def test_take_is_told_by_its_links_when_its_object_is_the_same(site: Site) -> None:
    publish(KEPT)
    import_objects(KEPT, WAY, relationship("mitigates", KEPT, WAY, "Do."), release="3.0")
    told = section(site, f"{LIBRARY}/releases/2.0...3.0/brief")
    assert "1 on an object that changed in substance" in told.words


def test_release_compared_with_itself_touches_no_take(site: Site) -> None:
    publish(KEPT)
    told = section(site, f"{LIBRARY}/releases/2.0...2.0/brief")
    assert "1 Take is published on objects that both releases hold: 1 untouched" in told.words
