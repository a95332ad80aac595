"""`manage.py verify_snapshot`: whether everything is still as it was imported."""

import sys
from typing import Any

from django.core.management.base import CommandParser

from importer.management.base import ImporterCommand, add_snapshot_arguments
from importer.selection import select_snapshot
from importer.verification import problems


class Command(ImporterCommand):
    """Exit 0 when every hash is right, 1 when any is not."""

    help = "Recompute every hash of a snapshot from what is stored, and compare."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        add_snapshot_arguments(parser)

    def work(self, **options: Any) -> None:
        """Verify and report."""
        snapshot = select_snapshot(options["domain"], options["release"], options["sha_prefix"])
        found = list(problems(snapshot))
        for problem in found:
            self.stderr.write(problem)
        if found:
            sys.exit(1)
        self.stdout.write(
            f"{snapshot.domain} {snapshot.attack_version}: {snapshot.object_count:,} objects,"
            f" every hash as imported ({snapshot.sha256})."
        )
