"""What the tests of pages share."""

import pytest
from django.test import Client

from tests.library.pages import Site


@pytest.fixture
def site(plain_static: None, client: Client) -> Site:
    """The site, read through Django's test client."""
    return Site(client)
