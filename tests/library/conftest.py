"""What the tests of pages share."""

import pytest
from django.test import Client
from pytest_django import Settings

from tests.library.pages import Site


@pytest.fixture
def plain_static(settings: Settings) -> None:
    """Static files by their own names: those of production need `collectstatic` first."""
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {"staticfiles": {"BACKEND": plain}}


@pytest.fixture
def site(plain_static: None, client: Client) -> Site:
    """The site, read through Django's test client."""
    return Site(client)
