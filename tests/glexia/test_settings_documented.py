"""Every setting that the environment may hold is explained to those who run the product."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"""\b(?:env|mail|production)\.\w+\(\s*"([A-Z][A-Z_]+)\"""")


def names() -> list[str]:
    """The variables that the product reads by its typed readers."""
    sources = [*(ROOT / "glexia").rglob("*.py"), ROOT / "gunicorn.conf.py"]
    return sorted({name for path in sources for name in READ.findall(path.read_text())})


def explained() -> str:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    return "".join(page.read_text() for page in pages)


def test_the_variables_are_found() -> None:
    assert {"DATABASE_URL", "CACHE_URL", "SECRET_KEY", "REQUIRE_TOTP"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_variable_is_explained(name: str) -> None:
    assert f"`{name}`" in explained()
