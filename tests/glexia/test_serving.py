"""Gunicorn by `gunicorn.conf.py`: what it logs and counts, and that it loses no request."""

import json
import os
import re
import signal
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


def test_only_the_proxy_that_is_named_says_what_came_over_tls(web: Web) -> None:
    web.start(SECURE_SSL_REDIRECT="1", SECURE_PROXY_SSL_HEADER="X-Forwarded-Proto")
    assert web.get(PAGE, headers={"X-Forwarded-Ssl": "on"})[0] == 301
    assert web.get(PAGE, headers={"X_Forwarded_Proto": "https"})[0] == 301
    assert web.get(PAGE, headers={"X-Forwarded-Proto": "http"})[0] == 301
    status, headers, _ = web.get(PAGE, headers={"X-Forwarded-Proto": "https"})
    assert (status, headers["Strict-Transport-Security"][:16]) == (200, "max-age=31536000")
    assert web.get("/healthz")[0] == 200
