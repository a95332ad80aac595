"""Descriptions and notes as HTML: each pattern that real texts have, and hostile ones."""

from __future__ import annotations

import lzma
import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from django.template import Context, Engine
from hypothesis import given, settings
from hypothesis import strategies as st

from library.text.links import AttackLink, find_attack_links, link_by_id, parse_attack_url
from library.text.markdown import LONGEST_MARKDOWN, Rendered, plain, render, render_inline
from library.text.references import References, Source, sources
from library.text.renderer import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = Source("Report A", "Doe, J. (2020). A report.", "https://example.org/a")
PAPER = Source("Paper (B-1)", "Roe, R. (2021). A paper.", "https://example.org/b")
ODD = Source("vendor_blog_*2020* [x] `y` <z> & :)", "Poe, E.", "https://example.org/c")
SCOPES = ((REPORT, PAPER, ODD),)

CITE_1 = (
    '<sup class="cite" id="cite-1-1">'
    '<a href="#ref-1" aria-label="Reference 1: Report A">[1]</a></sup>'
)


def ours(link: AttackLink) -> str | None:
    """Resolve every link but those of T9999."""
    return None if link.attack_id == "T9999" else f"/learn/{link.kind}/{link.attack_id}"


def rendered(text: str, references: References | None = None, **options: Any) -> Rendered:
    options = {"scopes": SCOPES, "resolve": ours, **options}
    return render(text, references=references or References(), **options)


def html(text: str) -> str:
    return str(rendered(text).html)


class Reader(HTMLParser):
    """What a reader gets: the text; and what the browser gets: elements, attributes, balance."""

    VOID = frozenset({"br", "hr"})

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.balanced = True
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.balanced &= tag != "a" or "a" not in self.open
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


ELEMENTS = frozenset({"a", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "sup", "ul"})
ATTRIBUTES = {
    ("a", "href"): r"(https?://|mailto:|/learn/|[^:]*#ref-\d+\Z)",
    ("a", "rel"): r"noopener noreferrer\Z",
    ("a", "aria-label"): r"(?s)Reference \d+: .+\Z",
    ("ol", "start"): r"\d+\Z",
    ("p", "class"): r"md-(heading|lead|plain)\Z",
    ("sup", "class"): r"cite\Z",
    ("sup", "id"): r"cite-\d+-\d+\Z",
}


def assert_sound(markup: str) -> Reader:
    """Check that HTML is balanced and of the allowed elements and attributes."""
    reader = Reader(markup)
    assert reader.balanced
    assert not reader.open
    assert set(reader.elements) <= ELEMENTS
    for element, attribute, value in reader.attributes:
        assert re.match(ATTRIBUTES[element, attribute], value), (element, attribute, value)
    return reader


# Citations


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
        Reader(html("Seen (Citation: Report A\n\nMore (really).")).text == "Seen[1]More (really)."
    )


def test_words_stay_when_a_citation_is_never_closed_and_unknown() -> None:
    reader = Reader(html("Seen (Citation: Somebody 2020 and more\n\nEnd."))

    assert reader.text == "Seen (Somebody 2020 and moreEnd."


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

    assert note.lead == "<p>Search for it.</p>"
    assert Reader(note.rest).text.strip() == f"{query}\nEnd."
    assert "<pre><code>index=x" in note.rest


