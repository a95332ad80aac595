"""`manage.py restore`: a backup into an empty database."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from importer.backup.archive import BackupError
from importer.backup.restoring import restore
from importer.management.base import BAD_INPUT, ImporterCommand


class Command(ImporterCommand):
    """Restores everything or nothing, and compares every hash before it says that it has."""

    help = "Restore a backup into an empty database, and verify every hash."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--even-damaged",
            action="store_true",
            help="take a backup that was made of damaged snapshots: those are not verified",
        )

    def work(self, **options: Any) -> None:
        """Restore, and say what has been restored."""
        path: Path = options["file"]
        try:
            manifest = restore(
                path, self.stdout.write, verify_snapshots=not options["even_damaged"]
            )
        except BackupError as error:
            self._end(str(error), BAD_INPUT)
        self.stdout.write(f"Restored what was saved at {manifest.made_at}.")
