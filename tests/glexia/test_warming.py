"""What a web process does before its first request."""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from glexia import warming
from tests.factories import import_objects, mitigation, technique
from tests.takes import publish


def test_warming_makes_a_page_when_the_library_holds_a_mitigation(
    db: None, plain_static: None
) -> None:
    import_objects(mitigation("M1001", "One"))
    with CaptureQueriesContext(connection) as queries:
        warming.warm()
    assert any("library_snapshotedge" in query["sql"] for query in queries.captured_queries)


@pytest.mark.parametrize(
    ("address", "most"), [("techniques/T1", 12), ("matrices/enterprise-attack", 10)]
)
def test_pages_that_were_never_shown_keep_to_their_queries_when_a_take_is_stale(
    client: Client,
    db: None,
    plain_static: None,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    most: int,
) -> None:
    # The test's own transaction goes on.
    monkeypatch.setattr(connection, "close", lambda: None)
    for release in ("17.1", "18.1"):
        way = technique("T1", "One", description=f"As of {release}.")
        import_objects(way, release=release)
        if release == "17.1":
            publish(way)
    warming.warm()
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/learn/attack/{address}")
    assert "MITRE has since changed" in page.text or "matrices" in address
    assert len(queries) <= most


def test_warming_goes_on_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("away")

    monkeypatch.setattr(warming, "current_shelf", away)
    warming.warm()
