"""What the importer's commands share."""

import logging
import os
import sys
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from importer.database import (
    DATABASE_FAILURES,
    EMBEDDED,
    bring_up_to_date,
    check_reachable,
    failure,
    is_up_to_date,
)
from importer.errors import BundleError, DatabaseNotReadyError
from importer.validate import ValidatorError
from library.identifiers import Domain

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


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
        except (DatabaseNotReadyError, ValidatorError) as error:
            self._end(str(error), FAILED)
        except BrokenPipeError:
            # Whoever read the output has had enough of it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except DATABASE_FAILURES as error:
            self._end(failure(error), FAILED)
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
    check_reachable()
    if is_up_to_date():
        return
    if connection.settings_dict["ENGINE"] != EMBEDDED:
        raise DatabaseNotReadyError("The database is not up to date: run manage.py migrate first.")
    bring_up_to_date()


def add_snapshot_arguments(parser: CommandParser, *, optional: bool = False) -> None:
    """DOMAIN RELEASE [SHA-PREFIX], which name a snapshot."""
    nargs = "?" if optional else None
    parser.add_argument("domain", choices=Domain.values, metavar="DOMAIN", nargs=nargs)
    parser.add_argument("release", metavar="RELEASE", nargs=nargs)
    parser.add_argument("sha_prefix", nargs="?", default="", metavar="SHA-PREFIX")
