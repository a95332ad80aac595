"""What a dry run compares a bundle with: what readers see first, then the release before."""

from typing import Any

import pytest

from importer import acts
from importer.models import ImportRun
from importer.runs.work import work
from library.models import Snapshot
from tests.factories import import_objects, mitigation
from tests.importer.runs.conftest import Put, asked, now

pytestmark = pytest.mark.usefixtures("db", "committed_db")
KEPT, EDITED, GONE = mitigation("M1", "Kept"), mitigation("M2", "Edited"), mitigation("M3", "Gone")
DOCTORED = EDITED | {"description": "What somebody else would have readers believe."}


def previewed(put: Put, *objects: Any, release: str = "1.0") -> ImportRun:
    run = asked(put(*objects, release=release))
    work(run.pk)
    return now(run)


def against(run: ImportRun) -> list[tuple[str, str, dict[str, int]]]:
    """What a dry run has compared with, and what it found."""
    assert run.preview is not None
    found = run.preview["comparisons"]
    return [(each["against"], each["release"], _counts(each)) for each in found]


def _counts(compared: dict[str, Any]) -> dict[str, int]:
    """How many objects came, went or were edited; the collection has a version a release."""
    changes = {change["kind"]: change["objects"] for change in compared["changes"]}
    return {kind: count for kind, count in changes.items() if "version" not in kind}


def test_another_bundle_of_what_readers_see_is_compared_with_that_first(
    put: Put,
) -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, EDITED, GONE, release="2.0")
    held = Snapshot.objects.get(attack_version="2.0")
    run = previewed(put, KEPT, DOCTORED, GONE, release="2.0")
    assert against(run) == [
        ("seen now", "2.0", {"Patches": 1}),
        ("before", "1.0", {"Additions": 2}),
    ]
    assert run.preview is not None
    assert run.preview["comparisons"][0]["named"] == [
        {"kind": "Patches", "names": ["M2 Edited"], "more": 0}
    ]
    said = (
        f"2.0 is held already, from an unrecognised bundle {held.sha256[:12]};"
        " this one is another: 1 object differs"
    )
    assert run.preview["namesakes"] == [said]
    assert f"  beside     {said}" in run.preview["report"]["lines"]
    acts.confirm("ann", run, make_current=True)
    work(run.pk)
    done = now(run).report
    assert done is not None
    assert f"  beside     {said}" in done["lines"]


def test_another_bundle_of_the_only_release_is_not_called_new(put: Put) -> None:
    import_objects(KEPT, EDITED)
    assert against(previewed(put, KEPT, DOCTORED)) == [("seen now", "1.0", {"Patches": 1})]


def test_another_bundle_of_a_release_that_readers_do_not_see_is_compared_with_that(
    put: Put,
) -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, EDITED, release="2.0")
    import_objects(KEPT, release="3.0")
    run = previewed(put, KEPT, DOCTORED, release="2.0")
    assert run.preview is not None
    assert not run.preview["would_be_current"]
    assert against(run) == [
        ("namesake", "2.0", {"Patches": 1}),
        ("before", "1.0", {"Additions": 1}),
    ]


def test_a_release_that_readers_would_not_see_is_compared_with_the_one_before(
    put: Put,
) -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, release="3.0")
    run = previewed(put, KEPT, EDITED, release="2.0")
    assert against(run) == [("before", "1.0", {"Additions": 1})]


def test_a_release_is_compared_with_both_when_readers_see_an_older_one_than_is_held(
    put: Put,
) -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, EDITED, GONE, release="2.0")
    acts.make_current("ann", Snapshot.objects.get(attack_version="1.0"))
    run = previewed(put, KEPT, EDITED, release="3.0")
    assert against(run) == [
        ("seen now", "1.0", {"Additions": 1}),
        ("before", "2.0", {"Deletions": 1}),
    ]


def test_the_first_real_release_is_compared_with_no_sample(put: Put) -> None:
    import_objects(KEPT, release="sample-1")
    assert against(previewed(put, KEPT, EDITED, release="1.0")) == []