def test_code_of_several_lines_is_a_block_when_glued_to_the_line_before() -> None:
    note = html("Search for it.\n<code>a\nb</code>\nThen stop.")

    assert note.replace("\n", "~") == (
        "<p>Search for it.</p><pre><code>a~b</code></pre>~<p>Then stop.</p>"
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
        ("Use <code>a and\n\nso on", "Use <code>a and</code></p><p>so on"),
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


# HTML in the text


@pytest.mark.parametrize("tag", ["<script>alert(1)</script>", "<img src=x>", "<p>", "<!-- x -->"])
def test_tag_is_shown_as_written_when_it_is_no_markup(tag: str) -> None:
    note = html(f"They add {tag} to it.")

    assert Reader(note).text == f"They add {tag} to it."
    assert_sound(note)


@pytest.mark.parametrize("tag", ["<br>", "<br/>", "<BR />"])
def test_break_tag_breaks_the_line(tag: str) -> None:
    assert html(f"Place:{tag}here") == "<p>Place:<br>here</p>"


def test_style_tags_become_emphasis() -> None:
    assert html("<b>A</b>, <u>B:</u> <i>C</i> (Citation: Report A)") == (
        f"<p><strong>A</strong>, <strong>B:</strong> <em>C</em>{CITE_1}</p>"
    )


def test_style_tag_is_shown_when_it_has_no_partner() -> None:
    assert Reader(html("a <b> c </i>")).text == "a <b> c </i>"


def test_entities_are_shown_as_characters() -> None:
    assert Reader(html("A&lt;b&gt; &amp; AT&T &copy")).text == "A<b> & AT&T &copy"


# Links


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://attack.mitre.org/techniques/T1059/001", AttackLink("techniques", "T1059.001")),
        ("http://attack.mitre.org/techniques/T1059/001/", AttackLink("techniques", "T1059.001")),
        ("https://www.attack.mitre.org/techniques/T1059", AttackLink("techniques", "T1059")),
        ("https://attack.mitre.org/techniques/T1059.001", AttackLink("techniques", "T1059.001")),
        ("//attack.mitre.org/groups/G0001", AttackLink("groups", "G0001")),
        ("/software/s0001/", AttackLink("software", "S0001")),
        ("https://attack.mitre.org/wiki/Technique/T1055", AttackLink("techniques", "T1055")),
        (
            "https://attack.mitre.org/wiki/index.php/Group/G0001",
            AttackLink("groups", "G0001"),
        ),
        (
            "https://attack.mitre.org/versions/v17/mitigations/M1037/",
            AttackLink("mitigations", "M1037"),
        ),
        ("https://attack.mitre.org/mitigations/T1140", AttackLink("mitigations", "T1140")),
        ("https://attack.mitre.org/tactics/TA0001", AttackLink("tactics", "TA0001")),
        ("https://attack.mitre.org/campaigns/C0001", AttackLink("campaigns", "C0001")),
        ("https://attack.mitre.org/assets/A0001", AttackLink("assets", "A0001")),
        (
            "https://attack.mitre.org/datasources/DS0001/#Some%20Part",
            AttackLink("datasources", "DS0001", "Some%20Part"),
        ),
        ("https://attack.mitre.org/datacomponents/DC0001", AttackLink("datacomponents", "DC0001")),
        (
            "https://attack.mitre.org/detectionstrategies/DET0001#AN0002",
            AttackLink("detectionstrategies", "DET0001", "AN0002"),
        ),
        ("https://attack.mitre.org/matrices/ics/", AttackLink("matrices", "ics")),
        ("https://attack.mitre.org/techniques/T1059?x=1", AttackLink("techniques", "T1059")),
    ],
)
def test_attack_url_names_an_object(url: str, link: AttackLink) -> None:
    assert parse_attack_url(url) == link
    assert find_attack_links(f"See [it]({url}).") == {link}


@pytest.mark.parametrize(
    "url",
    [
        "https://attack.mitre.org/",
        "https://attack.mitre.org/docs/plan.pdf",
        "https://attack.mitre.org/techniques/enterprise/",
        "https://attack.mitre.org@example.org/techniques/T1059",
        "https://example.org/techniques/T1059",
        "//example.org/techniques/T1059",
        "https://attack.mitre.org.example.org/techniques/T1059",
        "https://collaborate.mitre.org/attackics/index.php/Software/S0017",
        "techniques/T1059",
        "",
    ],
)
def test_url_names_no_object_when_it_is_none_of_the_sites(url: str) -> None:
    assert parse_attack_url(url) is None
    assert find_attack_links(f"See [it]({url}).") == set()


@pytest.mark.parametrize(
    ("attack_id", "kind"),
    [
        ("T1059.001", "techniques"),
        ("ta0001", "tactics"),
        ("G0001", "groups"),
        ("DS0001", "datasources"),
        ("DET0001", "detectionstrategies"),
        ("AN0001", "analytics"),
        ("DC0001", "datacomponents"),
    ],
)
def test_id_alone_tells_its_kind(attack_id: str, kind: str) -> None:
    assert link_by_id(attack_id) == AttackLink(kind, attack_id.upper())


def test_link_leads_to_our_page_when_we_hold_the_object() -> None:
    note = html("[Shell](https://attack.mitre.org/techniques/T1059/001)s and [x](/groups/G0001)")

    assert note == (
        '<p><a href="/learn/techniques/T1059.001">Shell</a>s and '
        '<a href="/learn/groups/G0001">x</a></p>'
    )


@pytest.mark.parametrize(
    "url", ["http://attack.mitre.org/wiki/Technique/T9999/", "/techniques/T9999"]
)
def test_link_leads_to_mitre_when_we_do_not_hold_the_object(url: str) -> None:
    assert html(f"[Shell]({url})") == (
        '<p><a href="https://attack.mitre.org/techniques/T9999" rel="noopener noreferrer">'
        "Shell</a></p>"
    )


def test_link_to_the_site_itself_is_secure() -> None:
    assert 'href="https://attack.mitre.org/docs/a.pdf"' in html(
        "[a](http://attack.mitre.org/docs/a.pdf)"
    )


def test_link_is_read_when_its_address_has_parentheses() -> None:
    assert 'href="https://example.org/A_(b)"' in html("[a](https://example.org/A_(b)) c")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/x",
        "/admin/",
        "x.html",
        "#ref-1",
        "java&#x73;cript:alert(1)",
        "\x01javascript:alert(1)",
    ],
)
def test_address_is_no_link_when_it_is_unsafe_or_leads_nowhere(url: str) -> None:
    note = html(f"[a]({url}) b <{url}>")

    assert "<a" not in note
    assert_sound(note)


