"""The shell around the product: scripts/setup, the Makefile, .ci/run and the lock files.

No network and no real environment: interpreters, pip and uv are stand-ins on a PATH of their own.
A stand-in runs the code that scripts/setup gives it in this test run's Python, which it disguises
as the version it stands for.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
TOOLS = """
awk basename bash cat chmod cmp cp date dirname env find grep head id ls make mkdir mktemp mv rm sed
sh sort tail tee uname
"""

STAND_IN = """
import os, pathlib, shutil, sys, time
version, kind, stub, *arguments = sys.argv[1:]
stub = pathlib.Path(stub).absolute()
def note(text):
    with open("calls", "a") as calls:
        calls.write(text + "\\n")
if arguments[0] == "-c":
    major, minor = version.split(".")
    level = "alpha" if kind == "alpha" else "final"
    sys.version_info = (int(major), int(minor), 0, level, 0)
    sys.abiflags = "t" if kind == "threaded" else ""
    sys.executable = sys._base_executable = str(stub)
    sys.prefix = str(stub.parents[1])
    if kind == "bare":
        sys.modules["ensurepip"] = None
    sys.argv = ["-c", *arguments[2:]]
    exec(arguments[1])
elif arguments[:2] == ["-m", "venv"]:
    note("venv " + version)
    bin = pathlib.Path(arguments[2], "bin")
    bin.mkdir()
    shutil.copy(stub, bin / "python")
elif arguments[:2] == ["-m", "pip"]:
    if "--dry-run" in arguments:
        print(os.environ.get("NETWORK_SAYS", ""))
        sys.exit("NETWORK_SAYS" in os.environ)
    note("pip " + version + " " + " ".join(arguments[3:]))
    time.sleep(float(os.environ.get("PIP_TAKES", "0")))
    if version == os.environ.get("PIP_FAILS_FOR", version) and "PIP_SAYS" in os.environ:
        print(os.environ["PIP_SAYS"])
        sys.exit(1)
else:
    print(arguments, dict(os.environ))
