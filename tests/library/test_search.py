"""Search finds what is meant: IDs, names, aliases, words; small slips are forgiven."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from library.catalogue import catalogue
from library.conditional import current_shelf
from library.contexts.search_page import excerpt
from library.documents import document_of, fold, rebuild
from library.models import SearchDocument
from library.search import is_slip, possible_ids, search
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, PARTIAL, Element, Site, parse

pytestmark = pytest.mark.django_db
SEARCH = f"{LIBRARY}/search"


def group(attack_id: str, name: str, *aliases: str) -> Properties:
    return attack_object("intrusion-set", attack_id, name, aliases=[name, *aliases])


def found(page: Element) -> list[str]:
    """The IDs of the results in their order."""
    entries = page.one(id="results").all("article", css="entry")
    return [entry.one("h2").one(css="attack-id").words for entry in entries]


@pytest.fixture
def library(site: Site) -> Site:
    shell = technique("T1059", "Command and Scripting Interpreter", ("execution",))
    sub = technique("T1059.001", "PowerShell", ("execution",), description="Runs <b>code</b>.")
    import_objects(
        tactic("TA0002", "Execution", "execution"),
        shell,
        sub,
        relationship("subtechnique-of", sub, shell),
        technique("T1003", "OS Credential Dumping", description="Dumps the memory of lsass."),
        technique("T1004", "Gone Technique", revoked=True),
        mitigation("M1059", "Do Not Mitigate"),
        mitigation("M1037", "Filter Network Traffic", description="Use allowlists of hosts."),
        group("G0007", "APT28", "Fancy Bear", "Sofacy"),
        attack_object("malware", "S0002", "Mimikatz"),
    )
    return site


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("T1059.001", "techniques/T1059.001"),
        ("t1059.001", "techniques/T1059.001"),
        ("T1059/001", "techniques/T1059.001"),
        ("T1059", "techniques/T1059"),
        ("m1037", "mitigations/M1037"),
        (" M1037 ", "mitigations/M1037"),
    ],
)
def test_an_id_leads_straight_to_its_page(library: Site, asked: str, path: str) -> None:
    moved = library.moves(f"{SEARCH}?q={asked}")
    assert moved == f"{LIBRARY}/{path}"
    assert library.page(moved)


@pytest.mark.parametrize("asked", ["1059", "T159", "G7", "PowerShell", "attack"])
def test_what_is_no_whole_id_leads_nowhere_by_itself(library: Site, asked: str) -> None:
    assert library.get(f"{SEARCH}?q={asked}").status_code == 200


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("1059", "T1059"),
        ("G7", "G0007"),
        ("powershell", "T1059.001"),
        ("PowerShel", "T1059.001"),
        ("powrshell", "T1059.001"),
        ("mimicatz", "S0002"),
        ("imimkatz", "S0002"),
        ("mimiaktz", "S0002"),
        ("mimikat", "S0002"),
        ("mimikatzz", "S0002"),
        ("fliter networktraffic", "M1037"),
        ("traffic", "M1037"),
        ("fancy bear", "G0007"),
        ("sofa", "G0007"),
        ("dump lsass memory", "T1003"),
        ("whitelisting hosts", "M1037"),
        ("network", "M1037"),
    ],
)
def test_what_is_meant_comes_first(library: Site, asked: str, first: str) -> None:
    assert found(library.page(f"{SEARCH}?q={asked}"))[0] == first


@pytest.mark.parametrize("asked", ["ics-attack", "ICS-ATTACK", " ics-attack "])
def test_an_id_of_no_form_leads_straight_to_its_page(library: Site, asked: str) -> None:
    import_objects(
        attack_object("x-mitre-matrix", "ics-attack", "ATT&CK for ICS"),
        technique("T0826", "Attack", description="An ICS attack on ICS."),
        domain="ics",
    )
    part = parse(library.get(f"{SEARCH}?q={asked}", **PARTIAL).content.decode())
    assert found(part)[0] == "ics-attack"
    moved = library.moves(f"{SEARCH}?q={asked}")
    assert "ics" in moved
    assert library.page(moved)


def test_a_sub_technique_is_named_with_its_parent(library: Site) -> None:
    page = library.page(f"{SEARCH}?q=Command and Scripting Interpreter: PowerShell")
    assert found(page)[0] == "T1059.001"
    assert "Command and Scripting Interpreter: PowerShell" in page.one(id="results").words


@pytest.mark.parametrize(
    "asked",
    [
        "command and scripting interpreter powershell",
        "Command and Scripting Interpreter: Power",
        "Scripting Interpreter: PowerShell",
        "Command and Scriptng Interpreter: PowerShell",
    ],
)
def test_a_sub_technique_is_found_by_its_name_behind_its_parents(library: Site, asked: str) -> None:
    page = library.page(f"{SEARCH}?q={asked}")
    assert found(page)[0] == "T1059.001"
    assert page.all("p", css="found-as") == []


@pytest.mark.parametrize(
    "asked", ["command and scripting interpreter", "scripting inter", "command and scriptng"]
)
def test_the_name_of_a_parent_does_not_find_what_is_below_it(library: Site, asked: str) -> None:
    assert found(library.page(f"{SEARCH}?q={asked}")) == ["T1059"]


def test_an_object_says_under_which_alias_it_was_found(library: Site) -> None:
    page = library.page(f"{SEARCH}?q=sofacy")
    assert page.one("p", css="found-as").words == "Found as “sofacy”"


def test_revoked_is_found_by_its_exact_name_alone_unless_asked_for(library: Site) -> None:
    assert found(library.page(f"{SEARCH}?q=gone technique")) == ["T1004"]
    assert found(library.page(f"{SEARCH}?q=gone")) == []
    assert found(library.page(f"{SEARCH}?q=gone&includeRevoked=true")) == ["T1004"]


def test_results_are_narrowed_by_kind_and_domain_with_counts(library: Site) -> None:
    page = library.page(f"{SEARCH}?q=1059")
    kinds, domains = page.all("nav", css="choices")
    counts = {a.words.rsplit(" ", 1)[0]: a.words.rsplit(" ", 1)[1] for a in kinds.all("a")}
    assert counts == {"All": "2", "Techniques": "1", "Mitigations": "1"}
    narrowed = library.page(next(a["href"] for a in kinds.all("a") if "Mitigations" in a.words))
    assert found(narrowed) == ["M1059"]
    assert [a.words for a in domains.all("a")] == ["All domains 2", "Enterprise 2"]
    assert found(library.page(f"{SEARCH}?q=1059&domain=mobile")) == []


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
    kinds, domains = page.all("nav", css="choices")
    counts = [a.words for a in kinds.all("a")]
    assert counts == ["All 335", "Techniques 330", "Assets 5"]
    assert [a.words for a in domains.all("a")] == ["All domains 335", "Enterprise 335"]
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


@pytest.mark.parametrize(
    "asked",
    [
        *("", " ", "%00", "' OR 1=1 --", "a & | ! ( ) : * <->", "\\", "x" * 500, "%F0%9F%98%80"),
        *("<script>alert(1)</script>", ":*", "&q=", "((((", "' ' '", "%ff", "a " * 200),
    ],
)
def test_search_is_clean_when_the_text_is_hostile(library: Site, asked: str) -> None:
    library.page(f"{SEARCH}?q={asked}&type={asked}&domain={asked}")
    assert library.get(f"{SEARCH}?q={asked}&live=1").status_code == 200


@pytest.mark.parametrize(
    "asked",
    [
        *("x" * 100_000, "word " * 1000, " ".join(f"w{n}" for n in range(1000)), "a|b&!(c):*<->"),
        *("\x00", "a\x00b", "\n", "\u0130", "___", "\u00b2", "\ud800", "ab", "a"),
    ],
)
def test_a_search_is_bounded_when_the_text_is_hostile(library: Site, asked: str) -> None:
    # What names the versions that are held is as long as the library is old, whatever is asked.
    _, ordinary = queries_of("two words")
    count, length = queries_of(asked)
    assert count <= 6
    assert length < ordinary + 5_000


def queries_of(asked: str) -> tuple[int, int]:
    """How many queries a search takes, and how long they are together."""
    search(current_shelf(), "warm")
    with CaptureQueriesContext(connection) as queries:
        search(current_shelf(), asked)
    return len(queries), sum(len(query["sql"]) for query in queries)


def test_a_second_search_reads_no_names_again(library: Site) -> None:
    library.get(f"{SEARCH}?q=powershell")
    with CaptureQueriesContext(connection) as queries:
        library.get(f"{SEARCH}?q=mimika&live=1")
    # The edition; all words, one that is unfinished.
    assert len(queries) == 3
    with CaptureQueriesContext(connection) as queries:
        library.get(f"{SEARCH}?q=mimikatz&live=1")
    # A whole name needs no words that are unfinished.
    assert len(queries) == 2


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


def test_names_are_found_by_their_pieces_beginnings_and_ends(library: Site) -> None:
    known = catalogue(current_shelf().snapshot_ids)

    def named(piece: str) -> set[str]:
        return {known.lines[number].name for number in known.lines_with(piece)}

    assert named("mi") == {"mimikatz", "do not mitigate"}
    assert named("\nmi") == {"mimikatz"}
    assert named("katz\n") == {"mimikatz"}
    assert named("\nfancy bear") == {"fancy bear"}
    assert named("") == named("zz") == set()


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


@pytest.mark.parametrize("releases", [1, 4])
def test_search_costs_the_same_however_many_releases(site: Site, releases: int) -> None:
    for number in range(1, releases + 1):
        made = [technique(f"T100{n}", f"Name {n}", x_edited=number) for n in range(3)]
        import_objects(*made, release=f"{number}.0")
    site.page(LIBRARY)
    with CaptureQueriesContext(connection) as queries:
        site.page(f"{SEARCH}?q=name")
    assert len(queries) == 6


def test_documents_are_the_same_when_they_are_made_anew(library: Site) -> None:
    columns = ("version", "names", "platforms", "words")
    before = list(SearchDocument.objects.order_by("version").values(*columns))
    assert rebuild() == len(before) > 5
    assert list(SearchDocument.objects.order_by("version").values(*columns)) == before


def test_an_object_without_a_list_has_no_document() -> None:
    for stix_type in ("identity", "relationship", "x-mitre-collection"):
        assert document_of(stix_object(stix_type, "Strange")) is None
    assert document_of({"name": "No type"}) is None


@pytest.mark.parametrize(
    "odd", [{"name": 1}, {"aliases": "x"}, {"aliases": [None, 2]}, {"x_mitre_platforms": {"a": 1}}]
)
def test_a_document_is_made_when_properties_are_odd(odd: Properties) -> None:
    made = document_of({"type": "intrusion-set", "name": "A"} | odd)
    assert made is not None
    assert made.platforms == ()


@pytest.mark.parametrize(
    ("typed", "meant", "slip"),
    [
        ("mimkatz", "mimikatz", True),
        ("mimikkatz", "mimikatz", True),
        ("mimiaktz", "mimikatz", True),
        ("mimikatz", "mimikatz", False),
        ("mimicatz", "mimikatz", False),
        ("katzmimi", "mimikatz", False),
        ("", "a", True),
        ("", "", False),
    ],
)
def test_a_slip_is_one_letter_more_or_less_or_two_that_changed_places(
    typed: str, meant: str, slip: bool
) -> None:
    assert is_slip(typed, meant) is slip
    assert is_slip(meant, typed) is slip


def test_names_are_folded_alike() -> None:
    assert fold("  DLL Side-Loading ") == "dll side loading"


def test_what_may_be_an_id_is_told_by_its_form() -> None:
    assert set(possible_ids("g7")) == {"G7", "G0007"}
    assert "T1059.001" in possible_ids("1059.001")
    assert "AN0416" in possible_ids("analytic 416")
    assert possible_ids("hello") == {}


def test_an_excerpt_marks_the_words_and_escapes_the_rest() -> None:
    text = "x " * 100 + "Then <b>scripts</b> run. " + "y " * 100
    shown = excerpt(text, ["scripting"])
    assert "&lt;b&gt;<mark>scripts</mark>&lt;/b&gt;" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
