"""What the importer's commands share."""

import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from importer.errors import BundleError
from library.identifiers import Domain

BAD_INPUT = 2


class ImporterCommand(BaseCommand):
    """A command that ends with one sentence and exit status 2 on bad input."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        try:
            _prepare_database()
            self.work(**options)
        except BundleError as error:
            self.stderr.write(str(error))
            sys.exit(BAD_INPUT)

    def work(self, **options: Any) -> None:
        """What the command does; may raise BundleError."""
        raise NotImplementedError


def _prepare_database() -> None:
    """Bring an embedded database up to date: nobody else looks after it.

    Any other is left to its admin; the error says what to run.
    """
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if connection.settings_dict["ENGINE"] != "glexia.embedded":
        raise BundleError("the database is not up to date: run manage.py migrate first.")
    call_command("migrate", verbosity=0, interactive=False)


def add_snapshot_arguments(parser: CommandParser, *, optional: bool = False) -> None:
    """DOMAIN RELEASE [SHA-PREFIX], which name a snapshot."""
    nargs = "?" if optional else None
    parser.add_argument("domain", choices=Domain.values, metavar="DOMAIN", nargs=nargs)
    parser.add_argument("release", metavar="RELEASE", nargs=nargs)
    parser.add_argument("sha_prefix", nargs="?", default="", metavar="SHA-PREFIX")
