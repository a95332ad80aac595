"""`manage.py make_current`: choose what readers see."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.audit import command_actor
from importer import editions
from importer.errors import BundleError
from importer.management.base import ImporterCommand, add_snapshot_arguments
from importer.selection import select_snapshot
from library.models import Edition


class Command(ImporterCommand):
    """Adds an edition; readers see it at once, and no edition is ever changed."""

    help = "Show a snapshot to readers, or go back by one edition (--undo)."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        add_snapshot_arguments(parser, optional=True)
        back = "show what readers saw before; a second time, what they saw before that"
        parser.add_argument("--undo", action="store_true", help=back)

    def work(self, **options: Any) -> None:
        """Make the edition and say what it shows."""
        named = bool(options["domain"] and options["release"])
        if named == options["undo"] or (options["undo"] and options["domain"]):
            raise BundleError("say either DOMAIN RELEASE [SHA-PREFIX] or --undo.")
        if options["undo"]:
            self._tell(editions.undo(command_actor("make_current --undo")))
        else:
            snapshot = select_snapshot(options["domain"], options["release"], options["sha_prefix"])
            self._tell(editions.make_current(snapshot, command_actor("make_current")))

    def _tell(self, edition: Edition | None) -> None:
        if edition is None:
            self.stdout.write("Nothing to change: it is current already.")
            return
        shown = ", ".join(f"{s.domain} {s.attack_version}" for s in edition.snapshots)
        self.stdout.write(f"Edition {edition.pk} shows {shown or 'nothing'}.")
