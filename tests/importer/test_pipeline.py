"""A run from bytes to an edition: everything comes in, or nothing does."""

import gzip
import hashlib
import lzma
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from importer import pipeline
from importer.acquire import unpack
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from importer.report import Report
from importer.sources import Source, file_sources
from importer.validate import Validator, ValidatorError
from library.models import Edition, Finding, Snapshot, SnapshotBundle
from tests import factories
from tests.factories import Properties, mitigation, source
from tests.importer.test_store import SAMPLES, library_state, sample_objects

pytestmark = pytest.mark.django_db

SAMPLE = SAMPLES / "enterprise-sample-2.json"
QUICK = Options(validate=False)
FORMS: dict[str, Callable[[bytes], bytes]] = {
    ".json": bytes,
    ".json.gz": gzip.compress,
    ".json.xz": lzma.compress,
}
BIG = mitigation("M9", "Big", x_mitre_number=2**53)


def bring_in(*contents: Properties, options: Options = QUICK) -> list[Report]:
    """The reports of one run over these bundles, which come from files of their own."""
    sources = [source(content, f"{number}.json") for number, content in enumerate(contents)]
    return import_bundles(sources, options)


def release_of(release: str | None, *objects: Properties, domain: str = "enterprise") -> Properties:
    return factories.bundle(*objects, domain=domain, release=release)


def from_file(path: Path, options: Options = QUICK) -> Report:
    (report,) = import_bundles(file_sources([path]), options)
    return report


def without_time(report: Report) -> dict[str, object]:
    told = report.as_dict()
    return {name: told[name] for name in told.keys() - {"seconds", "status", "checked", "origin"}}


def test_nothing_changes_when_the_same_bundle_comes_again() -> None:
    first = from_file(SAMPLE)
    state = library_state()
    again = from_file(SAMPLE)

    assert library_state() == state
    assert (first.status, again.status) == ("imported", "already-imported")
    assert without_time(again) == without_time(first)


def test_nothing_changes_when_the_same_bundle_comes_twice_in_one_run(tmp_path: Path) -> None:
    for suffix, form in FORMS.items():
        (tmp_path / f"bundle{suffix}").write_bytes(form(SAMPLE.read_bytes()))
    reports = import_bundles(file_sources([tmp_path]), QUICK)

    assert sorted(r.status for r in reports) == ["already-imported"] * 2 + ["imported"]
    assert len({r.snapshot for r in reports}) == Snapshot.objects.count() == 1
    assert Edition.objects.count() == 1


@pytest.mark.parametrize("suffix", FORMS)
def test_the_bundle_is_kept_as_it_came_when_compressed_in_any_way(
    tmp_path: Path, suffix: str
) -> None:
    content = SAMPLE.read_bytes()
    paths = {form: tmp_path / f"bundle{form}" for form in FORMS}
    for form, path in paths.items():
        path.write_bytes(FORMS[form](content))
    report = from_file(paths[suffix])

    kept = SnapshotBundle.objects.get()
    assert unpack("", bytes(kept.data)).raw == content
    if suffix != ".json":
        assert bytes(kept.data) == paths[suffix].read_bytes()
    assert report.bundle_sha256 == hashlib.sha256(content).hexdigest()
    # Compressed otherwise it is the same snapshot still.
    state = library_state()
    assert {from_file(path).snapshot for path in paths.values()} == {report.snapshot}
    assert library_state() == state


def test_the_name_of_a_file_does_not_count_when_its_bundle_says_otherwise(tmp_path: Path) -> None:
    lying = tmp_path / "mobile-attack-18.1.json.gz"
    lying.write_bytes(lzma.compress(SAMPLE.read_bytes()))
    report = from_file(lying)

    assert (report.domain, report.release, report.provenance) == (
        *("enterprise", "sample-2"),
        "sample",
    )


