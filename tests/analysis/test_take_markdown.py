"""The Markdown of Takes is safe whatever is written, and leads to what it names."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.markdown import Target, attack_ids, entry_of, html_of, plain_of

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
    "unit",
    ["[", "[a](", "*a ", "**", "> ", "- ", "`", "T1000 ", "<", "&", "\n", "a.", "a://", "](", "a@"],
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


MITRE = "https://attack.mitre.org"


@pytest.mark.parametrize(
    ("text", "ids", "links"),
    [
        ("[here](https://kb.example.org/S1999), T1000", ["T1000"], 2),
        ("[FR-2025](https://example.org/report/C2025 'of T1000')", ["T1000"], 1),
        ("[here](/wiki/S1999) and kb.example.org/T1000; M1000", ["M1000"], 1),
        (
            "See https://example.org/T1000_(a)/S1999, (ftp://example.org/T1000) or M1000.",
            ["M1000"],
            1,
        ),
        ("Ask T1000@example.org of M1000; T1000/M1000", ["M1000", "T1000"], 3),
        ("[a]: https://example.org/S1999\n\n[a] T1000", ["T1000"], 2),
        (f"{MITRE}/techniques/T1059/001/ and T1000", ["T1000"], 1),
    ],
)
def test_ids_in_addresses_are_neither_checked_nor_links(
    text: str, ids: list[str], links: int
) -> None:
    assert attack_ids(text) == ids
    assert len(Sound(html_of(text, resolve)).links) == links
    assert "/x/S1999" not in html_of(text, lambda found: Target(f"/x/{found}", found))


@pytest.mark.parametrize("as_it_stands", [False, True])
def test_a_bare_address_of_mitre_is_a_link_as_a_whole_when_its_object_is_held(
    as_it_stands: bool,
) -> None:
    def held(attack_id: str) -> Target:
        return Target(f"/x/{attack_id}", "Name")

    html = html_of(f"({MITRE}/techniques/T1059/001/).", held, as_it_stands=as_it_stands)
    assert Sound(html).links == ["/x/T1059.001"]
    assert f">{MITRE}/techniques/T1059/001/</a>)." in html
    # The page of another object with that ID, and of a release that is named.
    for other in ("/mitigations/T1190", "/versions/v15/techniques/T1190", "/techniques/"):
        assert Sound(html_of(MITRE + other, held, as_it_stands=as_it_stands)).links == []


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("See _T1000_ first, then __M1000__.", ["T1000", "M1000"]),
        ("One ` stray.\n\nT1000 and M1000.\n\nAnother ` stray.", ["T1000", "M1000"]),
        ("- One ` stray\n- T1000\n- ` and M1000", ["T1000", "M1000"]),
        ("T1000\\_a, &#84;1000 and \\`M1000\\`", ["T1000", "M1000"]),
        ("`T1000`, ``a ` T1000`` and\n\n```\nT1000\n```\n\n    T1000\n\nM1000", ["M1000"]),
        ("snake_T1000_case and _T1000_1", []),
    ],
)
def test_what_is_checked_is_what_becomes_a_link(text: str, ids: list[str]) -> None:
    assert attack_ids(text) == ids
    links = Sound(html_of(text, resolve)).links
    assert list(dict.fromkeys(links)) == [f"/x/{found}" for found in ids]


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
    assert entry_of("One:\n\n- a", resolve).startswith("<p>One:</p>\n<ul>")


def test_a_text_full_of_stray_brackets_keeps_all_but_its_links() -> None:
    stray = "[" * 41
    html = html_of(f"{stray} *a* [b](https://example.org)\n\n- T1000", resolve)
    assert f"<p>{stray} <em>a</em> [b](https://example.org)</p>" in html
    assert Sound(html).links == ["/x/T1000"]


@pytest.mark.parametrize(
    ("text", "tag", "count"),
    [
        ("* **SOC**: T1000\n" * 60, "strong", 60),
        ("*a* " * 200, "em", 200),
        ("- [a](https://b.org)\n" * 100, "a", 100),
        (f"[a](https://b.org)\n\n{'- [ ] a task\n' * 40}", "a", 1),
    ],
)
def test_marks_that_an_author_writes_are_never_too_many(text: str, tag: str, count: int) -> None:
    assert html_of(text, lambda _: None).count(f"<{tag}") == count


def test_a_text_shown_as_it_stands_has_its_ids_as_links() -> None:
    text = '*a* <b>\n  T1000 "T9999"\n \n&M1000'
    html = html_of(text, resolve, as_it_stands=True)
    assert Sound(html).links == ["/x/T1000", "/x/M1000"]
    assert html.startswith("<p>*a* &lt;b&gt;<br>\n<a ")
    assert html.endswith("</p>")
    assert plain_of(text, as_it_stands=True) == '*a* <b>\nT1000 "T9999"\n&M1000'


def test_a_list_nested_too_deep_keeps_its_words_and_what_follows() -> None:
    levels = [f"- level {at}" for at in range(12)]
    nested = "\n".join(f"{'  ' * at}{line}" for at, line in enumerate(levels))
    text = f"{nested}\n- next item\n\nThe paragraph after, T1000."
    html = html_of(text, resolve)
    assert Sound(html).links == ["/x/T1000"]
    assert html.count("<ul>") == 6
    assert plain_of(text).splitlines() == [*levels, "- next item", "The paragraph after, T1000."]


@given(st.lists(st.sampled_from(["- ", "1. ", "> ", "  ", "   ", "\n", "\n\n"]), max_size=60))
def test_no_word_is_lost_however_deep_it_is_nested(pieces: list[str]) -> None:
    text = "".join(f"{piece}word{at} " if at % 3 else piece for at, piece in enumerate(pieces))
    html = html_of(f"{'> ' * (len(pieces) % 15)}{text}", resolve)
    Sound(html)
    said = [word for word in text.split() if word.startswith("word")]
    assert [word for word in said if word not in html] == []


def test_html_is_shown_as_it_was_written() -> None:
    assert html_of("<script>a</script>", resolve) == "<p>&lt;script&gt;a&lt;/script&gt;</p>"
