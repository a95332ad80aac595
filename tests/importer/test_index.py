"""MITRE's index of its releases: what is read from it, and why it is refused."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from importer import index as module
from importer.errors import BundleError
from importer.index import INDEX_SECONDS, MAX_INDEX_BYTES, fetch_releases, read_releases
from importer.published import INDEX_ADDRESS, address
from library.identifiers import Domain

NONE: dict[str, list[str]] = {domain: [] for domain in Domain.values}


def entry(domain: str, release: str, **said: Any) -> dict[str, Any]:
    """A version as MITRE's index has it."""
    given = {
        "version": release,
        "url": address(domain, release),
        "modified": "2025-10-28T14:00:00.188Z",
    }
    return given | said


def index(*collections: Any) -> bytes:
    """An index of these collections, each a list of versions."""
    return orjson.dumps(
        {
            "id": "10296991-439b-4202-90a3-e38812613ad4",
            "name": "MITRE ATT&CK",
            "collections": [
                {"id": f"x-mitre-collection--{number}", "name": "Any", "versions": versions}
                for number, versions in enumerate(collections)
            ],
        }
    )


def refused(raw: bytes) -> str:
    """Why an index is refused, without its address at the beginning."""
    with pytest.raises(BundleError) as refusal:
        read_releases(raw)
    text = str(refusal.value)
    assert text.startswith(f"{INDEX_ADDRESS}: ")
    assert "\n" not in text
    return text.removeprefix(f"{INDEX_ADDRESS}: ")


def test_the_releases_are_told_by_domain() -> None:
    raw = index(
        [entry("enterprise", "19.0"), entry("enterprise", "18.1")],
        [entry("mobile", "18.1"), entry("mobile", "11.2-beta")],
        [entry("ics", "18.1")],
    )
    assert read_releases(raw) == {
        "enterprise": ["19.0", "18.1"],
        "mobile": ["18.1", "11.2-beta"],
        "ics": ["18.1"],
    }


def test_a_domain_is_told_by_the_address_and_not_by_a_name_or_the_order() -> None:
    raw = index([entry("ics", "18.1", name="Enterprise ATT&CK"), entry("mobile", "17.1")])
    assert read_releases(raw) == NONE | {"ics": ["18.1"], "mobile": ["17.1"]}


@pytest.mark.parametrize(
    "other",
    [
        {},
        entry("enterprise", "19.0", url="https://example.org/enterprise-attack-19.0.json"),
        entry("enterprise", "19.0", url=address("enterprise", "18.1")),
        entry("enterprise", "19.0", url=address("enterprise", "19.0") + "?x"),
        entry("enterprise", "19.0", url=None),
        entry("enterprise", "19.0", url=["x"]),
        entry("enterprise", "19.0", version=19.0),
        entry("enterprise", "19.0", version=None),
        entry("enterprise", "19.0", version={"a": 1}),
        entry("pre", "19.0"),
        entry("enterprise", "sample-9"),
        entry("enterprise", ""),
        entry("enterprise", "19.0\n"),
        entry("enterprise", "1٩.0"),
        entry("enterprise", "9999.0"),
        entry("enterprise", "../../19.0"),
        entry("enterprise", "<b>19.0</b>"),
        entry("enterprise", "19.0' OR 1=1 --"),
        entry("enterprise", "9" * 10_000),
    ],
)
def test_an_entry_does_not_count_when_it_names_no_bundle_of_mitres(other: dict[str, Any]) -> None:
    assert read_releases(index([other, entry("ics", "18.1")])) == NONE | {"ics": ["18.1"]}


def test_hashes_in_an_index_say_nothing() -> None:
    with_hash = entry("ics", "18.1", sha256="0" * 64, hashes={"SHA-256": "0" * 64})
    assert read_releases(index([with_hash])) == read_releases(index([entry("ics", "18.1")]))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON ("),
        (b"<!doctype html>", "not JSON ("),
        (b'{"collections": [', "not JSON ("),
        (b"\xff\xfe", "not JSON ("),
        (b'{"collections": "\xed\xa0\x80"}', "not JSON ("),
        (b"[" * 1_000_000, "not JSON ("),
        (b'{"collections":' * 5_000, "not JSON ("),
        (b'{"collections": NaN}', "not JSON ("),
        (b"null", "collections is not a list."),
        (b"[]", "collections is not a list."),
        (b"{}", "collections is not a list."),
        (b'{"collections": {}}', "collections is not a list."),
        (b'{"collections": [1]}', "collections[0] is not an object."),
        (b'{"collections": [{}]}', "collections[0].versions is not a list."),
        (b'{"collections": [{"versions": "x"}]}', "collections[0].versions is not a list."),
        (
            b'{"collections": [{"versions": []}, {"versions": [{}, []]}]}',
            "collections[1].versions[1] is not an object.",
        ),
        (b'{"collections": []}', "names no release of any domain."),
        (index([]), "names no release of any domain."),
        (index([entry("pre", "7.2")]), "names no release of any domain."),
    ],
)
def test_an_index_is_refused_when_it_is_none(raw: bytes, reason: str) -> None:
    assert refused(raw).startswith(reason)


def test_the_index_is_asked_for_within_bounds_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int, float]] = []

    def fetch(url: str, progress: Callable[[int, int], None], limit: int, seconds: float) -> bytes:
        progress(1, 2)
        asked.append((url, limit, seconds))
        return index([entry("ics", "18.1")])

    monkeypatch.setattr(module, "fetch", fetch)
    assert fetch_releases() == NONE | {"ics": ["18.1"]}
    assert asked == [(INDEX_ADDRESS, MAX_INDEX_BYTES, INDEX_SECONDS)]
    assert INDEX_ADDRESS == (
        "https://raw.githubusercontent.com/mitre-attack/attack-stix-data/master/index.json"
    )
