"""What became of an ID: one verdict, the weightiest, and a phrase for everything."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.id_check.asking import checked, result, row, sent, verdicts
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db

FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")
T1000 = technique("T1000", "Thing", ("first",))
T1001 = technique("T1001", "Other", ("first",))


def test_an_id_is_unchanged_when_all_that_differs_is_noise(site: Site) -> None:
    import_objects(T1000, FIRST, release="1.0")
    import_objects(T1000 | {"modified": "2025-01-01T00:00:00.000Z"}, FIRST, release="2.0")
    told = row(site, "T1000")
    assert (told["verdict"], told["changes"], told["differences_url"]) == ("unchanged", [], "")
    assert told["stands_for"]["attack_id"] == "T1000"


def test_an_id_is_changed_when_its_object_or_what_mitigates_it_differs(site: Site) -> None:
    measure = mitigation("M1000", "Measure")
    import_objects(T1000, T1001, measure, FIRST, release="1.0")
    link = relationship("mitigates", measure, T1001, "Do.")
    import_objects(T1000 | {"description": "New."}, T1001, measure, link, FIRST, release="2.0")
    assert row(site, "T1000")["changes"] == ["description edited"]
    assert row(site, "T1001")["changes"] == ["1 mitigation added"]
    assert verdicts(site, "T1000 T1001 M1000") == dict.fromkeys(
        ("T1000", "T1001", "M1000"), "changed"
    )
    assert row(site, "T1000")["differences_url"] == (
        f"http://testserver{LIBRARY}/techniques/T1000/history?from=1.0&to=2.0&domain=enterprise"
    )


def test_the_weightiest_is_the_verdict_and_all_is_told_when_there_is_more(site: Site) -> None:
    import_objects(T1000, T1001, FIRST, SECOND, release="1.0")
    moved = technique("T1000", "New name", ("second",))
    import_objects(moved, technique("T1001", "Other", ("second",)), FIRST, SECOND, release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "renamed"
    assert told["changes"][0] == "renamed from “Thing”"
    assert {"tactic First removed", "tactic Second added"} <= {*told["changes"]}
    assert row(site, "T1001")["verdict"] == "tactic-moved"


def test_a_technique_has_not_moved_when_its_tactic_has_another_name(site: Site) -> None:
    import_objects(T1000, FIRST, release="1.0")
    renamed = FIRST | {"name": "Foremost", "x_mitre_shortname": "foremost"}
    import_objects(technique("T1000", "Thing", ("foremost",)), renamed, release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "changed"
    assert told["changes"] == ["tactic “First” renamed “Foremost”"]


def test_a_technique_has_moved_when_its_tactic_is_let_go_and_it_is_the_same(site: Site) -> None:
    both = technique("T1000", "Thing", ("first", "second"))
    import_objects(both, FIRST, SECOND, release="1.0")
    import_objects(both, FIRST | {"x_mitre_deprecated": True}, SECOND, release="2.0")
    told = row(site, "T1000")
    assert (told["verdict"], told["changes"]) == ("tactic-moved", ["tactic First removed"])


def test_a_technique_has_moved_when_it_is_live_again_without_a_tactic_that_it_stated(
    site: Site,
) -> None:
    both = technique("T1000", "Thing", ("first", "second"))
    import_objects(both | {"x_mitre_deprecated": True}, FIRST, SECOND, release="1.0")
    import_objects(technique("T1000", "Thing", ("second",)), FIRST, SECOND, release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "tactic-moved"
    assert "stated tactic First removed" in told["changes"]


def test_a_technique_has_not_moved_when_it_is_live_again_under_a_tactic_with_another_name(
    site: Site,
) -> None:
    renamed = FIRST | {"name": "Foremost", "x_mitre_shortname": "foremost"}
    live = technique("T1000", "Thing", ("foremost",))
    import_objects(T1000 | {"x_mitre_deprecated": True}, FIRST, release="1.0")
    import_objects(live, renamed, release="2.0")
    import_objects(T1000 | {"revoked": True}, FIRST, release="3.0")
    told = row(site, "T1000", **{"from": "1.0", "to": "2.0"})
    assert told["verdict"] == "changed"
    assert told["changes"] == ["no longer deprecated", "tactic Foremost added"]
    told = row(site, "T1000", **{"from": "2.0", "to": "3.0"})
    assert told["changes"] == ["now revoked", "tactic Foremost removed"]


def test_a_revoked_id_leads_hop_by_hop_to_what_is_live(site: Site) -> None:
    hop, end = technique("T1001", "Hop", revoked=True), technique("T1002", "End")
    import_objects(T1000, T1001, release="1.0")
    import_objects(
        T1000 | {"revoked": True},
        *(hop, end),
        relationship("revoked-by", T1000, hop),
        relationship("revoked-by", hop, end),
        release="2.0",
    )
    told = row(site, "T1000")
    assert told["verdict"] == "revoked"
    assert told["changes"] == ["now revoked"]
    assert [step["attack_id"] for step in told["replaced_by"]] == ["T1001", "T1002"]
    assert told["stands_for"]["attack_id"] == "T1002"


def test_a_chain_may_cross_types_and_end_at_what_is_deprecated(site: Site) -> None:
    old = attack_object("malware", "S1000", "Old", revoked=True)
    new = attack_object("tool", "S1001", "New", x_mitre_deprecated=True)
    for release in ("1.0", "2.0"):
        import_objects(old, new, relationship("revoked-by", old, new), release=release)
    told = row(site, "S1000")
    assert told["changes"] == ["already revoked in 1.0"]
    assert [step["name"] for step in told["replaced_by"]] == ["New"]
    assert told["stands_for"] is None


@pytest.mark.parametrize("circle", [False, True])
def test_nothing_replaces_a_revoked_id_when_its_chain_has_no_end(site: Site, circle: bool) -> None:
    one, two = technique("T1000", "A", revoked=True), technique("T1001", "B", revoked=True)
    links = [relationship("revoked-by", one, two), relationship("revoked-by", two, one)]
    import_objects(T1000, T1001, release="1.0")
    import_objects(one, two, *(links if circle else []), release="2.0")
    told = row(site, "T1000")
    assert (told["verdict"], told["replaced_by"], told["stands_for"]) == ("revoked", [], None)
    page = sent(site, "T1000").content.decode()
    assert "MITRE names nothing that replaces it." in page
    assert "MITRE withdrew these; each says what MITRE put in its place." in page
    assert "names what stands" not in page


def test_an_id_is_deprecated_gone_or_new(site: Site) -> None:
    gone, new = technique("T1002", "Gone"), technique("T1003", "New")
    import_objects(T1000, gone, release="1.0")
    import_objects(T1000 | {"x_mitre_deprecated": True}, new, release="2.0")
    assert verdicts(site, "T1003 T1002 T1000") == {
        "T1003": "new",
        "T1002": "gone",
        "T1000": "deprecated",
    }
    assert row(site, "T1002")["object"]["url"].endswith("/v/1.0/techniques/T1002")
    assert row(site, "T1002")["changes"] == ["not in ATT&CK 2.0"]
    # And backwards.
    assert verdicts(site, "T1003 T1002 T1000", **{"from": "2.0", "to": "1.0"}) == {
        "T1003": "gone",
        "T1002": "new",
        "T1000": "changed",
    }


def test_an_id_that_is_live_again_has_all_its_relationships_anew_and_has_not_moved(
    site: Site,
) -> None:
    measure = mitigation("M1000", "Measure")
    held = (FIRST, measure, relationship("mitigates", measure, T1000, "Do."))
    import_objects(*held, T1000 | {"x_mitre_deprecated": True}, release="1.0")
    import_objects(*held, T1000, release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "changed"
    assert told["changes"] == [
        *("no longer deprecated", "1 mitigation added", "tactic First added"),
    ]


def test_an_id_that_never_existed_has_near_matches(site: Site) -> None:
    sub = technique("T1059.001", "Shell")
    import_objects(technique("T1059", "Interpreter"), sub, release="1.0")
    import_objects(technique("T1059", "Interpreter"), sub, release="2.0")
    for asked, near in {
        "T1095": ["T1059"],
        "T1058": ["T1059"],
        "T1059.1": ["T1059.001", "T1059"],
        "T1059.099": ["T1059", "T1059.001"],
        "T1059.9": ["T1059.001", "T1059"],
        "G0001": [],
    }.items():
        told = row(site, asked)
        assert told["verdict"] == "never-existed"
        assert [each["attack_id"] for each in told["near"]] == near, asked
        assert told["object"] is None


def test_near_matches_of_an_id_are_those_that_the_404_of_it_offers(site: Site) -> None:
    """Of more wrong digits than one as well, such as no page has."""
    subs = [technique(f"T1599.00{n}", f"Part {n}") for n in (1, 2)]
    held = (technique("T1599", "Bridging"), technique("T1499", "Denial"), T1000, *subs)
    measures = (mitigation("M1049", "Antivirus"), mitigation("M1019", "Intelligence"))
    for release in ("1.0", "2.0"):
        import_objects(
            *held, *measures, attack_object("intrusion-set", "G0099", "Group"), release=release
        )
    for kind, asked, first in (
        ("techniques", "T9999", "T1599"),
        *(("techniques", "T9599.001", "T1599.001"), ("techniques", "T9999.001", "T1599")),
        *(("mitigations", "M1999", "M1049"), ("groups", "G9999", "G0099")),
    ):
        page = site.page(f"{LIBRARY}/{kind}/{asked}", 404)
        offered = [a["href"].rpartition("/")[2] for a in page.one("ul", css="near").all("a")]
        assert offered[0] == first, asked
        assert [each["attack_id"] for each in row(site, asked)["near"]] == offered, asked
        assert "nothing comes close" not in result(site, asked).words


def test_an_id_of_another_release_or_domain_is_not_called_unknown(site: Site) -> None:
    import_objects(technique("T1002", "Long ago"), release="0.9")
    import_objects(T1000, release="1.0")
    import_objects(T1000, release="2.0")
    import_objects(technique("T1003", "Abroad", domain="ics"), domain="ics", release="2.0")
    told = row(site, "T1002", **{"from": "1.0"})
    assert (told["verdict"], told["changes"]) == ("not-compared", ["stands in Enterprise 0.9"])
    told = row(site, "T1003")
    assert (told["verdict"], told["changes"]) == ("not-compared", ["stands in ICS 2.0"])
    assert "ICS is not compared" in sent(site, "T1003").content.decode()


def test_an_id_stands_for_the_live_object_of_the_older_release_when_several_have_it(
    site: Site,
) -> None:
    dead = mitigation("T1000", "Old measure", x_mitre_deprecated=True)
    biscuit = attack_object("malware", "S0017", "Biscuit")
    ekans = attack_object(
        *("malware", "S0017", "Ekans"), id="malware--" + "1" * 8 + "-1111-4111-8111-" + "1" * 12
    )
    for release in ("1.0", "2.0"):
        import_objects(dead, T1000, ekans | {"x_mitre_deprecated": True}, biscuit, release=release)
    assert row(site, "T1000")["object"]["type"] == "Technique"
    assert row(site, "S0017")["object"]["name"] == "Biscuit"


def test_an_id_that_was_given_to_another_object_says_so(site: Site) -> None:
    import_objects(T1000, release="1.0")
    other = technique(
        "T1000", "Usurper", id="attack-pattern--" + "2" * 8 + "-2222-4222-8222-222222222222"
    )
    import_objects(other, release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "gone"
    assert "the ID is now that of “Usurper”" in told["changes"]


def test_an_object_under_another_id_says_so(site: Site) -> None:
    given = {"id": T1000["id"]}
    import_objects(T1000, release="1.0")
    import_objects(technique("T1999", "Thing", ("first",), **given), release="2.0")
    told = row(site, "T1000")
    assert told["verdict"] == "id-changed"
    assert "its ID is now T1999" in told["changes"]
    assert told["stands_for"]["attack_id"] == "T1999"
    told = row(site, "T1999")
    assert told["verdict"] == "id-changed"
    assert told["changes"] == ["the object had the ID T1000 in 1.0"]


def test_an_object_that_loses_or_gains_its_id_is_not_renamed(site: Site) -> None:
    named = attack_object("x-mitre-data-component", "DC1000", "Logs")
    import_objects(named, release="1.0")
    import_objects(named | {"external_references": []}, release="2.0")
    told = row(site, "DC1000")
    assert (told["verdict"], told["changes"][0]) == ("id-changed", "it has no ID now")
    told = row(site, "DC1000", **{"from": "2.0", "to": "1.0"})
    assert (told["verdict"], told["changes"]) == ("id-changed", ["the object had no ID in 2.0"])
    assert "The same object with another ID, a first one, or none." in result(site, "DC1000").words


def test_an_id_parted_otherwise_is_its_sub_technique_or_unknown_and_says_so(site: Site) -> None:
    for release in ("1.0", "2.0"):
        import_objects(T1000, technique("T1000.001", "Part"), release=release)
    told = row(site, "T1000_001")
    assert (told["attack_id"], told["verdict"]) == ("T1000.001", "unchanged")
    assert told["read_from"] == ["T1000_001"]
    assert "read from “T1000_001”" in result(site, "T1000_001").one("tbody").words
    told = row(site, "T1000-009")
    assert (told["attack_id"], told["verdict"]) == ("T1000.009", "never-existed")
    assert [each["attack_id"] for each in told["near"]] == ["T1000.001", "T1000"]
    told = row(site, "T1000:9")
    assert (told["attack_id"], told["read_from"]) == ("T1000", ["T1000:9"])


def test_changes_are_weighed_as_a_comparison_weighs_them(site: Site) -> None:
    group = attack_object("intrusion-set", "G1000", "Band")
    dead = technique("T1002", "Dead", ("first",))
    import_objects(T1000, T1001, group, dead, FIRST, release="1.0")
    import_objects(
        *(T1000, T1001 | {"description": "New."}, group | {"aliases": ["Gang"]}, FIRST),
        dead | {"x_mitre_deprecated": True},
        release="2.0",
    )
    told = checked(site, "T1000 T1001 G1000 T1002")
    weights = {found["attack_id"]: found["weight"] for found in told["ids"]}
    assert weights == {"T1000": "", "T1001": "material", "G1000": "around", "T1002": ""}
    assert told["weights"] == {"material": 1, "around": 1}
    page = result(site, "T1000 T1001 G1000 T1002")
    assert "1 changed in substance, 1 changed around it" in page.words
    assert "In substance: description edited" in page.words
    listed = site.page(f"{LIBRARY}/releases/1.0...2.0/changes?weight=material")
    assert "T1001" in listed.one("tbody").words
    assert len(listed.one("tbody").all("tr")) == 1


def test_an_object_of_several_domains_is_told_once_with_what_differs_in_each(site: Site) -> None:
    group = attack_object("intrusion-set", "G1000", "Band")
    for domain in ("enterprise", "mobile"):
        import_objects(group, domain=domain, release="1.0")
    import_objects(group | {"description": "New."}, release="2.0")
    import_objects(
        group | {"description": "New.", "aliases": ["B"]}, domain="mobile", release="2.0"
    )
    told = row(site, "G1000")
    assert told["domains"] == ["Enterprise", "Mobile"]
    assert told["changes"] == ["description edited", "Mobile: alias B added"]
    assert row(site, "G1000", domain="enterprise")["changes"] == ["description edited"]


def test_the_cost_in_queries_does_not_depend_on_how_many_ids_there_are(site: Site) -> None:
    many = [technique(f"T{number}", "Thing") for number in range(1000, 1020)]
    import_objects(*many, release="1.0")
    import_objects(*(found | {"name": "New"} for found in many), release="2.0")
    checked(site, "T1000")
    counts = []
    for text in ("T1000 T9999", " ".join(f"T{number} T{number}.9" for number in range(1000, 1020))):
        with CaptureQueriesContext(connection) as queries:
            checked(site, text)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize(
    ("releases", "before", "after"),
    [
        (["1.0", "2.0", "3.0"], "2.0", "3.0"),
        (["2.0"], "2.0", "2.0"),
        (["sample-1", "sample-2"], "sample-1", "sample-2"),
        (["sample-1", "1.0"], "1.0", "1.0"),
    ],
)
def test_the_newest_two_releases_are_compared_when_none_is_chosen(
    site: Site, releases: list[str], before: str, after: str
) -> None:
    for release in releases:
        import_objects(T1000, release=release)
    told = checked(site, "T1000")
    assert (told["mapped_to"], told["compared_with"]) == (before, after)


def test_the_release_before_is_one_that_has_as_many_domains(site: Site) -> None:
    for release in ("1.0", "2.0", "3.0"):
        import_objects(T1000, release=release)
    for release in ("1.0", "3.0"):
        import_objects(technique("T1001", "I", domain="ics"), domain="ics", release=release)
    assert checked(site, "T1000")["mapped_to"] == "1.0"


def test_the_release_wanted_is_the_one_that_most_domains_show(site: Site) -> None:
    domains = ("enterprise", "mobile", "ics")
    for release in ("1.0", "2.0"):
        for domain in domains:
            import_objects(
                technique("T1000", "Thing", domain=domain), domain=domain, release=release
            )
    import_objects(technique("T1000", "Thing", domain="ics"), domain="ics", release="3.0")
    told = checked(site, "T1000")
    assert (told["mapped_to"], told["compared_with"]) == ("1.0", "2.0")


def test_the_releases_wanted_are_those_of_the_domain_when_one_is_named(site: Site) -> None:
    for release in ("1.0", "2.0"):
        import_objects(T1000, release=release)
    plant = technique("T1001", "Plant", domain="ics")
    for release in ("1.1", "1.2"):
        import_objects(plant, domain="ics", release=release)
    told = checked(site, "T1001", domain="ics")
    assert (told["mapped_to"], told["compared_with"]) == ("1.1", "1.2")
