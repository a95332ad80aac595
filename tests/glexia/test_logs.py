"""The lines that processes log, for machines and for a terminal."""

import json
import logging
import logging.config
import sys
from collections.abc import Iterator

import pytest
from django import conf

from glexia import env, request_ids
from glexia.logs import from_environment, logging_config

SECRET = "hunter2-is-not-enough"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    yield capsys
    logging.config.dictConfig(conf.settings.LOGGING)


def configure(form: str, *, access: bool = False) -> None:
    logging.config.dictConfig(logging_config(form, "info", access=access))


def test_a_line_for_machines_is_one_json_object(lines: pytest.CaptureFixture[str]) -> None:
    configure("json")
    token = request_ids.current.set("a-request-1")
    try:
        raise ValueError(f"password={SECRET}\nsecond line")
    except ValueError:
        logging.getLogger("library.views").exception("No %s", "page\nhere", extra={"status": 500})
    finally:
        request_ids.current.reset(token)
    (line,) = lines.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["level"] == "ERROR"
    assert told["logger"] == "library.views"
    assert told["message"] == "No page\nhere"
    assert told["request_id"] == "a-request-1"
    assert told["status"] == 500
    assert told["time"].endswith("+00:00")
    assert "ValueError" in told["exc_info"]
    assert SECRET not in line


def test_a_line_for_a_terminal_is_plain_and_stays_one(lines: pytest.CaptureFixture[str]) -> None:
    configure("text")
    logging.getLogger("library").error("Not Found: %s", "/a\r\n2026 ERROR forged\x1b[31m")
    (line,) = lines.readouterr().err.splitlines()
    assert line.endswith(r"ERROR library: Not Found: /a\r\n2026 ERROR forged\x1b[31m")


def test_what_django_logs_goes_the_same_way(lines: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger("django.request").warning("Not Found: %s", "/x")
    assert json.loads(lines.readouterr().err)["logger"] == "django.request"


def test_access_is_logged_only_where_it_is_asked_for(lines: pytest.CaptureFixture[str]) -> None:
    configure("json", access=False)
    logging.getLogger("gunicorn.access").info("GET / 200")
    assert lines.readouterr().err == ""
    configure("json", access=True)
    logging.getLogger("gunicorn.access").info("GET / 200")
    assert json.loads(lines.readouterr().err)["message"] == "GET / 200"


def test_the_form_and_level_follow_from_where_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOG_FORMAT", "LOG_LEVEL", "ACCESS_LOG"):
        monkeypatch.delenv(name, raising=False)

    def chosen(*, production: bool) -> tuple[str, str, str]:
        config = from_environment(production=production)
        access = config["loggers"]["gunicorn.access"]["level"]
        return config["handlers"]["console"]["formatter"], config["root"]["level"], access

    assert chosen(production=True) == ("json", "INFO", "INFO")
    assert chosen(production=False) == ("text", "ERROR", "CRITICAL")
    monkeypatch.setenv("LOG_FORMAT", "JSON")
    monkeypatch.setenv("LOG_LEVEL", "warning")
    monkeypatch.setenv("ACCESS_LOG", "1")
    assert chosen(production=False) == ("json", "WARNING", "INFO")
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(env.SettingError, match="LOG_FORMAT is 'xml': use one of json, text"):
        from_environment(production=False)


def test_tests_log_to_whatever_standard_error_is(lines: pytest.CaptureFixture[str]) -> None:
    configure("text")
    print("before", file=sys.stderr)
    logging.getLogger("library").error("after")
    assert lines.readouterr().err.splitlines()[1].endswith("after")
