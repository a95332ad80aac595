"""Gunicorn by `gunicorn.conf.py`: what it logs and counts, and that it loses no request."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from glexia import embedded
from glexia.env import BASE_DIR
from glexia.serving import cores, usual_workers
from tests.glexia.servers import clear_away, open_folder
from tests.glexia.test_middleware import EVERYWHERE
from tests.glexia.test_production import KEY
from tests.glexia.web import DEADLINE, PAGE, Crowd, Half, Web, eventually, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
SECRET = "hunter2-is-not-enough"


# --- what fits the machine ---


@pytest.mark.parametrize(
    ("limit", "allowed"),
    [("max 100000", None), ("100000 100000", 1), ("50000 100000", 1), ("nonsense", None)],
)
def test_workers_fit_the_cores_that_the_container_may_use(
    tmp_path: Path, limit: str, allowed: int | None
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(limit)
    assert cores(file) == (allowed or len(os.sched_getaffinity(0)))
    assert cores(tmp_path / "none") == len(os.sched_getaffinity(0))


def test_there_are_always_two_workers_and_never_more_than_postgresql_bears() -> None:
    assert 2 <= usual_workers() <= 12


# --- real processes ---


@pytest.fixture(scope="module")
def filled() -> Iterator[dict[str, str]]:
    """The settings of a public site whose library holds the sample."""
    folder = open_folder()
    database = embedded.start(folder / "data")
    settings = {
        "PATH": os.environ["PATH"],
        "PRODUCTION": "1",
        "SECRET_KEY": KEY,
        "DATABASE_URL": database.dsn,
        "ALLOWED_HOSTS": "127.0.0.1",
        "TRUSTED_PROXIES": "1",
        # These clients stand for the proxy.
        "SECURE_SSL_REDIRECT": "0",
        "GLEXIA_DATA_DIR": str(folder / "state"),
        "STATIC_ROOT": str(folder / "static"),
        "WEB_WORKERS": "2",
    }
    commands = ("migrate", "collectstatic --noinput", "import_attack fixtures/bundles")
    try:
        for command in commands:
            manage = [sys.executable, "manage.py", *command.split()]
            subprocess.run(manage, cwd=BASE_DIR, env=settings, check=True, timeout=2 * DEADLINE)
        yield settings
    finally:
        database.stop()
        clear_away(folder, folder / "data")


@pytest.fixture
def web(filled: dict[str, str], tmp_path: Path) -> Iterator[Web]:
    server = Web(filled, tmp_path / "log")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def running(filled: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """One that several tests ask, none of which stops it."""
    server = Web(filled, tmp_path_factory.mktemp("running") / "log")
    yield server.start(METRICS_TOKEN=f"{SECRET}-of-metrics")
    server.stop()


def lines(web: Web) -> list[dict[str, object]]:
    return [json.loads(line) for line in web.said().splitlines()]


def test_requests_under_way_and_waiting_are_answered_after_sigterm(web: Web) -> None:
    web.start()
    # More than the threads of both workers: some wait for a thread.
    halves = [Half(web.port) for _ in range(12)]
    web.send(signal.SIGTERM)
    eventually(lambda: _refuses(web), "it still takes connections")
    assert [half.finish() for half in halves] == [b"HTTP/1.1 200 OK\r\n"] * 12
    assert web.wait() == 0


def _refuses(web: Web) -> bool:
    try:
        Half(web.port).socket.close()
    except ConnectionRefusedError:
        return True
    return False


def test_no_request_is_lost_when_it_is_stopped_under_load(web: Web) -> None:
    web.start()
    with Crowd(web.port) as crowd:
        crowd.go_on(20)
        web.send(signal.SIGTERM)
        assert web.wait() == 0
        eventually(lambda: crowd.refused > 0, "nobody noticed")
    assert crowd.lost == []


def test_no_request_is_lost_or_refused_when_workers_are_restarted_under_load(web: Web) -> None:
    web.start()
    before = set(web.workers())
    with Crowd(web.port) as crowd:
        crowd.go_on(20)
        web.send(signal.SIGHUP)
        eventually(lambda: not before & set(web.workers()), "the old workers remain")
        crowd.go_on(20)
    assert (crowd.lost, crowd.refused) == ([], 0)
    assert len(web.booted()) == 2


def test_no_request_is_lost_or_refused_when_a_new_version_takes_over_under_load(web: Web) -> None:
    web.start()
    old = web.workers()
    with Crowd(web.port) as crowd:
        crowd.go_on(20)
        web.send(signal.SIGUSR2)
        eventually(lambda: len(web.workers()) == 3, "there is no second parent")
        (new,) = set(web.workers()) - set(old)
        eventually(lambda: len(_ready(web, new)) == 2, "its workers do not start")
        web.send(signal.SIGTERM)
        assert web.wait() == 0
        crowd.go_on(20)
    assert (crowd.lost, crowd.refused) == ([], 0)
    web.send(signal.SIGTERM, new)
    eventually(lambda: not psutil.pid_exists(new), "the second parent remains")


def _ready(web: Web, master: int) -> list[str]:
    """The ends of starting: each worker says which process it is."""
    pids = {str(pid) for pid in web.workers(master)}
    booted = re.findall(r"Booting worker with pid: (\d+)", web.said())
    return [pid for pid in booted if pid in pids]


def test_each_answer_has_a_line_with_its_id_and_without_its_query(running: Web) -> None:
    came = {"X-Request-ID": "proxy-0001", "X-Forwarded-For": "192.0.2.7", "User-Agent": 'a"b'}
    _, headers, _ = running.get(f"{PAGE}?q={SECRET}", headers=came)
    assert headers["X-Request-ID"] == "proxy-0001"
    eventually(lambda: "proxy-0001" in running.said(), "nothing is logged")
    (line,) = [one for one in lines(running) if one.get("request_id") == "proxy-0001"]
    assert line["logger"] == "gunicorn.access"
    assert line["message"] == f"GET {PAGE} 200"
    assert (line["path"], line["status"], line["client"]) == (PAGE, 200, "192.0.2.7")
    assert line["user_agent"] == 'a"b'
    assert SECRET not in running.said()


def test_what_django_logs_of_a_request_has_the_same_id(running: Web) -> None:
    running.get("/learn/attack/none-such", headers={"X-Request-ID": "proxy-0002"})
    eventually(lambda: running.said().count("proxy-0002") == 2, "nothing is logged")
    loggers = {one["logger"] for one in lines(running) if one.get("request_id") == "proxy-0002"}
    assert loggers == {"django.request", "gunicorn.access"}


def test_no_secret_comes_into_the_log_however_it_is_sent(running: Web) -> None:
    form = f"username=ada&password={SECRET}&csrfmiddlewaretoken={SECRET}"
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"sessionid={SECRET}; csrftoken={SECRET}",
        "Authorization": f"Bearer {SECRET}",
        "Referer": f"https://127.0.0.1/?token={SECRET}",
        "X-CSRFToken": SECRET,
    }
    running.get("/admin/login/", "POST", form, headers=sent)
    running.get(f"/oidc/callback/?code={SECRET}&state={SECRET}", headers=sent)
    running.get(f"/metrics?token={SECRET}", headers=sent)
    running.get(f"/{'x' * 9000}?password={SECRET}")
    running.get("/admin/login/", "POST", form, headers=sent | {"X-Request-ID": "proxy-0003"})
    eventually(lambda: running.said().count("proxy-0003") == 2, "nothing is logged")
    for secret in (SECRET, KEY, running.settings["DATABASE_URL"]):
        assert secret not in running.said()


def test_what_is_too_long_is_refused_and_the_rest_goes_on(running: Web) -> None:
    workers = running.workers()
    assert running.get(f"/{'x' * 9000}")[0] == 414
    assert running.get("/healthz", headers={"X-Long": "x" * 9000})[0] == 431
    assert running.get("/healthz", headers={f"X-{n}": "x" for n in range(120)})[0] == 431
    assert running.get("/healthz")[0] == 200
    assert running.workers() == workers


FORWARDED = "X-Forwarded-For: 192.0.2.9\r\n"
UNREADABLE = {
    "Content-Length: abc": 400,
    "Content-Length: -1": 400,
    "Content-Length: 1\r\nContent-Length: 2": 400,
    "Content-Length: 1\r\nTransfer-Encoding: chunked": 400,
    "Host: <b>two</b>": 400,
    "Transfer-Encoding: <b>other</b>": 501,
    "Expect: <b>nothing</b>": 417,
    "<b>: no name": 400,
    f"X-Long: <b>{'x' * 9000}": 431,
}
UNREADABLE_WHOLE = {
    "GARBAGE<b>\r\n\r\n": 400,
    "GET / HTTP/<b>\r\nHost: 127.0.0.1\r\n\r\n": 400,
    "<b>GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n": 400,
    f"GET /<b>{'x' * 9000} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n": 414,
} | {
    f"GET {PAGE}?{SECRET} HTTP/1.1\r\n{FORWARDED}Host: 127.0.0.1\r\n{header}\r\n\r\n": status
    for header, status in UNREADABLE.items()
}


def sent_as_it_is(web: Web, request: str) -> bytes:
    """All that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=60) as client:
        client.sendall(request.encode())
        return b"".join(iter(lambda: client.recv(65_536), b""))


