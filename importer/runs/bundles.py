"""Where the bundle of a run is read from: the spool or the import directory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial

from django.conf import settings

from importer.acquire import Acquired, read_bundle
from importer.download import download
from importer.errors import BundleError
from importer.models import ImportRun, SourceKind
from importer.published import address, published_sha256
from importer.runs import directory, spool
from importer.runs.progress import RunProgress
from importer.sources import Source


def fetch(run: ImportRun, progress: RunProgress) -> None:
    """Download what MITRE published into the spool, unless it is there, sound, already.

    Before the import's transaction, which must not wait for a network. Raises BundleError.
    """
    if run.source_kind != SourceKind.PUBLISHED or _is_kept(run):
        return
    progress.stage("", "downloading from MITRE", 0)
    found = download(run.said_domain, run.source_name, progress.reach)
    name = run.stored_as or spool.fresh_name()
    # Said first: of a worker that dies now no file is left that nobody knows.
    ImportRun.objects.filter(pk=run.pk).update(stored_as=name)
    run.stored_as = name
    try:
        spool.keep(name, found.stored)
    except OSError as error:
        spool.discard(name)
        raise BundleError(
            f"{run.bundle}: cannot be kept in the folder IMPORT_SPOOL ({error.strerror})."
        ) from None


def _is_kept(run: ImportRun) -> bool:
    """Whether the spool holds what MITRE published; a file that is another is deleted."""
    if not spool.holds(run.stored_as):
        return False
    try:
        if spool.sha256_of(run.stored_as) == published_sha256(run.said_domain, run.source_name):
            return True
    except (OSError, KeyError):
        # The download says what is the matter.
        return False
    spool.discard(run.stored_as)
    return False


def source_of(run: ImportRun, told: Callable[[str], None]) -> Source:
    """The source of a run's bundle, known by the name its admin knows it by.

    `told` is told the bundle's SHA-256 as soon as it is read.
    """
    source = _source_of(run)

    def read() -> Acquired:
        acquired = source.read()
        told(hashlib.sha256(acquired.raw).hexdigest())
        return acquired

    return Source(source.origin, read)


def _source_of(run: ImportRun) -> Source:
    match run.source_kind:
        case SourceKind.DIRECTORY:
            read = partial(directory.read, run.source_name, settings.IMPORT_MAX_BYTES)
            return Source(run.source_name, read)
        case SourceKind.PUBLISHED:
            origin = address(run.said_domain, run.source_name)
        case _:
            origin = run.source_name
    return Source(origin, partial(_spooled, run.stored_as, origin))


def _spooled(name: str, origin: str) -> Acquired:
    """The bundle in a file of the spool, under the name that its admin knows."""
    if not spool.holds(name):
        raise BundleError(
            f"{origin}: the file is not there any more: upload it again. (Web processes and"
            " workers must share the folder IMPORT_SPOOL.)"
        )
    path = spool.place(name)
    try:
        found = read_bundle(path, settings.IMPORT_MAX_BYTES)
    except BundleError as error:
        raise BundleError(str(error).replace(str(path), origin)) from None
    return Acquired(origin, found.stored, found.encoding, found.raw)
