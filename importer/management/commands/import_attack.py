"""`manage.py import_attack PATH…`: bring ATT&CK bundles into the library."""

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandParser

from accounts.audit import command_actor
from importer.errors import BundleError
from importer.management.base import ImporterCommand
from importer.pipeline import Options
from importer.progress import ProgressBar
from importer.runs.by_command import import_by_command
from importer.sources import file_sources
from library.identifiers import RELEASE_FORM, Domain


class Command(ImporterCommand):
    """Exit 0 when every bundle is in, 2 on bad input; a run is all or nothing."""

    help = "Import ATT&CK bundles (.json, .json.gz, .json.xz) from files and directories."

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--domain", choices=Domain.values, help="where the bundle is silent")
        parser.add_argument("--release", help="for what the bundle does not say: 9.0")
        parser.add_argument("--no-current", action="store_true", help="do not show it to readers")
        parser.add_argument("--dry-run", action="store_true", help="report, and change nothing")
        parser.add_argument("--json", action="store_true", help="one JSON object a bundle and line")

    def work(self, **options: Any) -> None:
        """Import, and print a report for each bundle."""
        bar = ProgressBar()
        try:
            sources = file_sources(options["paths"])
            reports = import_by_command(sources, self._asked(options), bar)
        finally:
            bar.close()
        for report in reports:
            if options["json"]:
                self.stdout.write(orjson.dumps(report.as_dict()).decode())
            else:
                self.stdout.write("\n".join(report.lines()))

    @staticmethod
    def _asked(options: dict[str, Any]) -> Options:
        release = options["release"]
        if release is not None and not RELEASE_FORM.fullmatch(release):
            raise BundleError(f"--release {release!r} is not a release such as 18.1.")
        return Options(
            domain=options["domain"],
            release=release,
            make_current=not options["no_current"],
            dry_run=options["dry_run"],
            made_by=command_actor("import_attack"),
        )
