"""The numbered references of a page, and reading them from external references."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.text.references import References, Source, sources

REPORT = Source("Report A", "Doe, J. (2020). A report.", "https://example.org/a")
PAPER = Source("Paper B", "Roe, R. (2021). A paper.", "https://example.org/b")


def test_sources_keep_their_order_and_fields() -> None:
    found = sources(
        [
            {"source_name": "B", "description": " Two. ", "url": "https://example.org/2"},
            {"source_name": "A", "description": "One."},
        ]
    )

    assert found == (Source("B", "Two.", "https://example.org/2"), Source("A", "One.", ""))


@pytest.mark.parametrize(
    "malformed",
    [None, 7, "text", {}, {"source_name": "A"}, [None], [[]], ["A"], [{}], [{"source_name": 3}]],
)
def test_sources_are_none_when_the_value_is_malformed(malformed: object) -> None:
    assert sources(malformed) == ()


def test_sources_leave_out_what_is_no_text_when_fields_are_malformed() -> None:
    entry: dict[str, Any] = {"source_name": "A", "description": ["x"], "url": {"y": 1}}

    assert sources([entry, 5]) == (Source("A", "", ""),)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org",
        "//example.org",
        "/techniques/T1059",
        'https://example.org/"onclick=',
        "https://example.org/a b",
        "https://",
    ],
)
def test_source_has_no_address_when_it_is_not_one_of_the_web(url: str) -> None:
    assert sources([{"source_name": "A", "url": url}])[0].url == ""


def test_source_takes_its_description_for_address_when_it_is_one() -> None:
    (found,) = sources([{"source_name": "A", "description": "https://example.org/a"}])

    assert found.url == "https://example.org/a"


def test_source_is_described_by_its_catalogue_number_when_it_has_nothing_else() -> None:
    (found,) = sources(
        [{"source_name": "capec", "external_id": "CAPEC-1", "url": "https://example.org/1"}]
    )

    assert found.description == "CAPEC-1"


def test_source_is_a_note_when_it_describes_an_alias() -> None:
    assert Source("Other Name", "(Citation: Report A)", "").is_note
    assert Source("Other Name", "Used by one vendor.(Citation: Report A)", "").is_note
    assert not REPORT.is_note


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["source_name", "description", "url", "external_id"]), inner
            )
        ),
    )
)
def test_sources_never_fail(value: object) -> None:
    references = References()

    references.add_uncited(sources(value))

    assert all(entry.name and entry.text for entry in references.entries)


def test_numbers_follow_first_use() -> None:
    references = References()

    numbers = [references.cite(name, ([REPORT, PAPER],)).number for name in ("Paper B", "Report A")]

    assert numbers == [1, 2]
    assert [entry.name for entry in references.entries] == ["Paper B", "Report A"]
    assert [entry.anchor for entry in references.entries] == ["ref-1", "ref-2"]


def test_each_use_has_its_own_anchor_when_cited_again() -> None:
    references = References()
    scopes = ((REPORT,),)

    anchors = [references.cite("Report A", scopes).anchor for _ in range(3)]

    assert anchors == ["cite-1-1", "cite-1-2", "cite-1-3"]
    assert references.entries[0].uses == anchors


def test_use_leaves_no_anchor_when_the_references_stand_elsewhere() -> None:
    references = References()

    citation = references.cite("Report A", ((REPORT,),), anchored=False)

    assert (citation.number, citation.anchor, references.entries[0].uses) == (1, "", [])


def test_nearest_scope_decides_when_a_name_has_several_sources() -> None:
    other = Source("Report A", "Poe, E. (1999). Another.", "https://example.org/other")
    references = References()

    references.cite("Report A", ((REPORT,), (other,)))
    references.cite("Report A", ((other,), (REPORT,)))

    assert [(entry.name, entry.url) for entry in references.entries] == [
        ("Report A", "https://example.org/a"),
        ("Report A", "https://example.org/other"),
    ]


def test_wider_scope_is_used_when_the_nearest_lacks_the_name() -> None:
    assert References().find("Paper B", ((REPORT,), (PAPER,))) == PAPER


@pytest.mark.parametrize(
    "slip", ["report a", "Report  A", " Report A ", "REPORT\nA", "Report\xa0A"]
)
def test_name_is_found_when_case_or_space_slips(slip: str) -> None:
    assert References().find(slip, ((REPORT,),)) == REPORT


def test_name_is_found_when_only_punctuation_and_a_title_differ() -> None:
    alert = Source("Alert TA99-123A Something July 2020", "", "https://example.org/alert")

    assert References().find("Alert (TA99-123A)", ((REPORT, alert),)) == alert


def test_name_is_found_when_two_letters_are_transposed() -> None:
    report = Source("Vendor Trojan May 2017", "", "https://example.org/trojan")

    assert References().find("Vendor Torjan May 2017", ((REPORT, report),)) == report


@pytest.mark.parametrize("name", ["Vendor Trojan May 2071", "Vendor Trojan Jun 2017", "Trojan"])
def test_name_is_not_found_when_date_or_words_differ(name: str) -> None:
    assert References().find(name, ((Source("Vendor Trojan May 2017", "", ""),),)) is None


def test_name_is_not_guessed_when_two_names_begin_with_it() -> None:
    scope = (Source("Vendor Report May", "a", ""), Source("Vendor Report June", "b", ""))

    assert References().find("Vendor Report", (scope,)) is None


def test_exact_name_in_a_wider_scope_wins_when_the_nearest_only_resembles_it() -> None:
    longer = Source("Report A Appendix", "x", "")

    assert References().find("Report A", ((longer,), (REPORT,))) == REPORT


def test_notes_on_aliases_are_no_sources() -> None:
    note = Source("Report A", "(Citation: Paper B)", "")

    assert References().find("Report A", ((note,), (REPORT,))) == REPORT


def test_name_without_source_gets_a_number_once() -> None:
    references = References()

    first = references.cite("Nobody  Knows", ())
    second = references.cite("nobody knows", ())

    assert (first.number, second.number) == (1, 1)
    (entry,) = references.entries
    assert (entry.name, entry.text, entry.url, entry.resolved) == (
        "Nobody Knows",
        "Nobody Knows",
        "",
        False,
    )


def test_same_source_is_one_reference_when_two_objects_list_it() -> None:
    references = References()

    references.cite("Report A", ((REPORT,),))
    references.cite("Report A", ((Source(REPORT.name, REPORT.description, REPORT.url),),))

    assert len(references.entries) == 1


def test_uncited_references_come_last_without_repeats() -> None:
    references = References()
    references.cite("Paper B", ((PAPER,),))

    references.add_uncited([REPORT, PAPER, REPORT])

    assert [(entry.name, entry.uses) for entry in references.entries] == [
        ("Paper B", ["cite-1-1"]),
        ("Report A", []),
    ]


@pytest.mark.parametrize(
    "name", ["mitre-attack", "mitre-mobile-attack", "mitre-attack-mobile", "mitre-ics-attack"]
)
def test_uncited_references_leave_out_the_identity(name: str) -> None:
    references = References()

    references.add_uncited([Source(name, "T0000", "https://attack.mitre.org/techniques/T0000")])

    assert references.entries == []


def test_uncited_references_leave_out_notes_on_aliases() -> None:
    references = References()

    references.add_uncited([Source("Other Name", "Seen once.(Citation: Report A)", "")])

    assert references.entries == []


def test_text_is_as_the_reader_should_see_it_when_it_holds_entities() -> None:
    source = Source("A", "Doe, J. (n.d.). A talk &#91;slides&#93;.\n Seen <tag>.", "")
    references = References()
    references.cite("A", ((source,),))

    assert references.entries[0].text == "Doe, J. (n.d.). A talk [slides]. Seen <tag>."


def test_text_is_the_name_when_there_is_no_description() -> None:
    references = References()
    references.cite("A", ((Source("A", "", "https://example.org"),),))

    assert references.entries[0].text == "A"
