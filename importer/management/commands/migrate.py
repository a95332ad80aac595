"""`manage.py migrate`: Django's, which here gives up a lock rather than hold up the product."""

import sys
from typing import NoReturn

from django.conf import settings
from django.core.management.commands import migrate
from django.db import OperationalError, ProgrammingError
from django.db.migrations.exceptions import MigrationSchemaMissing
from psycopg.errors import InsufficientPrivilege, LockNotAvailable

NOT_THE_OWNER = (
    "\nThe role that DATABASE_URL names does not own the tables, and so may not migrate ({reason}):"
    " run manage.py migrate as the role that does (docs/deployment.md)."
)


class Command(migrate.Command):
    """Ends in one sentence, exit status 1, where a lock is held too long, or the role may not."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command as it was typed."""
        try:
            super().run_from_argv(argv)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            waits = settings.MIGRATION_LOCK_SECONDS
            self._end(
                "\nSomebody else, such as an import or a backup, has held a table for longer than"
                f" the {waits} second{'' if waits == 1 else 's'} (MIGRATION_LOCK_SECONDS) that a"
                " migration waits: it has changed nothing, and those before it are kept."
                " Run manage.py migrate again when the other has ended."
            )
        except (ProgrammingError, MigrationSchemaMissing) as error:
            cause = error.__cause__ or error.__context__
            # Of the first migration of all, Django tells in words of its own.
            cause = cause.__cause__ if isinstance(cause, ProgrammingError) else cause
            if not isinstance(cause, InsufficientPrivilege):
                raise
            self._end(NOT_THE_OWNER.format(reason=cause.diag.message_primary))

    def _end(self, sentence: str) -> NoReturn:
        self.stderr.write(sentence)
        sys.exit(1)
