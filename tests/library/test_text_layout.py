"""Lists, headings, lines and the forms of a rendering."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.template import Context, Engine

from library.text.markdown import LONGEST_MARKDOWN, plain
from library.text.references import References

if TYPE_CHECKING:
    pass

from tests.library.rendering import Reader, assert_sound, html, rendered

# Lists, headings, lines


def test_measures_become_lists_under_their_line() -> None:
    note = html(
        "Use these measures: \n\nFilter the Mail:\n- Use Case: One thing.\n"
        "- Implementation: Another.\n\nTrain Staff\n\n- Use Case: A third."
    )

    assert note.replace("\n", "") == (
        "<p>Use these measures:</p>"
        '<p class="md-lead">Filter the Mail:</p>'
        "<ul><li>Use Case: One thing.</li><li>Implementation: Another.</li></ul>"
        '<p class="md-lead">Train Staff</p>'
        "<ul><li>Use Case: A third.</li></ul>"
    )


def test_measures_become_lists_when_glued_to_their_line() -> None:
    note = html("Filter the Mail: - Use Case: One thing. - Implementation: Another - good - one.")

    assert note.replace("\n", "") == (
        '<p class="md-lead">Filter the Mail:</p>'
        "<ul><li>Use Case: One thing.</li><li>Implementation: Another - good - one.</li></ul>"
    )


def test_long_sentence_before_a_list_stays_a_sentence() -> None:
    text = "This is seen on many systems. Among what they look for are the following things:\n* a"

    assert html(text).startswith("<p>This is seen")


@pytest.mark.parametrize(
    "mark", ["*Tools to Use*", "*Tools to Use:*", "*Tools to Use:", "*Tools to Use: *"]
)
def test_label_in_asterisks_becomes_a_heading(mark: str) -> None:
    note = html(f"First.\n\n{mark} \n\n- a")

    assert re.search(r'<p class="md-heading">Tools to Use:?</p>', note)
    assert "*" not in note


def test_heading_is_no_part_of_the_outline() -> None:
    assert html("### On Windows\nWatch it.") == (
        '<p class="md-heading">On Windows</p>\n<p>Watch it.</p>'
    )


@pytest.mark.parametrize(
    "text", ["# of files in 5 minutes", ">50 files", "a\n---", "a\n===", "-", "2020"]
)
def test_line_is_shown_as_written_when_it_only_looks_like_markup(text: str) -> None:
    note = html(text)

    assert "md-heading" not in note
    assert "<h" not in note.replace("<hr", "")
    assert Reader(note).text.split() == [word for word in text.split() if word not in {"---", "-"}]


@pytest.mark.parametrize(
    "text", ["See:\n•one\n• two", "See:\n*One\n*Two", "See:\n* one\n*Two", "See:\n- one\n+ two"]
)
def test_items_become_a_list_whatever_their_bullet(text: str) -> None:
    assert Reader(html(text)).elements["li"] == 2


def test_nested_items_become_nested_lists_when_indented_by_four() -> None:
    note = html("- A:\n    - b\n    - c\n- D")

    assert note.replace("\n", "") == "<ul><li>A:<ul><li>b</li><li>c</li></ul></li><li>D</li></ul>"


def test_numbers_are_kept_when_a_list_does_not_start_at_one() -> None:
    assert '<ol start="3">' in html("3. c\n4. d")


def test_indented_text_is_no_code() -> None:
    assert html("a\n\n    b\n\n\tc").count("<p>") == 3


@pytest.mark.parametrize(
    "text",
    [
        "Paths:\n* one\nThe second path is:\n* two",
        "Do:\n- one\n- two\nNote: this is another paragraph.",
    ],
)
def test_paragraph_leaves_the_list_when_it_follows_the_last_item(text: str) -> None:
    reader = Reader(html(text))

    assert reader.elements["p"] == 2


def test_item_goes_on_when_the_next_line_is_code_or_more_items_follow() -> None:
    note = html("- Run this:\n`cmd`\nOr that.\n\n- Rate it.\nThen look.\n- End.")

    assert Reader(note).elements["ul"] == 1
    assert "Run this:<br>\n<code>cmd</code><br>\nOr that." in note


def test_line_ends_are_kept_when_the_next_begins_a_sentence() -> None:
    assert html("Watch one.  \nWatch two\nof many.") == "<p>Watch one.<br>\nWatch two\nof many.</p>"


def test_line_of_no_break_spaces_parts_paragraphs() -> None:
    assert html("a\n\xa0\nB\r\n\r\nC").count("<p>") == 3


@pytest.mark.parametrize(
    "text",
    [
        "patterns such as *.env, *secret* or so",
        "files (*.sql, dump_*.csv)",
        "under /tmp/*, /var/tmp/*.",
        "open /proc/*/mem or /proc/*/maps",
        "'curl|wget.*|\\s*(sh|bash)'",
        "the <*block*> value",
        "snake_case_name and _x",
        "5 * 3 ** 2",
    ],
)
def test_wild_cards_are_kept(text: str) -> None:
    assert Reader(html(text)).text == text


def test_emphasis_is_kept_when_it_is_meant() -> None:
    assert html("- *What you know*: a\n- **Note:** b *c d*.") == (
        "<ul>\n<li><em>What you know</em>: a</li>\n"
        "<li><strong>Note:</strong> b <em>c d</em>.</li>\n</ul>"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HKLM\\\\SYSTEM\\\\Control", "HKLM\\SYSTEM\\Control"),
        ("C:\\Windows\\.", "C:\\Windows\\."),
        ("%TEMP%\\* and C:\\Users\\*\\x", "%TEMP%\\* and C:\\Users\\*\\x"),
        ("\\\\host\\share and \\\\.\\pipe", "\\\\host\\share and \\\\.\\pipe"),
        ("use \\* a \\* or \\[x\\]", "use * a * or [x]"),
        ("(D:\\, E:\\)", "(D:\\, E:\\)"),
        ("at the end \\", "at the end \\"),
    ],
)
def test_backslash_is_kept_when_it_belongs_to_a_path(text: str, shown: str) -> None:
    assert Reader(html(text)).text == shown


def test_link_and_citation_are_read_when_they_follow_a_path() -> None:
    note = html("In C:\\Lsa\\(Citation: Report A) and D:\\[x](https://example.org/)")

    assert Reader(note).text == "In C:\\Lsa\\[1] and D:\\x"


# Parts


@pytest.mark.parametrize(
    "text",
    ["word " * 120, "- a\n" * 12, "\n\n".join("abcdefghijkl"), "<code>" + "a\n" * 12 + "</code>"],
)
def test_a_text_is_long_when_it_takes_many_lines(text: str) -> None:
    assert rendered(text).is_long


@pytest.mark.parametrize("text", ["", "word", "word " * 60, "One.\n\nTwo:\n\n- a\n- b"])
def test_a_text_is_not_long_when_it_takes_few_lines(text: str) -> None:
    assert not rendered(text).is_long


def test_rendering_is_empty_when_the_text_is() -> None:
    note = rendered(" \n\n ")

    assert (note.html, note.words, note.is_long, bool(note)) == ("", 0, False, False)


def test_template_does_not_escape_what_is_rendered() -> None:
    template = Engine().from_string("{{ note.html }}")

    assert template.render(Context({"note": rendered("a & b")})) == "<p>a &amp; b</p>"


def test_plain_text_has_neither_markup_nor_citations() -> None:
    text = (
        "### Head\n[Shell](https://attack.mitre.org/techniques/T1059) *ran fast* `x*`"
        " and <code>y&lt;z</code>.(Citation: Paper (B-1)) {{LinkById|T1059}\n\n- a &amp; b<br>c"
    )

    assert plain(text) == "Head Shell ran fast x* and y<z. T1059 a & b c"


@pytest.mark.parametrize(
    ("limit", "shown"),
    [(None, "One two, three."), (15, "One two, three."), (14, "One two…"), (5, "One…"), (2, "O…")],
)
def test_plain_text_ends_at_a_word_when_limited(limit: int | None, shown: str) -> None:
    assert plain("One two, three.", limit) == shown


def test_long_text_is_set_as_it_stands_when_markdown_would_take_too_long() -> None:
    text = "One *two three* <code>f*</code> & (Citation: Report A).\n\n" * (LONGEST_MARKDOWN // 20)
    references = References()

    note = rendered(text, references)

    reader = assert_sound(note.html)
    assert reader.elements["code"] == LONGEST_MARKDOWN // 20 == len(references.entries[0].uses)
    assert reader.text.startswith("One *two three* f* &[1].\n\nOne")
    assert set(reader.elements) == {"p", "code", "sup", "a"}
