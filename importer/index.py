"""MITRE's own index of its releases: which there are of each domain.

It names releases and where their bundles are, and no hash: a release that is known from it alone
cannot be checked by hash, and its bundle counts as unrecognised when it is imported. Its form is
the Workbench's "collection index".
"""

from typing import Any

import orjson

from importer.download import fetch
from importer.errors import BundleError
from importer.published import INDEX_ADDRESS, address
from library.identifiers import RELEASE_FORM, Domain, is_sample

# It was 26 kB at release 16.0 and grows by 800 bytes a release.
MAX_INDEX_BYTES = 2 * 1024 * 1024
INDEX_SECONDS = 30.0


def fetch_releases() -> dict[str, list[str]]:
    """The releases that MITRE's index names, by domain; BundleError where it cannot be had."""
    raw = fetch(INDEX_ADDRESS, _unwatched, MAX_INDEX_BYTES, INDEX_SECONDS)
    return read_releases(raw)


def _unwatched(_done: int, _parts: int) -> None:
    """The progress of what takes a moment."""


def read_releases(raw: bytes) -> dict[str, list[str]]:
    """The releases that an index names, by domain, in its order.

    An entry counts for the domain at whose fixed address it says its bundle is; other entries, for
    domains that the library does not know, do not count. Raises BundleError for what is not an
    index, and for one that names no release.
    """
    try:
        index = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BundleError(f"{INDEX_ADDRESS}: not JSON ({error}).") from None
    found: dict[str, list[str]] = {domain: [] for domain in Domain.values}
    for collection, place in _entries(index, "collections", ""):
        for entry, _ in _entries(collection, "versions", f"{place}."):
            release = entry.get("version")
            if not (isinstance(release, str) and RELEASE_FORM.fullmatch(release)):
                continue
            for domain, releases in found.items():
                if entry.get("url") == address(domain, release) and not is_sample(release):
                    releases.append(release)
    if not any(found.values()):
        raise BundleError(f"{INDEX_ADDRESS}: names no release of any domain.")
    return found


def _entries(holder: Any, name: str, prefix: str) -> list[tuple[dict[str, Any], str]]:
    """The objects in a list of the index, each with its place."""
    place = f"{prefix}{name}"
    held = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(held, list):
        raise BundleError(f"{INDEX_ADDRESS}: {place} is not a list.")
    for number, entry in enumerate(held):
        if not isinstance(entry, dict):
            raise BundleError(f"{INDEX_ADDRESS}: {place}[{number}] is not an object.")
    return [(entry, f"{place}[{number}]") for number, entry in enumerate(held)]
