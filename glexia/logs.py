"""How every process logs: JSON for a collector or plain lines for a terminal, on standard error."""

import logging
import sys
from typing import Any, TextIO

from glexia import env, request_ids

FORMS = ("json", "text")
LEVELS = ("debug", "info", "warning", "error", "critical")


def logging_config(form: str, level: str, *, access: bool) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes, for Django and for gunicorn alike.

    `access` adds a line for each answer, whatever the level of the rest.
    """
    own = {"handlers": ["console"], "propagate": False}
    passed_on: dict[str, Any] = {"handlers": [], "propagate": True, "level": "NOTSET"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": "glexia.logs.WithRequestId"},
            "secrecy": {"()": "glexia.secrecy.Secrecy"},
        },
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": ["levelname", "name", "message", "process"],
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
            },
            "text": {"()": "glexia.logs.TextLines"},
        },
        "handlers": {
            "console": {
                "()": "glexia.logs.Console",
                "formatter": form,
                "filters": ["request_id", "secrecy"],
            }
        },
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            # Django's own would write to the terminal in DEBUG alone, and send letters.
            "django": passed_on,
            "django.server": passed_on,
            "gunicorn.error": {**own, "level": level.upper()},
            "gunicorn.access": {**own, "level": "INFO" if access else "CRITICAL"},
        },
    }


class Console(logging.StreamHandler[TextIO]):
    """Writes to whatever standard error is at the moment, as tests and daemons change it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.stream = sys.stderr
        super().emit(record)


class WithRequestId(logging.Filter):
    """Notes on each record which request it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        name = request_ids.current.get()
        if name:
            record.request_id = name
        return True


class TextLines(logging.Formatter):
    """Plain lines; what a reader sent cannot begin a line of its own."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        """The line of a record, before its traceback."""
        line = super().formatMessage(record)
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def from_environment(*, production: bool) -> dict[str, Any]:
    """The same as LOG_FORMAT, LOG_LEVEL and ACCESS_LOG say; a terminal hears of errors alone."""
    form = env.choice("LOG_FORMAT", "json" if production else "text", FORMS)
    level = env.choice("LOG_LEVEL", "info" if production else "error", LEVELS)
    return logging_config(form, level, access=env.flag("ACCESS_LOG", default=production))
