"""The import of one or several bundles: every step in order, in one transaction.

Either all bundles of a run come in, and readers see them at once, or nothing has happened.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import batched
from typing import Protocol

import orjson
from django.db import connection, transaction

from accounts.audit import record
from importer.acquire import Packed, pack
from importer.bounds import refuse_too_large, refuse_too_many_links
from importer.digest import digest
from importer.duplicates import keys_of_canonical, keys_of_text, refuse_duplicates
from importer.editions import publish
from importer.errors import BundleError
from importer.identify import Identity, identify
from importer.normalise import normalise, tactics_by_phase
from importer.parse import Bundle, Properties, parse
from importer.report import ALREADY_IMPORTED, IMPORTED, Namesake, Report
from importer.sources import Source
from importer.store import (
    Digested,
    Prepared,
    SnapshotWriter,
    delta,
    refresh_statistics,
    take_import_lock,
    wait_for_import_lock,
)
from importer.validate import Checked, Validator
from importer.validate import Finding as InvalidField
from importer.verify import Verified, verify
from library.documents import document_of
from library.identifiers import Domain, release_order
from library.models import Edition, Finding, ObjectVersion, Snapshot, SnapshotObject

# Objects stored and validated together.
BATCH = 4096
# Of one release there is more than one bundle by mistake, or by somebody's trying.
MOST_NAMESAKES = 5
# How long an import waits for another before it tells its progress, which may end it.
WAIT_MILLISECONDS = 300

type AtEnd = Callable[[list[Report]], None]


class Progress(Protocol):
    """What a run tells of its progress: a stage begins, some of its parts are done."""

    def stage(self, origin: str, name: str, parts: int) -> None:
        """A stage of the work on one bundle begins; it has this many parts."""

    def advance(self, parts: int) -> None:
        """So many parts of the stage are done."""


class Silent:
    """Progress that nobody watches."""

    def stage(self, origin: str, name: str, parts: int) -> None:
        """Nothing."""

    def advance(self, parts: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the admin asks of a run."""

    domain: str | None = None
    release: str | None = None
    make_current: bool = True
    dry_run: bool = False
    # Only benchmarks switch this off, to measure the rest.
    validate: bool = True
    made_by: str = "import_attack"


def import_bundles(
    sources: Sequence[Source],
    options: Options,
    progress: Progress | None = None,
    at_end: AtEnd | None = None,
) -> list[Report]:
    """A report for each bundle, oldest release first.

    Waits while another import runs. `at_end` is called with the reports as the last thing of the
    transaction, of a dry run's too. Raises BundleError when any bundle of the run cannot be
    imported; this, and whatever `progress` or `at_end` raise, leaves the library untouched.
    """
    run = _Run(options, progress or Silent())
    ordered = _oldest_first(sources, run)
    with run.validators, _no_collection(), transaction.atomic():
        _without_time_limit()
        if not take_import_lock(wait=False):
            run.progress.stage("", "waiting for another import to end", 0)
            while not wait_for_import_lock(WAIT_MILLISECONDS):
                run.progress.advance(0)
        reports = [_import_one(source, run) for source in ordered]
        imported = [report for report in reports if report.status == IMPORTED]
        for report in imported:
            _record(report, options)
        _publish(reports, options)
        if imported:
            refresh_statistics(contents=any(r.added > r.unchanged for r in imported))
        if at_end is not None:
            at_end(reports)
        if options.dry_run:
            transaction.set_rollback(True)
    return reports


