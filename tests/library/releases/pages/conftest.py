"""Two releases, for tests of their pages."""

import pytest

from tests.factories import import_objects
from tests.library.releases.pages.pair import ONE, TWO


@pytest.fixture
def two() -> None:
    """Two releases of enterprise, of which the second did a little of everything."""
    import_objects(*ONE, release="1.0")
    import_objects(*TWO, release="2.0")
