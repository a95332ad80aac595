"""What a search shows of what it found, and how all of it is reached."""

import pytest
from django.db import connection

from library.contexts.excerpt import PASSED_OVER, telling
from tests.factories import attack_object, import_objects, mitigation, relationship, technique
from tests.library.pages import LIBRARY, PARTIAL, Element, Site, parse
from tests.library.search.results import SEARCH, found, group

pytestmark = pytest.mark.django_db


def test_results_are_narrowed_by_kind_and_domain_with_counts(library: Site) -> None:
    page = library.page(f"{SEARCH}?q=1059")
    kinds = page.one("nav", css="choices")
    counts = {a.words.rsplit(" ", 1)[0]: a.words.rsplit(" ", 1)[1] for a in kinds.all("a")}
    assert counts == {"All": "2", "Techniques": "1", "Mitigations": "1"}
    narrowed = library.page(next(a["href"] for a in kinds.all("a") if "Mitigations" in a.words))
    assert found(narrowed) == ["M1059"]
    assert found(library.page(f"{SEARCH}?q=1059&domain=mobile")) == []


def ways(page: Element) -> dict[str, list[str]]:
    """The choices of each filter that is offered."""
    navs = page.one(id="results").all("nav", css="choices")
    return {nav["aria-label"]: [a.words for a in nav.all("a")] for nav in navs}


def test_each_filter_is_offered_where_it_has_a_choice_or_is_set(site: Site) -> None:
    shared, other = group("G0045", "menuPass"), group("G0046", "menuPass too", "menuPass")
    import_objects(shared, other, technique("T1000", "Entry"), technique("T1001", "Entry of Data"))
    import_objects(shared, technique("T1002", "Entry by Phone"), domain="mobile", release="1.0")
    by_domain = ["All domains 2", "Enterprise 2", "Mobile 1"]
    for address in (f"{SEARCH}?q=menupass", f"{LIBRARY}/v/1.0/search?q=menupass"):
        page = site.page(address)
        assert ways(page) == {"Narrow by domain": by_domain}
        part = parse(site.get(address, **PARTIAL).content.decode())
        assert ways(part) == {"Narrow by domain": by_domain}
    narrowed = site.page(f"{SEARCH}?q=menupass&type=groups")
    assert ways(narrowed) == {
        "Narrow by kind": ["All 2", "Groups 2"],
        "Narrow by domain": by_domain,
    }
    (mobile,) = site.page(f"{SEARCH}?q=menupass&domain=mobile").all("nav", css="choices")
    assert [a.words for a in mobile.all("a", **{"aria-current": "true"})] == ["Mobile 1"]
    # Nothing to choose among.
    assert ways(site.page(f"{SEARCH}?q=entry of data")) == {}


MANY = 330


@pytest.fixture
def many(site: Site) -> Site:
    """More objects with a word than are weighed, the least of them assets."""
    text = "Windows is named here. "
    import_objects(
        *(technique(f"T{2000 + n}", f"Way {n}", description=text * 5) for n in range(MANY)),
        *(
            attack_object("x-mitre-asset", f"A{n:04}", f"Thing {n}", description=text + "x " * 500)
            for n in range(5)
        ),
    )
    return site


def test_all_that_is_found_is_counted_and_can_be_narrowed(many: Site) -> None:
    page = many.page(f"{SEARCH}?q=windows")
    assert page.one(id="results-count").one("strong").words == "335 results"
    kinds = page.one("nav", css="choices")
    counts = [a.words for a in kinds.all("a")]
    assert counts == ["All 335", "Techniques 330", "Assets 5"]
    narrowed = many.page(f"{SEARCH}?q=windows&type=assets")
    assert sorted(found(narrowed)) == [f"A{n:04}" for n in range(5)]


def test_all_that_is_found_is_reached_a_page_at_a_time(many: Site) -> None:
    address, seen, said = f"{SEARCH}?q=windows", [], []
    while address:
        page = many.page(address)
        seen += found(page)
        said += [link.words for link in page.all("a", rel="next")]
        address = next((link["href"] for link in page.all("a", rel="next")), "")
    assert len(seen) == len(set(seen)) == MANY + 5
    assert said == ["Show the next 25"] * 12 + ["Show the next 10"]
    before = page.one("a", rel="prev")
    assert before["href"] == f"{SEARCH}?q=windows&offset=300"
    assert before.words == "Show the previous 25"
    assert page.one("span", css="count-note").words == "326 to 335 are shown"
    kinds = page.all("nav", css="choices")[0]
    assert not any("offset" in link["href"] for link in kinds.all("a"))


