"""`manage.py compare_releases DOMAIN FROM TO`: what became of a domain between two releases."""

from typing import Any

import orjson
from django.core.management.base import CommandParser

from library.identifiers import Domain
from library.management.base import BadRequestError, LibraryCommand
from library.models import Snapshot
from library.releases.compared import ReleaseDifference, difference
from library.releases.exchange import changes
from library.releases.kinds import ChangeKind


class Command(LibraryCommand):
    """Exit 0 with the comparison, 2 where a release is not held."""

    help = (
        "Compare two releases of a domain: objects by STIX type and kind of change, relationships"
        " included. Each release stands for its official snapshot, else the newest import."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("domain", choices=Domain.values, metavar="DOMAIN")
        parser.add_argument("before", metavar="FROM")
        parser.add_argument("after", metavar="TO")
        parser.add_argument(
            "--json", action="store_true", help="every object that differs, as JSON"
        )

    def work(self, **options: Any) -> None:
        """Print the numbers, or every object as JSON."""
        before, after = (_snapshot(options["domain"], options[end]) for end in ("before", "after"))
        compared = difference(before, after)
        if options["json"]:
            self.stdout.write(orjson.dumps(changes(compared)).decode())
            return
        for line in _table(compared):
            self.stdout.write(line)


def _snapshot(domain: str, release: str) -> Snapshot:
    """The snapshot of a release; BadRequestError, with those held, where there is none."""
    found = Snapshot.objects.of_release(domain, release)
    if found is None:
        rows = Snapshot.objects.filter(domain=domain).newest_first()
        held = ", ".join(dict.fromkeys(row.attack_version for row in rows)) or "none"
        raise BadRequestError(f"Release {release!r} of {domain} is not held; held are: {held}.")
    return found


def _table(compared: ReleaseDifference) -> list[str]:
    """The numbers in columns: a line a type, a column a kind of change."""
    heads = [kind.value.removesuffix("_version_changes") for kind in ChangeKind] + ["unchanged"]
    rows = [["", *heads]]
    for stix_type, kinds in compared.by_type.items():
        counts = [*(len(found) for found in kinds.values()), compared.unchanged(stix_type)]
        rows.append([stix_type, *(str(count) for count in counts)])
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        ).rstrip()
        for row in rows
    ]
