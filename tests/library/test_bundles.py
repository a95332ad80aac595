"""A bundle downloads byte for byte, whatever it was kept in."""

import gzip
import hashlib
import lzma
from collections.abc import Callable

import orjson
import pytest

from importer.pipeline import Options, import_bundles
from tests.factories import bundle, mitigation, source
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_bundle_is_the_same_to_the_byte_when_it_is_downloaded(
    site: Site, pack: Callable[[bytes], bytes]
) -> None:
    text = orjson.dumps(bundle(mitigation("M1000", "One", description="A" * 900_000)))
    import_bundles([source(pack(text))], Options())
    sha256 = hashlib.sha256(text).hexdigest()
    page = site.page(LIBRARY)
    (link,) = [a for a in page.all("a") if "/bundles/" in a["href"]]
    assert link["href"] == f"{LIBRARY}/bundles/{sha256}"
    response = site.get(link["href"])
    assert b"".join(response.streaming_content) == text  # type: ignore[attr-defined]
    assert response["Content-Type"] == "application/json"
    named = 'attachment; filename="enterprise-attack-1.0.json"'
    assert response["Content-Disposition"] == named
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Length"] == str(len(text))
    again = site.get(link["href"], **{"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("asked", ["0" * 64, "x", "%00", "ab"])
def test_answer_is_a_404_in_json_when_no_bundle_has_the_hash(site: Site, asked: str) -> None:
    response = site.get(f"{LIBRARY}/bundles/{asked}")
    assert response.status_code == 404
    assert b"error" in response.content