def test_a_sub_technique_is_called_so_when_it_is_found(library: Site) -> None:
    page = library.page(f"{SEARCH}?q=powershell")
    first = page.all("article", css="entry")[0]
    assert first.one("p", css="kicker").words.startswith("Sub-technique")


@pytest.mark.parametrize(
    ("offset", "note"),
    [
        *(("", "the best 25 are shown"), ("-25", "the best 25 are shown")),
        *(("x", "the best 25 are shown"), ("24", "the best 25 are shown")),
        *(("40", "26 to 50 are shown"), ("9" * 500, "326 to 335 are shown")),
        *(("%00", "the best 25 are shown"), ("1e3", "the best 25 are shown")),
    ],
)
def test_an_offset_is_bounded(many: Site, offset: str, note: str) -> None:
    page = many.page(f"{SEARCH}?q=windows&offset={offset}")
    assert page.one("span", css="count-note").words == note
    assert len(found(page)) in {25, 10}


def test_what_two_domains_hold_is_shown_once_as_the_first_of_them_has_it(site: Site) -> None:
    shared = group("G0001", "Shared", "Other Name")
    import_objects(shared | {"description": "Of mobile."}, domain="mobile")
    import_objects(shared | {"description": "Of enterprise."})
    page = site.page(f"{SEARCH}?q=other name")
    assert found(page) == ["G0001"]
    entry = page.one("article", css="entry")
    assert [mark.words for mark in entry.all("span", css="domain")] == ["Enterprise", "Mobile"]
    assert entry.one("p", css="excerpt").words == "Of enterprise."


def test_a_result_tells_what_it_was_found_by_from_the_paragraph_that_says_so(site: Site) -> None:
    text = "First (Citation: Lsass Report).\n\nThen [lsass](https://example.com/) is `read`.\nLast."
    import_objects(technique("T1003", "Credential Dumping", description=text))
    entry = site.page(f"{SEARCH}?q=lsass").one("article", css="entry")
    assert entry.one("p", css="excerpt").words == "Then lsass is read."
    assert entry.one("mark").words == "lsass"
    entry = site.page(f"{SEARCH}?q=credential").one("article", css="entry")
    assert entry.one("p", css="excerpt").words == "First."


@pytest.mark.parametrize(
    ("state", "held"), [("revoked", "revoked"), ("deprecated", "x_mitre_deprecated")]
)
def test_a_result_says_that_it_is_no_longer_live(site: Site, state: str, held: str) -> None:
    import_objects(technique("T1004", "Gone Technique") | {held: True})
    entry = site.page(f"{SEARCH}?q=gone technique").one("article", css="entry")
    assert entry.one("span", css=f"status-{state}").words == state.capitalize()
    live = site.get(f"{SEARCH}?q=gone technique&live=1")
    assert f", {state}" in live.content.decode()


def test_a_revoked_result_says_what_replaced_it_at_the_end_of_the_chain(site: Site) -> None:
    first, second = (technique(f"T100{n}", f"Gone {n}", revoked=True) for n in (1, 2))
    shell, last = technique("T1059", "Shells"), technique("T1059.003", "R&D Shell")
    import_objects(
        *(first, second, shell, last, technique("T1003", "Gone 3", revoked=True)),
        relationship("subtechnique-of", last, shell),
        relationship("revoked-by", first, second),
        relationship("revoked-by", second, last),
    )
    entry = site.page(f"{SEARCH}?q=gone 1").one("article", css="entry")
    replaced = entry.one("p", css="replaced-by")
    assert replaced.words == "Replaced by T1059.003 Shells: R&D Shell"
    assert replaced.one("a")["href"] == f"{LIBRARY}/techniques/T1059.003"
    part = parse(site.get(f"{SEARCH}?q=T1001", **PARTIAL).content.decode())
    assert part.all("p", css="replaced-by")[0].words == replaced.words
    live = parse(site.get(f"{SEARCH}?q=T1001&live=1").content.decode())
    link = live.one("a", href=f"{LIBRARY}/techniques/T1059.003")
    assert link.words == replaced.words
    assert not site.page(f"{SEARCH}?q=gone 3").has("p", css="replaced-by")


def test_a_circle_of_revocations_names_no_replacement(site: Site) -> None:
    first, second = (technique(f"T100{n}", f"Gone {n}", revoked=True) for n in (1, 2))
    import_objects(
        *(first, second),
        relationship("revoked-by", first, second),
        relationship("revoked-by", second, first),
    )
    assert not site.page(f"{SEARCH}?q=gone 1").has("p", css="replaced-by")


