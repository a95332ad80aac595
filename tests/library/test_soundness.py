"""The checks of pages find what is wrong: each of these pages is broken in one way."""

import pytest

from tests.library.pages import parse
from tests.library.soundness import problems

REFERENCES = (
    '<section id="references" aria-labelledby="references-title"><ol>'
    '<li id="ref-1" value="1"><span class="reference-text">Someone.</span>'
    '<span class="backlinks">Cited: <a href="#cite-1-1">↑1</a></span></li>'
    '<li id="ref-2" value="2"><span class="reference-text">Else.</span>'
    '<span class="backlinks">Listed, but not cited in the text.</span></li></ol></section>'
)
CITE = '<sup class="cite" id="cite-1-1"><a href="#ref-1" aria-label="Reference 1: A">[1]</a></sup>'
CONTENTS = (
    '<nav class="contents"><a href="#t">Table <span class="figure">2</span></a>'
    '<a href="#references">References <span class="figure">2</span></a></nav>'
)
TABLE = (
    '<section id="t" aria-labelledby="t-title"><p class="count"><strong>2 rows</strong></p><table>'
    '<tbody><tr class="kind-head"><th>Groups <span class="figure">2</span></th></tr>'
    '<tr class="row"><td><details class="beside"><summary>More <span class="figure">1</span>'
    "</summary><ul><li>One</li></ul></details></td></tr>"
    '<tr class="row"><td></td></tr></tbody></table></section>'
)
TACTIC = (
    '<section class="tactic"><h3>Impact <span class="figure">1</span></h3><li>T1</li></section>'
)
PROSE = f'<div class="prose"><p>Words, <code>&lt;br&gt; `x`</code>.{CITE}</p></div>'
OBJECT = CONTENTS + PROSE + TABLE + TACTIC + REFERENCES
LIST = (
    '<p class="results-count" id="results-count"><strong>30 records</strong> showing 26 to 27</p>'
    '<article class="entry"><h2>A</h2></article><article class="entry"><h2>B</h2></article>'
)
SEARCH = (
    '<p class="results-count" id="results-count"><strong>60 results</strong> the best 1 are shown'
    '</p><nav class="choices"><a href="/s" aria-current="true">All <span class="figure">60</span>'
    '</a></nav><article class="entry"><h2>A</h2></article>'
)
T1, FIRST, SECOND = (
    f'<span class="attack-id">{attack_id}</span>' for attack_id in ("T1", "T1.001", "T1.002")
)
CELL = '<td><a class="matrix-entry matrix-found" href="/t/T1">{} One</a>{}</td>'
SUBS = (
    "<details><summary>1 of 2<span> sub-techniques of One</span></summary><ul>"
    f'<li><a class="matrix-entry matrix-marked" href="/t/T1.001">{FIRST} Sub</a></li>'
    f'<li><a class="matrix-entry" href="/t/T1.002">{SECOND} Sub</a></li></ul></details>'
)
MATRIX = (
    '<div id="matrix-grids"><p class="count">ICS 1 technique, 2 sub-techniques 2 hold “t”</p>'
    '<table class="matrix"><thead><tr>'
    '<th><span class="matrix-count">0 of 1 technique, 1 of 2 sub-techniques</span></th>'
    '<th><span class="matrix-count">1 technique</span></th></tr></thead><tbody><tr>'
    f"{CELL.format(T1, SUBS)}{CELL.format(T1, '')}</tr></tbody></table></div>"
)
SOUND = {"object": OBJECT, "list": LIST, "search": SEARCH, "matrix": MATRIX}


def found(main: str) -> list[str]:
    return list(problems(parse(f"<title>A</title><main>{main}</main>")))


@pytest.mark.parametrize("page", SOUND.values(), ids=SOUND)
def test_nothing_is_found_when_nothing_is_wrong(page: str) -> None:
    assert found(page) == []


