"""What the documentation names is there."""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
DOCS = sorted((TESTS.parent / "docs").glob("*.md"))
NAMED = re.compile(r"`(?:tests/)?((?:[\w-]+/)*[\w-]+\.py)(?:::(test_\w+))?`")
# The requirements of OWASP ASVS 4.0.3 up to level 2, by their numbers; those that were deleted, and
# those of level 3 alone, left out.
LEVEL_2 = """
1.1.1-7 1.2.1-4 1.4.1 1.4.4-5 1.5.1-4 1.6.1-4 1.7.1-2 1.8.1-2 1.9.1-2 1.10.1-1 1.11.1-2 1.12.2
1.14.1-6 2.1.1-12 2.2.1-3 2.3.1-3 2.4.1-5 2.5.1-7 2.6.1-3 2.7.1-6 2.8.1-7 2.9.1-3 2.10.1-4 3.1.1
3.2.1-4 3.3.1-4 3.4.1-5 3.5.1-3 3.7.1 4.1.1-3 4.1.5 4.2.1-2 4.3.1-3 5.1.1-5 5.2.1-8 5.3.1-10
5.4.1-3 5.5.1-4 6.1.1-3 6.2.1-6 6.3.1-2 6.4.1-2 7.1.1-4 7.2.1-2 7.3.1 7.3.3-4 7.4.1-3 8.1.1-4
8.2.1-3 8.3.1-8 9.1.1-3 9.2.1-4 10.2.1-2 10.3.1-3 11.1.1-8 12.1.1-3 12.2.1 12.3.1-6 12.4.1-2
12.5.1-2 12.6.1 13.1.1 13.1.3-5 13.2.1-3 13.2.5-6 13.3.1-2 13.4.1-2 14.1.1-4 14.2.1-6 14.3.2-3
14.4.1-7 14.5.1-4
"""
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


def requirements() -> list[str]:
    """The numbers of ASVS, one by one."""
    found = []
    for said in LEVEL_2.split():
        first, _, last = said.partition("-")
        section, _, number = first.rpartition(".")
        found += [f"{section}.{n}" for n in range(int(number), int(last or number) + 1)]
    return found


def covered(said: str, requirement: str) -> bool:
    """Whether a row of these numbers, ranges and sections is about a requirement."""
    section, _, number = requirement.rpartition(".")
    for part in said.split(", "):
        first, _, last = part.partition("–")
        if first in (section, requirement):
            return True
        if last and (first.rpartition(".")[0], last.rpartition(".")[0]) == (section, section):
            bounds = (int(end.rpartition(".")[2]) for end in (first, last))
            if int(number) in range(next(bounds), next(bounds) + 1):
                return True
    return False


def test_every_requirement_of_the_level_has_one_row() -> None:
    page = (TESTS.parent / "docs" / "security.md").read_text()
    table = page.partition("## OWASP ASVS")[2].partition("\n## ")[0]
    rows = [line.split(" | ")[0].removeprefix("| ") for line in table.splitlines()]
    rows = [said for said in rows if said[:1].isdigit()]
    assert len(requirements()) > 250
    found = {one: [row for row in rows if covered(row, one)] for one in requirements()}
    assert {one: rows for one, rows in found.items() if len(rows) != 1} == {}


def test_every_yes_of_the_table_has_a_test() -> None:
    page = (TESTS.parent / "docs" / "security.md").read_text()
    table = page.partition("## OWASP ASVS")[2].partition("\n## ")[0]
    yes = [line for line in table.splitlines() if " | yes | " in line]
    assert len(yes) > 40
    # 2.5 and 14.2 name a thing that is not there, and a command, beside.
    assert [line for line in yes if "::test_" not in line] == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_page_that_a_page_leads_to_is_there(page: Path) -> None:
    led = [found for found in LINK.findall(page.read_text()) if not found.startswith("/")]
    assert [found for found in led if not (page.parent / found).exists()] == []
