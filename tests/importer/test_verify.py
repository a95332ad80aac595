"""Verifying: the SHA-256 of a bundle, and what MITRE published with it."""

import hashlib
import lzma
from pathlib import Path

import pytest

from importer.acquire import unpack
from importer.verify import Verified, verify
from tests.importer import golden


@golden.each_sample
def test_verify_agrees_with_the_golden_file_when_given_a_sample(name: str) -> None:
    verified = verify(golden.raw_of(name))
    assert verified.sha256 == hashlib.sha256(golden.raw_of(name)).hexdigest()
    golden.check(name, "verify", {"sha256": verified.sha256, "published": list(verified.published)})


@golden.each_sample
def test_the_hash_is_of_the_text_when_the_bundle_is_compressed(name: str) -> None:
    acquired = unpack("x", lzma.compress(golden.raw_of(name), preset=0))
    assert verify(acquired.raw) == verify(golden.raw_of(name))


@pytest.mark.parametrize("raw", [b"", bytearray(), bytearray(b"{}"), b"{}"])
def test_nothing_is_published_when_bytes_are_not_mitres(raw: bytes | bytearray) -> None:
    assert verify(raw) == Verified(hashlib.sha256(raw).hexdigest(), ())


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("ics-attack-17.1", (("ics", "17.1"),)),
        ("ics-attack-18.1", (("ics", "18.1"),)),
        ("mobile-attack-17.1", (("mobile", "17.1"),)),
        # Put together from MITRE's files: its content is official, its hash is not.
        ("mobile-attack-18.1", ()),
    ],
)
def test_a_real_bundle_is_known_when_mitre_published_it(
    attack_bundles: Path, name: str, published: tuple[tuple[str, str], ...]
) -> None:
    stored = (attack_bundles / f"{name}.json.xz").read_bytes()
    assert verify(unpack(name, stored).raw).published == published
