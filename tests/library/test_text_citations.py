"""Citations and code in descriptions and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from library.text.references import References

if TYPE_CHECKING:
    pass

from tests.library.rendering import CITE_1, ODD, Reader, assert_sound, html, rendered


def test_citation_becomes_a_numbered_mark() -> None:
    references = References()

    note = rendered("It was seen. (Citation: Report A)", references)

    assert note.html == f"<p>It was seen.{CITE_1}</p>"
    assert [entry.uses for entry in references.entries] == [["cite-1-1"]]


@pytest.mark.parametrize(
    "citation",
    [
        "(Citation:Report A)",
        "( Citation: Report A )",
        "(Citation : Report A)",
        "(citation: report a)",
        "(Citation:  Report\nA)",
        "(Citations: Report A)",
        "(Citation:\xa0Report A)",
    ],
)
def test_citation_is_read_when_spaced_or_written_oddly(citation: str) -> None:
    assert html(f"Seen.{citation}") == f"<p>Seen.{CITE_1}</p>"


def test_citations_follow_each_other_without_space() -> None:
    reader = Reader(
        html("Seen (Citation: Report A) (Citation: Paper (B-1))\n(Citation: Report A).")
    )

    assert reader.text == "Seen[1][2][1]."


@pytest.mark.parametrize("between", [", Citation: ", "; Citation: ", ",Citation:"])
def test_citations_are_told_apart_when_they_share_a_parenthesis(between: str) -> None:
    assert Reader(html(f"Seen.(Citation: Report A{between}Paper (B-1)).")).text == "Seen.[1][2]."


def test_citation_is_found_when_its_name_has_markup_and_an_odd_parenthesis() -> None:
    references = References()

    note = rendered(f"Seen.(Citation: {ODD.name}) And *more words*.", references)

    assert references.entries[0].url == ODD.url
    assert Reader(note.html).text == "Seen.[1] And more words."


def test_citation_ends_with_its_own_parenthesis_when_the_name_is_unknown() -> None:
    references = References()

    note = rendered("Seen (Citation: Alert (TA-1)) here (and there).", references)

    assert Reader(note.html).text == "Seen[1] here (and there)."
    assert [(entry.name, entry.resolved) for entry in references.entries] == [
        ("Alert (TA-1)", False)
    ]


def test_citation_is_numbered_when_only_its_inner_parenthesis_is_closed() -> None:
    references = References()

    note = rendered("Seen (Citation: Alert (TA-1) here. (Citation: Report A)", references)

    assert Reader(note.html).text == "Seen[1] here.[2]"
    assert references.entries[0].name == "Alert (TA-1)"


def test_citation_is_numbered_when_never_closed_but_known() -> None:
    assert (
        Reader(html("Seen (Citation: Report A\n\nMore (really).")).text == "Seen[1]\nMore (really)."
    )


def test_words_stay_when_a_citation_is_never_closed_and_unknown() -> None:
    reader = Reader(html("Seen (Citation: Somebody 2020 and more\n\nEnd."))

    assert reader.text == "Seen (Somebody 2020 and more\nEnd."


def test_nothing_is_shown_when_a_citation_is_empty() -> None:
    assert html("Seen (Citation: ) here.") == "<p>Seen here.</p>"


def test_citation_stands_behind_the_link_when_written_inside() -> None:
    note = html("[as told (Citation: Report A)](https://example.org/)")

    assert note == (
        '<p><a href="https://example.org/" rel="noopener noreferrer">as told</a>' + CITE_1 + "</p>"
    )


@pytest.mark.parametrize(
    "code", ["`run it (Citation: Report A)`", "<code>run it (Citation: Report A)</code>"]
)
def test_citation_stands_behind_the_code_when_written_inside(code: str) -> None:
    assert html(f"Do {code} now.") == f"<p>Do <code>run it</code>{CITE_1} now.</p>"


def test_citation_stays_in_its_list_item() -> None:
    reader = Reader(html("Seen:\n\n- one (Citation: Report A)\n- (Citation: Report A) two"))

    assert reader.elements["li"] == 2
    assert reader.text.split() == ["Seen:", "one[1]", "[1]", "two"]


def test_citation_alone_makes_a_paragraph() -> None:
    assert html("(Citation: Report A)") == f"<p>{CITE_1}</p>"


def test_citation_leads_to_another_page_when_its_references_are_there() -> None:
    references = References()

    note = rendered("Seen.(Citation: Report A)", references, reference_base="/learn/m/M0001")

    assert 'href="/learn/m/M0001#ref-1"' in note.html
    assert "id=" not in note.html
    assert references.entries[0].uses == []


def test_citation_name_is_escaped_in_its_label() -> None:
    note = html('Seen.(Citation: A "quoted" <b>name</b>)')

    assert_sound(note)
    assert "<b>" not in note


# Code


def test_code_tag_is_verbatim_when_it_holds_markup_and_placeholders() -> None:
    note = html("Run <code>type *.txt _x_ [a](b) `c` C:\\Users\\<username>\\</code> first.")

    assert note == (
        "<p>Run <code>type *.txt _x_ [a](b) `c` C:\\Users\\&lt;username&gt;\\</code> first.</p>"
    )


def test_code_tag_shows_entities_as_characters() -> None:
    assert (
        html("See <code>&lt;id&gt;&bsol;&#42;</code>.") == "<p>See <code>&lt;id&gt;\\*</code>.</p>"
    )


def test_citation_stands_behind_the_code_when_an_entity_stands_in_it() -> None:
    note = html("Do <code>a & b &amp;&amp; c (Citation: Report A)</code> now.")
    assert note == f"<p>Do <code>a &amp; b &amp;&amp; c</code>{CITE_1} now.</p>"


def test_code_tag_loses_the_escapes_that_markdown_needed() -> None:
    assert html("a <code>\\*</code> b <code>\\~/x\\_y</code>") == (
        "<p>a <code>*</code> b <code>~/x_y</code></p>"
    )


@pytest.mark.parametrize(
    "code", ["C:\\Users\\*", "\\d{1,3}\\.\\d", "net time \\\\host", "x\\[y]", "echo \\'a\\'"]
)
def test_code_tag_keeps_a_backslash_that_is_its_own(code: str) -> None:
    assert Reader(html(f"a <code>{code}</code>")).text == f"a {code}"


def test_code_keeps_its_lines_when_it_has_several() -> None:
    query = 'index=x (a="b")\n\n- c\n| eval d=case(\n    e="f", 1\n)'

    note = rendered(f"Search for it.\n\n<code> {query}</code>\n\nEnd.")

    assert note.html.startswith("<p>Search for it.</p>\n<pre><code>index=x")
    assert Reader(note.html).text.strip() == f"Search for it.\n{query}\nEnd."


def test_code_of_several_lines_is_a_block_when_glued_to_the_line_before() -> None:
    note = html("Search for it.\n<code>a\nb</code>\nThen stop.")

    assert note.replace("\n", "~") == (
        "<p>Search for it.</p>~<pre><code>a~b</code></pre>~<p>Then stop.</p>"
    )


def test_code_is_a_block_when_alone() -> None:
    assert html("First:\n\n<code>a</code>\n\n`b`").count("<pre>") == 2


def test_code_stays_in_line_when_its_list_item_has_nothing_else() -> None:
    assert "<li><code>a</code></li>" in html("Keys:\n\n* <code>a</code>\n* `b`")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Use <code>a<code> to set. Then <code>b</code>.", "<code>a</code> to set. Then"),
        ("Use <code><code> a</code> so.", "Use <code>a</code> so."),
        ("Use </code>a</code> so.", "Use <code>a</code> so."),
        ("Use <soda>a</code> and <code>b</code>.", "&lt;soda&gt;a and <code>b</code>"),
        ("Use <code>a and so on", "Use <code>a and so on</code>"),
        ("Use <code>a and\n\nso on", "Use <code>a and</code></p>\n<p>so on"),
        ("Use x<code> a </code>y <code></code>z", "x <code>a</code> y z"),
        ("Use <CODE>a</CODE>.", "Use <code>a</code>."),
        ("Use <code>a</code ", "Use <code>a</code>"),
    ],
)
def test_code_is_read_as_meant_when_its_tags_are_mistyped(text: str, shown: str) -> None:
    note = html(text)

    assert shown in note
    assert_sound(note)


def test_code_tag_is_shown_when_it_stands_in_back_ticks() -> None:
    assert html("The `<code>x</code>` tag.") == (
        "<p>The <code>&lt;code&gt;x&lt;/code&gt;</code> tag.</p>"
    )


def test_code_holds_a_link_when_the_name_of_an_object_is_set_in_it() -> None:
    note = html("Use <code>[tool](https://attack.mitre.org/software/S0001) /x</code>.")

    assert note == '<p>Use <code><a href="/learn/software/S0001">tool</a> /x</code>.</p>'


def test_back_ticks_keep_their_lines_when_lines_look_like_a_list() -> None:
    note = html("- Example:\n`out:\n  - type: a\n    to: <host>`\n\nEnd.")

    assert "<pre><code>out:\n  - type: a\n    to: &lt;host&gt;</code></pre>" in note


def test_fence_is_left_as_it_stands() -> None:
    note = html("Run:\n\n```sh\n# comment\n*A glob\n• dot\n```\n\nEnd.")

    assert "<pre><code># comment\n*A glob\n• dot</code></pre>" in note
