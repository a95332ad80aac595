"""`manage.py delete_snapshot`: remove a snapshot that readers do not see."""

from typing import Any

from django.core.management.base import CommandParser

from accounts.audit import command_actor
from importer.deletion import delete_snapshot
from importer.management.base import ImporterCommand, add_snapshot_arguments
from importer.selection import select_snapshot


class Command(ImporterCommand):
    """Refuses a snapshot that is current."""

    help = "Delete a snapshot that is not current, with the versions nothing else uses."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        add_snapshot_arguments(parser)

    def work(self, **options: Any) -> None:
        """Delete it and say what went."""
        snapshot = select_snapshot(options["domain"], options["release"], options["sha_prefix"])
        named = f"{snapshot.domain} {snapshot.attack_version} {snapshot.sha256[:12]}"
        gone = delete_snapshot(snapshot, command_actor("delete_snapshot"))
        self.stdout.write(
            f"Deleted {named}: {gone.memberships:,} memberships, {gone.edges:,} links,"
            f" {gone.versions:,} versions and {gone.objects:,} objects nothing else used,"
            f" {gone.editions} past editions that showed it."
        )
