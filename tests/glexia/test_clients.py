"""Whom limits and logs take a request to come from."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from glexia.clients import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "", "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "10.9.9.9, 198.51.100.1", "198.51.100.1"),
        (2, "10.9.9.9, 198.51.100.1, 192.0.2.7", "198.51.100.1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "2001:0DB8:0::1", "2001:db8::1"),
        (2, "198.51.100.1", "203.0.113.9"),
        (1, "", "unknown"),
        (1, "<script>", "unknown"),
        (1, "198.51.100.1:1234", "198.51.100.1"),
        (1, "[2001:db8::1]:1234", "2001:db8::1"),
        (1, "[2001:db8::1]", "2001:db8::1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "[::ffff:198.51.100.1]:1234", "198.51.100.1"),
        (1, "2001:db8::1:1234", "2001:db8::1:1234"),
        (1, "198.51.100.1:", "unknown"),
        (1, "[198.51.100", "unknown"),
    ],
)
def test_a_client_is_who_the_trusted_proxies_say(
    proxies: int, forwarded: str, address: str, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(
        "/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="203.0.113.9"
    )
    assert client_address(request) == address


def test_a_client_is_known_by_its_ipv4_address_when_the_server_listens_on_ipv6() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="::ffff:203.0.113.9")
    assert client_address(request) == "203.0.113.9"


def test_a_client_is_unknown_when_the_server_listens_on_a_socket_file() -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == "unknown"
