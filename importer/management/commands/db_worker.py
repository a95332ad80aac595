"""`manage.py db_worker`: the worker, for every queue of the product unless one is named."""

from argparse import ArgumentParser
from typing import Any

from django_tasks_db.management.commands import db_worker

from importer.runs.expiry import keep_tidy


class Command(db_worker.Command):
    """The command of the queue's library, which by itself would leave imports waiting."""

    help = "Do the background work: dry runs and imports that were asked for in the console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's arguments."""
        super().add_arguments(parser)
        parser.set_defaults(queue_name="*")

    def handle(self, *, batch: bool, **options: Any) -> None:
        """Work; one that waits for work keeps the folder of bundles tidy meanwhile."""
        if not batch:
            keep_tidy()
        super().handle(batch=batch, **options)