def _without_time_limit() -> None:
    """Statements of an import may take longer than those of pages."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Spares looking for cycles among millions of parsed values, which have none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Run:
    """What the bundles of a run share."""

    def __init__(self, options: Options, progress: Progress) -> None:
        self.options = options
        self.progress = progress
        self.validators = ExitStack()

    @cached_property
    def validator(self) -> Validator:
        """The processes that validate; started for the first bundle that is new."""
        return self.validators.enter_context(Validator())


def _oldest_first(sources: Sequence[Source], run: _Run) -> Sequence[Source]:
    """The sources by release, then domain; several bundles are identified before any comes in."""
    if len(sources) < 2:
        return sources
    domains = list(Domain.values)

    def place(source: Source) -> tuple[object, ...]:
        run.progress.stage(source.origin, "identifying", 1)
        identity = _identity(source, run.options)
        run.progress.advance(1)
        return release_order(identity.attack_version), domains.index(identity.domain)

    return sorted(sources, key=place)


def _identity(source: Source, options: Options) -> Identity | Snapshot:
    """What a bundle is; parsed only where neither the library nor MITRE's one hash tells."""
    with _naming(source):
        acquired = source.read()
        verified = verify(acquired.raw)
        held = _held(verified, options)
        if held is not None:
            return held
        bundle = Bundle("", []) if len(verified.published) == 1 else parse(acquired.raw)
        return identify(bundle, verified, options.domain, options.release)


@contextmanager
def _naming(source: Source) -> Iterator[None]:
    """Names the bundle in any BundleError raised inside."""
    try:
        yield
    except BundleError as error:
        named = str(error).startswith(source.origin)
        raise (error if named else BundleError(f"{source.origin}: {error}")) from None


def _import_one(source: Source, run: _Run) -> Report:
    begun = time.monotonic()
    with _naming(source), ThreadPoolExecutor(max_workers=1) as beside:
        opened = _open(source, run, beside)
        if isinstance(opened, Snapshot):
            report = _report(opened, source, ALREADY_IMPORTED)
        else:
            report = _bring_in(source, opened, run, beside)
    report.dry_run = run.options.dry_run
    report.seconds = time.monotonic() - begun
    return report


@dataclass(frozen=True, slots=True)
class _Opened:
    """A parsed and identified bundle; its bytes are being packed beside the work."""

    bundle: Bundle
    identity: Identity
    sha256: str
    keys: int
    packing: Future[Packed]


def _open(source: Source, run: _Run, beside: ThreadPoolExecutor) -> Snapshot | _Opened:
    """The bundle, ready to be stored; the snapshot where the library holds it already.

    The JSON text is let go on return: with the parsed objects it would be the peak of memory.
    """
    run.progress.stage(source.origin, "reading", 2)
    acquired = source.read()
    verified = verify(acquired.raw)
    run.progress.advance(1)
    held = _held(verified, run.options)
    if held is not None:
        return held
    packing = beside.submit(pack, acquired)
    keys = keys_of_text(acquired.raw)
    bundle = parse(acquired.raw)
    refuse_too_many_links(bundle.objects)
    # Those around the objects: theirs are counted as they are digested.
    keys -= keys_of_canonical(orjson.dumps(bundle.envelope))
    identity = identify(bundle, verified, run.options.domain, run.options.release)
    run.progress.advance(1)
    return _Opened(bundle, identity, verified.sha256, keys, packing)


def _held(verified: Verified, options: Options) -> Snapshot | None:
    """The snapshot of this very bundle, where the library has it and the admin says no other."""
    held = Snapshot.objects.filter(bundle_sha256=bytes.fromhex(verified.sha256))
    if options.domain is not None:
        held = held.filter(domain=options.domain)
    if options.release is not None:
        held = held.filter(attack_version=options.release)
    return held.first()


def _bring_in(source: Source, opened: _Opened, run: _Run, beside: ThreadPoolExecutor) -> Report:
    writer = SnapshotWriter(opened.identity.domain, beside)
    tactics = tactics_by_phase(opened.bundle.objects)
    spec = opened.bundle.spec_version
    unversioned: list[InvalidField] = []
    anything_new = False
    run.progress.stage(source.origin, "storing", len(opened.bundle.objects))
    keys = 0
    for batch in batched(_digested(opened.bundle), BATCH):
        keys += sum(keys_of_canonical(found.canonical) for _, found in batch)
        changed = writer.take_over(batch)
        new = writer.add(
            [Prepared(normalise(p, tactics), found, document_of(p)) for p, found in changed]
        )
        if run.options.validate and new:
            anything_new = True
            run.validator.submit(new)
            unversioned += _without_version(spec, [properties for properties, _ in changed])
        run.progress.advance(len(batch))
    if keys != opened.keys:
        refuse_duplicates(source.read().raw)
    snapshot = writer.finish(opened.identity, opened.packing.result(), opened.sha256, spec)
    checked = Checked()
    if anything_new:
        run.progress.stage(source.origin, "validating", run.validator.ahead)
        checked, invalid = run.validator.results(run.progress.advance)
        writer.write_findings([*invalid, *unversioned])
    report = _report(snapshot, source, IMPORTED)
    report.checked = asdict(checked)
    return report


