"""What workers do: `manage.py db_worker` takes runs from the queue in which they were asked for."""

from django.tasks import task

from importer.runs.expiry import tidy
from importer.runs.recovery import notice_dead
from importer.runs.work import work

QUEUE = "imports"


@task(queue_name=QUEUE)
def work_on(run_id: int) -> None:
    """The dry run or the import of a run, whichever it waits for."""
    notice_dead()
    work(run_id)
    tidy()
