"""Who asks: the address that limits, lock-outs and logs know a reader by."""

import re
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

# Some load balancers add the port: 203.0.113.1:1234, [2001:db8::1]:1234.
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?|([0-9.]+):\d{1,5}")


def client_address(request: HttpRequest) -> str:
    """The IP address of whoever sent a request; "unknown" where there is none to believe.

    Behind `TRUSTED_PROXIES` proxies, each of which appends whom it heard from, the one that the
    outermost of them wrote: what stands before it in X-Forwarded-For is the client's own invention.
    """
    trusted: int = settings.TRUSTED_PROXIES
    said = str(request.META.get("REMOTE_ADDR", ""))
    if trusted:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        said = hops[-trusted] if len(hops) >= trusted else said
    return _plain(said)


def _plain(said: str) -> str:
    """An address in one spelling: without a port, and IPv4 as such where IPv6 wraps it."""
    if found := WITH_PORT.fullmatch(said):
        said = found[1] or found[2]
    try:
        address = ip_address(said)
    except ValueError:
        return "unknown"
    wrapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(wrapped or address)
