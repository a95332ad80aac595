"""What a web process does before its first request."""

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from glexia import warming
from tests.factories import import_objects, mitigation


def test_warming_makes_a_page_when_the_library_holds_a_mitigation(
    db: None, plain_static: None
) -> None:
    import_objects(mitigation("M1001", "One"))
    with CaptureQueriesContext(connection) as queries:
        warming.warm()
    assert any("library_snapshotedge" in query["sql"] for query in queries.captured_queries)


def test_warming_goes_on_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(warming, "current_shelf", away)
    warming.warm()
