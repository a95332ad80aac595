"""What the commands of the library, and of apps that build on it, share."""

import logging
import os
import sys
from typing import Any, ClassVar, NoReturn

from django.core.management.base import BaseCommand
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class BadRequestError(Exception):
    """What a command was asked for cannot be had; its words say why."""


class LibraryCommand(BaseCommand):
    """A command that says what is wrong with its input: exit status 2; 1 on other failures."""

    # They would load every view, which no command here needs; `manage.py check` has them.
    requires_system_checks = ()
    refuses: ClassVar[type[Exception]] = BadRequestError
    """The error that bad input raises."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        # A connection that breaks off ends the command in its own words.
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                self._end("The database is not up to date: run manage.py migrate first.", FAILED)
            self.work(**options)
        except self.refuses as error:
            self._end(str(error), BAD_INPUT)
        except BrokenPipeError:
            # Whoever read the output has had enough of it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except Error as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            self._end(f"The database failed: {reason}", FAILED)
        except KeyboardInterrupt:
            self._end("Interrupted.", INTERRUPTED)

    def _end(self, said: str, status: int) -> NoReturn:
        self.stderr.write(said)
        sys.exit(status)

    def work(self, **options: Any) -> None:
        """What the command does; may raise the error that it refuses by."""
        raise NotImplementedError
