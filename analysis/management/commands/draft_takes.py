"""`manage.py draft_takes TYPE… DIR`: files for an author to start from."""

from argparse import BooleanOptionalAction
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from analysis.management.base import TakesCommand
from analysis.takefiles.drafting import Chosen, draft_folder
from analysis.takefiles.problems import BadTakesError, FileProblem
from library.conditional import current_shelf
from library.identifiers import OBJECT_TYPES, Domain

KINDS = {kind.path: kind for kind in OBJECT_TYPES}


class Command(TakesCommand):
    """Exit 0 when the files are written, 2 on bad input."""

    help = "Write files of Takes to be written, with evidence from the release shown as comments."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("kinds", nargs="+", choices=KINDS, metavar="TYPE")
        parser.add_argument("folder", type=Path, metavar="DIR")
        parser.add_argument("--domain", choices=Domain.values, default="")
        parser.add_argument(
            "--missing-only",
            action=BooleanOptionalAction,
            default=True,
            help="leave out objects that have a Take already",
        )
        parser.add_argument("--limit", type=int, help="the objects first on which most depends")

    def work(self, **options: Any) -> None:
        """Write the files, and print what became of each."""
        shelf, words = current_shelf(), []
        if not shelf.snapshots:
            empty = "the library is empty: manage.py import_attack PATH fills it"
            raise BadTakesError([FileProblem(str(options["folder"]), 0, "", empty)])
        for drafted in draft_folder(
            shelf, self._chosen(options), options["folder"], timezone.now()
        ):
            self.stdout.write(str(drafted))
            words.append(drafted.word)
        self.total(words)

    @staticmethod
    def _chosen(options: dict[str, Any]) -> Chosen:
        limit = options["limit"]
        if limit is not None and limit < 1:
            raise BadTakesError([FileProblem("--limit", 0, "", f"{limit} is not 1 or more")])
        kinds = [KINDS[path] for path in dict.fromkeys(options["kinds"])]
        return Chosen(kinds, options["domain"], options["missing_only"], limit)
