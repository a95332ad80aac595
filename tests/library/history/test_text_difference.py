"""Two texts as one: each can be read out of it again, and no text can make it slow or unsafe."""

import random
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.text.difference import (
    LONGEST_LINES,
    line_difference,
    prose_difference,
    word_difference,
)

SAID = re.compile(r'<span class="visually-hidden">.*?</span>')
TEXTS = st.text(alphabet="ab. \n<&", max_size=30)


def sides(html: str) -> tuple[str, str]:
    """What stands before and after, read out of a difference."""
    shown = SAID.sub("", html)
    before = re.sub(r"<ins[^>]*>.*?</ins>", "", shown, flags=re.S)
    after = re.sub(r"<del[^>]*>.*?</del>", "", shown, flags=re.S)
    bare = [re.sub(r"</?(?:ins|del)[^>]*>", "", side) for side in (before, after)]
    return unescape(bare[0]), unescape(bare[1])


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_their_difference(before: str, after: str) -> None:
    assert sides(word_difference(before, after)) == (before, after)


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert "<del" not in word_difference(text, text) or not text
    assert sides(word_difference(text, text)) == (text, text)


def test_words_that_changed_are_marked_and_said() -> None:
    html = word_difference("Block the mail gateway.", "Block every mail gateway.")
    assert "<del>" in html
    assert "<ins>" in html
    assert "[removed: " in html
    assert "[added: " in html
    assert sides(html)[0] == "Block the mail gateway."
    assert html.endswith(" mail gateway.")


def test_changes_with_next_to_nothing_between_them_are_one_phrase() -> None:
    html = SAID.sub(
        "", word_difference("It reads passwords of users.", "It dumps a hash of users.")
    )
    assert html == "It <del>reads passwords</del><ins>dumps a hash</ins> of users."


@pytest.mark.parametrize("letters", ["ab", "abcdefgh"])
def test_texts_made_to_be_slow_are_told_as_one_change(letters: str) -> None:
    seed = random.Random(1)
    before, after = (" ".join(seed.choices(letters, k=1400)) for _ in range(2))
    assert sides(word_difference(before, after)) == (before, after)


def test_markup_in_a_text_is_shown_as_text() -> None:
    html = word_difference("<script>alert(1)</script>", "<b>bold</b>")
    assert "<script" not in html
    assert "<b>" not in html
    assert sides(html) == ("<script>alert(1)</script>", "<b>bold</b>")


def test_citations_stand_as_links_to_the_references() -> None:
    cited = '<p>Read.<sup class="cite"><a href="##ref-{0}" aria-label="x">[{0}]</a></sup></p>'
    html = prose_difference(cited.format(1), cited.format(2))
    assert '<a href="#ref-1">[1]</a>' in html
    assert '<a href="#ref-2">[2]</a>' in html
    assert html.startswith("Read.")


def test_no_text_can_forge_a_citation() -> None:
    html = prose_difference("<p>\ue0007\ue001</p>", "<p>\ue0008\ue001 [9]</p>")
    assert "<a" not in html


def test_lines_that_differ_have_a_few_around_them() -> None:
    old = [f"line {number}" for number in range(40)]
    lines = line_difference("\n".join(old), "\n".join([*old[:20], "new", *old[21:]]))
    assert lines is not None
    told = [(line.sign, line.text) for line in lines if line.sign in "+-"]
    assert told == [("-", "line 20"), ("+", "new")]
    assert len(lines) == 1 + 3 + 2 + 3


def test_lines_are_not_compared_when_there_are_too_many() -> None:
    assert line_difference("\n" * LONGEST_LINES, "a\n") is None
