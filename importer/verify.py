"""Verify: the SHA-256 of a bundle and whether MITRE published it."""

import hashlib
from dataclasses import dataclass

from importer.published import published_as


@dataclass(frozen=True, slots=True)
class Verified:
    """A bundle's hash and the (domain, release) pairs MITRE published it as, oldest first."""

    sha256: str
    published: tuple[tuple[str, str], ...]


def verify(raw: bytes | bytearray) -> Verified:
    """The hash of a bundle's uncompressed bytes, looked up in MITRE's published hashes."""
    digest = hashlib.sha256(raw).hexdigest()
    return Verified(digest, tuple(published_as(digest)))
