"""What IMPORT_KEEP_HOURS promises: runs that nobody confirms end, and files go that nobody needs.

By the time itself, whoever looks or acts next: no run that is too old can be confirmed. The files
go when the console's overview or history is looked at, after each task, and once an hour while a
worker waits for one.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, close_old_connections
from django.db.models import Q
from django.utils import timezone

from importer.models import OPEN, OVER, ImportRun, RunState, logged
from importer.runs import spool

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 3600.0


def expire() -> None:
    """Cancel the runs that nobody has confirmed in time; one query.

    They have ended with their dry run, so their files go now.
    """
    problem = f"Nobody confirmed it within {settings.IMPORT_KEEP_HOURS} hours."
    ImportRun.objects.filter(state=RunState.PREVIEWED, finished_at__lt=_limit()).update(
        state=RunState.CANCELLED,
        problem=problem,
        log=logged(f"{RunState.CANCELLED.label}: {problem}"),
    )


def tidy() -> None:
    """Cancel what is too old, and delete the files that nothing needs; two queries and a listing.

    A folder that cannot be used hinders nobody who only looks.
    """
    expire()
    needed = Q(state__in=OPEN) | Q(state__in=OVER, finished_at__gte=_limit())
    named = ImportRun.objects.filter(needed, stored_as__gt="").values_list("stored_as", flat=True)
    try:
        spool.sweep(set(named))
    except OSError:
        log.exception("the folder of bundles cannot be swept")


def keep_tidy() -> None:
    """Tidy once an hour, beside the work of this process, for as long as it lives."""
    threading.Thread(target=_keep_tidy, name="tidying", daemon=True).start()


def _keep_tidy() -> None:
    while True:
        try:
            tidy()
        except DatabaseError:
            log.exception("runs and files that are too old stay for another hour")
        close_old_connections()
        time.sleep(PAUSE_SECONDS)


def _limit() -> datetime:
    return timezone.now() - timedelta(hours=settings.IMPORT_KEEP_HOURS)