def _without_version(spec: str, objects: list[Properties]) -> Iterator[InvalidField]:
    """Objects that state no version of STIX in a bundle of 2.1, where each must (2.1 §3.2)."""
    for properties in objects if spec == "2.1" else ():
        if "spec_version" not in properties:
            reason = "Must be present in a bundle of STIX 2.1."
            yield InvalidField(properties["id"], properties["type"], "spec_version", reason)


def _digested(bundle: Bundle) -> Iterator[Digested]:
    """Each object of the bundle with its digest; takes the bundle apart, to spare memory."""
    bundle.objects.reverse()
    while bundle.objects:
        properties = bundle.objects.pop()
        found = digest(properties)
        refuse_too_large(properties, found.canonical)
        yield properties, found


def _report(snapshot: Snapshot, source: Source, status: str) -> Report:
    before = Snapshot.objects.before(snapshot.domain, snapshot.attack_version)
    against = delta(snapshot, before)
    return Report(
        status=status,
        origin=source.origin,
        snapshot=snapshot.pk,
        domain=snapshot.domain,
        release=snapshot.attack_version,
        bundle_sha256=snapshot.sha256,
        provenance=snapshot.provenance,
        objects=snapshot.object_count,
        objects_by_type=dict(sorted(snapshot.objects_by_type.items())),
        before=before.attack_version if before else None,
        added=against.added,
        changed=against.changed,
        removed=against.removed,
        unchanged=against.unchanged,
        namesakes=_namesakes(snapshot),
        finding_details=_findings(snapshot),
    )


def _namesakes(snapshot: Snapshot) -> list[Namesake]:
    """The other bundles of its release, the one that stands for it first; a query, and one each."""
    others = Snapshot.objects.filter(
        domain=snapshot.domain, attack_version=snapshot.attack_version
    ).exclude(pk=snapshot.pk)
    found = []
    for other in others.preferred_first()[:MOST_NAMESAKES]:
        between = delta(snapshot, other)
        differing = between.added + between.changed + between.removed
        found.append(Namesake(other.pk, other.sha256, other.provenance, differing))
    return found


def _findings(snapshot: Snapshot) -> list[dict[str, str]]:
    """The findings on what a snapshot holds; three queries, one where there are none at all.

    Few joins and each from known keys: while statistics know nothing of what was just imported,
    PostgreSQL may take tables for empty, and go through all of one for each row of another.
    """
    every = list(Finding.objects.order_by("id").values_list("version_id", "field", "reason"))
    if not every:
        return []
    versions = {version_id for version_id, *_ in every}
    held = set(
        SnapshotObject.objects.filter(snapshot=snapshot, version__in=versions).values_list(
            "version_id", flat=True
        )
    )
    known = ObjectVersion.objects.filter(pk__in=held).values_list("pk", "object__stix_id")
    stix_ids = dict(known)
    return [
        {"stix_id": stix_ids[version_id], "field": field, "reason": reason}
        for version_id, field, reason in every
        if version_id in held
    ]


def _record(report: Report, options: Options) -> None:
    """Into the audit log; a dry run takes the entry back with the rest."""
    told = {"sha256": report.bundle_sha256, "provenance": report.provenance}
    told["from"] = report.origin
    record(options.made_by, "snapshot imported", f"{report.domain} {report.release}", **told)


def _publish(reports: Sequence[Report], options: Options) -> None:
    """One new edition for the run, where it brought anything that readers should see."""
    fresh = [report.snapshot for report in reports if report.status == IMPORTED]
    if options.make_current and fresh:
        publish(Snapshot.objects.filter(pk__in=fresh), options.made_by)
    edition = Edition.objects.current()
    shown = {snapshot.pk for snapshot in edition.snapshots} if edition else set()
    for report in reports:
        report.current = report.snapshot in shown and not options.dry_run
