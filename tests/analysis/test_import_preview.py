"""What a dry run says of the published Takes: which would become stale, why, and where they are."""

from dataclasses import asdict
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string

from analysis import import_preview
from analysis.import_preview import NO_TAKES, NOT_SHOWN, TITLE, takes_preview
from analysis.models import ActKind
from analysis.workflow import act
from library.conditional import current_shelf
from library.models import Edition, Snapshot
from library.previews import ImportPreview, PreviewLine, PreviewMaker
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    technique,
)
from tests.library.pages import LIBRARY, Site
from tests.takes import member, publish, subject

pytestmark = pytest.mark.django_db

T1000 = technique("T1000", "Thing", ("impact",), x_mitre_detection="Look")
T1001 = technique("T1001", "Second", ("impact",))
T1002 = technique("T1002", "Third", ("impact",))
M1000 = mitigation("M1000", "Measure")
G1000 = attack_object("intrusion-set", "G1000", "Band")


def page(of: Properties) -> str:
    return f"{LIBRARY}/objects/{of['id']}"


def preview(*objects: Properties, **options: Any) -> ImportPreview:
    """What a dry run of importing these would say; all of it is undone."""
    given = {"release": "2.0"} | options
    with transaction.atomic():
        report = import_objects(*objects, **given)
        found = takes_preview(report.snapshot)
        transaction.set_rollback(True)
    return found


def edited(of: Properties, **said: Any) -> Properties:
    return of | {"description": "Other words."} | said


def test_each_take_is_named_with_its_reason_and_page_the_gravest_first(site: Site) -> None:
    import_objects(T1000, T1001, T1002, M1000, G1000)
    for of in (T1000, T1001, T1002, M1000, G1000):
        publish(of)
    found = preview(
        T1000 | {"x_mitre_detection": ""},
        edited(T1001, name="Other"),
        T1002 | {"revoked": True},
        relationship("revoked-by", T1002, T1001),
        G1000,
    )
    assert found.title == TITLE
    assert found.lines == (
        PreviewLine(
            "M1000 Measure",
            page(M1000),
            "To be retired: no release that readers would see holds the object.",
        ),
        PreviewLine(
            "T1002 Third",
            page(T1002),
            "To be moved or retired: the object is revoked in 2.0, replaced by T1001 Other.",
        ),
        PreviewLine(
            "T1001 Second",
            page(T1001),
            "To be reviewed: renamed from “Second”, description edited.",
        ),
        PreviewLine("T1000 Thing", page(T1000), "Changed around it: detection text removed."),
    )
    for line in found.lines:
        shown, _ = site.follow(line.href)
        assert shown.has("section", id="take")


def test_a_revoked_object_without_replacement_is_said_to_have_none() -> None:
    import_objects(T1000, T1001)
    publish(T1000)
    (line,) = preview(T1000 | {"revoked": True}, T1001).lines
    assert line.detail == (
        "To be moved or retired: the object is revoked in 2.0, without a replacement."
    )


def test_nothing_is_named_when_nothing_that_a_take_is_on_changes() -> None:
    import_objects(T1000, T1001)
    publish(T1000)
    found = preview(T1000, edited(T1001))
    assert found == ImportPreview(TITLE, "Every published Take would stand as it does now.")


def test_it_is_said_when_no_take_is_published() -> None:
    import_objects(T1000)
    assert preview(edited(T1000)) == ImportPreview(TITLE, NO_TAKES)


def test_no_take_is_touched_when_readers_would_not_see_the_release() -> None:
    import_objects(T1000, release="3.0")
    publish(T1000)
    for options in ({"release": "2.0"}, {"release": "4.0", "make_current": False}):
        assert preview(edited(T1000), **options) == ImportPreview(TITLE, NOT_SHOWN)


def test_a_take_that_is_stale_already_is_counted_and_not_named() -> None:
    import_objects(T1000, T1001, M1000)
    for of in (T1000, T1001, M1000):
        publish(of)
    import_objects(edited(T1000), T1001, M1000, release="1.1")
    assert preview(edited(T1000, name="Else"), T1001, M1000).none == (
        "Every published Take would stand as it does now; 1 other is stale already."
    )
    named, counted = preview(edited(T1000), edited(T1001), M1000).lines
    assert named.text == "T1001 Second"
    assert counted == PreviewLine("1 other is stale already.")
    import_objects(edited(T1000), edited(T1001), M1000, release="1.2")
    assert preview(edited(T1000), edited(T1001), edited(M1000)).lines[-1] == (
        PreviewLine("2 others are stale already.")
    )


