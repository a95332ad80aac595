"""What tests of starter Takes share: the bundles, as an oracle reads them."""

from pathlib import Path

import pytest

from library.identifiers import Domain
from tests.analysis.raw_bundles import Raw


@pytest.fixture(scope="package")
def raws(attack_bundles: Path) -> dict[str, Raw]:
    """The live objects and links of each domain in release 18.1."""
    found = {}
    for domain in Domain.values:
        found[domain] = Raw()
        found[domain].read(attack_bundles / f"{domain}-attack-18.1.json.xz")
    return found
