"""What the second release of the sample changes."""

from collections import defaultdict

from tests.importer.samples import DOMAINS, Object, label, load, state, the


def differences(domain: str) -> dict[str, set[str]]:
    """What sample-2 does to sample-1, by kind of change; a silent one keeps its `modified`."""
    before, after = load(domain, "sample-1"), load(domain, "sample-2")
    found = defaultdict(set)
    for stix_id, each in after.items():
        if stix_id not in before:
            found["new"].add(label(after, each))
        elif each != before[stix_id] and each["type"] != "x-mitre-collection":
            silent = each["modified"] == before[stix_id]["modified"]
            found["silent" if silent else change(before[stix_id], each)].add(label(after, each))
    found["gone"] = {label(before, each) for key, each in before.items() if key not in after}
    return dict(found)


def change(before: Object, after: Object) -> str:
    """The kind of one change."""
    if state(before) != state(after):
        return state(after)
    if after["type"] == "relationship":
        return "note"
    if before["name"] != after["name"]:
        return "renamed"
    first, second = (
        [int(part) for part in each["x_mitre_version"].split(".")] for each in (before, after)
    )
    if first == second:
        return "patch"
    if second == [first[0], first[1] + 1]:
        return "minor"
    return "major" if second == [first[0] + 1, 0] else "other"


def test_sample_2_changes_enterprise() -> None:
    assert differences("enterprise") == {
        "new": {
            "T1572",
            "M1037 mitigates T1572",
            "S0508 uses T1572",
            "M1031 mitigates T1048.003",
            "G0118 revoked-by G0016",
        },
        "gone": {"M1031 mitigates T1021.002", "S0029", "S0029 uses T1021.002"},
        "renamed": {"T1105"},
        "major": {"DC0078"},
        "minor": {"M1037", "M1013"},
        "patch": {"M1031"},
        "silent": {"M1032"},
        "note": {"M1037 mitigates T1105"},
        "revoked": {"G0118"},
        "deprecated": {"T1043"},
    }


def test_sample_2_changes_mobile() -> None:
    assert differences("mobile") == {
        "new": {
            "T1635.001",
            "T1635.001 subtechnique-of T1635",
            "M1013 mitigates T1635.001",
            "M1006 mitigates T1635.001",
        },
        "gone": {"M1012 mitigates T1660"},
        "minor": {"M1013"},
        "patch": {"M1006"},
        "note": {"M1011 mitigates T1660"},
        "deprecated": {"S0317"},
    }


def test_sample_2_changes_ics() -> None:
    assert differences("ics") == {
        "new": {
            "T0884",
            "M0937 mitigates T0884",
            "M0802 mitigates T0843",
            "T0884 targets A0012",
            "C0028 uses T0884",
        },
        "gone": {"M0932 mitigates T0886"},
        "major": {"A0007"},
        "minor": {"T0855"},
        "patch": {"M0930"},
        "note": {"M0937 mitigates T0855"},
        "deprecated": {"C0009"},
    }


def test_a_shared_object_differs_between_domains_in_sample_2_only() -> None:
    first = [the(load(domain, "sample-1"), "M1013") for domain in ("enterprise", "mobile")]
    enterprise, mobile = (the(load(domain, "sample-2"), "M1013") for domain in DOMAINS[:2])

    assert first[0] == first[1]
    assert enterprise["modified"] == mobile["modified"]
    assert enterprise["x_mitre_domains"] == ["enterprise-attack", "mobile-attack"]
    assert mobile == {**enterprise, "x_mitre_domains": ["mobile-attack"]}
