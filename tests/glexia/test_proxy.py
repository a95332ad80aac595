"""The proxy that the documentation sets before the product: how much it lets through, and where."""

import re

from django.conf import settings
from django.urls import reverse

from glexia.env import BASE_DIR
from importer.console.start import AROUND_FILE
from library.id_check.reading import AROUND, MOST_BYTES, MOST_PASTED

MEGABYTE = 1024 * 1024
BOUND = re.compile(r"client_max_body_size (\d+)m;")


def bounds() -> dict[str, int]:
    """What nginx takes, by the address it takes it at; of the whole server by no name."""
    page = (BASE_DIR / "docs" / "deployment.md").read_text()
    (nginx,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    blocks = re.findall(r"location = (\S+) \{(.*?)\}", nginx, re.DOTALL)
    found = {at: int(size) for at, block in blocks for size in BOUND.findall(block)}
    (rest,) = BOUND.findall(re.sub(r"location [^{]*\{.*?\}", "", nginx, flags=re.DOTALL))
    return {at: size * MEGABYTE for at, size in {**found, "": int(rest)}.items()}


def test_much_passes_the_proxy_only_where_much_is_read() -> None:
    upload, check = reverse("admin:import-upload"), reverse("library:id-check")
    least = {
        upload: settings.IMPORT_MAX_BYTES + AROUND_FILE,
        check: MOST_PASTED + MOST_BYTES + AROUND,
        "": settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0,
    }
    found = bounds()
    assert found.keys() == least.keys()
    for at, size in found.items():
        assert least[at] <= size < least[at] + MEGABYTE
