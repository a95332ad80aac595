"""What the importer's commands share."""

import logging
import sys
from typing import Any, NoReturn

import psycopg
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from importer.errors import BundleError
from importer.validate import ValidatorError
from library.identifiers import Domain

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130
# A connection that breaks off, a full disk and their like, with and without Django's wrapping,
# which COPY goes without.
DATABASE_FAILURES = (
    OperationalError,
    InterfaceError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


class ImporterCommand(BaseCommand):
    """A command that ends with one sentence: exit status 2 on bad input, 1 on other failures."""

    # They would load every view, which no command here needs; `manage.py check` has them.
    requires_system_checks = ()

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        # A connection that breaks off ends the command in its own words.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        try:
            _prepare_database()
            self.work(**options)
        except BundleError as error:
            self._end(str(error), BAD_INPUT)
        except ValidatorError as error:
            self._end(str(error), FAILED)
        except DATABASE_FAILURES as error:
            first_line, *_ = str(error).splitlines() or [type(error).__name__]
            self._end(f"The database failed: {first_line}", FAILED)
        except KeyboardInterrupt:
            self._end("Interrupted.", INTERRUPTED)

    def _end(self, sentence: str, status: int) -> NoReturn:
        self.stderr.write(" ".join(sentence.splitlines()))
        sys.exit(status)

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
