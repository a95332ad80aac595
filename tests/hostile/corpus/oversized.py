"""Input that is too much: of bytes, of digits, of fields, or once it is unpacked."""

import gzip
import io
import zipfile

from tests.factories import mitigation
from tests.hostile.corpus.category import (
    Category,
    bundle,
    packed,
    with_fields,
    with_text,
)

# Files may have so much while the corpus is tried; in the product the bounds are larger.
MOST_BYTES = 1024 * 1024
_ZEROS = bytes(MOST_BYTES)


def _archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", _ZEROS * 8)
    return made.getvalue()


CATEGORY = Category(
    values={
        "a number of 3,000 digits": "9" * 3000,
        "a number beyond 64 bits": str(2**64),
        "a number beyond 32 bits": str(2**31),
        "the least number of 64 bits": str(-(2**63)),
        "a word of 3,000 letters": "x" * 3000,
        "3,000 letters of four bytes": "😀" * 3000,
        "1,500 words": "a " * 1500,
        "1,500 IDs": "T1059 " * 1500,
        "1,500 lines": "\n" * 1500,
        "a release of 500 numbers": "1." * 500 + "1",
        "a STIX id of 2,000 characters": "x-" + "y" * 2000 + "--" + "0" * 36,
        "a thousand wildcards": "%_" * 500,
        "the same field 900 times": ["x"] * 900,
        "an exponent beyond any number": "1e999999",
    },
    files={
        "more bytes than may come": lambda: b" " * (MOST_BYTES + 1),
        "a gzip bomb": lambda: gzip.compress(_ZEROS) * 8,
        "an xz bomb": lambda: packed(_ZEROS, 8),
        "a gzip in many members": lambda: gzip.compress(b" ") * 60_000 + gzip.compress(_ZEROS) * 2,
        "a bomb behind a bundle": lambda: packed(bundle(mitigation("M1", "One"))) + packed(_ZEROS),
        "a ZIP bomb": _archive,
        "a number of 5,000 digits": with_text("9" * 5000, "x_mitre_number"),
        "an integer beyond 2^53": with_text(str(2**53), "x_mitre_number"),
        "a float beyond all": with_text("1e999", "x_mitre_number"),
        "an id of 20,000 characters": with_fields(id="course-of-action--" + "0" * 20_000),
        "a type of 20,000 characters": with_fields(type="x" * 20_000),
        "an ID of 20,000 characters": with_fields(
            external_references=[{"source_name": "mitre-attack", "external_id": "M" * 20_000}],
            id=7,
        ),
        "a release of 20,000 digits": lambda: bundle(release="9" * 20_000),
        "four million values": lambda: gzip.compress(
            b'{"type":"bundle","objects":[' + b"[]," * 2_000_001 + b"1]}", 1
        ),
        "a YAML key of 50,000 letters": lambda: b"x" * 50_000 + b": 1\n",
    },
)