BROKEN = [
    # What stands in a page that is sound, what stands there instead, and what is said of it.
    (OBJECT, "2 rows", "3 rows", "#t says 3 rows"),
    (OBJECT, "2 rows", "2 of 3 rows", "contents for #t says 2"),
    (OBJECT, "<strong>2 rows</strong>", "", "does not say so"),
    (OBJECT, '#t">Table', '#u">Table', "not counted in the contents"),
    (OBJECT, '#t">Table', '#u">Table', "count #u, which is not there"),
    (OBJECT, 'Table <span class="figure">2', 'Table <span class="figure">1', "where there are 2"),
    (OBJECT, 'References <span class="figure">2', 'R <span class="figure">3', "#references says 3"),
    (OBJECT, 'Groups <span class="figure">2', 'Groups <span class="figure">4', "says 4"),
    (OBJECT, 'More <span class="figure">1', 'More <span class="figure">2', "unfolds in a row says"),
    (OBJECT, 'Impact <span class="figure">1', 'Impact <span class="figure">2', "Impact 2 says 2"),
    (LIST, "26 to 27", "26 to 30", "stands above 2 entries"),
    (LIST, " showing 26 to 27", "", "stands above 2 entries"),
    (SEARCH, "the best 1 are", "the best 2 are", "stands above 1 entries"),
    (SEARCH, 'All <span class="figure">60', 'All <span class="figure">59', "says 59"),
    (MATRIX, "0 of 1 technique", "1 of 1 technique", "above 0 of 1 technique, 1 of 2 sub"),
    (MATRIX, "1 of 2 sub", "2 of 2 sub", "above 0 of 1 technique, 1 of 2 sub-techniques"),
    (MATRIX, "0 of 1 technique, 1 of", "1 technique, 1 of", "above 1 technique, 2 sub"),
    (MATRIX, "1 of 2<", "2<", "“2 sub-techniques of One” unfolds to 2, 1 of them marked"),
    (MATRIX, "1 of 2<", "1 of 3<", "unfolds to 2"),
    (MATRIX, " sub-techniques of", " sub-technique of", "unfolds to 2"),
    (MATRIX, "ICS 1 technique", "ICS 2 techniques", "above 1 technique, 2 sub"),
    (MATRIX, "2 hold", "3 hold", "above 2 that are found"),
    (MATRIX, CELL.format(T1, ""), "", "not as many cells"),
    (OBJECT, "[1]", "[2]", "the citation [2] leads to #ref-1"),
    (OBJECT, "Reference 1: A", "Reference 2: A", "is called “Reference 2: A”"),
    (OBJECT, 'href="#ref-1"', 'href="#ref-3"', "no reference has the number"),
    (OBJECT, CITE, CITE.replace("-1-1", "-2-1").replace("ref-1", "ref-2"), "order of their first"),
    (OBJECT, 'id="ref-2"', 'id="ref-3"', "are numbered"),
    (OBJECT, 'value="2"', 'value="3"', "#ref-2 has the number 3"),
    (OBJECT, "Someone.", "", "#ref-1 says nothing"),
    (OBJECT, "#cite-1-1", "#cite-1-2", "#ref-1 leads back to"),
    (OBJECT, CITE, "", "#ref-1 leads back to"),
    (OBJECT, "Listed, but not cited in the text.", "", "nothing cites #ref-2"),
    (OBJECT, "Words", "<u>Words</u>", "<u> stands in the page"),
    (OBJECT, "Words", "<span>Words</span>", "<span> stands in a text"),
    (OBJECT, "Words", '<a href="wiki/T1086">Words</a>', "a link leads to “wiki/T1086”"),
    (OBJECT, "Words", '<a href="//a.example">Words</a>', "a link leads to “//a.example”"),
    (OBJECT, "Words", "Words&lt;br&gt;", "a tag stands among the words"),
    (OBJECT, "Words", "&lt;/code&gt;", "a tag stands among the words"),
    (OBJECT, "Words", '&lt;a href="x"&gt;', "a tag stands among the words"),
    (OBJECT, "Words", "A &amp;amp; B", "a character reference stands among the words"),
    (OBJECT, "Words", "[A](https://a.example)", "a link stands among the words"),
    (OBJECT, "Words", "**Words**", "emphasis stands among the words"),
    (OBJECT, "Words", "`Words`", "code stands among the words"),
    (OBJECT, "Words", "Words\x021\x03", "a placeholder stands among the words"),
    (OBJECT, "Words", "( Citation: A)", "a citation stands among the words"),
]


@pytest.mark.parametrize(("page", "right", "wrong", "said"), BROKEN, ids=lambda part: part[:24])
def test_what_is_wrong_is_found(page: str, right: str, wrong: str, said: str) -> None:
    assert right in page
    assert any(said in sentence for sentence in found(page.replace(right, wrong, 1)))


def test_what_a_text_says_of_markup_is_not_found() -> None:
    words = "Add &lt;script&gt; or &lt;username&gt;, a*b*c, C:\\**\\x and [1] (see it)."
    assert found(PROSE.replace("Words", words) + REFERENCES) == []


def test_order_of_references_is_free_when_a_table_is_sorted() -> None:
    second = CITE.replace("-1-1", "-2-1").replace("ref-1", "ref-2").replace("nce 1", "nce 2")
    back = '<span class="backlinks">Cited: <a href="#cite-2-1">↑1</a></span>'
    listed = REFERENCES.replace(
        '<span class="backlinks">Listed, but not cited in the text.</span>', back
    )
    page = PROSE.replace(CITE, second.replace("[1]", "[2]") + CITE) + listed
    assert any("order of their first use" in sentence for sentence in found(page))
    assert found(f'<input type="hidden" name="sort" value="-id">{page}') == []
