"""The commands: what they print, where, and how they end."""

import gzip
import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import psycopg
import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from importer.acquire import MAX_BUNDLE_BYTES
from importer.management import base
from importer.validate import ValidatorError
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, mitigation, technique
from tests.importer.test_store import SAMPLES, library_state

ROOT = Path(__file__).resolve().parents[2]
# Longer than anything here takes on the slowest machine: what hangs shall fail.
PATIENCE = 120
KEYS = {
    *("status", "domain", "release", "bundle_sha256", "provenance", "objects", "added"),
    *("changed", "removed", "unchanged", "findings", "seconds"),
}


@pytest.fixture
def db(django_db_setup: None) -> None:
    """Of no use but by its name: pytest-django makes a test database for tests that use `db`."""
    assert connection.settings_dict["NAME"].startswith("test_")


def environment() -> dict[str, str]:
    """What a process of the product needs to work on the database of this test."""
    known = connection.settings_dict
    user = f"{quote(known['USER'])}:{quote(known['PASSWORD'], safe='')}"
    port = f":{known['PORT']}" if known["PORT"] else ""
    host = quote(known["HOST"], safe="")
    address = f"postgresql://{user}@{port}/{quote(known['NAME'])}?host={host}"
    return os.environ | {"DATABASE_URL": address, "SECRET_KEY": "of a test"}


