"""`manage.py export_takes DIR`: every Take with its history, one YAML file an object."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from analysis.management.base import TakesCommand
from analysis.takefiles.exporting import export_folder


class Command(TakesCommand):
    """Exit 0 when every Take is written, 2 where one cannot be."""

    help = "Write every Take into a folder, as files that import_takes reads."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("folder", type=Path, metavar="DIR")

    def work(self, **options: Any) -> None:
        """Export, and print what became of each file."""
        words = []
        for exported in export_folder(options["folder"]):
            self.stdout.write(str(exported))
            words.append(exported.word)
        self.total(words)
