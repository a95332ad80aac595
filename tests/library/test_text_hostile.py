"""Rendering of whatever text, hostile and real."""

from __future__ import annotations

import lzma
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from library.text import markdown
from library.text.links import AttackLink, find_attack_links
from library.text.markdown import plain, render
from library.text.references import References, Source, sources
from library.text.renderer import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

from tests.library.rendering import Reader, assert_sound, html, rendered

# Hostile texts

FRAGMENTS = st.sampled_from(
    [
        *("[", "]", "(", ")", "*", "**", "_", "`", "``", "```", "~~~", "<", ">", "\\", "\\\\"),
        *("<code>", "</code>", "<CODE>", "</code", "<br>", "<b>", "</b>", "<u>", "<i>x</i>"),
        *(
            "&",
            "&lt;",
            "&#2;",
            "&#0;",
            "&#xD800;",
            "&lpar;",
            "# ",
            "### ",
            "- ",
            "+ ",
            "1. ",
            "2) ",
        ),
        *(
            ">",
            ":",
            "!",
            "|",
            "=",
            "---",
            "===",
            "•",
            "{{LinkById|",
            "(LinkById: T1059)",
            "(Citation: ",
        ),
        *("(Citation:x)", "(Citation: x y)", "![a](", "[a](javascript:x)", "[a](https://e.org/)"),
        *("[a](/techniques/T1059)", "https://attack.mitre.org/techniques/T1059", "<script>", "<a "),
        *(
            "\x00",
            "\x02",
            "\x020\x03",
            "\x03",
            "\ud800",
            "\ue000",
            "\u202e",
            "\ufffd",
            "\xa0",
            "\u2028",
        ),
        *(
            "a",
            "B",
            "7",
            "é",
            "Ω",
            "<!--",
            "]]>",
            "onclick=x",
            '"',
            "'",
            " - Use Case:",
            "Implementation:",
        ),
    ]
)
SPACES = st.sampled_from(["", "", " ", "\n", "\n\n", "\t", "    ", "\r\n", "  \n"])
MARKUP = st.lists(st.tuples(FRAGMENTS, SPACES), max_size=40).map(
    lambda parts: "".join(part + space for part, space in parts)
)
ANYTHING = MARKUP | st.text(st.characters(codec=None), max_size=200)


@given(ANYTHING, st.sampled_from(["", "/learn/x?y=1&z"]))
@settings(max_examples=400)
def test_rendering_is_sound_whatever_the_text(text: str, base: str) -> None:
    references = References()

    note = rendered(text, references, reference_base=base)

    reader = assert_sound(note.html)
    assert not re.search("[\x02\x03\ud800-\udfff]", reader.text)
    assert clean(note.html) == note.html
    ids = [value for _, name, value in Reader(note.html).attributes if name == "id"]
    assert (
        ids == [] if base else sorted(ids) == sorted(u for e in references.entries for u in e.uses)
    )


@given(ANYTHING)
@settings(max_examples=200)
def test_plain_text_is_one_line_whatever_the_text(text: str) -> None:
    assert "\n" not in plain(text)
    assert len(plain(text, 20)) <= 20


NAMES = st.text("abcXYZ 0123_*[]`<>&.,-'\"\\/é", min_size=1, max_size=30).filter(str.strip)
WORDS = st.sampled_from(
    [
        *(
            "Word",
            "*two words*",
            "`code`",
            "<code>a*b</code>",
            "\n\n- ",
            "\n\n",
            "\n",
            ". ",
            "**b c**",
        ),
        *(
            "[x](https://example.org/)",
            "{{LinkById|T1059.001}",
            "(LinkById: G0001)",
            "### h\n",
            "\\",
        ),
    ]
)


@given(st.lists(st.tuples(WORDS, NAMES), min_size=1, max_size=8))
@settings(max_examples=200)
def test_no_marker_reaches_the_reader_when_citations_are_well_formed(
    parts: list[tuple[str, str]],
) -> None:
    text = "".join(f"{word} (Citation: {name})" for word, name in parts)
    references = References()

    reader = Reader(rendered(text, references).html)

    assert "Citation" not in reader.text
    assert "LinkById" not in reader.text
    assert sum(len(entry.uses) for entry in references.entries) == len(parts)
    assert "Citation" not in plain(text)


@given(ANYTHING)
@settings(max_examples=200)
def test_links_asked_for_are_found_beforehand_whatever_the_text(text: str) -> None:
    asked: set[AttackLink] = set()
    text = text.replace("&", "")  # an address spelled with entities is not one as written

    rendered(text, resolve=lambda link: asked.add(link))

    assert asked <= find_attack_links(text)


