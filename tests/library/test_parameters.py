"""Query parameters, as hostile as addresses can make them."""

from urllib.parse import quote

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from library.parameters import (
    LONGEST_QUERY,
    PAGE_SIZE,
    ListFilters,
    TableFilters,
    can_be_held,
    offset,
    search_text,
)


def list_filters(query: str) -> ListFilters:
    return ListFilters.of(QueryDict(query))


def table_filters(query: str) -> TableFilters:
    return TableFilters.of(QueryDict(query))


def test_page_size_is_that_of_the_live_site() -> None:
    assert PAGE_SIZE == 25


@pytest.mark.parametrize(
    ("given_text", "start"),
    [("0", 0), ("24", 0), ("25", 25), ("26", 25), ("49", 25), ("50", 50), ("0025", 25)],
)
def test_offset_rounds_down_to_a_page(given_text: str, start: int) -> None:
    assert offset(given_text) == start


NO_NUMBERS = "| |abc|-1|-25|+25|2 5| 25|25.0|2.5e1|0x19|1_000|½|²|\x00|25\x00|NaN|inf|null|[]"
OTHER_DIGITS = ["٢٥", "२५", "\uff12\uff15", "\U0001d7da\U0001d7dd"]


@pytest.mark.parametrize("bad", [*NO_NUMBERS.split("|"), *OTHER_DIGITS])
def test_offset_is_the_first_page_when_it_is_no_number(bad: str) -> None:
    assert offset(bad) == 0


@pytest.mark.parametrize("digits", [10, 4300, 5000, 100_000])
def test_offset_lies_beyond_any_list_when_it_is_absurd(digits: int) -> None:
    assert offset("1" + "0" * digits) == 10**9
    assert offset("0" * digits + "26") == 25


def test_offset_is_kept_when_it_is_merely_too_large() -> None:
    assert offset("999999999") == 999999975


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  filter   traffic ", "filter traffic"),
        ("a\tb\nc\rd", "a b c d"),
        ("a\x00b", "a b"),
        ("\u200bM1037\u202e", "M1037"),
        ("100% & <b>", "100% & <b>"),
        ("Ünïcödé 数据", "Ünïcödé 数据"),
        ("\ud800x", "x"),
        ("", ""),
        (" \x00\u2028 ", ""),
    ],
)
def test_search_text_is_one_clean_line(written: str, read: str) -> None:
    assert search_text(written) == read


def test_search_text_is_cut_when_it_is_long() -> None:
    assert search_text("a" * 10_000) == "a" * LONGEST_QUERY
    assert search_text("a" * 199 + " b") == "a" * 199


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "1", "on", "yes"])
def test_revoked_are_included_when_the_value_says_so(value: str) -> None:
    assert list_filters(f"includeRevoked={value}").include_revoked


@pytest.mark.parametrize("value", ["", "false", "0", "no", "off", "2", "truee", "%00", " true"])
def test_revoked_are_left_out_when_the_value_is_anything_else(value: str) -> None:
    assert not list_filters(f"includeRevoked={value}").include_revoked
    assert not list_filters("includerevoked=true").include_revoked


@pytest.mark.parametrize("value", ["enterprise", "mobile", "ics"])
def test_domain_is_kept_when_it_is_one_of_the_three(value: str) -> None:
    assert list_filters(f"domain={value}").domain == value


@pytest.mark.parametrize("value", ["", "ICS", "pre", "ics%20", "ics%00", "enterprise,ics", "*"])
def test_domain_is_dropped_when_it_is_none_of_the_three(value: str) -> None:
    assert list_filters(f"domain={value}") == ListFilters()


def test_last_value_counts_when_a_parameter_is_given_twice() -> None:
    assert list_filters("offset=25&offset=50&domain=ics&domain=mobile") == ListFilters(
        domain="mobile", offset=50
    )


def test_address_names_only_what_differs_from_the_plain_list() -> None:
    assert ListFilters().query == ""
    assert ListFilters(include_revoked=True, offset=25).query == "?includeRevoked=true&offset=25"
    full = ListFilters(domain="ics", text='a&b=c#d "e" %', include_revoked=True, offset=50)
    assert full.query == ("?domain=ics&q=a%26b%3Dc%23d+%22e%22+%25&includeRevoked=true&offset=50")


def test_filters_are_any_when_they_change_which_entries_fit() -> None:
    assert not ListFilters(offset=25).any
    assert ListFilters(domain="ics").any
    assert ListFilters(text="x").any
    assert ListFilters(include_revoked=True).any


@given(
    domain=st.text(max_size=12),
    text=st.text(max_size=300),
    revoked=st.text(max_size=6),
    start=st.text(max_size=12),
)
def test_list_address_leads_to_the_same_filters_whatever_was_asked(
    domain: str, text: str, revoked: str, start: str
) -> None:
    asked = f"domain={quote(domain)}&q={quote(text)}&includeRevoked={quote(revoked)}"
    found = list_filters(f"{asked}&offset={quote(start)}")
    assert list_filters(found.query.removeprefix("?")) == found
    assert found.query.isascii()
    assert not set(found.query) & set("\r\n\"'<>\x00 ")
    assert can_be_held(found.text)


@given(text=st.text(max_size=300), sort=st.text(max_size=6))
def test_table_address_leads_to_the_same_filters_whatever_was_asked(text: str, sort: str) -> None:
    found = table_filters(f"filter={quote(text)}&sort={quote(sort)}")
    assert table_filters(found.query.removeprefix("?")) == found
    assert not set(found.query) & set("\r\n\"'<>\x00 ")


@pytest.mark.parametrize("sort", ["id", "-id", "name", "-name"])
def test_sort_is_kept_when_it_is_one_of_the_four(sort: str) -> None:
    assert table_filters(f"sort={sort}").sort == sort


@pytest.mark.parametrize("sort", ["", "ID", "domain", "--id", "id,name", "version__name", "%00"])
def test_sort_is_by_id_when_it_is_anything_else(sort: str) -> None:
    assert table_filters(f"sort={sort}").sort == "id"


def test_sorting_turns_round_when_the_column_is_chosen_again() -> None:
    plain = TableFilters(text="x y")
    assert plain.by_id == "?filter=x+y&sort=-id"
    assert plain.by_name == "?filter=x+y&sort=name"
    assert TableFilters(sort="name").by_name == "?sort=-name"
    assert TableFilters(sort="-name").by_name == "?sort=name"
    assert TableFilters(sort="-id").by_id == ""


def test_text_cannot_be_held_when_it_has_a_nul() -> None:
    assert can_be_held("M1037")
    assert not can_be_held("M10\x0037")
