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


def notice_dead() -> None:
    """Mark as failed whatever is said to be worked on while no worker holds its lock.

    One query, and some more for each run that is open.
    """
    for run in ImportRun.objects.filter(state__in=(*WORKED_ON, *QUEUED)).order_by("id"):
        with transaction.atomic():
            if not _is_locked(run.pk):
                _bury(run)


def _is_locked(run_id: int) -> bool:
    """Whether a worker holds a run; where none does, none can until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [RUN_CLASS, run_id])
        (free,) = cursor.fetchone()
        return not free


def _bury(run: ImportRun) -> None:
    # Read again, under the lock: a worker may just have ended its work in order.
    held = ImportRun.objects.select_for_update().get(pk=run.pk)
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
    held.save(update_fields=["state", "problem", "finished_at"])
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
