"""What Prometheus is told: requests, the page cache, imports, the queue, the releases current.

Requests and the cache are counted in each process as they come; under gunicorn the counts lie in
files that any worker adds up (prometheus-client's multiprocess mode). Imports, the queue and the
releases are asked of the database when they are read. Labels come from the code, never from a
reader: the names of views, statuses, stages, queues, domains.
"""

import os
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_tasks_db.models import DBTaskResult
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from importer.runs.figures import ended
from library.conditional import current_shelf

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Where a request met no view: a finished page, a file of ours, a probe, an address of nobody's.
KEPT, STATIC, PROBE, NOWHERE = "kept", "static", "probe", "nowhere"
# What a scrape looks at: of more tasks the newest, and so long at most.
MOST_TASKS, MOST_LABELS = 10_000, 100
MOST_MILLISECONDS = 1000
UNDER_WAY = {"READY", "RUNNING"}
TASKS = DBTaskResult._meta.db_table

requests = Counter("glexia_requests", "Requests answered.", ["view", "status"])
request_seconds = Histogram(
    "glexia_request_seconds", "Seconds until an answer was made.", ["view"], buckets=BUCKETS
)
page_cache_hits = Counter("glexia_page_cache_hits", "Pages answered from the page cache.")
page_cache_misses = Counter("glexia_page_cache_misses", "Pages that the page cache did not hold.")


def counted(
    answer: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answers that are counted by view and status, where somebody may read the counts."""
    if not (settings.METRICS_TOKEN or settings.METRICS_PORT):
        raise MiddlewareNotUsed

    def respond(request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = answer(request)
        view = _view(request)
        requests.labels(view, response.status_code).inc()
        request_seconds.labels(view).observe(time.perf_counter() - begun)
        return response

    return respond


def _view(request: HttpRequest) -> str:
    if request.resolver_match is not None:
        return request.resolver_match.view_name
    if hasattr(request, "kept"):
        return KEPT
    if request.path.startswith(settings.STATIC_URL):
        return STATIC
    return PROBE if request.path in settings.PROBES else NOWHERE


def exposition() -> bytes:
    """Everything, in Prometheus's text format; five queries, none of more than a second."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(FromDatabase())
    return generate_latest(registry)


class FromDatabase(Collector):
    """What the database knows at the moment; that it is away, where it is away."""

    def collect(self) -> Iterator[Metric]:
        """The current releases, what became of imports, and the queue."""
        up = GaugeMetricFamily("glexia_database_up", "Whether the database answered.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {MOST_MILLISECONDS}")
                found = [*_releases(), *_imports(), *_tasks()]
        except DatabaseError:
            found = []
            up.add_metric([], 0)
        else:
            up.add_metric([], 1)
        yield up
        yield from found


def _releases() -> Iterator[Metric]:
    releases = GaugeMetricFamily(
        "glexia_current_release", "The release that readers see.", labels=["domain", "release"]
    )
    for snapshot in current_shelf().snapshots:
        releases.add_metric([snapshot.domain, snapshot.attack_version], 1)
    yield releases


def _imports() -> Iterator[Metric]:
    labels = ["stage", "by", "outcome"]
    runs = CounterMetricFamily(
        "glexia_import_runs", "Dry runs and imports that have ended.", labels=labels
    )
    seconds = SummaryMetricFamily(
        "glexia_import_seconds", "How long those took that had begun.", labels=labels
    )
    last = GaugeMetricFamily(
        "glexia_import_last_seconds", "How long the last of them took.", labels=labels
    )
    for found in ended():
        name = [found.stage, found.by, found.outcome]
        runs.add_metric(name, found.count)
        seconds.add_metric(name, count_value=found.timed, sum_value=found.seconds)
        if found.last is not None:
            last.add_metric(name, found.last)
    yield from (runs, seconds, last)


COUNTS = f"""
    SELECT queue_name, status, count(*), extract(epoch FROM now() - min(enqueued_at))::float
    FROM (
        SELECT queue_name, status, enqueued_at
        FROM {TASKS} ORDER BY enqueued_at DESC LIMIT {MOST_TASKS}
    ) recent
    GROUP BY queue_name, status ORDER BY queue_name, status LIMIT {MOST_LABELS}
"""  # noqa: S608  (our own words)


def _tasks() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        rows = cursor.fetchall()
    labels = ["queue", "status"]
    count = GaugeMetricFamily("glexia_tasks", "Tasks that the queue holds.", labels=labels)
    oldest = GaugeMetricFamily(
        "glexia_task_oldest_seconds", "How long ago the oldest was asked for.", labels=labels
    )
    for queue, status, tasks, age in rows:
        name = [queue, status.lower()]
        count.add_metric(name, tasks)
        if status in UNDER_WAY:
            oldest.add_metric(name, age)
    yield from (count, oldest)
