"""The make targets, what CI runs, and the lock files."""

import re

import pytest

from tests.glexia.machine import LOCKS, ROOT, Machine


def test_make_alone_lists_what_there_is(machine: Machine) -> None:
    code, out, _ = machine.run("make")
    assert code == 0
    listed = re.findall(r"^  make (\w+) +\S", out, re.MULTILINE)
    assert listed == [
        *("help", "setup", "run", "test", "crawl", "check", "rehearse", "bench", "sbom", "lock"),
        "clean",
    ]


def test_settings_reach_the_product_from_the_make_line_and_the_environment(
    ready: Machine,
) -> None:
    code, out, _ = ready.run("make", "run", "PORT=9000", "ATTACK_BUNDLES=../a b", SECRET_KEY="a$b")
    assert code == 0
    assert "['-m', 'glexia.run']" in out
    for given in ("'PORT': '9000'", "'ATTACK_BUNDLES': '../a b'", "'SECRET_KEY': 'a$b'"):
        assert given in out
    for name in ("DATABASE_URL", "GLEXIA_DATA_DIR", "INCIDENT_URL", "DEBUG", "ALLOWED_HOSTS"):
        assert name not in out


def test_arguments_reach_pytest(ready: Machine) -> None:
    code, out, _ = ready.run("make", "test", "ARGS=-k 'one or two'")
    assert code == 0
    assert "['-m', 'pytest', '-n', '3', '--dist', 'loadfile', '-k', 'one or two']" in out


def test_check_runs_everything_and_names_what_failed(ready: Machine) -> None:
    assert ready.setup("--dev")[0] == 0
    python = ready.checkout / ".venv" / "bin" / "python"
    as_it_is = python.rename(python.with_name("real"))
    fails = '*mypy*|*sample*) echo "$@"; exit 1 ;;'
    ready.script(python, f'case "$*" in {fails} esac\nexec "{as_it_is}" "$@"')
    # The stamps name the path of the environment, which the detour keeps.
    code, out, error = ready.run("make", "check")
    assert code == 2
    assert error.startswith("Failed: -m mypy ., fixtures/build_sample.py --check\n")
    assert out.count("* ") == 8


def test_clean_keeps_the_data(ready: Machine) -> None:
    data = ready.checkout / ".data" / "__pycache__" / "kept"
    cache = ready.checkout / "library" / "__pycache__" / "gone"
    for path in (data, cache):
        path.parent.mkdir(parents=True)
        path.touch()
    ready.run("make", "clean")
    assert data.exists()
    assert not cache.exists()
    assert not (ready.checkout / ".venv").exists()


# --- continuous integration ---


@pytest.mark.parametrize(
    ("closing", "check", "test", "passes"),
    [
        ("== 3 passed, 1 skipped in 4.20s ==", 0, 0, True),
        ("== 1 failed, 3 passed in 4.20s ==", 0, 2, False),
        ("== 3 passed in 61.00s (0:01:01) ==", 0, 0, True),
        ("== 3 passed in 4.20s ==", 2, 0, False),
        ("== 9 skipped in 4.20s ==", 0, 0, False),
        ("== no tests ran in 0.10s ==", 0, 2, False),
    ],
)
def test_ci_fails_with_any_part_and_ends_with_the_closing_line(
    machine: Machine, closing: str, check: int, test: int, passes: bool
) -> None:
    (machine.home / "shared" / "attack").mkdir(parents=True)
    machine.folders.insert(0, machine.home / "stubs")
    for installed in ("chromium", "redis-server", "faketime"):
        machine.script(machine.home / "stubs" / installed, "exit 0")
    machine.script(
        machine.home / "stubs" / "make",
        f"case $1 in check) exit {check} ;; test) ;; *) exit 0 ;; esac\n"
        f'[ "$CI $ATTACK_BUNDLES" = "true ../shared/attack" ] || exit 9\n'
        f'echo "{closing}"; echo "make: something more"; exit {test}',
    )
    code, out, _ = machine.run(".ci/run")
    assert (code == 0) is passes
    assert out.endswith(f"\n{closing}\n")


# --- the lock files ---


def locked(name: str) -> dict[str, str]:
    """Every requirement of a lock file, with the lines that belong to it."""
    entries = re.split(r"^(?=\S)", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
    return {entry.split(" \\\n")[0]: entry for entry in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_has_a_version_and_hashes_and_no_address(name: str) -> None:
    entries = locked(name)
    assert len(entries) > 30
    for requirement, entry in entries.items():
        assert re.match(r"[a-z0-9-]+==\S+( ; .+)?$", requirement)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry)
    assert "://" not in (ROOT / name).read_text()


def test_the_development_lock_holds_all_of_the_other() -> None:
    assert set(locked("requirements.lock")) <= set(locked("requirements-dev.lock"))
