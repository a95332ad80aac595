"""What is revoked or deprecated still says what MITRE states of it, on its page and in lists."""

import pytest

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    matrix,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Site
from tests.library.taken import content, loaded

pytestmark = pytest.mark.django_db

LIST = f"{LIBRARY}/techniques"
RUN = tactic("TA0001", "Run", "run")
GONE = tactic("TA0002", "Gone", "gone") | {"x_mitre_deprecated": True}
LIVE = technique("T1000", "Live", ("run",))
OLD = technique("T1001", "Old", ("run",), x_mitre_deprecated=True)
SUB = technique("T1000.001", "Sub", ("run",), revoked=True)
LEFT = technique("T1002", "Left", ("gone",))
BOTH = technique("T1003", "Both", ("gone",), x_mitre_deprecated=True)
PARENT_LINK = relationship("subtechnique-of", SUB, LIVE)


def everything() -> list[Properties]:
    return [matrix("enterprise", [RUN, GONE]), RUN, GONE, LIVE, OLD, SUB, LEFT, BOTH, PARENT_LINK]


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(*everything())
    return site


def listed(site: Site, query: str) -> list[str]:
    """The IDs of a list, by its file."""
    rows = content(site, f"{LIST}/csv{query}").decode("utf-8-sig").splitlines()
    at = rows[0].split(",").index("ID")
    return sorted(row.split(",")[at] for row in rows[1:])


def fact(site: Site, path: str, label: str) -> str:
    facts = site.page(f"{LIBRARY}/{path}").all("dl", css="facts")[0]
    stated = zip(facts.all("dt"), facts.all("dd"), strict=True)
    return {term.words: said.words for term, said in stated}.get(label, "")


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("?tactic=TA0001", ["T1000"]),
        ("?tactic=TA0002", ["T1002"]),
        ("?tactic=TA0001&includeRevoked=true", ["T1000", "T1000.001", "T1001"]),
        ("?tactic=TA0002&includeRevoked=true", ["T1002", "T1003"]),
    ],
)
def test_list_of_a_tactic_holds_its_dead_techniques_when_they_are_asked_for(
    library: Site, query: str, ids: list[str]
) -> None:
    assert listed(library, query) == ids
    assert f"{len(ids)} " in library.page(LIST + query).one(css="count").words


def test_dead_tactics_are_offered_as_such_where_dead_entries_are(library: Site) -> None:
    def offered(query: str) -> list[str]:
        choices = library.page(LIST + query).one("select", name="tactic").all("option")
        return [choice.words for choice in choices[1:]]

    assert offered("") == ["Run"]
    for query in ("?includeRevoked=true", "?tactic=TA0002", "?tactic=gone"):
        assert offered(query) == ["Gone (deprecated)", "Run"]


def test_dead_technique_states_its_tactics_and_its_parent(library: Site) -> None:
    assert fact(library, "techniques/T1001", "Tactics") == "Run"
    assert fact(library, "techniques/T1000.001", "Tactics") == "Run"
    assert fact(library, "techniques/T1000.001", "Sub-technique of") == "Live"
    crumbs = library.page(f"{LIBRARY}/techniques/T1000.001").one("nav", css="breadcrumb")
    assert "T1000" in [link.words for link in crumbs.all("a")]
    rows = content(library, f"{LIST}/csv?includeRevoked=true").decode("utf-8-sig").splitlines()
    assert all("Run" in row for row in rows if ",T1001," in row)


def test_live_technique_names_a_dead_tactic_as_such(library: Site) -> None:
    assert fact(library, "techniques/T1002", "Tactics") == "Gone (deprecated)"


def test_parent_is_not_stated_when_the_relationship_is_dead_itself(site: Site) -> None:
    import_objects(RUN, LIVE, SUB, PARENT_LINK | {"revoked": True})
    assert fact(site, "techniques/T1000.001", "Sub-technique of") == ""


def test_dead_relationship_adds_nothing_to_the_tables_of_the_living(library: Site) -> None:
    page = library.page(f"{LIBRARY}/techniques/T1000")
    assert not page.has(id="sub-techniques")
    # One that is live, to be listed beside the dead one were it not for its relationship.
    beside = technique("T1000.002", "Beside", ("run",))
    links = PARENT_LINK, relationship("subtechnique-of", beside, LIVE)
    import_objects(RUN, LIVE, SUB, beside, *links, release="2.0")
    other = library.page(f"{LIBRARY}/techniques/T1000.001")
    assert not other.has(id="siblings")


def test_page_of_a_dead_tactic_lists_what_its_matrix_lists(library: Site) -> None:
    page = library.page(f"{LIBRARY}/tactics/TA0002")
    rows = page.one(id="techniques").all("tr", css="row")
    assert [row.one(css="attack-id").words for row in rows] == ["T1002", "T1003"]
    assert ["Status: Deprecated" in row.words for row in rows] == [False, True]
    assert "are not listed" not in page.words
    found = loaded(library, f"{LIBRARY}/tactics/TA0002/json")["tables"][0]["rows"]
    assert [[fact["value"] for fact in row["facts"]] for row in found] == [[], ["Deprecated"]]


def test_dead_entry_does_not_say_that_attack_lists_nothing(site: Site) -> None:
    old = mitigation("M1000", "Old", x_mitre_deprecated=True)
    import_objects(old, LIVE, RUN, relationship("mitigates", old, LIVE))
    section = site.page(f"{LIBRARY}/mitigations/M1000").one(id="techniques")
    assert section.one(css="absent").words == "Relationships of deprecated entries are not listed."


def test_tactic_that_no_release_has_is_said(site: Site) -> None:
    phases = [
        {"kill_chain_name": "mitre-attack", "phase_name": "run"},
        {"kill_chain_name": "mitre-attack", "phase_name": "no-such-tactic"},
    ]
    import_objects(RUN, attack_object("attack-pattern", "T1000", "Way", kill_chain_phases=phases))
    page = site.page(f"{LIBRARY}/techniques/T1000")
    said = "The tactic “no-such-tactic” that it states is not in the release."
    assert said in page.one(css="quality").words
    import_objects(RUN, LIVE, release="2.0")
    assert "that it states" not in site.page(f"{LIBRARY}/techniques/T1000").words