def manage(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`manage.py` with these arguments, in a process of its own."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def call(command: str, *arguments: str, **options: Any) -> list[str]:
    """The lines that a command prints, called in this process."""
    out = io.StringIO()
    call_command(command, *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


def refused(command: str, *arguments: str, status: int = 2, **options: Any) -> str:
    """The sentence with which a command ends on bad input, or with another status."""
    error = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(command, *arguments, stderr=error, **options)
    assert ended.value.code == status
    (line,) = error.getvalue().splitlines()
    return line


def bundle(*objects: factories.Properties, **said: str | None) -> bytes:
    return orjson.dumps(factories.bundle(*objects, **said))  # type: ignore[arg-type]


SOUND = bundle(mitigation("M1", "One"))
ZEROS = bytes(1 << 24)
TIMES = MAX_BUNDLE_BYTES // len(ZEROS) + 1
PRE = technique("T1", "Early")
PRE["kill_chain_phases"] = [{"kill_chain_name": "mitre-pre-attack", "phase_name": "x"}]
NO_MATRIX = {"type": "bundle", "id": factories.stix_id("bundle"), "objects": [PRE]}
TWICE = [mitigation("M1", "One"), mitigation("M1", "Another")]
BAD: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "not JSON": lambda: b"<html>\n<body>\n",
    "not UTF-8": lambda: b'{"type": "bundle\xff"}',
    "two lines of JSON": lambda: SOUND + b"\n" + SOUND,
    "not a bundle": lambda: b'{"type": "report"}',
    "no objects": lambda: b'{"type": "bundle", "objects": []}',
    "deeply nested": lambda: b"[" * 100_000,
    "truncated": lambda: SOUND[:-20],
    "truncated gzip": lambda: gzip.compress(SOUND)[:-20],
    "truncated xz": lambda: lzma.compress(SOUND)[:-20],
    "damaged xz": lambda: lzma.compress(SOUND)[:40] + bytes(8) + lzma.compress(SOUND)[48:],
    "a gzip bomb": lambda: gzip.compress(ZEROS) * TIMES,
    "an xz bomb": lambda: lzma.compress(ZEROS, preset=0) * TIMES,
    "duplicate ids": lambda: bundle(*TWICE),
    "a malformed id": lambda: bundle(mitigation("M1", "One") | {"id": "course-of-action--\n1"}),
    "no id": lambda: bundle({"type": "tool"}),
    "an id of another type": lambda: bundle(mitigation("M1", "One") | {"type": "tool"}),
    "another domain": lambda: bundle(domain="mobile"),
    "no release": lambda: bundle(release=None),
    "PRE-ATT&CK": lambda: orjson.dumps(NO_MATRIX),
    "a number beyond 2^53": lambda: bundle(mitigation("M1", "One", x_mitre_big=2**53)),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", BAD)
def test_one_line_says_why_when_the_input_is_bad(tmp_path: Path, kind: str) -> None:
    import_objects(mitigation("M0", "Was there"), release="0.1")
    state = library_state()
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_bytes(BAD[kind]())
    good.write_bytes(SOUND)
    line = refused("import_attack", str(good), str(bad), domain="enterprise")

    assert line.startswith(f"{bad}: ")
    assert line.endswith(".")
    assert library_state() == state


@pytest.mark.parametrize(
    "kind",
    [
        *("not JSON", "not a bundle", "truncated gzip", "truncated xz", "a gzip bomb"),
        *("duplicate ids", "a malformed id", "another domain", "PRE-ATT&CK"),
        *("a number beyond 2^53", "missing", "an empty folder", "too big"),
    ],
)
def test_a_process_ends_with_2_and_one_line_when_the_input_is_bad(
    db: None, committed_db: None, tmp_path: Path, kind: str
) -> None:
    state = library_state()
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    good.write_bytes(SOUND)
    if kind in BAD:
        bad.write_bytes(BAD[kind]())
    elif kind == "an empty folder":
        bad.mkdir()
    elif kind == "too big":
        bad.touch()
        os.truncate(bad, MAX_BUNDLE_BYTES + 1)
    ended = manage("import_attack", "--json", "--domain", "enterprise", good, bad)

    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"{bad}: ")
    assert library_state() == state


@pytest.mark.django_db
def test_one_line_names_object_and_field_when_the_input_is_bad(tmp_path: Path) -> None:
    said = {}
    for kind in ("duplicate ids", "a malformed id", "no id", "a number beyond 2^53"):
        path = tmp_path / kind
        path.write_bytes(BAD[kind]())
        said[kind] = refused("import_attack", str(path))

    assert TWICE[0]["id"] in said["duplicate ids"]
    assert "objects[0]" in said["a malformed id"]
    assert said["no id"].endswith("objects[0] has no id.")
    assert "x_mitre_big" in said["a number beyond 2^53"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["missing.json", "empty", "pipe.json", "notes.txt", "x" * 300])
def test_one_line_says_why_when_a_path_is_no_bundle(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not a bundle")
    os.mkfifo(tmp_path / "pipe.json")

    assert refused("import_attack", str(tmp_path / name)).startswith(f"{tmp_path / name}: ")


@pytest.mark.django_db
@pytest.mark.parametrize("release", ["", "latest", "18.1; DROP TABLE", "18.1\n", "-1", "sample"])
def test_a_release_is_refused_when_it_is_none(release: str) -> None:
    path = str(SAMPLES / "ics-sample-1.json")
    assert "--release" in refused("import_attack", path, release=release)


def test_every_bundle_is_in_when_a_folder_is_imported(db: None, committed_db: None) -> None:
    ended = manage("import_attack", "--json", SAMPLES)
    assert (ended.returncode, ended.stderr) == (0, "")
    reports = [orjson.loads(line) for line in ended.stdout.splitlines()]

    expected = [
        (release, domain)
        for release in ("sample-1", "sample-2")
        for domain in ("enterprise", "mobile", "ics")
    ]
    assert [(r["release"], r["domain"]) for r in reports] == expected
    assert all(report.keys() >= KEYS for report in reports)
    assert {report["status"] for report in reports} == {"imported"}
    assert {report["provenance"] for report in reports} == {"sample"}
    for report in reports:
        snapshot = Snapshot.objects.get(domain=report["domain"], attack_version=report["release"])
        assert report["bundle_sha256"] == snapshot.sha256
        assert report["objects"] == snapshot.members.count()
        assert report["objects"] == report["added"] + report["changed"] + report["unchanged"]
        assert isinstance(report["findings"], int)
        assert isinstance(report["seconds"], float)
    state = library_state()
    again = manage("import_attack", "--json", SAMPLES)
    assert (again.returncode, again.stderr) == (0, "")
    statuses = [orjson.loads(line)["status"] for line in again.stdout.splitlines()]
    assert statuses == ["already-imported"] * 6
    assert library_state() == state
    sound = manage("verify_snapshot", "enterprise", "sample-2")
    assert (sound.returncode, sound.stderr) == (0, "")


@pytest.mark.django_db
def test_the_report_is_whole_when_a_person_reads_it(tmp_path: Path) -> None:
    import_objects(mitigation("M1", "One"), release="1.0")
    path = tmp_path / "bundle.json"
    odd = mitigation("M2", "Odd", x_mitre_version=7)
    path.write_bytes(bundle(mitigation("M1", "One, changed"), odd, release="2.0"))
    dry = call("import_attack", str(path), dry_run=True)
    lines = call("import_attack", str(path))
    again = call("import_attack", str(path))

    snapshot = Snapshot.objects.get(attack_version="2.0")
    text = "\n".join(lines)
    assert lines[0] == f"enterprise 2.0: imported as snapshot {snapshot.pk} from {path}"
    for part in (
        f"{snapshot.sha256} (unrecognised: MITRE published no such hash)",
        "4: 2 course-of-action, 1 x-mitre-collection, 1 x-mitre-matrix",
        "1 added, 2 changed, 0 removed, 1 unchanged (against 1.0)",
        "2 by stix2, 1 by ATT&CK's schemas, 0 of unknown types by their envelope",
        f"{odd['id']} x_mitre_version: ",
        "yes: readers see this release",
    ):
        assert part in text, part
    assert any(line.strip().startswith("seconds") for line in lines)
    assert "would be imported" in dry[0]
    assert any("a dry run changes nothing" in line for line in dry)
    assert "already imported" in again[0]
    assert any("nothing: every object was known" in line for line in again)


@pytest.mark.django_db
@pytest.mark.parametrize("json", [True, False])
def test_a_bundle_is_in_and_told_when_its_file_has_an_odd_name(
    tmp_path: Path, *, json: bool
) -> None:
    # macOS has no file names that are not text.
    name = b"odd \n \xe2\x80\xae.json" if sys.platform == "darwin" else b"odd \xff\n.json"
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(SOUND)
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    call_command("import_attack", str(path), json=json, stdout=stdout)

    first, *rest = out.getvalue().decode().splitlines()
    assert ".json" in first
    assert bool(rest) is not json
    assert Snapshot.objects.count() == 1
    path.write_bytes(b"{")
    assert "odd" in refused("import_attack", str(path))


@pytest.mark.django_db
def test_a_bar_is_shown_and_taken_away_when_somebody_watches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    lines = call("import_attack", str(SAMPLES / "ics-sample-1.json"), "--json")

    assert "ics-sample-1.json: storing" in terminal.getvalue()
    assert terminal.getvalue().rsplit("\r", 2)[1].strip() == ""
    assert [orjson.loads(line)["status"] for line in lines] == ["imported"]


@pytest.mark.django_db
def test_snapshots_are_listed_when_there_are_some() -> None:
    assert call("snapshots", json=True) == []
    assert "import_attack" in call("snapshots")[0]
    for domain, release in (("ics", "9.0"), ("enterprise", "10.0"), ("enterprise", "9.0")):
        import_objects(mitigation("M1", "One"), domain=domain, release=release)
    lines = call("snapshots")
    listed = [orjson.loads(line) for line in call("snapshots", json=True)]

    expected = [("enterprise", "10.0"), ("enterprise", "9.0"), ("ics", "9.0")]
    assert [(found["domain"], found["release"]) for found in listed] == expected
    assert [found["current"] for found in listed] == [True, False, True]
    assert [line[0] for line in lines] == ["*", " ", "*"]
    for line, found in zip(lines, listed, strict=True):
        assert line.strip("* ").split()[:2] == [found["domain"], found["release"]]
        assert found["provenance"] in line
        assert found["bundle_sha256"][:12] in line
        assert found["objects"] == 3


@pytest.mark.django_db
def test_editions_are_made_when_an_admin_asks() -> None:
    for domain, release in (("ics", "1.0"), ("ics", "2.0"), ("mobile", "1.0")):
        import_objects(mitigation("M1", release), domain=domain, release=release)
    older = Snapshot.objects.get(domain="ics", attack_version="1.0")

    (line,) = call("make_current", "ics", "1.0", older.sha256[:8])
    assert line.endswith("shows mobile 1.0, ics 1.0.")
    count = Edition.objects.count()
    (line,) = call("make_current", "ics", "1.0")
    assert "current already" in line
    assert Edition.objects.count() == count
    for release in ("mobile 1.0, ics 2.0", "ics 2.0", "ics 1.0"):
        (line,) = call("make_current", undo=True)
        assert line.endswith(f"shows {release}.")


@pytest.mark.django_db
def test_one_line_says_why_when_no_snapshot_fits() -> None:
    import_objects(mitigation("M1", "One"), domain="ics", release="1.0")
    state = library_state()
    for command in ("make_current", "verify_snapshot", "delete_snapshot"):
        assert "no snapshot of ics 2.0" in refused(command, "ics", "2.0")
        assert "begin with" in refused(command, "ics", "1.0", "0" * 64)
    assert "is current" in refused("delete_snapshot", "ics", "1.0")
    assert "no edition before" in refused("make_current", undo=True)
    assert "--undo" in refused("make_current")
    assert "--undo" in refused("make_current", "ics", "1.0", undo=True)
    assert "--undo" in refused("make_current", "ics")
    assert library_state() == state


@pytest.mark.django_db
def test_a_snapshot_is_deleted_when_an_admin_asks() -> None:
    for release in ("1.0", "2.0"):
        import_objects(mitigation("M1", release), release=release)
    (line,) = call("delete_snapshot", "enterprise", "1.0")

    assert line.startswith("Deleted enterprise 1.0 ")
    assert "3 memberships" in line
    assert [held.attack_version for held in Snapshot.objects.all()] == ["2.0"]


@pytest.mark.django_db
def test_verification_ends_with_1_when_something_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    import_objects(mitigation("M1", "One"), release="1.0")
    (line,) = call("verify_snapshot", "enterprise", "1.0")
    assert Snapshot.objects.get().sha256 in line

    wrong = "importer.management.commands.verify_snapshot.problems"
    monkeypatch.setattr(wrong, lambda snapshot: iter([f"{snapshot} is wrong."] * 2))
    error = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call("verify_snapshot", "enterprise", "1.0", stderr=error)
    assert ended.value.code == 1
    assert len(error.getvalue().splitlines()) == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (psycopg.OperationalError("terminating connection\nserver closed it\n"), 1),
        (OperationalError("disk full"), 1),
        (psycopg.InterfaceError(), 1),
        (ValidatorError("A process was ended by SIGKILL before its work was done."), 1),
        (KeyboardInterrupt("Interrupted."), 130),
    ],
)
def test_one_line_says_why_when_a_command_fails_otherwise(
    monkeypatch: pytest.MonkeyPatch, raised: BaseException, status: int
) -> None:
    def fail() -> None:
        raise raised

    monkeypatch.setattr(base, "_prepare_database", fail)
    error = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call("snapshots", stderr=error)

    assert ended.value.code == status
    (line,) = error.getvalue().splitlines()
    assert (str(raised).partition("\n")[0] or type(raised).__name__) in line


@pytest.mark.django_db
def test_one_line_says_what_to_do_when_the_database_is_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: ["0002"])
    monkeypatch.setitem(connection.settings_dict, "ENGINE", "django.db.backends.postgresql")

    assert "manage.py migrate" in refused("snapshots", status=1)
