"""A confirmed import asks once more whether the library is as its dry run saw it."""

from collections.abc import Callable

import pytest

from importer import acts
from importer.deletion import delete_snapshot
from importer.models import ImportRun, RunState
from importer.runs import work as work_module
from importer.runs.progress import RunProgress
from importer.runs.work import CHANGED, work
from library.models import Edition, Snapshot
from tests.factories import import_objects, mitigation
from tests.importer.console.pages import page_of
from tests.importer.runs.conftest import Put, asked, now
from tests.importer.test_store import library_state

pytestmark = pytest.mark.usefixtures("db", "committed_db", "plain_static")
KEPT, FRESH, OTHER = mitigation("M1", "Kept"), mitigation("M2", "Fresh"), mitigation("M3", "Other")


def confirmed(*runs: ImportRun) -> None:
    """Each of the runs has its dry run, then each of them is confirmed."""
    for run in runs:
        work(run.pk)
    for run in runs:
        acts.confirm("ann", now(run), make_current=True)


def shown() -> list[str]:
    edition = Edition.objects.current()
    return [f"{held.domain} {held.attack_version}" for held in edition.snapshots] if edition else []


def test_a_run_is_not_imported_when_another_of_its_domain_came_in_since_it_was_confirmed(
    put: Put,
) -> None:
    import_objects(KEPT)
    first = asked(put(KEPT, FRESH, name="first.json", release="3.0"))
    second = asked(put(KEPT, OTHER, name="second.json", release="2.0"))
    confirmed(first, second)
    work(first.pk)
    after_the_first = library_state()
    work(second.pk)
    assert now(first).state == RunState.DONE
    assert (now(second).state, now(second).problem) == (RunState.FAILED, CHANGED)
    assert now(second).log[-1]["text"] == f"Failed: {CHANGED}"
    assert library_state() == after_the_first


def test_one_click_shows_what_the_import_would_do_now_and_it_can_be_confirmed_again(
    put: Put,
) -> None:
    first = asked(put(KEPT, name="first.json", release="3.0"))
    second = asked(put(KEPT, OTHER, name="second.json", release="2.0"))
    confirmed(first, second)
    for run in (first, second):
        work(run.pk)
    then = now(second).preview
    assert then is not None
    assert then["would_be_current"]
    page = page_of(now(second))
    assert CHANGED in page
    assert "Retry</button>" in page

    again = acts.retry("bob", now(second))
    work(again.pk)
    preview = now(again).preview
    assert preview is not None
    assert not preview["would_be_current"]
    acts.confirm("bob", now(again), make_current=True)
    work(again.pk)
    assert (now(again).state, now(again).problem) == (RunState.DONE, "")
    assert shown() == ["enterprise 3.0"]
    assert Snapshot.objects.count() == 2


@pytest.mark.parametrize("has_samples", [False, True], ids=["without samples", "over samples"])
def test_runs_of_several_domains_are_all_imported_when_they_are_confirmed_together(
    put: Put, has_samples: bool
) -> None:
    domains = ("enterprise", "mobile", "ics")
    for domain in domains if has_samples else ():
        import_objects(KEPT, domain=domain, release="sample-1")
    runs = [
        asked(put(KEPT, FRESH, name=f"{domain}.json", domain=domain, release="2.0"))
        for domain in domains
    ]
    confirmed(*runs)
    for run in runs:
        work(run.pk)
    assert [(now(run).state, now(run).problem) for run in runs] == [(RunState.DONE, "")] * 3
    assert shown() == ["enterprise 2.0", "mobile 2.0", "ics 2.0"]


def test_a_sample_is_not_imported_when_something_real_came_in_after_its_dry_run(put: Put) -> None:
    run = asked(put(KEPT, release="sample-2"))
    confirmed(run)
    import_objects(KEPT, release="1.0")
    work(run.pk)
    assert (now(run).state, now(run).problem) == (RunState.FAILED, CHANGED)


def go_back() -> None:
    acts.make_current("bob", Snapshot.objects.get(attack_version="1.0"))


def delete() -> None:
    delete_snapshot(Snapshot.objects.get(attack_version="1.0"), "bob")


@pytest.mark.parametrize("change", [go_back, delete])
def test_a_run_is_not_imported_when_an_admin_has_changed_the_library_since_it_was_confirmed(
    put: Put, change: Callable[[], None]
) -> None:
    import_objects(KEPT, release="1.0")
    import_objects(KEPT, FRESH, release="2.0")
    run = asked(put(KEPT, OTHER, release="3.0"))
    confirmed(run)
    change()
    state = library_state()
    work(run.pk)
    assert (now(run).state, now(run).problem) == (RunState.FAILED, CHANGED)
    assert library_state() == state


def test_no_work_is_done_on_an_import_whose_dry_run_does_not_hold(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(put(KEPT, release="2.0"))
    confirmed(run)
    import_objects(FRESH)
    begun: list[str] = []

    class Noted(RunProgress):
        def stage(self, origin: str, name: str, parts: int) -> None:
            begun.append(name)
            super().stage(origin, name, parts)

    monkeypatch.setattr(work_module, "RunProgress", Noted)
    work(run.pk)
    assert (now(run).state, begun) == (RunState.FAILED, [])