@pytest.mark.parametrize(
    ("request_", "status"), UNREADABLE_WHOLE.items(), ids=lambda said: repr(said)[-60:]
)
def test_a_request_that_cannot_be_read_is_refused_with_every_header_and_none_of_its_words(
    running: Web, request_: str, status: int
) -> None:
    head, _, body = sent_as_it_is(running, request_).decode().partition("\r\n\r\n")
    first, *rest = head.split("\r\n")
    assert first.split()[:2] == ["HTTP/1.1", str(status)]
    headers = dict(line.split(": ", 1) for line in rest)
    for name, value in EVERYWHERE.items():
        assert headers[name] == value
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (headers["Cache-Control"], headers["Connection"]) == ("no-store", "close")
    assert headers["Content-Length"] == str(len(body))
    assert (body.count("\n"), body.endswith(".\n")) == (1, True)
    assert "<b>" not in head + body
    name = headers["X-Request-ID"]
    eventually(lambda: running.said().count(name) == 2, "nothing is logged")
    (line,) = (
        one
        for one in lines(running)
        if one.get("request_id") == name and one["logger"] == "gunicorn.access"
    )
    has_begun = "Content-Length" in request_ or "Host: <b>" in request_
    assert (line["method"], line["path"]) == (("GET", PAGE) if has_begun else ("-", "-"))
    client = "192.0.2.9" if "Content-Length" in request_ else "unknown"
    assert (line["status"], line["client"]) == (status, client)
    assert SECRET not in running.said()


