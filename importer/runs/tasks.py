"""What workers do: `manage.py db_worker` takes runs from the queue in which they were asked for."""

import logging

from django.tasks import task

from importer.runs.recovery import notice_dead
from importer.runs.spool import sweep
from importer.runs.work import work

log = logging.getLogger(__name__)

QUEUE = "imports"


@task(queue_name=QUEUE)
def work_on(run_id: int) -> None:
    """The dry run or the import of a run, whichever it waits for."""
    notice_dead()
    work(run_id)
    try:
        sweep()
    except OSError:
        log.exception("the folder of bundles cannot be swept")
