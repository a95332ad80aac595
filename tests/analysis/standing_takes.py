"""Published Takes on a few objects, and how they stand to a release."""

from datetime import UTC, datetime
from typing import Any

from analysis.models import Revision, State, Take
from analysis.staleness import standings
from analysis.standing import Standing
from library.conditional import Shelf, current_shelf, pinned_shelf
from tests.factories import Properties, mitigation, relationship, technique
from tests.takes import subject

PLACES = ["Linux", "Windows"]
T1000 = technique("T1000", "Thing", ("impact",), x_mitre_platforms=PLACES, x_mitre_detection="Look")
T1001 = technique("T1001", "Second", ("impact",))
T1002 = technique("T1002", "Third", ("impact",))
M1000 = mitigation("M1000", "Measure")


def mitigates(*techniques: Properties) -> list[Properties]:
    return [relationship("mitigates", M1000, found, "Do.") for found in techniques]


def standing(revision: Revision, shelf: Shelf | None = None) -> Standing:
    found = standings(shelf or current_shelf(), [Revision.objects.get(pk=revision.pk)])
    return found[revision.pk]


def pinned(release: str) -> Shelf:
    found = pinned_shelf(current_shelf(), release)
    assert found is not None
    return found


def written(of: Properties, **baseline: Any) -> Revision:
    """A published revision as an import of Takes writes it: no snapshot is named."""
    given = subject(of).baseline | {"snapshot": None} | baseline
    return Revision.objects.create(
        take=Take.objects.create(stix_id=of["id"]),
        number=1,
        state=State.PUBLISHED,
        author_name="Ann",
        written_at=datetime(2026, 1, 1, tzinfo=UTC),
        name=of["name"],
        confidence="low",
        sections={"summary": "What it means."},
        **given,
    )


def revoked(old: Properties, new: Properties) -> list[Properties]:
    return [old | {"revoked": True}, relationship("revoked-by", old, new)]
