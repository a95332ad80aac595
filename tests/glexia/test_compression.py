"""Which encoding a client gets, and that a text comes out as it went in."""

import gzip

import brotli
import pytest

from glexia.compression import (
    compressed,
    compressed_pieces,
    is_worth_it,
    preferred_encoding,
    unpacked,
)

TEXT = b"<p>A page of words.</p>" * 100


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        *(
            ("", "identity"),
            ("identity", "identity"),
            ("deflate", "identity"),
            ("zstd", "identity"),
        ),
        *(("br", "br"), ("gzip, deflate, br, zstd", "br"), ("BR", "br"), ("gzip, deflate", "gzip")),
        *(("br;q=0, gzip", "gzip"), ("br;q=0.0,gzip;q=0.000", "identity"), ("*", "br")),
        *(("*;q=0", "identity"), ("br;q=0, *", "gzip"), ("gzip;q=0.5", "gzip")),
        *(
            ("br;q= 1", "br"),
            ("brotli", "identity"),
            (";;,,", "identity"),
            ("x" * 20_000, "identity"),
        ),
        # By weight, and of equal ones the shorter.
        *(("gzip;q=1, br;q=0.1", "gzip"), ("gzip;q=0.5, br;q=0.5", "br")),
        *(("br;q=0.001", "br"), ("*;q=0.5, gzip;q=0.6", "gzip"), ("gzip;Q=0.5, br;Q=0.4", "gzip")),
        *(("identity, br;q=0.9", "identity"), ("identity;q=0.5, br", "br")),
        # Whatever else stands beside the weight.
        *(("br;level=4;q=0", "identity"), ("br;level=4;q=0, gzip;q=0.2", "gzip")),
        *(("identity;q=0", "identity"), ("identity;q=0, *", "br"), ("identity;q=0, gzip", "gzip")),
        # What is no weight is none.
        *(("br;q=x, gzip", "gzip"), ("br;q=-1", "identity"), ("br;q=2", "identity")),
        *(("br;q=nan", "identity"), ("br;q=1e3", "identity"), ("br;q=", "identity")),
    ],
)
def test_encoding_is_the_best_that_the_client_takes(accepted: str, chosen: str) -> None:
    assert preferred_encoding(accepted) == chosen


def test_text_comes_out_as_it_went_in() -> None:
    assert brotli.decompress(compressed(TEXT, "br")) == TEXT
    assert gzip.decompress(compressed(TEXT, "gzip")) == TEXT
    assert compressed(TEXT, "identity") == TEXT
    for encoding in ("br", "gzip", "identity"):
        assert unpacked(compressed(TEXT, encoding), encoding) == TEXT
    assert len(compressed(TEXT, "br")) < len(compressed(TEXT, "gzip")) < len(TEXT) / 10


def test_pieces_come_out_as_one_text() -> None:
    pieces = [TEXT[:700], b"", TEXT[700:]]
    assert brotli.decompress(b"".join(compressed_pieces(pieces, "br"))) == TEXT
    assert gzip.decompress(b"".join(compressed_pieces(pieces, "gzip"))) == TEXT


def test_the_same_text_is_compressed_to_the_same_bytes() -> None:
    assert compressed(TEXT, "gzip") == compressed(TEXT, "gzip")


@pytest.mark.parametrize(
    ("content", "content_type", "worth"),
    [
        (TEXT, "text/html; charset=utf-8", True),
        (TEXT, "application/json", True),
        (TEXT, "application/stix+json", True),
        (TEXT, "application/schema+json", True),
        (TEXT, "application/atom+xml; charset=utf-8", True),
        (TEXT, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        (b"short", "text/html", False),
    ],
)
def test_only_longer_texts_are_compressed(content: bytes, content_type: str, worth: bool) -> None:
    assert is_worth_it(len(content), content_type) is worth
