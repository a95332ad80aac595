"""What the documentation names is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
DOCS = sorted((TESTS.parent / "docs").glob("*.md"))
NAMED = re.compile(r"`(?:tests/)?((?:[\w-]+/)*[\w-]+\.py)(?:::(test_\w+))?`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def named(page: Path) -> list[tuple[str, str]]:
    """The test files that a page names, each with the function it names, if any."""
    return [
        found for found in NAMED.findall(page.read_text()) if (TESTS / found[0]).parent != TESTS
    ]


def functions(path: Path) -> set[str]:
    return {
        node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)
    }


def test_every_test_that_the_page_on_security_names_is_there() -> None:
    found = named(TESTS.parent / "docs" / "security.md")
    assert len(found) > 100
    missing = [
        f"{file}::{name}"
        for file, name in found
        if not (TESTS / file).is_file() or (name and name not in functions(TESTS / file))
    ]
    assert missing == []


def test_every_threat_has_a_test() -> None:
    page = (TESTS.parent / "docs" / "security.md").read_text()
    table = page.partition("## Threats")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 25
    assert [row for row in rows if "::test_" not in row.rpartition(" | ")[2]] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_page_that_a_page_leads_to_is_there(page: Path) -> None:
    led = [found for found in LINK.findall(page.read_text()) if not found.startswith("/")]
    assert [found for found in led if not (page.parent / found).exists()] == []