def test_bundles_come_in_by_release_when_a_run_has_several() -> None:
    asked = ["10.0", "9.0", "sample-1", "9.0-beta", "9.1", "1.0"]
    reports = bring_in(*(release_of(r, mitigation("M1", f"In {r}")) for r in asked))

    in_order = ["sample-1", "1.0", "9.0-beta", "9.0", "9.1", "10.0"]
    assert [report.release for report in reports] == in_order
    assert [report.before for report in reports] == [None, None, *in_order[1:5]]
    assert sorted(report.snapshot for report in reports) == [r.snapshot for r in reports]
    assert Edition.objects.count() == 1


def test_domains_come_in_their_order_when_they_share_a_release() -> None:
    reports = bring_in(*(release_of("1.0", domain=d) for d in ("ics", "mobile", "enterprise")))

    assert [report.domain for report in reports] == ["enterprise", "mobile", "ics"]


def test_all_come_in_when_sources_share_a_name() -> None:
    contents = [release_of(release) for release in ("2.0", "1.0")]
    reports = import_bundles([source(content, "upload") for content in contents], QUICK)

    assert [report.release for report in reports] == ["1.0", "2.0"]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(b"{", id="found when it is identified"),
        pytest.param(orjson.dumps(release_of("2.0", BIG)), id="found when it is stored"),
        pytest.param(orjson.dumps(release_of(None)), id="of no release"),
    ],
)
def test_nothing_comes_in_when_a_bundle_of_the_run_is_bad(bad: bytes) -> None:
    bring_in(release_of("0.9", mitigation("M1", "Was there")))
    state = library_state()
    first, last = release_of("1.0", mitigation("M1", "New")), release_of("3.0")
    sources = [source(last, "last"), source(bad, "the bad one"), source(first, "first")]
    with pytest.raises(BundleError, match=r"^the bad one: [^\n]+\.$"):
        import_bundles(sources, QUICK)

    assert library_state() == state


def test_nothing_comes_in_when_a_file_is_gone_by_its_turn() -> None:
    readings = iter([orjson.dumps(release_of("2.0")), b""])
    fleeting = Source("fleeting", lambda: unpack("fleeting", next(readings)))
    with pytest.raises(BundleError, match=r"^fleeting: "):
        import_bundles([source(release_of("1.0"), "first"), fleeting], QUICK)

    assert Snapshot.objects.count() == 0


@pytest.mark.parametrize(
    ("release", "asked", "said"),
    [
        ("1.0", {"release": "2.0"}, "says release 1.0, not 2.0"),
        ("1.0", {"domain": "ics"}, "domain enterprise, not ics"),
        (None, {}, "say it with --release"),
    ],
)
def test_a_bundle_is_refused_when_the_admin_contradicts_it(
    release: str | None, asked: dict[str, str], said: str
) -> None:
    bring_in(release_of("1.0", mitigation("M1", "Was there")))
    state = library_state()
    with pytest.raises(BundleError, match=said):
        bring_in(release_of(release), options=Options(validate=False, **asked))  # type: ignore[arg-type]

    assert library_state() == state


def test_the_admin_names_the_release_when_the_bundle_does_not() -> None:
    content = release_of(None, mitigation("M1", "One"))
    named = Options(release="3.0", validate=False)
    (report,) = bring_in(content, options=named)
    (again,) = bring_in(content, options=named)
    (other,) = bring_in(content, options=Options(release="4.0", validate=False))

    assert (report.release, report.status) == ("3.0", "imported")
    assert (again.snapshot, again.status) == (report.snapshot, "already-imported")
    assert (other.release, other.status, other.unchanged) == ("4.0", "imported", 2)
    assert not Snapshot.objects.get(pk=report.snapshot).release_date_stated


def test_nothing_changes_when_the_run_is_dry() -> None:
    bring_in(release_of("1.0", mitigation("M1", "One")))
    state = library_state()
    content = release_of("2.0", mitigation("M1", "Two"), mitigation("M2", "Three"))
    (dry,) = bring_in(content, options=Options(dry_run=True, validate=False))

    assert library_state() == state
    assert (dry.status, dry.dry_run) == ("imported", True)
    (wet,) = bring_in(content)
    counts = ("added", "changed", "removed", "unchanged", "objects", "bundle_sha256", "before")
    assert [getattr(dry, name) for name in counts] == [getattr(wet, name) for name in counts]


