"""Every address of the admin site, for tests of who is let in where."""

from collections.abc import Iterable

from django.test import Client
from django.urls import get_resolver

# Sign-outs: whoever sends to them is gone.
SIGN_OUTS = {"/admin/logout/", "/admin/second-factor/leave/"}


def staff_addresses(key: str = "1") -> list[str]:
    """Each address that the resolver knows, with this for a number, a key or a name in it."""
    prefix, resolver = get_resolver().namespace_dict["admin"]
    found = {
        f"/{prefix}{template % dict.fromkeys(names, key)}"
        for name in resolver.reverse_dict
        for possible, *_ in resolver.reverse_dict.getlist(name)
        for template, names in possible
    }
    return sorted(found)


def answering(client: Client, addresses: Iterable[str]) -> set[str]:
    """The addresses that show a page to somebody, or do anything when something is sent to them.

    Not those that lead elsewhere, to where the sign-in goes on, or say that it is wanted first;
    nor what is not there.
    """
    found = set()
    for address in sorted(addresses):
        for answer in (client.get(address), client.post(address, {"code": "000000"})):
            if answer.status_code not in {302, 401, 404, 405}:
                found.add(address)
    return found
