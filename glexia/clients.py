"""Who asks: the address that limits, lock-outs and logs know a reader by."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


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
    try:
        return str(ip_address(said))
    except ValueError:
        return "unknown"
