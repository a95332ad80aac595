"""What Prometheus is told."""

import re
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from glexia import metrics
from importer.runs.tasks import work_on
from tests.factories import import_objects, mitigation
from tests.library.pages import Site

RUN = ("stage", "by", "outcome")

type Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def counting(settings: Settings) -> None:
    """A site whose counts somebody may read."""
    settings.METRICS_TOKEN = "a token long enough"


def ask(status: TaskResultStatus, ago: int) -> None:
    """A task that was asked for some seconds ago."""
    now = timezone.now()
    asked = work_on.enqueue(0)
    DBTaskResult.objects.filter(pk=asked.id).update(
        status=status, enqueued_at=now - timedelta(seconds=ago), started_at=now
    )


def samples() -> Samples:
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in families
        for one in family.samples
    }


def value(name: str, **labels: str) -> float:
    return samples().get((name, frozenset(labels.items())), 0.0)


def test_requests_are_counted_by_view_and_status(db: None, counting: None, site: Site) -> None:
    def counted() -> list[float]:
        return [
            value("glexia_requests_total", view="library:mitigations", status="200"),
            value("glexia_request_seconds_count", view="library:mitigations"),
            value("glexia_requests_total", view="probe", status="200"),
        ]

    before = counted()
    site.get("/learn/attack/mitigations")
    site.get("/learn/attack/mitigations?q=a")
    site.get("/healthz")
    assert [after - first for first, after in zip(before, counted(), strict=True)] == [2, 2, 1]


def test_no_label_comes_from_a_reader(db: None, counting: None, site: Site) -> None:
    paths = [f"/learn/attack/mitigations/M{n}" for n in range(1000, 1020)]
    paths += [
        "/learn/attack/<script>",
        "/static/none",
        "/x" * 50,
        "/admin/none/1/",
        "/%F0%9F%92%A9",
    ]
    for path in paths:
        site.get(path)
    for (_, labels), _ in samples().items():
        for name, said in labels:
            assert name in {"view", "status", "le", "domain", "release", "queue", *RUN} or name in {
                *("implementation", "major", "minor", "patchlevel", "version", "generation"),
            }
            assert re.fullmatch(r"[\w.:+<>-]{1,60}", said), said
            assert "M10" not in said
            assert "script" not in said


def test_nothing_is_counted_where_nobody_may_read_it(db: None, site: Site) -> None:
    before = value("glexia_requests_total", view="probe", status="200")
    site.get("/healthz")
    assert value("glexia_requests_total", view="probe", status="200") == before


def test_hits_and_misses_of_the_page_cache_are_counted(db: None) -> None:
    hits, misses = value("glexia_page_cache_hits_total"), value("glexia_page_cache_misses_total")
    metrics.page_cache_hits.inc()
    metrics.page_cache_misses.inc(2)
    assert value("glexia_page_cache_hits_total") == hits + 1
    assert value("glexia_page_cache_misses_total") == misses + 2


def test_the_current_release_of_each_domain_is_told(db: None) -> None:
    import_objects(mitigation("M1001", "One"), release="18.1")
    assert value("glexia_current_release", domain="enterprise", release="18.1") == 1
    assert value("glexia_database_up") == 1


def test_the_queue_is_told_by_name_and_state(db: None) -> None:
    ask(TaskResultStatus.READY, 90)
    ask(TaskResultStatus.READY, 30)
    ask(TaskResultStatus.RUNNING, 200)
    ask(TaskResultStatus.SUCCESSFUL, 900)
    ready = {"queue": "imports", "status": "ready"}
    assert value("glexia_tasks", **ready) == 2
    assert value("glexia_task_oldest_seconds", **ready) == pytest.approx(90, abs=5)
    assert value("glexia_tasks", queue="imports", status="running") == 1
    assert value("glexia_tasks", queue="imports", status="successful") == 1


def test_a_long_queue_is_counted_up_to_a_bound(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "COUNTS", metrics.COUNTS.replace("LIMIT 10000", "LIMIT 3"))
    for ago in range(5):
        ask(TaskResultStatus.READY, ago)
    assert value("glexia_tasks", queue="imports", status="ready") == 3


def test_a_database_that_is_away_is_a_figure_and_no_failure(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_objects(mitigation("M1001", "One"))

    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(metrics, "current_shelf", away)
    found = samples()
    assert found[("glexia_database_up", frozenset())] == 0
    assert not [name for name, _ in found if name == "glexia_current_release"]
