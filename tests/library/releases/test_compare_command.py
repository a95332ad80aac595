"""`compare_releases`: the numbers for people, every object for programs, one sentence on errors."""

from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command

from library.releases.kinds import ChangeKind
from tests.factories import import_objects, mitigation, relationship, technique

pytestmark = pytest.mark.django_db
T1000, M1000 = technique("T1000", "Thing"), mitigation("M1000", "Measure")


@pytest.fixture(autouse=True)
def library() -> None:
    import_objects(T1000, release="1.0")
    mitigates = relationship("mitigates", M1000, T1000)
    import_objects(T1000 | {"name": "Thing, renamed"}, M1000, mitigates, release="2.0")


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("compare_releases", *arguments, stdout=out)
    return out.getvalue()


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        call_command("compare_releases", *arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_numbers_are_printed_by_type_and_kind() -> None:
    heads, *rows = [line.split() for line in printed("enterprise", "1.0", "2.0").splitlines()]
    assert heads == [kind.value.removesuffix("_version_changes") for kind in ChangeKind] + [
        "unchanged"
    ]
    assert ["attack-pattern", "0", "0", "0", "0", "1", "0", "0", "0", "0"] in rows
    assert ["course-of-action", "1", "0", "0", "0", "0", "0", "0", "0", "0"] in rows
    assert ["relationship", "1", "0", "0", "0", "0", "0", "0", "0", "0"] in rows


def test_json_has_every_kind_for_every_type() -> None:
    made = orjson.loads(printed("enterprise", "1.0", "2.0", "--json"))
    assert {tuple(kinds) for kinds in made.values()} == {tuple(kind.value for kind in ChangeKind)}
    (entry,) = made["attack-pattern"]["patches"]
    assert (entry["stix_id"], entry["attack_id"]) == (T1000["id"], "T1000")
    assert (entry["before"]["name"], entry["name"]) == ("Thing", "Thing, renamed")
    assert entry["weight"] == "material"
    assert [one["name"] for one in made["relationship"]["additions"]] == [
        "Measure mitigates Thing, renamed"
    ]


def test_later_release_may_come_first() -> None:
    made = orjson.loads(printed("enterprise", "2.0", "1.0", "--json"))
    assert [one["attack_id"] for one in made["course-of-action"]["deletions"]] == ["M1000"]


@pytest.mark.parametrize("missing", ["3.0", "", "1.0; DROP", "\x00", "٢"])
def test_release_that_is_not_held_is_named_with_those_that_are(
    missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "enterprise", "1.0", missing)
    assert said == f"Release {missing!r} of enterprise is not held; held are: 2.0, 1.0.\n"


def test_domain_without_releases_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "held are: none." in refused(capsys, "ics", "1.0", "2.0")


def test_unknown_domain_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("compare_releases", "desktop", "1.0", "2.0")
