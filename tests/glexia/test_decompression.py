"""Every place where something compressed comes in, and what bounds it there."""

import ast
import re
from pathlib import Path

from tests.databases import ROOT

PRODUCT = ("glexia", "library", "importer", "analysis", "accounts")
CODECS = {
    *("zlib", "gzip", "bz2", "lzma", "zstd", "zipfile", "tarfile", "brotli", "shutil"),
    *("compression", "backports", "py7zr", "rarfile"),
}
# What a module that takes compressed data in is bounded by, and the test that shows it.
BOUNDED = {
    "glexia.compression": (
        "pages that this process packed itself, for clients that take nothing packed",
        "tests/glexia/test_compression.py",
        "unpacked(compressed(",
    ),
    "importer.acquire": (
        "bundles from a file, an upload or MITRE: never more than a limit, whatever the codec",
        "tests/importer/test_acquire.py",
        "unpacks to more than the limit",
    ),
    "importer.backup.archive": (
        "backups: never more than the manifest says, and it no more than 500 times the file",
        "tests/importer/backup/test_hostile.py",
        "test_bomb_is_refused",
    ),
    "library.bundles": (
        "bundles that the library keeps, which were bounded as they came; a piece at a time",
        "tests/library/test_bundles.py",
        "def test_",
    ),
    "library.id_check.reading": (
        "texts to be checked: compressed ones are refused by how they begin, none is unpacked",
        "tests/library/id_check/test_hostile.py",
        "unpack it first",
    ),
}
# What only makes compressed data, or uses no codec of the module that it names.
MAKES_ONLY = {"glexia.embedded.initialise", "glexia.embedded.reach"}


def users_of_codecs() -> set[str]:
    """The modules of the product that import what can unpack."""
    found = set()
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            if CODECS & imported(path):
                found.add(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return found


def imported(path: Path) -> set[str]:
    """The first words of what a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_every_module_that_can_unpack_is_bounded_or_only_packs() -> None:
    assert users_of_codecs() <= BOUNDED.keys() | MAKES_ONLY
    assert BOUNDED.keys() - {"library.id_check.reading"} <= users_of_codecs()


def test_what_only_packs_never_unpacks() -> None:
    unpacks = re.compile(r"\bdecompress|Decompress|\.open\(.*mode=\"r|unpack_archive|extractall")
    for module in MAKES_ONLY & users_of_codecs():
        path = ROOT / f"{module.replace('.', '/')}.py"
        assert not unpacks.search(path.read_text()), module


def test_every_bound_has_its_test() -> None:
    for module, (_what, test, shown) in BOUNDED.items():
        assert shown in (ROOT / test).read_text(), module


def test_bodies_of_requests_are_never_unpacked() -> None:
    # Nothing here reads Content-Encoding: a compressed body is read as the bytes that it is.
    reads = re.compile(
        r"HTTP_CONTENT_ENCODING|request\.headers\W+(?:get\W+)?content.encoding", re.I
    )
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            assert not reads.search(path.read_text()), path
