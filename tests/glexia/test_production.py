"""PRODUCTION=1: what it refuses to start without, and what it makes of the settings."""

import os
import subprocess
import sys

import pytest

from glexia import env, production

KEY = "".join(chr(ord("!") + number) for number in range(60))
COMPLETE = {
    "PRODUCTION": "1",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://glexia:unguessable@db.example:5432/glexia",
    "ALLOWED_HOSTS": "library.example",
}


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a public site that has all it needs."""
    monkeypatch.delenv("DEBUG", raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def refusals() -> list[str]:
    with pytest.raises(env.SettingError) as caught:
        production.wanted()
    lines = str(caught.value).splitlines()
    assert all(line.endswith(".") for line in lines)
    return lines


def test_a_site_with_all_it_needs_is_public(put: pytest.MonkeyPatch) -> None:
    assert production.wanted() is True


def test_nothing_is_asked_of_a_site_that_is_not_public(put: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        put.delenv(name)
    assert production.wanted() is False


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"])
@pytest.mark.parametrize("value", ["", "  "])
def test_what_is_missing_is_named(put: pytest.MonkeyPatch, name: str, value: str) -> None:
    put.setenv(name, value)
    (line,) = refusals()
    assert line.startswith(f"PRODUCTION=1 needs {name}: ")


def test_each_missing_variable_has_a_sentence_of_its_own(put: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"):
        put.delenv(name)
    put.setenv("DEBUG", "1")
    assert [line.split()[2 if "needs" in line else 0].rstrip(":") for line in refusals()] == [
        *("SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"),
        "DEBUG=1",
    ]


@pytest.mark.parametrize("key", ["short", KEY[:49], "a" * 60, "abcd" * 20])
def test_a_key_that_can_be_guessed_is_refused_without_repeating_it(
    put: pytest.MonkeyPatch, key: str
) -> None:
    put.setenv("SECRET_KEY", key)
    (line,) = refusals()
    assert line.startswith("SECRET_KEY is too easily guessed")
    assert key not in line


@pytest.mark.parametrize("hosts", ["*", "library.example,*", " * "])
def test_any_host_is_refused(put: pytest.MonkeyPatch, hosts: str) -> None:
    put.setenv("ALLOWED_HOSTS", hosts)
    assert refusals()[0].startswith("ALLOWED_HOSTS holds *")


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=env.BASE_DIR,
        env=kept | settings,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_check_of_a_deployment_finds_nothing() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **COMPLETE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


SETTINGS = """
from glexia import settings as s
print(s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS,
      s.SECURE_PROXY_SSL_HEADER, s.LOGGING["handlers"]["console"]["formatter"])
"""


def test_a_public_site_is_read_over_tls_alone_and_logs_json() -> None:
    done = run("-c", SETTINGS, **COMPLETE, SECURE_PROXY_SSL_HEADER="X-Forwarded-Proto")
    assert done.stdout.split(maxsplit=4)[:4] == ["True", "True", "True", "31536000"]
    assert done.stdout.endswith("('HTTP_X_FORWARDED_PROTO', 'https') json\n")


@pytest.mark.parametrize(
    "command", [("manage.py", "check"), ("-m", "gunicorn"), ("-m", "glexia.run")]
)
def test_nothing_starts_without_what_a_public_site_needs(command: tuple[str, ...]) -> None:
    done = run(*command, PRODUCTION="1", SECRET_KEY=KEY)
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "PRODUCTION=1 needs DATABASE_URL",
        "PRODUCTION=1 needs ALLOWED_HOSTS",
    ]


@pytest.mark.parametrize("command", [("manage.py", "check"), ("-m", "glexia.run")])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_TOKEN_URL", "http://user:s3cret@id.example/token"),
        ("INCIDENT_URL", "ftp://user:s3cret@incidents.example/"),
        ("CACHE_URL", "redis://user:s3cret@cache.example:port/0"),
    ],
)
def test_nothing_starts_with_an_address_that_cannot_be_used_and_its_secret_is_not_told(
    command: tuple[str, ...], name: str, value: str
) -> None:
    done = run(*command, **COMPLETE, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name} ")
    assert len(done.stderr.splitlines()) == 1
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", [("-m", "gunicorn"), ("-m", "glexia.run")])
def test_nothing_starts_when_readers_and_figures_have_one_port(command: tuple[str, ...]) -> None:
    done = run(*command, **COMPLETE, METRICS_PORT="8000")
    assert done.returncode == 1
    assert done.stderr.startswith("METRICS_PORT is 8000, as PORT is")
    assert len(done.stderr.splitlines()) == 1


CONNECTION = """
import django
django.setup()
from django.db import connections
for alias in ("default", "replica"):
    given = connections[alias].get_connection_params()
    print(alias, given["sslmode"], given["channel_binding"], "read_only" in given["options"])
"""


def test_tls_is_demanded_of_the_database_and_of_its_copy() -> None:
    tls = "?sslmode=verify-full&sslrootcert=system&channel_binding=require"
    addresses = {
        "DATABASE_URL": COMPLETE["DATABASE_URL"] + tls,
        "DATABASE_REPLICA_URL": "postgresql://reader@copy.example/glexia"
        "?sslmode=require&channel_binding=prefer",
        "DJANGO_SETTINGS_MODULE": "glexia.settings",
    }
    done = run("-c", CONNECTION, **(COMPLETE | addresses))
    assert done.stdout.splitlines() == [
        "default verify-full require False",
        "replica require prefer True",
    ], done.stderr
