"""The bundles themselves, byte for byte as they were imported."""

import gzip
import lzma
import sys
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, cast

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from library.models import Snapshot
from library.raw import FOR_EVER

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE = 1 << 18
# As they are on their way, too: to compress one of enterprise anew takes more than a
# second of a processor, and whoever fetches it keeps it.
AS_THEY_ARE = f"{FOR_EVER}, no-transform"


@require_safe
def bundle(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The JSON text of the bundle with this SHA-256, to be saved; a 404 in JSON where not held.

    Unpacked a piece at a time: 50 MB for a release of enterprise, some 0.2 seconds.
    """
    try:
        held = Snapshot.objects.filter(bundle_sha256=bytes.fromhex(sha256)).first()
    except ValueError:
        held = None
    if held is None:
        return JsonResponse({"error": "No bundle with this SHA-256 is held."}, status=404)
    etag = f'"{held.sha256}"'
    unchanged = get_conditional_response(request, etag=etag)
    response = unchanged if unchanged is not None else _download(held)
    response["ETag"] = etag
    response["Cache-Control"] = AS_THEY_ARE
    return response


def _download(held: Snapshot) -> StreamingHttpResponse:
    name = f"{held.domain}-attack-{held.attack_version}.json"
    response = StreamingHttpResponse(_pieces(held), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(held.bundle_bytes)
    return response


def _pieces(held: Snapshot) -> Iterator[bytes]:
    with _opened(held.bundle.encoding, BytesIO(bytes(held.bundle.data))) as text:
        while piece := text.read(PIECE):
            yield piece


def _opened(encoding: str, packed: BytesIO) -> BinaryIO:
    """What is packed, to be read unpacked."""
    match encoding:
        case "xz":
            return cast(BinaryIO, lzma.open(packed))
        case "gzip":
            return cast(BinaryIO, gzip.open(packed))
        case _:
            return cast(BinaryIO, zstd.open(packed))
