"""A machine to install on, with stand-ins for its Pythons and its pip."""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

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


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "nothing happened for 30 seconds"
        time.sleep(0.02)
