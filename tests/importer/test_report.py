"""The report of an import: for people to read, and as JSON."""

from typing import Any

import orjson
import pytest

from importer.report import ALREADY_IMPORTED, IMPORTED, SHOWN_FINDINGS, Namesake, Report

NEEDED = {
    *("status", "domain", "release", "bundle_sha256", "provenance", "objects", "added"),
    *("changed", "removed", "unchanged", "findings", "seconds"),
}
SHA256 = "ab" * 32


def report(**values: Any) -> Report:
    given: dict[str, Any] = {
        "status": IMPORTED,
        "origin": "bundles/enterprise-attack-18.1.json.xz",
        "snapshot": 7,
        "domain": "enterprise",
        "release": "18.1",
        "bundle_sha256": SHA256,
        "provenance": "official",
        "objects": 24_772,
        "objects_by_type": {"attack-pattern": 835, "relationship": 20_048},
        "before": "18.0",
        "added": 1_234,
        "changed": 56,
        "removed": 0,
        "unchanged": 23_482,
        "checked": {"stix2": 1_100, "schema": 180, "envelope": 10},
        "current": True,
        "seconds": 6.04321,
    }
    return Report(**(given | values))


def findings(count: int) -> list[dict[str, str]]:
    return [
        {"stix_id": f"tool--{number}", "field": "name", "reason": "Required, but missing."}
        for number in range(count)
    ]


def line(found: Report, label: str) -> str:
    """What the report's line of that name says."""
    (text,) = [each for each in found.lines() if each.startswith(f"  {label} ")]
    return text.removeprefix(f"  {label}").strip()


def test_the_report_reads_well_when_a_release_came_in() -> None:
    assert report().lines() == [
        "enterprise 18.1: imported as snapshot 7 from bundles/enterprise-attack-18.1.json.xz",
        f"  SHA-256    {SHA256} (official: MITRE published this hash)",
        "  objects    24,772: 835 attack-pattern, 20,048 relationship",
        "  changes    1,234 added, 56 changed, 0 removed, 23,482 unchanged (against 18.0)",
        "  validated  1,100 by stix2, 180 by ATT&CK's schemas, 10 of unknown types by their"
        " envelope",
        "  findings   0",
        "  shown      yes: readers see this release",
        "  seconds    6.0",
    ]


def test_the_report_reads_well_when_a_domain_is_new() -> None:
    first = report(objects=1, objects_by_type={"tool": 1}, before=None, added=1, changed=0)
    assert line(first, "objects") == "1: 1 tool"
    assert line(first, "changes").endswith("unchanged (nothing before it)")


def test_the_report_reads_well_when_the_bundle_is_held_already() -> None:
    again = report(status=ALREADY_IMPORTED, checked={}, current=False)
    assert again.lines()[0].startswith("enterprise 18.1: already imported as snapshot 7 from ")
    assert line(again, "validated") == "nothing: every object was known already"
    assert line(again, "shown") == "no: not the current edition"


@pytest.mark.parametrize("checked", [{}, {"stix2": 0, "schema": 0, "envelope": 0}])
def test_nothing_was_validated_when_every_object_was_known(checked: dict[str, int]) -> None:
    assert line(report(checked=checked), "validated") == "nothing: every object was known already"


@pytest.mark.parametrize(
    ("provenance", "differing", "said"),
    [
        ("official", 1, "from MITRE's bundle cdcdcdcdcdcd; this one is another: 1 object differs"),
        ("unrecognised", 0, "an unrecognised bundle cdcdcdcdcdcd; this one is another: no object"),
        ("sample", 1_234, "from a sample cdcdcdcdcdcd; this one is another: 1,234 objects differ"),
    ],
)
def test_the_report_tells_of_another_bundle_of_the_release(
    provenance: str, differing: int, said: str
) -> None:
    other = Namesake(6, "cd" * 32, provenance, differing)
    assert said in line(report(namesakes=[other]), "beside")


def test_a_dry_run_names_no_snapshot_since_there_is_none() -> None:
    dry = report(dry_run=True)
    assert dry.lines()[0] == (
        "enterprise 18.1: would be imported from bundles/enterprise-attack-18.1.json.xz"
    )
    assert line(dry, "shown") == "no: a dry run changes nothing"
    held = report(dry_run=True, status=ALREADY_IMPORTED)
    assert "already imported as snapshot 7" in held.lines()[0]


@pytest.mark.parametrize(
    ("provenance", "expected"),
    [
        ("official", "(official: MITRE published this hash)"),
        ("unrecognised", "(unrecognised: MITRE published no such hash)"),
        ("sample", "(sample: written for this project)"),
    ],
)
def test_the_report_says_where_the_bundle_is_from(provenance: str, expected: str) -> None:
    assert line(report(provenance=provenance), "SHA-256") == f"{SHA256} {expected}"


@pytest.mark.parametrize(
    ("count", "shown", "last"),
    [
        (1, 1, "    tool--0 name: Required, but missing."),
        (SHOWN_FINDINGS, SHOWN_FINDINGS, "    tool--19 name: Required, but missing."),
        (SHOWN_FINDINGS + 1, SHOWN_FINDINGS, "    and 1 more (--json lists all)"),
        (12_345, SHOWN_FINDINGS, "    and 12,325 more (--json lists all)"),
    ],
)
def test_findings_are_listed_up_to_a_number_when_there_are_some(
    count: int, shown: int, last: str
) -> None:
    found = report(finding_details=findings(count))
    assert line(found, "findings") == f"{count:,}"
    indented = [each for each in found.lines() if each.startswith("    ")]
    assert [each for each in indented if "tool--" in each] == [
        f"    tool--{number} name: Required, but missing." for number in range(shown)
    ]
    assert indented[-1] == last


def test_json_has_every_key_that_scripts_rely_on() -> None:
    found = report(finding_details=findings(3)).as_dict()
    assert found.keys() >= NEEDED
    assert (found["status"], found["findings"]) == ("imported", 3)
    assert found["finding_details"] == findings(3)
    assert found["seconds"] == 6.043
    assert orjson.loads(orjson.dumps(found)) == found


def test_json_lists_all_findings_when_the_text_does_not() -> None:
    found = report(finding_details=findings(100)).as_dict()
    assert (found["findings"], len(found["finding_details"])) == (100, 100)


def test_json_counts_no_findings_when_there_are_none() -> None:
    assert report().as_dict()["findings"] == 0


def test_reports_share_no_state_when_made_without_findings() -> None:
    one, other = report(), report()
    one.finding_details += findings(1)
    assert other.as_dict()["findings"] == 0