def test_a_take_is_named_when_what_is_changed_around_it_comes_to_need_a_review() -> None:
    import_objects(T1000)
    publish(T1000)
    around = T1000 | {"x_mitre_detection": ""}
    import_objects(around, release="1.1")
    assert preview(around).lines == ()
    (line,) = preview(edited(around)).lines
    assert line.detail == "To be reviewed: description edited."


def test_a_take_counts_from_what_it_was_last_confirmed_against() -> None:
    import_objects(T1000)
    revision = publish(T1000)
    import_objects(edited(T1000), release="1.1")
    act(revision, ActKind.CONFIRMED, member("reviewer"), against=subject(T1000))
    assert preview(edited(T1000)).lines == ()
    (line,) = preview(edited(T1000, name="Else")).lines
    assert line.detail == "To be reviewed: renamed from “Thing”."


def test_other_domains_stay_as_readers_see_them() -> None:
    import_objects(T1000)
    measure = mitigation("M2000", "Mobile", "mobile")
    import_objects(measure, domain="mobile")
    publish(T1000)
    publish(measure)
    (line,) = preview(edited(measure), domain="mobile").lines
    assert line.text == "M2000 Mobile"
    assert preview(mitigation("M3000", "I", "ics"), domain="ics").lines == ()


def test_a_take_has_no_page_when_readers_see_no_release_of_its_domain() -> None:
    measure = mitigation("M2000", "Mobile", "mobile")
    import_objects(measure, domain="mobile")
    publish(measure)
    Edition.objects.create(made_by="a test", enterprise=None)
    import_objects(T1000)
    (line,) = preview(edited(measure), domain="mobile").lines
    assert (line.text, line.href) == ("M2000 Mobile", "")


def test_a_take_is_stale_beside_the_first_real_release_after_a_sample() -> None:
    import_objects(T1000, T1001, release="sample-1")
    publish(T1000)
    (line,) = preview(edited(T1000)).lines
    assert line.detail == "To be reviewed: description edited."


def test_nothing_is_left_of_a_dry_run() -> None:
    import_objects(T1000)
    publish(T1000)
    before = current_shelf()
    preview(edited(T1000))
    assert current_shelf() == before
    assert Snapshot.objects.count() == 1
    # And what it made the process keep is of no later import.
    (line,) = preview(edited(T1000, name="Else")).lines
    assert line.detail == "To be reviewed: renamed from “Thing”, description edited."


def test_it_takes_as_many_queries_for_many_takes_as_for_one() -> None:
    many = [technique(f"T12{n:02}", f"N {n}", ("impact",)) for n in range(12)]
    import_objects(*many)
    costs, written = [], 0
    for count in (1, 3, 12):
        for of in many[written:count]:
            publish(of)
        written = count
        with transaction.atomic():
            report = import_objects(*[edited(of) for of in many], release="2.0")
            with CaptureQueriesContext(connection) as queries:
                found = takes_preview(report.snapshot)
            transaction.set_rollback(True)
        assert len(found.lines) == count
        costs.append(len(queries))
    assert costs[0] == costs[1] == costs[2] <= 25


def test_so_many_are_named_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_preview, "MOST_NAMED", 1)
    import_objects(T1000, T1001, T1002)
    for of in (T1000, T1001):
        publish(of)
    changed = [edited(of) for of in (T1000, T1001, T1002)]
    assert [line.text for line in preview(*changed).lines] == ["T1000 Thing", "And 1 other."]
    publish(T1002)
    assert [line.text for line in preview(*changed).lines] == ["T1000 Thing", "And 2 others."]


def test_the_import_console_is_told_of_it_by_the_settings() -> None:
    (maker,) = [import_string(path) for path in settings.IMPORT_PREVIEWS]
    asked: PreviewMaker = maker
    import_objects(T1000)
    publish(T1000)
    with transaction.atomic():
        found = asked(import_objects(edited(T1000), release="2.0").snapshot)
        transaction.set_rollback(True)
    assert found is not None
    assert asdict(found)["lines"][0] == {
        "text": "T1000 Thing",
        "href": page(T1000),
        "detail": "To be reviewed: description edited.",
    }
