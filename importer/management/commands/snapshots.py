"""`manage.py snapshots`: what the library holds."""

from typing import Any

import orjson
from django.core.management.base import CommandParser
from django.db.models import Count

from importer.management.base import ImporterCommand
from library.models import Edition, Finding, Snapshot


class Command(ImporterCommand):
    """One line a snapshot, by domain, the newest release first."""

    help = "List the snapshots of the library."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a snapshot and line"
        )

    def work(self, **options: Any) -> None:
        """Print the list."""
        if not options["json"] and not Snapshot.objects.exists():
            self.stdout.write("The library is empty: manage.py import_attack PATH fills it.")
        edition = Edition.objects.current()
        current = {snapshot.pk for snapshot in edition.snapshots} if edition else set()
        findings = dict(
            Finding.objects.values_list("version__memberships__snapshot")
            .annotate(count=Count("id"))
            .order_by()
        )
        for snapshot in Snapshot.objects.newest_first():
            shown = _shown(snapshot, findings.get(snapshot.pk, 0), snapshot.pk in current)
            if options["json"]:
                self.stdout.write(orjson.dumps(shown).decode())
            else:
                self.stdout.write(_line(shown))


def _shown(snapshot: Snapshot, findings: int, current: bool) -> dict[str, Any]:
    return {
        "snapshot": snapshot.pk,
        "domain": snapshot.domain,
        "release": snapshot.attack_version,
        "bundle_sha256": snapshot.sha256,
        "provenance": snapshot.provenance,
        "objects": snapshot.object_count,
        "findings": findings,
        "bundle_bytes": snapshot.bundle_bytes,
        "released": snapshot.released_at,
        "imported": snapshot.imported_at,
        "current": current,
    }


def _line(shown: dict[str, Any]) -> str:
    mark = "*" if shown["current"] else " "
    return (
        f"{mark} {shown['domain']:10} {shown['release']:10} {shown['bundle_sha256'][:12]}"
        f"  {shown['provenance']:12} {shown['objects']:>7,} objects"
        f"  imported {shown['imported']:%Y-%m-%d %H:%M}"
    )
