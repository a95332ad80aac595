"""What the importer's commands share."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from importer.errors import BundleError
from library.identifiers import Domain

BAD_INPUT = 2


class ImporterCommand(BaseCommand):
    """A command that ends with one sentence and exit status 2 on bad input."""

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the command."""
        try:
            self.work(**options)
        except BundleError as error:
            self.stderr.write(str(error))
            sys.exit(BAD_INPUT)

    def work(self, **options: Any) -> None:
        """What the command does; may raise BundleError."""
        raise NotImplementedError


def add_snapshot_arguments(parser: CommandParser, *, optional: bool = False) -> None:
    """DOMAIN RELEASE [SHA-PREFIX], which name a snapshot."""
    nargs = "?" if optional else None
    parser.add_argument("domain", choices=Domain.values, metavar="DOMAIN", nargs=nargs)
    parser.add_argument("release", metavar="RELEASE", nargs=nargs)
    parser.add_argument("sha_prefix", nargs="?", default="", metavar="SHA-PREFIX")