"""


@dataclass
class Machine:
    """A checkout with the scripts under test, on a computer that holds what a test puts there."""

    home: Path
    shell: str = "sh"
    folders: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        tools = self.home / "tools"
        tools.mkdir(parents=True)
        for tool in TOOLS.split():
            found = shutil.which(tool)
            assert found, f"{tool} is missing on the machine that runs the tests"
            (tools / tool).symlink_to(found)
        (self.home / "stand_in.py").write_text(STAND_IN)
        self.folders.append(tools)
        self.make_checkout("checkout")

    def make_checkout(self, name: str) -> None:
        self.checkout = self.home / name
        shutil.copytree(ROOT / "scripts", self.checkout / "scripts")
        shutil.copytree(ROOT / ".ci", self.checkout / ".ci")
        shutil.copy(ROOT / "Makefile", self.checkout)
        (self.checkout / ".python-version").write_text("3.13\n")
        for lock in LOCKS:
            (self.checkout / lock).write_text(f"{lock[:-5]}==1.0 \\\n    --hash=sha256:00\n")

    def script(self, path: Path, text: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def python(self, name: str, version: str, kind: str = "able", folder: str = "bin") -> Path:
        """An interpreter on PATH; the folders come in the order they are first named."""
        bin_folder = self.home / folder
        if bin_folder not in self.folders:
            self.folders.append(bin_folder)
        stand_in = self.home / "stand_in.py"
        run = f"exec '{sys.executable}' -IS '{stand_in}' {version} {kind} \"$0\" \"$@\""
        return self.script(bin_folder / name, run)

    def pyenv(self, version: str, kind: str = "able") -> Path:
        path = self.python("python", version.rpartition(".")[0], kind, f"pyenv/versions/{version}")
        folder = path.parent
        self.folders.remove(folder)
        (folder / "bin").mkdir()
        return path.rename(folder / "bin" / "python")

    def environment(self, **variables: str) -> dict[str, str]:
        path = ":".join(map(str, self.folders))
        return {
            "PATH": path,
            "HOME": str(self.home),
            "PYENV_ROOT": f"{self.home}/pyenv",
        } | variables

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.checkout,
            env=self.environment(**variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **variables: str) -> tuple[int, str, str]:
        process = self.start(*command, **variables)
        out, error = process.communicate(timeout=60)
        return process.returncode, out, error

    def setup(self, *arguments: str, **variables: str) -> tuple[int, str, str]:
        return self.run(self.shell, "scripts/setup", *arguments, **variables)

    def chosen(self) -> str:
        code, out, error = self.setup("--python")
        assert (code, error) == (0, "")
        return out.strip()

    def calls(self) -> list[str]:
        path = self.checkout / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def stamps(self) -> list[str]:
        return sorted(path.name for path in self.checkout.glob(".venv/*.stamp"))


def one_sentence(result: tuple[int, str, str]) -> str:
    code, _, error = result
    assert code == 1
    assert error.count("\n") == 1
    assert error.endswith(".\n")
    return error


@pytest.fixture(params=["dash", "bash"])
def any_shell(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    found = shutil.which(request.param)
    if not found:
        pytest.skip(f"{request.param} is not installed")
    return Machine(tmp_path / "machine", found)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "machine")


@pytest.fixture
def ready(machine: Machine) -> Machine:
    machine.python("python3.13", "3.13")
    code, _, error = machine.setup()
    assert (code, error) == (0, "")
    return machine


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nothing happened for 30 seconds"
        time.sleep(0.02)


# --- finding a Python ---


def test_the_version_file_chooses_before_anything_newer(any_shell: Machine) -> None:
    any_shell.pyenv("3.14.2")
    any_shell.pyenv("3.13.2")
    wanted = any_shell.pyenv("3.13.11")
    any_shell.python("python3.14", "3.14")
    assert any_shell.chosen() == str(wanted)


def test_the_version_file_chooses_on_path_too(any_shell: Machine) -> None:
    any_shell.pyenv("3.14.2")
    any_shell.python("python3.14", "3.14")
    wanted = any_shell.python("python3.13", "3.13", folder="elsewhere")
    assert any_shell.chosen() == str(wanted)


def test_then_the_newest_of_pyenv(any_shell: Machine) -> None:
    any_shell.pyenv("3.9.20")
    any_shell.pyenv("3.12.9")
    newest = any_shell.pyenv("3.12.10")
    any_shell.python("python3.14", "3.14")
    assert any_shell.chosen() == str(newest)


def test_then_the_newest_on_path(any_shell: Machine) -> None:
    any_shell.python("python3", "3.11")
    any_shell.python("python3.12", "3.12")
    newest = any_shell.python("python3.14", "3.14", folder="elsewhere")
    assert any_shell.chosen() == str(newest)


def test_a_plain_name_counts_by_what_it_reports(any_shell: Machine) -> None:
    any_shell.python("python3", "3.11")
    newer = any_shell.python("python", "3.12")
    assert any_shell.chosen() == str(newer)


def test_a_shim_that_fails_hides_nothing(any_shell: Machine) -> None:
    shim = any_shell.python("python3.13", "3.13", folder="shims")
    any_shell.script(shim, "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    behind = any_shell.python("python3.13", "3.13", folder="bin")
    assert any_shell.chosen() == str(behind)


@pytest.mark.parametrize("kind", ["bare", "alpha", "threaded"])
def test_one_that_cannot_serve_gives_way_to_the_next(any_shell: Machine, kind: str) -> None:
    any_shell.python("python3.14", "3.14", kind)
    able = any_shell.python("python3.12", "3.12")
    assert any_shell.chosen() == str(able)


def test_uv_is_asked_last(any_shell: Machine) -> None:
    any_shell.python("python3", "3.11")
    fetched = any_shell.python("python", "3.13", folder="kept by uv")
    any_shell.folders.remove(fetched.parent)
    any_shell.script(any_shell.home / "bin" / "uv", f'[ "$2" = install ] || echo "{fetched}"')
    assert any_shell.chosen() == str(fetched)


def test_no_python_is_one_sentence(any_shell: Machine) -> None:
    any_shell.python("python3", "3.11")
    assert "install Python 3.13" in one_sentence(any_shell.setup())
    assert not (any_shell.checkout / ".venv").exists()


def test_a_python_without_venv_names_the_package(any_shell: Machine) -> None:
    any_shell.python("python3", "3.13", "bare")
    assert "apt-get install python3.13-venv" in one_sentence(any_shell.setup())


# --- installing ---


def test_installs_wheels_by_their_hashes_and_only_once(any_shell: Machine) -> None:
    any_shell.python("python3.13", "3.13")
    code, out, error = any_shell.setup()
    assert (code, error) == (0, "")
    assert out.startswith("Installing 1 packages into .venv for Python 3.13.\nInstalled in ")
    venv, pip = any_shell.calls()
    assert venv == "venv 3.13"
    assert "--only-binary :all: --require-hashes -r requirements.lock" in pip

    assert any_shell.setup() == (0, "", "")
    assert any_shell.calls() == [venv, pip]


def test_the_second_run_needs_no_python_on_path(ready: Machine) -> None:
    ready.folders = [folder for folder in ready.folders if folder.name == "tools"]
    assert ready.setup() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_setup_is_completed_by_the_next(
    machine: Machine, number: signal.Signals
) -> None:
    machine.python("python3.13", "3.13")
    process = machine.start("sh", "scripts/setup", PIP_TAKES="60")
    wait_for(lambda: len(machine.calls()) == 2)
    os.killpg(process.pid, number)
    process.communicate()
    assert process.returncode != 0
    assert machine.stamps() == []

    assert machine.setup()[0] == 0
    assert machine.stamps() == ["requirements.lock.stamp"]
    assert [call.split()[0] for call in machine.calls()] == ["venv", "pip"] * 2


def test_another_lock_makes_the_environment_anew(ready: Machine) -> None:
    (ready.checkout / ".venv" / "leftover").touch()
    (ready.checkout / "requirements.lock").write_text("other==2 \\\n    --hash=sha256:01\n")
    assert ready.setup()[0] == 0
    assert len(ready.calls()) == 4
    assert not (ready.checkout / ".venv" / "leftover").exists()


def test_a_python_that_vanished_makes_it_anew(ready: Machine) -> None:
    (ready.checkout / ".venv" / "bin" / "python").unlink()
    assert ready.setup()[0] == 0
    assert len(ready.calls()) == 4


def test_a_checkout_that_moved_makes_it_anew(ready: Machine) -> None:
    ready.checkout = ready.checkout.rename(ready.home / "moved here")
    assert ready.setup()[0] == 0
    assert len(ready.calls()) == 4
    assert ready.setup() == (0, "", "")


def test_development_packages_are_added_by_the_python_that_is_there(ready: Machine) -> None:
    ready.folders = [folder for folder in ready.folders if folder.name == "tools"]
    assert ready.setup("--dev")[0] == 0
    assert ready.calls()[2:] == [ready.calls()[1].replace("requirements.", "requirements-dev.")]
    assert ready.setup("--dev") == (0, "", "")
    assert ready.setup() == (0, "", "")


def test_what_fails_before_it_unpacks_leaves_the_environment_usable(ready: Machine) -> None:
    one_sentence(ready.setup("--dev", PIP_SAYS="ERROR: the index is upset"))
    assert ready.setup() == (0, "", "")
    one_sentence(ready.setup("--dev", PIP_SAYS="Installing collected packages: a\nERROR: oh"))
    assert ready.stamps() == []


def test_two_at_once_wait_for_each_other(machine: Machine) -> None:
    machine.python("python3.13", "3.13")
    first = machine.start("sh", "scripts/setup", PIP_TAKES="1")
    wait_for(lambda: len(machine.calls()) == 2)
    code, out, _ = machine.setup()
    assert (code, out) == (0, "Another setup is at work here: waiting for it.\n")
    first.communicate()
    assert first.returncode == 0
    assert len(machine.calls()) == 2


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "disk is full"),
        ("connection broken by 'SSLError(CERTIFICATE_VERIFY_FAILED)'", "PIP_CERT"),
        ("WARNING: Retrying (Retry(total=0, connect=None))", "cannot be reached"),
        ("ERROR: No matching distribution found for a==1", "a==1 has no ready-made build for"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "differs from the one"),
        ("ERROR: the moon is full", "(the moon is full)"),
        ("", "pip gave no reason"),
    ],
)
def test_what_pip_says_becomes_one_sentence(any_shell: Machine, said: str, sentence: str) -> None:
    any_shell.python("python3.13", "3.13")
    error = one_sentence(any_shell.setup(PIP_SAYS=said))
    assert sentence in error
    assert ".venv/setup.log" in error
    assert said in (any_shell.checkout / ".venv" / "setup.log").read_text()


def test_no_network_is_said_before_anything_is_tried(ready: Machine) -> None:
    lost = "WARNING: Retrying (Retry(total=0, connect=None))"
    assert "cannot be reached" in one_sentence(ready.setup("--dev", NETWORK_SAYS=lost))
    assert len(ready.calls()) == 2
    assert ready.setup() == (0, "", "")


def test_a_version_without_wheels_gives_way_to_an_older_one(machine: Machine) -> None:
    machine.python("python3.15", "3.15")
    lacks = {"PIP_SAYS": "ERROR: No matching distribution found for a==1", "PIP_FAILS_FOR": "3.15"}
    error = one_sentence(machine.setup(**lacks))
    assert "a==1 has no ready-made build for Python 3.15" in error
    assert "install Python 3.13" in error
    machine.python("python3.12", "3.12")
    assert machine.setup(**lacks)[0] == 0
    assert machine.calls()[-2] == "venv 3.12"


def test_a_path_with_a_space_works_and_one_with_a_colon_is_refused(machine: Machine) -> None:
    machine.python("python3.13", "3.13")
    machine.make_checkout("with a space")
    assert machine.setup()[0] == 0
    machine.make_checkout("with:colon")
    assert "colon" in one_sentence(machine.setup())


@pytest.mark.parametrize(
    ("tool", "sentence"), [("mkdir", "cannot be written by"), ("rm", "belongs to another user")]
)
def test_a_folder_of_somebody_else_is_one_sentence(
    ready: Machine, tool: str, sentence: str
) -> None:
    ready.script(ready.home / "refusing" / tool, "echo 'Permission denied' >&2; exit 1")
    ready.folders.insert(0, ready.home / "refusing")
    (ready.checkout / "requirements.lock").write_text("other==2 \\\n    --hash=sha256:01\n")
    assert sentence in one_sentence(ready.setup())


# --- make ---


def test_make_alone_lists_what_there_is(machine: Machine) -> None:
    code, out, _ = machine.run("make")
    assert code == 0
    listed = re.findall(r"^  make (\w+) +\S", out, re.MULTILINE)
    assert listed == ["help", "setup", "run", "test", "check", "bench", "lock", "clean"]


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
    assert "['-m', 'pytest', '-n', '2', '-k', 'one or two']" in out


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
    assert out.count("* ") == 7


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
    machine.script(machine.home / "stubs" / "chromium", "exit 0")
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
