"""Installing: which Python is found, what is installed, what is said."""

import os
import signal

import pytest

from tests.glexia.machine import Machine, one_sentence, wait_for

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