def test_a_form_that_says_it_is_too_large_is_answered_while_nothing_of_it_has_come(
    running: Web,
) -> None:
    head = (
        "POST /learn/attack/id-check HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 99999999\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        client.sendall(head.encode())
        assert client.recv(12) == b"HTTP/1.1 413"


def test_counts_of_all_workers_are_added_up_on_a_port_of_their_own(web: Web) -> None:
    port = free_port()
    web.start(METRICS_PORT=str(port))
    for _ in range(12):
        web.get(PAGE)
    told = web.get("/metrics", port=port)[2].decode()
    # Each worker makes the page once, and keeps it.
    counted = re.findall(r'glexia_requests_total\{status="200",view="(\S+)"\} (\S+)', told)
    pages = {view: float(count) for view, count in counted}
    assert pages["library:mitigations"] + pages["kept"] == 12
    assert 1 <= pages["library:mitigations"] <= len(web.workers())
    assert 'glexia_current_release{domain="enterprise",release="sample-2"} 1.0' in told
    assert web.get(PAGE, port=port)[0] == 404
    assert web.get("/metrics")[0] == 404
    (counts,) = {
        Path(entry.path).parent
        for pid in web.workers()
        for entry in psutil.Process(pid).memory_maps()
        if "glexia-metrics-" in entry.path
    }
    web.send(signal.SIGTERM)
    assert web.wait() == 0
    assert not counts.exists()


START_RUN = """
from importer.acts import Asked, start
from importer.models import SourceKind
start("ann", Asked(SourceKind.DIRECTORY, "enterprise-sample-1.json"))
"""


def manage(settings: dict[str, str], *command: str) -> None:
    subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=BASE_DIR,
        env=settings,
        check=True,
        capture_output=True,
        timeout=2 * DEADLINE,
    )


def test_every_figure_that_the_documentation_names_is_told_when_a_run_has_ended_and_one_waits(
    running: Web,
) -> None:
    known = running.settings | {"IMPORT_DIR": str(BASE_DIR / "fixtures" / "bundles")}
    manage(known, "shell", "-c", START_RUN)
    manage(known, "db_worker", "--batch", "--verbosity", "0")
    manage(known, "shell", "-c", START_RUN)
    token = {"Authorization": f"Bearer {SECRET}-of-metrics"}
    running.get(PAGE)
    told = running.get("/metrics", headers=token)[2].decode()
    named = (BASE_DIR / "docs" / "monitoring.md").read_text()
    for figure in set(re.findall(r"\bglexia_\w+", named)):
        assert re.search(rf"^{figure}(_count)?(\{{.*\}})? [0-9.e-]+$", told, re.MULTILINE), figure
    ended, waits = (f'{{queue="imports",status="{state}"}}' for state in ("successful", "ready"))
    for figure in (f"glexia_tasks{ended}", f"glexia_tasks{waits}"):
        assert f"{figure} 1.0\n" in told
    dry_run, command = (
        f'{{by="{by}",outcome="{outcome}",stage="{stage}"}}'
        for stage, by, outcome in (
            ("dry-run", "console", "nothing-new"),
            ("import", "command", "done"),
        )
    )
    assert f"glexia_import_runs_total{dry_run} 1.0\n" in told
    assert f"glexia_import_runs_total{command} 6.0\n" in told
    # What the alert of a queue that nobody works on asks for, and how long each kind of run took.
    for figure in (
        f"glexia_task_oldest_seconds{waits}",
        f"glexia_import_last_seconds{dry_run}",
        f"glexia_import_last_seconds{command}",
    ):
        assert 0 < float(told.split(f"\n{figure} ")[1].split("\n")[0]) < DEADLINE, figure


def test_only_the_proxy_that_is_named_says_what_came_over_tls(web: Web) -> None:
    web.start(SECURE_SSL_REDIRECT="1", SECURE_PROXY_SSL_HEADER="X-Forwarded-Proto")
    assert web.get(PAGE, headers={"X-Forwarded-Ssl": "on"})[0] == 301
    assert web.get(PAGE, headers={"X_Forwarded_Proto": "https"})[0] == 301
    assert web.get(PAGE, headers={"X-Forwarded-Proto": "http"})[0] == 301
    status, headers, _ = web.get(PAGE, headers={"X-Forwarded-Proto": "https"})
    assert (status, headers["Strict-Transport-Security"][:16]) == (200, "max-age=31536000")
    assert web.get("/healthz")[0] == 200
