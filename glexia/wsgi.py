"""The entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
application = get_wsgi_application()

from glexia.warming import warm  # noqa: E402  (needs Django's settings)

warm()
