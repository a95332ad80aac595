"""What tests of accounts share: quick passwords, and pages without `collectstatic`."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def quick(plain_static: None, settings: Settings) -> None:
    """Passwords are hashed as quickly as can be; every other setting is the product's."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