@given(
    st.text(st.sampled_from("ab .,:'\"()1-%é/") | st.sampled_from("\u00a0\n[]<>&*_`"), max_size=60)
    | st.lists(
        st.sampled_from(
            (
                *("a", " ", "\n\n", "`b *`", "c_d", "((", "1.", "+", "<br>", "(LinkById|S0017)"),
                *("(Citation: A)", "  (Citation: D )", "(Citation: B: C)", "(citation:A)"),
                "[e (Citation: A)](f)",
            )
        ),
        max_size=9,
    ).map("".join)
)
@settings(max_examples=400)
def test_the_short_way_leads_where_the_long_one_does(text: str) -> None:
    linked = f"{text} [Shell](https://attack.mitre.org/techniques/T1059) {text}(Citation: A & 'b')"
    for each in (text, linked):
        assert (rendered(each).html, plain(each)) == _the_long_way(each)


def _the_long_way(text: str, **options: Any) -> tuple[str, str]:
    """A text as the parser has it rendered and plain, whatever the text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown, "pieces", lambda _text, _spans=(): None)
        return rendered(text, **options).html, plain(text)


@pytest.mark.parametrize(
    "unit",
    [
        *("[", "[a](", "*", "*a ", "- ", "> ", "`", "`a``b```c", "&", "<", "\\", "\n", "a\n\n"),
        *("(Citation: ", "(Citation: ((", "<code>", "<code>a", "</code>a", "<b>", "{{LinkById|"),
        *("  - a\n", "![", "`a\nb`\n"),
    ],
)
def test_hostile_megabyte_is_rendered(unit: str) -> None:
    # No time is asserted; a step that is quadratic in the text would make this hang.
    note = rendered(unit * (1_000_000 // len(unit)))

    # Code that holds nothing is nothing.
    assert note.html.startswith("<p") == (unit != "<code>")


def test_nesting_has_an_end_however_deep_the_text() -> None:
    lists = "".join("  " * depth + "- a\n" for depth in range(120))

    for text in (lists, "[" * 15_000, "*a " * 5_000 + "b* " * 5_000, "<b>" * 4_000):
        assert_sound(html(text))


def test_cleaning_takes_out_what_this_package_does_not_make() -> None:
    assert clean('<p class="x md-lead" style="a" onclick="b">c</p><sup id="evil">d</sup>') == (
        '<p class="md-lead">c</p><sup>d</sup>'
    )
    assert clean("<img src=x><a href='javascript:x'>y</a>") == "<a>y</a>"


# Real texts


def _texts(value: object, path: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if path.endswith(("description", "detection", "_citation")):
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != "external_references":
                yield from _texts(item, key)


@pytest.mark.real_data
def test_real_texts_are_rendered_whole_and_sound() -> None:
    folder = os.environ.get("ATTACK_BUNDLES")
    if not folder:
        pytest.skip("ATTACK_BUNDLES names no folder")
    bundles = sorted(Path(folder).glob("*.json.xz"))
    assert bundles
    checked: dict[tuple[str, tuple[Source, ...]], list[str]] = {}
    for bundle in bundles:
        objects = orjson.loads(lzma.decompress(bundle.read_bytes()))["objects"]
        wider = tuple(
            source for entry in objects for source in sources(entry.get("external_references"))
        )
        unresolved: Counter[str] = Counter()
        for entry in objects:
            own = sources(entry.get("external_references"))
            notes = [source.description for source in own if source.is_note]
            for text in [*_texts(entry), *notes]:
                if (text, own) not in checked:
                    checked[text, own] = _check_real_text(text, own)
                unresolved.update(checked[text, own])
        elsewhere = {source.name for source in wider if not source.is_note}
        nowhere = [name for name in unresolved if References().find(name, (wider,)) is None]
        print(f"{bundle.name}: not in the object's own references: {dict(unresolved)}")
        print(f"{bundle.name}: not in any: {nowhere}")
        assert not set(nowhere) & elsewhere, "a name that some object lists must be found"
    print(f"{len(checked)} different texts")


def _check_real_text(text: str, own: tuple[Source, ...]) -> list[str]:
    """Check one text; return the names that its own object gives no source for."""
    references = References()
    asked: set[AttackLink] = set()

    note = render(text, references=references, scopes=(own,), resolve=lambda link: asked.add(link))

    reader = assert_sound(note.html)
    assert clean(note.html) == note.html
    long_way = _the_long_way(text, scopes=(own,), resolve=lambda _link: None)
    assert long_way == (note.html, plain(text))
    shown = f"{reader.text} {plain(text)}"
    assert "(Citation" not in shown
    assert "LinkById" not in shown
    assert "](http" not in reader.text
    assert not re.search(r"</?(code|br|b|u)\b", reader.text)
    assert asked <= find_attack_links(text)
    numbers = {int(number) for number in re.findall(r'href="#ref-(\d+)"', note.html)}
    assert numbers == {entry.number for entry in references.entries}
    # 33,855 citations in releases 17.1 to 18.1, each with its closing parenthesis.
    assert sum(len(entry.uses) for entry in references.entries) == text.count("(Citation:")
    names = {source.name for source in own if not source.is_note}
    assert all(entry.resolved for entry in references.entries if entry.name in names)
    return [entry.name for entry in references.entries if not entry.resolved]
