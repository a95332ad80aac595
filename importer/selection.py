"""Which snapshot an admin means by a domain, a release and perhaps the beginning of a hash."""

import re

from importer.errors import BundleError
from library.models import Snapshot

HASH_FORM = re.compile(r"[0-9a-f]{1,64}")


def select_snapshot(domain: str, release: str, sha_prefix: str = "") -> Snapshot:
    """The snapshot; where several share a release and no hash is given, the one that stands for it.

    Raises BundleError where there is none, or where a hash's beginning fits several.
    """
    if not sha_prefix:
        snapshot = Snapshot.objects.of_release(domain, release)
        if snapshot is None:
            raise BundleError(f"there is no snapshot of {domain} {release}{_held(domain)}.")
        return snapshot
    if not HASH_FORM.fullmatch(sha_prefix.lower()):
        raise BundleError(f"{sha_prefix!r} is not the beginning of a SHA-256.")
    held = Snapshot.objects.filter(domain=domain, attack_version=release)
    fitting = [found for found in held if found.sha256.startswith(sha_prefix.lower())]
    if len(fitting) != 1:
        number = "no" if not fitting else str(len(fitting))
        raise BundleError(f"{number} snapshots of {domain} {release} begin with {sha_prefix}.")
    return fitting[0]


def _held(domain: str) -> str:
    releases = [s.attack_version for s in Snapshot.objects.newest_first() if s.domain == domain]
    return f"; held are {', '.join(dict.fromkeys(releases))}" if releases else ""