def test_parts_bring_the_results_alone(library: Site) -> None:
    part = library.get(f"{SEARCH}?q=powershell", **PARTIAL)
    assert b'id="results"' in part.content
    assert b"<html" not in part.content
    assert part["HX-Replace-Url"] == f"{SEARCH}?q=powershell"
    few = library.get(f"{SEARCH}?q=powershell&live=1", **PARTIAL)
    assert b'id="quick-results"' in few.content
    assert "HX-Replace-Url" not in few


def test_a_pinned_search_finds_what_its_release_holds(library: Site) -> None:
    import_objects(technique("T1059.001", "PowerShell Renamed"), release="2.0")
    assert found(library.page(f"{SEARCH}?q=powershell renamed")) == ["T1059.001"]
    page = library.page(f"{LIBRARY}/v/1.0/search?q=powershell")
    assert found(page)[0] == "T1059.001"
    assert page.one(id="results").one("h2").one("a")["href"].startswith(f"{LIBRARY}/v/1.0/")


def test_an_excerpt_marks_the_words_and_escapes_the_rest() -> None:
    text = "x " * 100 + "Then `<user>` R&D scripts run. " + "y " * 100
    shown = telling(text, "scripting")
    assert "&lt;user&gt; R&amp;D <mark>scripts</mark> run" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        # A word of few letters is looked for as it is, in whatever paragraph.
        ("ip", "Ask for an <mark>IP</mark> and two <mark>IPs</mark>."),
        ("c2", "The script zips; <mark>C2</mark>, not c21."),
        ("OS.", "An <mark>OS</mark> is loss."),
        ("zip", "The script <mark>zips</mark>; C2, not c21."),
        # Where it stands nowhere itself, as what it begins.
        ("add", "Then <mark>added</mark> adverts."),
        ("ad", "Then <mark>added</mark> <mark>adverts</mark>."),
        # What says nothing tells no paragraph apart.
        ("the loss of an os", "An <mark>OS</mark> is <mark>loss</mark>."),
        ("of the", "A script is described of all."),
        ("allowlist", "Hosts that <mark>whitelisting</mark> lets in."),
        ("whitelists", "Hosts that <mark>whitelisting</mark> lets in."),
        ("denylisting", "Or a <mark>blacklist</mark>."),
        # Nothing of it: the first.
        ("scripting hosts", "A <mark>script</mark> is described of all."),
        ("zz", "A script is described of all."),
    ],
)
def test_an_excerpt_is_of_the_paragraph_that_holds_the_word(asked: str, shown: str) -> None:
    paragraphs = (
        "A script is described of all.",
        "The script zips; C2, not c21.",
        "An OS is loss.",
        "Ask for an IP and two IPs.",
        "Then added adverts.",
        "Hosts that whitelisting lets in.",
        "Or a blacklist.",
    )
    assert telling("\n\n".join(paragraphs), asked) == shown


def test_words_that_tell_no_paragraph_apart_are_those_that_the_search_passes_over() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word"
            " WHERE numnode(to_tsquery('english', word)) > 0",
            [sorted(PASSED_OVER)],
        )
        assert cursor.fetchall() == []


def test_a_result_shows_the_other_word_that_it_was_found_by(site: Site) -> None:
    text = "Begins otherwise.\n\nUse application whitelisting."
    import_objects(mitigation("M1038", "Execution Prevention", description=text))
    entry = site.page(f"{SEARCH}?q=allowlist").one("article", css="entry")
    assert entry.one("p", css="excerpt").words == "Use application whitelisting."
    assert entry.one("mark").words == "whitelisting"


def test_few_results_are_a_list_in_the_order_of_their_rank(library: Site) -> None:
    part = parse(library.get(f"{SEARCH}?live=1&q=shell", **PARTIAL).content.decode())
    first = part.one("ol").all("li")[0].one("a")
    assert first.one(css="result-kind").words == "Sub-technique"
    assert "PowerShell" in first.one(css="result-name").words


@pytest.mark.parametrize("path", ["/search?q=shell", "/v/1.0/search?q=shell", "/v/1.0", ""])
def test_search_and_homes_have_a_citation(library: Site, path: str) -> None:
    said = library.page(f"{LIBRARY}{path}").one(id="citation").words
    assert said.endswith(f"{LIBRARY}/v/1.0{path.removeprefix('/v/1.0')}")
    if "search" in path:
        assert b'id="citation"' in library.get(f"{LIBRARY}{path}", **PARTIAL).content
