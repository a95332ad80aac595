"""`/.well-known/security.txt` (RFC 9116): whom to tell of a weakness in this site."""

import hashlib
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

# Less than the year that RFC 9116 (2.5.5) recommends; counted anew each day.
GOOD_FOR = timedelta(days=180)
KEPT_SECONDS = 24 * 60 * 60


@require_safe
def security_txt(request: HttpRequest) -> HttpResponseBase:
    """The contact of SECURITY_CONTACT, good for half a year from today."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    fields = {
        "Contact": settings.SECURITY_CONTACT,
        "Expires": (today + GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Preferred-Languages": "en",
        "Canonical": request.build_absolute_uri(reverse("security-txt")),
    }
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    # Weak, as the same text may come compressed.
    etag = f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag) or HttpResponse(
        text, content_type="text/plain; charset=utf-8"
    )
    response["ETag"] = etag
    response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return response
