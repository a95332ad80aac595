"""`manage.py db_worker`: the worker, for every queue of the product unless one is named."""

from argparse import ArgumentParser

from django_tasks_db.management.commands import db_worker


class Command(db_worker.Command):
    """The command of the queue's library, which by itself would leave imports waiting."""

    help = "Do the background work: dry runs and imports that were asked for in the console."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The command's arguments."""
        super().add_arguments(parser)
        parser.set_defaults(queue_name="*")
