#!/usr/bin/env python
"""Django's command line for this project."""

import os
import signal
import sys


def main() -> None:
    """Run a command; what it cannot work with ends it in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Ending in order stops the embedded database as well.
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from glexia.embedded import EmbeddedError
    except ImportError as error:
        sys.exit(f"{error}: run make setup, then use .venv/bin/python.")
    try:
        execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
