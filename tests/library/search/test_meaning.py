"""Search finds what is meant: IDs, names, aliases, words; small slips are forgiven."""

import pytest

from library.attack_ids import possible_ids
from library.catalogue import catalogue
from library.conditional import current_shelf
from library.documents import fold
from library.likeness import is_slip
from library.search import search
from tests.factories import attack_object, import_objects, mitigation, technique
from tests.library.pages import LIBRARY, PARTIAL, Site, parse
from tests.library.search.results import SEARCH, found, group

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("T1059.", ["T1059"]),
        ("t1059/", ["T1059"]),
        ("T1059.0", ["T1059.001", "T1059.002", "T1059"]),
        ("T1059.00", ["T1059.001", "T1059.002", "T1059"]),
        ("1059.", ["T1059"]),
        ("1059.0", ["T1059.001", "T1059.002", "T1059"]),
        ("1059.1", ["T1059.001", "T1059"]),
        ("1059.2", ["T1059.002", "T1059"]),
    ],
)
def test_what_becomes_an_id_is_offered_first_while_it_is_typed(
    library: Site, asked: str, offered: list[str]
) -> None:
    import_objects(
        technique("T1059", "Interpreter"),
        technique("T1059.001", "PowerShell"),
        technique("T1059.002", "AppleScript", description="As T1059.0 says, 1059.1 and 1059.2."),
        attack_object("x-mitre-analytic", "AN1059", "Analytic 1059"),
        release="2.0",
    )
    assert found(library.page(f"{SEARCH}?q={asked}"))[: len(offered)] == offered


@pytest.mark.parametrize(
    ("asked", "offered"),
    [
        ("T105", ["T1052", "T1059", "T1059.001"]),
        ("t 105", ["T1052", "T1059", "T1059.001"]),
        ("m103", ["M1036", "M1037"]),
        ("M10", ["M1036", "M1037"]),
        ("m1", ["M1036", "M1037"]),
        ("det00", ["DET0083"]),
        # None: not even one that looks like it.
        ("t106", []),
    ],
)
def test_what_begins_with_a_half_typed_id_is_offered_first(
    library: Site, asked: str, offered: list[str]
) -> None:
    import_objects(
        technique("T1052", "Media"),
        technique("T1059", "Interpreter"),
        technique("T1059.001", "PowerShell", description="Of m103, det00, T105 and m1."),
        technique("T1050", "Service", revoked=True),
        mitigation("M1037", "Filter"),
        mitigation("M1036", "Account"),
        attack_object("x-mitre-detection-strategy", "DET0083", "Notice T105 and m103"),
        release="2.0",
    )
    assert found(library.page(f"{SEARCH}?q={asked}"))[: len(offered) or None] == offered
    asked_too = found(library.page(f"{SEARCH}?q={asked}&includeRevoked=true"))
    assert ("T1050" in asked_too) == asked.lower().replace(" ", "").startswith("t105")


@pytest.mark.parametrize(
    "asked", ["CVE-2021-44228", "CVE-2021", "cve 2021 44228", "cve2021-44228", "log4shell cve-2021"]
)
def test_number_of_a_vulnerability_is_no_analytic(library: Site, asked: str) -> None:
    exploit = technique("T1190", "Exploit", description="Log4Shell is CVE-2021-44228.")
    analytic = attack_object("x-mitre-analytic", "AN2021", "Analytic 2021")
    import_objects(exploit, analytic, release="2.0")
    assert "AN2021" not in found(library.page(f"{SEARCH}?q={asked}"))
    for meant in ("2021", "analytic 2021"):
        assert found(library.page(f"{SEARCH}?q={meant}"))[0] == "AN2021"


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
    assert page.one("p", css="found-as").words == "Found as “Sofacy”"


def test_revoked_is_found_by_its_exact_name_alone_unless_asked_for(library: Site) -> None:
    assert found(library.page(f"{SEARCH}?q=gone technique")) == ["T1004"]
    assert found(library.page(f"{SEARCH}?q=gone")) == []
    assert found(library.page(f"{SEARCH}?q=gone&includeRevoked=true")) == ["T1004"]


def test_names_are_found_by_their_pieces_beginnings_and_ends(library: Site) -> None:
    known = catalogue(current_shelf().snapshot_ids)

    def named(piece: str) -> set[str]:
        return {known.lines[number].name for number in known.lines_with(piece)}

    assert named("mi") == {"mimikatz", "do not mitigate"}
    assert named("\nmi") == {"mimikatz"}
    assert named("katz\n") == {"mimikatz"}
    assert named("\nfancy bear") == {"fancy bear"}
    assert named("") == named("zz") == set()


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


def test_an_id_of_two_kinds_leads_to_the_one_that_its_letters_name(site: Site) -> None:
    old = technique("T1488", "Wipe", revoked=True)
    advice = mitigation("T1488", "Aside", x_mitre_deprecated=True)
    import_objects(old, advice)
    assert site.moves(f"{SEARCH}?q=T1488") == f"{LIBRARY}/techniques/T1488"
    assert [hit.name for hit in search(current_shelf(), "t1488")] == ["Wipe", "Aside"]
    notice = site.page(f"{LIBRARY}/mitigations/T1488").all("p", css="notice")[-1]
    assert notice.one("a")["href"] == f"{LIBRARY}/techniques/T1488?redirect=no"
    assert notice.words.endswith("to another object as well: Wipe (revoked technique).")
    notice = site.page(f"{LIBRARY}/techniques/T1488?redirect=no").all("p", css="notice")[-1]
    assert notice.one("a")["href"] == f"{LIBRARY}/mitigations/T1488"


@pytest.mark.parametrize(
    ("asked", "shown"), [("x-tunnel", "X-Tunnel"), ("FANCY bear", "Fancy Bear")]
)
def test_the_name_that_was_found_is_spelt_as_mitre_does(site: Site, asked: str, shown: str) -> None:
    import_objects(
        attack_object("malware", "S0117", "XTunnel", x_mitre_aliases=["XTunnel", "X-Tunnel"]),
        group("G0007", "APT28", "Fancy Bear", "Sofacy"),
    )
    page = site.page(f"{SEARCH}?q={asked}")
    assert page.all("p", css="found-as")[0].words == f"Found as “{shown}”"


@pytest.mark.parametrize(
    ("asked", "attack_id"),
    [
        *(("filternetworktraffic", "M1037"), ("power shell", "T1059.001")),
        *(("fancybear", "G0007"), ("t1059-001", "T1059.001")),
    ],
)
def test_spaces_and_hyphens_do_not_stand_in_the_way(
    library: Site, asked: str, attack_id: str
) -> None:
    assert search(current_shelf(), asked)[0].attack_id == attack_id


def test_an_abbreviation_finds_the_name_whose_first_letters_it_is(site: Site) -> None:
    import_objects(
        technique("T1047", "Managing Windows", description="With WMI, WMI and WMI."),
        technique("T1048", "Windows Management Instrumentation", description="Abuse of (WMI)."),
        # The letters alone are not enough: its description never says so.
        technique("T1049", "Wide Magic Ideas"),
    )
    assert [hit.attack_id for hit in search(current_shelf(), "wmi")] == ["T1048", "T1047"]
