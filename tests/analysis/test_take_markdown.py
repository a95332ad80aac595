"""The Markdown of Takes is safe whatever is written, and leads to what it names."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.markdown import Target, entry_of, html_of

ALLOWED = {"a", "blockquote", "br", "code", "em", "li", "ol", "p", "pre", "strong", "ul"}
PIECES = (
    *("<script>alert(1)</script>", "<img src=x onerror=a>", "<p style='x'>", "</p></div>", "<!--"),
    *("[x](javascript:alert(1))", "[x](JaVaScRiPt:a)", "[x](data:text/html,a)", "[x](//evil)"),
    *("[x](https://example.org/?a=1&b=2)", "![x](https://example.org/x.png)", "<https://a.b>"),
    *(
        "&lt;script&gt;",
        "&#60;b&#62;",
        "`",
        "**",
        "*",
        "_",
        "- ",
        "1. ",
        "> ",
        "# ",
        "[",
        "](",
        "\n",
    ),
    *("T1000", "[T1000](https://example.org)", "`T1000`", "T9999", "M1000", "XT1000", "T1000.001"),
)


def resolve(attack_id: str) -> Target | None:
    return Target(f"/x/{attack_id}", 'A "name" <b>') if attack_id in {"T1000", "M1000"} else None


class Sound(HTMLParser):
    """Fails on anything that a Take may not hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= {"href", "title", "rel", "start"}
        if tag == "a":
            assert "a" not in self.open, "a link within a link"
            href = dict(attrs).get("href") or ""
            assert href.startswith(("https://", "http://", "mailto:", "/x/"))
            self.links.append(href)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_nothing_unsafe_comes_of_any_text(pieces: list[str]) -> None:
    text = " ".join(pieces)
    for html in (html_of(text, resolve), entry_of(text, resolve)):
        Sound(html)


@given(st.text())
def test_any_text_is_rendered(text: str) -> None:
    Sound(html_of(text, resolve))


@pytest.mark.parametrize(
    "unit", ["[", "[a](", "*a ", "**", "> ", "- ", "`", "T1000 ", "<", "&", "\n"]
)
def test_the_longest_hostile_text_is_rendered(unit: str) -> None:
    # No time is asserted; a step that is quadratic in the text would make this hang.
    Sound(html_of((unit * 10_000)[:10_000], resolve))


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("T1000 and M1000.", ["/x/T1000", "/x/M1000"]),
        ("(T1000), T1000; T1000's", ["/x/T1000"] * 3),
        ("`T1000` [T1000](https://example.org/)", ["https://example.org/"]),
        ("T9999, XT1000, T10000, T1000.001, T1000x, .T1000", []),
        ("T1000/M1000, T1000-based", ["/x/T1000", "/x/M1000", "/x/T1000"]),
        ("**T1000**\n- M1000", ["/x/T1000", "/x/M1000"]),
    ],
)
def test_ids_are_links_where_they_stand_as_words(text: str, links: list[str]) -> None:
    assert Sound(html_of(text, resolve)).links == links


def test_a_link_says_what_it_leads_to() -> None:
    title = "A &quot;name&quot; &lt;b&gt;"
    link = f'<a href="/x/T1000" title="{title}" rel="noopener noreferrer">T1000</a>'
    assert html_of("T1000", resolve) == f"<p>{link}</p>"


def test_a_picture_is_what_it_is_called() -> None:
    html = html_of("A ![<b>map</b> of T1000](https://example.org/x.png) here.", resolve)
    assert html == "<p>A &lt;b&gt;map&lt;/b&gt; of T1000 here.</p>"


def test_an_entry_has_no_paragraph_of_its_own() -> None:
    assert entry_of("A *word*.", resolve) == "A <em>word</em>."
    assert entry_of("One.\n\nTwo.", resolve) == "<p>One.</p>\n<p>Two.</p>"
    assert entry_of("- a", resolve).startswith("<ul>")


def test_html_is_shown_as_it_was_written() -> None:
    assert html_of("<script>a</script>", resolve) == "<p>&lt;script&gt;a&lt;/script&gt;</p>"
