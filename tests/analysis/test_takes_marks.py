"""What the list of Takes says beside a Take: how it stands to the release that is shown."""

from datetime import datetime
from typing import Any

import pytest

from analysis.models import ActKind, Revision
from analysis.workflow import act
from importer.editions import undo
from library.epoch import advance_epoch
from tests.analysis.takes_pages import (
    BRIEF,
    LINKS,
    LONG_AGO,
    MEASURE,
    OTHER,
    brief_part,
    entry,
    library,
    listing,
    rows,
    without,
)
from tests.factories import Properties, import_objects, relationship
from tests.library.pages import LIBRARY, Site
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db


def brought_in(of: Properties, written_at: datetime, **columns: Any) -> Revision:
    """A published revision that nobody here wrote or published."""
    based_on = draft(of)
    baseline = ("domain", "attack_version", "content_sha256", "snapshot")
    made = Revision.objects.create(
        take=based_on.take,
        number=2,
        state="published",
        author_name="Glexia",
        written_at=written_at,
        name=based_on.name,
        confidence="low",
        sections={"summary": "Brought in."},
        **{name: getattr(based_on, name) for name in baseline},
        **columns,
    )
    advance_epoch()
    return made


def test_starter_content_is_marked_until_somebody_confirms_it(site: Site) -> None:
    library()
    starter = brought_in(MEASURE, LONG_AGO, is_starter=True)
    assert entry(site).one(css="status").words == "Starter content"
    act(starter, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    assert not entry(site).all(css="status")


def test_a_take_that_was_published_nowhere_is_dated_by_its_writing(site: Site) -> None:
    library()
    publish(OTHER)
    brought_in(MEASURE, LONG_AGO)
    shown = listing(site)
    assert shown.ids == ["M1001", "M1000"]
    assert "· written 1 February 2020 ·" in shown.entries[1].one(css="entry-facts").words


def test_a_take_says_when_its_object_changed_in_substance(site: Site) -> None:
    library()
    publish(MEASURE)
    publish(OTHER)
    changed = MEASURE | {"description": "Quite another thing is meant by it now."}
    import_objects(changed, *without(changed), *LINKS[:1], release="2.0")
    marks = {
        e.one("h2").words: [m.words for m in e.all(css="status")] for e in listing(site).entries
    }
    assert marks == {"M1001: Other": [], "M1000: Measure": ["Must be reviewed"]}


def test_a_take_says_when_something_changed_around_its_object(site: Site) -> None:
    library()
    publish(MEASURE)
    publish(OTHER)
    changed = MEASURE | {"x_mitre_contributors": ["Somebody"]}
    import_objects(changed, *without(MEASURE), LINKS[0], release="2.0")
    marks = {
        e.one("h2").words: [m.words for m in e.all(css="status")] for e in listing(site).entries
    }
    assert marks == {"M1001: Other": [], "M1000: Measure": ["Changed around it"]}


def test_a_take_for_a_newer_release_than_is_shown_says_so(site: Site) -> None:
    library()
    changed = MEASURE | {"description": "Quite another thing is meant by it now."}
    import_objects(changed, *without(MEASURE), LINKS[0], release="2.0")
    publish(changed)
    undo("the test")
    assert entry(site).one(css="status").words == "For a newer release"
    (row,) = rows(brief_part(site, "material"))
    assert row[1:3] == ["not yet in 1.0, which is shown: description edited", "2.0"]


def test_a_take_on_a_revoked_object_leads_to_that_object(site: Site) -> None:
    library()
    publish(MEASURE)
    revoked = MEASURE | {"revoked": True}
    import_objects(
        *without(MEASURE), revoked, relationship("revoked-by", revoked, OTHER), release="2.0"
    )
    shown = entry(site)
    assert [m.words for m in shown.all(css="status")] == ["Revoked", "Move or retire"]
    href = shown.one("h2").one("a")["href"]
    assert href == f"{LIBRARY}/mitigations/M1000?redirect=no&view=executive"
    assert "What it means." in site.page(href).one("section", id="take").words


def test_takes_on_objects_that_the_release_does_not_hold_are_counted_not_listed(
    site: Site,
) -> None:
    library()
    publish(MEASURE)
    publish(OTHER)
    import_objects(*without(MEASURE), release="2.0")
    shown = listing(site)
    assert shown.ids == ["M1001"]
    assert shown.count == "1 Take 1 more is on an object that the release shown does not hold"
    brief = site.page(BRIEF)
    assert "1 more Take is on an object that the release shown does not hold." in brief.words
