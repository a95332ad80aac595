"""Runs that nobody works on any more: noticed by whoever looks at runs next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.tasks import TaskResultStatus
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from importer.models import QUEUED, WORKED_ON, ImportRun, RunState
from importer.runs.control import RUN_CLASS

DIED: Final = (
    "The worker ended before the run was over (it was killed, it crashed, or its machine or the"
    " database went away): nothing was imported."
)
NEVER_BEGUN: Final = "The worker took the run and ended before it began: nothing was imported."
# Between taking a task from the queue and locking its run a worker needs some milliseconds.
BEGIN_SECONDS: Final = 10
SUSPECTS: Final = f"""
    SELECT r.id FROM importer_importrun r
    LEFT JOIN {DBTaskResult._meta.db_table} t ON t.id = r.task_id
    LEFT JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid = %(run_class)s::oid AND l.objid = r.id::oid
    WHERE l.pid IS NULL AND (
        r.state = ANY(%(worked_on)s)
        OR r.state = ANY(%(queued)s) AND (
            t.id IS NULL OR t.status NOT IN (%(ready)s, %(running)s)
            OR t.status = %(running)s AND coalesce(t.started_at, t.enqueued_at) < %(begun)s))
    ORDER BY r.id
"""  # noqa: S608  (the queue's own name)


def notice_dead() -> None:
    """Mark as failed whatever is said to be worked on while no worker holds its lock.

    One query, and some more for each run that looks so.
    """
    for run_id in _suspects():
        with transaction.atomic():
            if not _is_locked(run_id):
                _bury(run_id)


def _suspects() -> list[int]:
    """The runs without a lock that are said to be worked on, or that the queue may have lost."""
    given: dict[str, Any] = {
        "run_class": RUN_CLASS,
        "worked_on": list(WORKED_ON),
        "queued": list(QUEUED),
        "ready": str(TaskResultStatus.READY),
        "running": str(TaskResultStatus.RUNNING),
        "begun": timezone.now() - timedelta(seconds=BEGIN_SECONDS),
    }
    with connection.cursor() as cursor:
        cursor.execute(SUSPECTS, given)
        return [run_id for (run_id,) in cursor.fetchall()]


def _is_locked(run_id: int) -> bool:
    """Whether a worker holds a run; where none does, none can until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [RUN_CLASS, run_id])
        (free,) = cursor.fetchone()
        return not free


def _bury(run_id: int) -> None:
    # Read again, under the lock: a worker may just have ended its work in order.
    held = ImportRun.objects.select_for_update().get(pk=run_id)
    if held.state in WORKED_ON:
        problem = DIED
    elif held.state in QUEUED and _lost(held):
        problem = NEVER_BEGUN
    else:
        return
    cancelled = held.cancel_asked
    held.state = RunState.CANCELLED if cancelled else RunState.FAILED
    held.problem = "" if cancelled else problem
    held.finished_at = timezone.now()
    said = f"{RunState.FAILED.label}: {problem}"
    held.log = [*held.log, ImportRun.said(RunState.CANCELLED.label if cancelled else said)]
    held.save(update_fields=["state", "problem", "finished_at", "log"])
    _tasks(held).filter(status=TaskResultStatus.RUNNING).update(
        status=TaskResultStatus.FAILED, finished_at=timezone.now()
    )


def _lost(run: ImportRun) -> bool:
    """Whether the queue will not bring a run to a worker any more."""
    task = _tasks(run).first()
    if task is None:
        return True
    if task.status == TaskResultStatus.RUNNING:
        taken = task.started_at or task.enqueued_at
        return bool(taken < timezone.now() - timedelta(seconds=BEGIN_SECONDS))
    return bool(task.status != TaskResultStatus.READY)


def _tasks(run: ImportRun) -> QuerySet[DBTaskResult[..., Any]]:
    """The task of the queue that a run waits for or was begun by: one, or none."""
    return DBTaskResult.objects.filter(pk__in=[run.task_id] if run.task_id else [])
