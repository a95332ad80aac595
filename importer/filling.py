"""What a starting library imports: what it is given, or MITRE's current release, or the sample."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from django.db import transaction

from importer.acquire import Acquired
from importer.download import download
from importer.editions import publish
from importer.errors import BundleError
from importer.pipeline import Options
from importer.progress import ProgressBar
from importer.published import current_release
from importer.report import IMPORTED, Report
from importer.runs.by_command import import_by_command
from importer.sources import Source, file_sources
from library.identifiers import Domain, is_sample
from library.models import Edition, Snapshot

type Say = Callable[[str], None]


def fill_library(bundles: Path | None, sample: Path, say: Say, bar: ProgressBar) -> None:
    """See that readers find something: the first of these that there is.

    The bundles of a directory; what the library has (a sample does not count); the current release
    of all domains, downloaded from MITRE; the sample. Raises BundleError for a bad bundle.
    """
    if bundles is not None:
        _tell(_import(file_sources([bundles]), bar), say)
    elif _shows_anything_real():
        return
    elif held := _holds_anything_real():
        with transaction.atomic():
            publish(Snapshot.objects.filter(pk__in=held), "make run")
        say("Showing what has been imported before and was not made current.")
    else:
        _download_or_sample(sample, say, bar)


def _download_or_sample(sample: Path, say: Say, bar: ProgressBar) -> None:
    release = current_release()
    say(f"Downloading ATT&CK {release} from MITRE…")
    try:
        # All of it before any import, so that a network that fails half-way is noticed.
        acquired = [_downloaded(domain, release, bar) for domain in Domain.values]
    except BundleError as error:
        bar.close()
        say(f"No download: {error}")
        reports = _import(file_sources([sample]), bar)
        say("Showing the sample that comes with the library; it is not ATT&CK.")
        say("Import ATT&CK: make run ATTACK_BUNDLES=folder, or manage.py import_attack PATH")
        _tell([report for report in reports if report.status == IMPORTED], say)
        return
    sources = [Source(found.origin, partial(_same, found)) for found in acquired]
    _tell(_import(sources, bar), say)


def _same(acquired: Acquired) -> Acquired:
    return acquired


def _downloaded(domain: str, release: str, bar: ProgressBar) -> Acquired:
    bar.stage("", f"{domain} {release}", 0)
    try:
        return download(domain, release, bar.reach)
    finally:
        bar.close()


def _import(sources: list[Source], bar: ProgressBar) -> list[Report]:
    try:
        # Each start looks at the same bundles again: that they are held is nothing to tell.
        return import_by_command(sources, Options(made_by="make run"), bar, held_too=False)
    finally:
        bar.close()


def _shows_anything_real() -> bool:
    edition = Edition.objects.current()
    shown = edition.snapshots if edition else []
    return any(not is_sample(snapshot.attack_version) for snapshot in shown)


def _holds_anything_real() -> list[int]:
    """The keys of the snapshots that are no samples."""
    held = Snapshot.objects.values_list("pk", "attack_version")
    return [key for key, attack_version in held if not is_sample(attack_version)]


def _tell(reports: Sequence[Report], say: Say) -> None:
    for report in reports:
        count = len(report.finding_details)
        findings = f", {count} finding{'' if count == 1 else 's'}" if count else ""
        say(
            f"{report.domain} {report.release}: {report.status}, {report.objects:,} objects"
            f"{findings}, {report.seconds:.1f} s"
        )
