"""What a starting library imports, and in which order it looks for it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from importer import filling
from importer.acquire import Acquired, unpack
from importer.errors import BundleError
from importer.filling import fill_library
from importer.pipeline import Options
from importer.progress import ProgressBar
from importer.published import current_release
from library.identifiers import Domain
from library.models import Edition, Snapshot
from tests import factories
from tests.factories import import_objects, mitigation
from tests.importer.test_store import SAMPLES, library_state

pytestmark = pytest.mark.django_db

type Fill = Callable[..., list[str]]


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Fill:
    """Fills the library, from a network that answers with `online`; what it said."""

    def fill_with(bundles: Path | None = None, *, online: bool = False) -> list[str]:
        said: list[str] = []

        def download(domain: str, release: str, progress: Callable[[int, int], None]) -> Acquired:
            progress(1, 2)
            # Fails half-way: the first domain is there by then.
            if not online and domain != "enterprise":
                raise BundleError("https://example.org/x: cannot be reached (ConnectionError).")
            content = factories.bundle(mitigation("M1", "One"), domain=domain, release=release)
            return unpack(f"https://example.org/{domain}", orjson.dumps(content))

        def quick(**options: str) -> Options:
            return Options(validate=False, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(filling, "download", download)
        monkeypatch.setattr(filling, "Options", quick)
        fill_library(bundles, SAMPLES, said.append, ProgressBar())
        return said

    return fill_with


def shown() -> dict[str, str]:
    edition = Edition.objects.current()
    return {held.domain: held.attack_version for held in edition.snapshots} if edition else {}


def everywhere(release: str) -> dict[str, str]:
    return dict.fromkeys(Domain.values, release)


def given(folder: Path, *releases: str) -> Path:
    for release in releases:
        content = factories.bundle(mitigation("M1", release), domain="ics", release=release)
        (folder / f"{release}.json.gz").write_bytes(gzip.compress(orjson.dumps(content)))
    return folder


def test_the_bundles_of_the_folder_come_in_when_one_is_named(fill: Fill, tmp_path: Path) -> None:
    said = fill(given(tmp_path, "2.0", "1.0"), online=True)

    assert shown() == {"ics": "2.0"}
    assert Snapshot.objects.count() == 2
    assert [line.partition(",")[0] for line in said] == [
        *("ics 1.0: imported", "ics 2.0: imported")
    ]


def test_the_folder_counts_when_the_library_shows_something_else(
    fill: Fill, tmp_path: Path
) -> None:
    import_objects(mitigation("M1", "One"), release="9.0")
    fill(given(tmp_path, "1.0"))

    assert shown() == {"enterprise": "9.0", "ics": "1.0"}


def test_nothing_changes_when_the_folder_is_there_again(fill: Fill, tmp_path: Path) -> None:
    fill(given(tmp_path, "1.0"))
    state = library_state()
    said = fill(tmp_path)

    assert library_state() == state
    assert len(said) == 1
    assert "already" in said[0]


@pytest.mark.parametrize("content", [None, b"{"])
def test_a_bad_folder_is_refused_when_it_is_named(
    fill: Fill, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        given(tmp_path, "1.0")
        (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(BundleError, match=str(tmp_path)):
        fill(tmp_path, online=True)

    assert Snapshot.objects.count() == 0


def test_nothing_is_fetched_when_something_real_is_shown(fill: Fill) -> None:
    import_objects(mitigation("M1", "One"), release="1.0", domain="ics")
    state = library_state()

    assert fill(online=True) == []
    assert library_state() == state


def test_what_was_imported_is_shown_when_nothing_was_made_current(fill: Fill) -> None:
    import_objects(mitigation("M1", "One"), release="1.0", domain="ics", make_current=False)

    said = fill(online=True)
    assert said == ["Showing what has been imported before and was not made current."]
    assert shown() == {"ics": "1.0"}


def test_the_current_release_is_downloaded_when_nothing_is_there(fill: Fill) -> None:
    said = fill(online=True)

    assert shown() == everywhere(current_release())
    assert Edition.objects.count() == 1
    assert len(said) == 1 + len(Domain.values)
    assert current_release() in said[0]


def test_the_download_replaces_the_sample_when_there_is_a_network_again(fill: Fill) -> None:
    fill()
    assert shown() == everywhere("sample-2")
    fill(online=True)

    assert shown() == everywhere(current_release())
    assert fill() == []


def test_the_sample_comes_in_when_the_download_fails(fill: Fill) -> None:
    said = "\n".join(fill())

    # Nothing of what came before the network failed.
    assert {held.attack_version for held in Snapshot.objects.all()} == {"sample-1", "sample-2"}
    assert shown() == everywhere("sample-2")
    assert Edition.objects.count() == 1
    assert "cannot be reached" in said
    assert "not ATT&CK" in said
    assert "import_attack PATH" in said


def test_nothing_changes_when_the_sample_is_there_and_the_download_fails(fill: Fill) -> None:
    fill()
    state = library_state()
    said = fill()

    assert library_state() == state
    assert not any(line.startswith(tuple(Domain.values)) for line in said)
    assert any("not ATT&CK" in line for line in said)