@pytest.mark.parametrize("marker", ["{{LinkById|T1059.008}", "{{LinkById|T1059.008}}"])
def test_template_of_the_wiki_becomes_a_link(marker: str) -> None:
    text = f"Further, {marker} commands."

    assert html(text) == (
        '<p>Further, <a href="/learn/techniques/T1059.008">T1059.008</a> commands.</p>'
    )
    assert find_attack_links(text) == {AttackLink("techniques", "T1059.008")}


@pytest.mark.parametrize(
    ("marker", "shown"),
    [("(LinkById\u202f: T9999)", "T9999"), ("(LinkById: what-is-this)", "what-is-this")],
)
def test_template_of_the_wiki_becomes_its_id_when_we_do_not_hold_it(
    marker: str, shown: str
) -> None:
    assert html(f"Also, {marker} did.") == f"<p>Also, {shown} did.</p>"


def test_image_becomes_a_link() -> None:
    assert html("![plan](https://example.org/x.png)") == (
        '<p><a href="https://example.org/x.png" rel="noopener noreferrer">plan</a></p>'
    )


def test_link_shows_its_address_when_it_has_no_text() -> None:
    assert Reader(html("[](https://example.org/x)")).text == "https://example.org/x"


def test_link_is_text_when_it_has_no_address() -> None:
    assert html("[a (Citation: Report A)]() b") == f"<p>a{CITE_1} b</p>"


def test_bare_address_stays_text() -> None:
    assert html("curl http://bad.example/x") == "<p>curl http://bad.example/x</p>"


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


def test_lead_is_the_first_paragraph_and_rest_the_others() -> None:
    note = rendered("One.\n\nTwo:\n\n- a\n- b")

    assert note.lead == "<p>One.</p>"
    assert note.rest.startswith('<p class="md-lead">Two:</p>')
    assert note.html == note.lead + note.rest
    assert_sound(note.lead)
    assert_sound(note.rest)


def test_lead_goes_on_to_a_paragraph_when_a_heading_comes_first() -> None:
    assert "Watch it." in rendered("### Windows\nWatch it.\n\nMore.").lead


def test_lead_is_a_whole_list_when_that_comes_first() -> None:
    note = rendered("- a\n- b\n\nMore.")

    assert note.lead.endswith("</ul>")
    assert note.rest == "<p>More.</p>"


def test_rendering_is_empty_when_the_text_is() -> None:
    note = rendered(" \n\n ")

    assert (note.lead, note.rest, note.words, bool(note)) == ("", "", 0, False)


def test_template_does_not_escape_what_is_rendered() -> None:
    template = Engine().from_string("{{ note.html }}{{ note.lead }}{{ line }}")
    line = render_inline("e *c d*", references=References(), scopes=(), resolve=ours)

    assert template.render(Context({"note": rendered("a & b"), "line": line})) == (
        "<p>a &amp; b</p><p>a &amp; b</p>e <em>c d</em>"
    )


def test_inline_rendering_has_no_blocks() -> None:
    text = "### Head\nOne\nTwo:<br>\n\n- a (Citation: Report A)\n- `b`\n\n<code>c\nd</code>"

    line = render_inline(text, references=References(), scopes=SCOPES, resolve=ours)

    assert line == f"Head One Two: • a{CITE_1} • <code>b</code> <code>c d</code>"


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
@settings(max_examples=400, deadline=None)
def test_rendering_is_sound_whatever_the_text(text: str, base: str) -> None:
    references = References()

    note = rendered(text, references, reference_base=base)

    for markup in (note.lead, note.rest):
        reader = assert_sound(markup)
        assert not re.search("[\x02\x03\ud800-\udfff]", reader.text)
    assert clean(note.html) == note.html
    ids = [value for _, name, value in Reader(note.html).attributes if name == "id"]
    assert (
        ids == [] if base else sorted(ids) == sorted(u for e in references.entries for u in e.uses)
    )


@given(ANYTHING)
@settings(max_examples=200, deadline=None)
def test_inline_and_plain_are_sound_whatever_the_text(text: str) -> None:
    line = render_inline(text, references=References(), scopes=SCOPES, resolve=ours)

    reader = assert_sound(line)
    assert not {"p", "ul", "ol", "li", "pre", "br"} & set(reader.elements)
    assert "\n" not in plain(text) + line
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
@settings(max_examples=200, deadline=None)
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
@settings(max_examples=200, deadline=None)
def test_links_asked_for_are_found_beforehand_whatever_the_text(text: str) -> None:
    asked: set[AttackLink] = set()
    text = text.replace("&", "")  # an address spelled with entities is not one as written

    rendered(text, resolve=lambda link: asked.add(link))

    assert asked <= find_attack_links(text)


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

    assert note.lead.startswith("<p") or not note.words


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