def test_findings_are_kept_once_and_reported_again_when_later_snapshots_share_them() -> None:
    broken = mitigation("M1", "Broken", x_mitre_version=7)
    sound = mitigation("M2", "Sound")
    (first,) = bring_in(release_of("1.0", broken, sound), options=Options())
    found = [told for told in first.finding_details if told["stix_id"] == broken["id"]]
    count = Finding.objects.count()
    mended = broken | {"x_mitre_version": "7.0"}
    later, mobile, third = bring_in(
        release_of("2.0", broken, sound | {"name": "Other"}),
        release_of("2.0", broken, domain="mobile"),
        release_of("3.0", mended, sound),
        options=Options(),
    )

    assert [told["field"] for told in found] == ["x_mitre_version"]
    assert found[0]["reason"]
    for report in (later, mobile):
        assert [t for t in report.finding_details if t["stix_id"] == broken["id"]] == found
    assert [t for t in third.finding_details if t["stix_id"] == broken["id"]] == []
    of_broken = Finding.objects.filter(version__object__stix_id=broken["id"])
    assert of_broken.count() == 1 <= count
    # Only what the library had never seen is checked.
    assert sum(later.checked.values()) == later.objects - later.unchanged
    (again,) = bring_in(release_of("4.0", broken), options=Options(dry_run=True))
    assert [t for t in again.finding_details if t["stix_id"] == broken["id"]] == found


def test_nothing_comes_in_when_the_validation_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def died(_: Validator, advance: object) -> None:
        raise ValidatorError("A process has died.")

    bring_in(release_of("1.0"))
    state = library_state()
    monkeypatch.setattr(Validator, "results", died)
    with pytest.raises(ValidatorError):
        bring_in(release_of("2.0", mitigation("M1", "One")), options=Options())

    assert library_state() == state


def test_every_new_object_is_checked_when_validation_is_on() -> None:
    strange = factories.stix_object("x-mitre-horoscope", "Libra")
    report = from_file(SAMPLE, Options())
    (other,) = bring_in(release_of("1.0", strange), options=Options())

    kinds = Counter(
        "schema" if found["type"].startswith("x-mitre-") else "stix2"
        for found in sample_objects("enterprise", "sample-2").values()
    )
    assert report.checked == {"stix2": kinds["stix2"], "schema": kinds["schema"], "envelope": 0}
    assert report.finding_details == []
    # The matrix, the collection, and what nobody knows.
    assert other.checked == {"stix2": 0, "schema": 2, "envelope": 1}


def test_findings_are_kept_when_their_objects_come_in_different_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 2)
    objects = [mitigation(f"M{n}", "Broken", x_mitre_version=n) for n in range(5)]
    (report,) = bring_in(release_of("1.0", *objects), options=Options())

    told = [found["stix_id"] for found in report.finding_details]
    assert [found for found in told if found.startswith("course-of-action")] == [
        found["id"] for found in objects
    ]
    assert Finding.objects.count() == len(told)


class Watched:
    """Progress that is remembered."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, str, int]] = []
        self.done: Counter[str] = Counter()

    def stage(self, origin: str, name: str, parts: int) -> None:
        self.stages.append((origin, name, parts))

    def advance(self, parts: int) -> None:
        self.done[self.stages[-1][1]] += parts


@pytest.mark.parametrize("validate", [True, False])
def test_progress_is_told_when_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, *, validate: bool
) -> None:
    monkeypatch.setattr(pipeline, "BATCH", 2)
    watched = Watched()
    content = release_of("1.0", *(mitigation(f"M{n}", "One of many") for n in range(5)))
    import_bundles([source(content, "here")], Options(validate=validate), watched)

    parts = {name: count for _, name, count in watched.stages}
    assert list(parts) == ["reading", "storing", *(["validating"] if validate else [])]
    assert {origin for origin, _, _ in watched.stages} == {"here"}
    # The mitigations, the matrix and the collection.
    assert watched.done["storing"] == parts["storing"] == 7
