"""The entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
application = get_wsgi_application()

# What follows needs Django's settings.
from django.conf import settings  # noqa: E402

from glexia.databases import bound_waiting, one_for_each  # noqa: E402
from glexia.warming import warm  # noqa: E402

one_for_each(settings.WEB_THREADS)
bound_waiting(settings.STATEMENT_SECONDS, settings.LOCK_SECONDS)
warm()
