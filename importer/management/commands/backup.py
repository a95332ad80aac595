"""`manage.py backup`: everything that the product holds, in one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from importer.backup.archive import BackupError, sha256_of
from importer.backup.saving import save
from importer.management.base import BAD_INPUT, ImporterCommand


class Command(ImporterCommand):
    """Writes the file whole or not at all; the product may go on meanwhile."""

    help = "Save everything (bundles, Takes, users, audit log, runs) in one file."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("file", type=Path, metavar="FILE")

    def work(self, **options: Any) -> None:
        """Save, and say what has been saved."""
        path: Path = options["file"]
        try:
            manifest = save(path)
        except BackupError as error:
            self._end(str(error), BAD_INPUT)
        rows = sum(table.rows for table in manifest.tables)
        self.stdout.write(
            f"Saved {len(manifest.tables)} tables, {rows:,} rows, {path.stat().st_size:,} bytes."
        )
        self.stdout.write(f"{sha256_of(path)}  {path}")
