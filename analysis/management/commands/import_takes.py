"""`manage.py import_takes DIR`: bring Takes in from files."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from accounts.audit import command_actor
from analysis.management.base import TakesCommand
from analysis.takefiles.importing import import_folder


class Command(TakesCommand):
    """Exit 0 when every file is in, 2 on bad input; a run is all or nothing."""

    help = "Import the Takes of a folder: one YAML file an object, as export_takes writes them."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("folder", type=Path, metavar="DIR")

    def work(self, **options: Any) -> None:
        """Import, and print what became of each file."""
        imported = import_folder(options["folder"], command_actor("import_takes"))
        for outcome in imported.outcomes:
            self.stdout.write(str(outcome))
        for domain in imported.unchecked:
            self.stdout.write(
                f"{domain}: no release is held here, so ATT&CK IDs in the texts were not checked"
            )
        self.total(outcome.word for outcome in imported.outcomes)
