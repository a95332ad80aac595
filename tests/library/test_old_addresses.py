"""Addresses of attack.mitre.org lead to ours, and so does an ID alone."""

import pytest

from library.identifiers import OBJECT_TYPES
from tests.factories import attack_object, import_objects, mitigation, relationship, technique
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(site: Site) -> Site:
    import_objects(technique("T1059", "Shell"), mitigation("M1037", "Filter"), release="17.0")
    import_objects(technique("T1059", "Shell"), release="17.1")
    import_objects(
        technique("T1059", "Shell"),
        technique("T1059.001", "Power"),
        mitigation("M1037", "Filter"),
        attack_object("malware", "S0154", "Beacon"),
        release="18.1",
    )
    return site


@pytest.mark.parametrize("prefix", ["", LIBRARY])
@pytest.mark.parametrize(
    ("old", "ours"),
    [
        ("/techniques/T1059/001/", "/techniques/T1059.001"),
        ("/techniques/T1059/001", "/techniques/T1059.001"),
        ("/techniques/t1059/", "/techniques/T1059"),
        ("/software/S0154/", "/software/S0154"),
        ("/wiki/Technique/T1059", "/techniques/T1059"),
        ("/datasources/DS0009/", "/data-sources/DS0009"),
        ("/detectionstrategies/DET0001/", "/detection-strategies/DET0001"),
        ("/mitigations/", "/mitigations"),
        ("/mitigations/ics/", "/mitigations?domain=ics"),
        ("/matrices/enterprise/", "/matrices/enterprise-attack"),
        ("/matrices/enterprise/windows/", "/matrices/enterprise-attack?platform=Windows"),
        ("/matrices/enterprise/macos/", "/matrices/enterprise-attack?platform=macOS"),
        ("/matrices/mobile/ios/", "/matrices/mobile-attack?platform=iOS"),
        ("/matrices/mobile/android/", "/matrices/mobile-attack?platform=Android"),
        ("/matrices/enterprise/cloud/", "/matrices/enterprise-attack"),
        (
            "/matrices/enterprise/cloud/officesuite/",
            "/matrices/enterprise-attack?platform=Office+Suite",
        ),
        (
            "/matrices/enterprise/network-devices/",
            "/matrices/enterprise-attack?platform=Network+Devices",
        ),
        ("/wiki/Groups", "/groups"),
        ("/wiki/index.php/Software", "/software"),
        ("/wiki/All_Techniques", "/techniques"),
        ("/wiki/Enterprise_Matrix", "/matrices/enterprise-attack"),
        ("/wiki/Main_Page", ""),
    ],
)
def test_an_address_of_mitre_moves_for_good(
    library: Site, prefix: str, old: str, ours: str
) -> None:
    assert library.moves(prefix + old, 301) == LIBRARY + ours


def test_our_own_addresses_lose_their_slash_and_keep_their_query(library: Site) -> None:
    assert library.moves(f"{LIBRARY}/", 301) == LIBRARY
    moved = library.moves(f"{LIBRARY}/mitigations/M1037/?sort=name", 301)
    assert moved == f"{LIBRARY}/mitigations/M1037?sort=name"


def test_a_version_leads_to_the_newest_release_of_its_number(library: Site) -> None:
    old = "/versions/v17/techniques/T1059/"
    assert library.moves(old, 302) == f"{LIBRARY}/v/17.1/techniques/T1059"
    assert library.moves("/versions/v18/", 302) == f"{LIBRARY}/v/18.1"
    library.page("/versions/v16/techniques/T1059/", 404)
    for home in ("", LIBRARY):
        for version in ("V17", "v17.0", "V17-1"):
            asked = f"{home}/versions/{version}/techniques/T1059/"
            assert library.moves(asked, 302) == f"{LIBRARY}/v/17.1/techniques/T1059"


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        # Of enterprise alone in 18.1, of ICS in 18.2 too; what is in none is said of the newest.
        ("techniques/T1059", "/v/18.1/techniques/T1059"),
        ("techniques/T1059/001/", "/v/18.1/techniques/T1059.001"),
        ("t1059", "/v/18.1/techniques/T1059"),
        ("software/S0154", "/v/18.1/software/S0154"),
        ("matrices/enterprise/windows", "/v/18.1/matrices/enterprise-attack?platform=Windows"),
        ("matrices/ics/", "/v/18.2/matrices/ics-attack"),
        ("techniques/enterprise/", "/v/18.1/techniques?domain=enterprise"),
        ("techniques/T0800", "/v/18.2/techniques/T0800"),
        ("techniques/T9999", "/v/18.2/techniques/T9999"),
        ("techniques/", "/v/18.2/techniques"),
        ("", "/v/18.2"),
    ],
)
def test_a_version_leads_to_the_newest_release_of_its_number_that_has_what_is_asked_for(
    library: Site, path: str, ours: str
) -> None:
    plant = technique("T0800", "Plant", (), "ics")
    import_objects(plant, domain="ics", release="18.1")
    import_objects(plant, domain="ics", release="18.2")
    assert library.moves(f"/versions/v18/{path}", 302) == f"{LIBRARY}{ours}"


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        *(("T1059.001", "T1059.001"), ("t1059.001", "T1059.001"), ("T1059.001/", "T1059.001")),
        *(("M1037", "M1037"), ("s154", "S0154"), ("v/18.1/T1059.001", "T1059.001")),
        *(("T1059/001", "T1059.001"), ("t1059/001/", "T1059.001")),
        ("v/18.1/T1059/001", "T1059.001"),
    ],
)
def test_an_id_alone_finds_its_page(library: Site, asked: str, meant: str) -> None:
    page = library.page(library.moves(f"{LIBRARY}/{asked}"))
    assert page.one("h1").one(css="attack-id").words == f"{meant}:"


def test_an_id_alone_at_the_root_finds_its_page(library: Site) -> None:
    assert library.moves("/T1059.001?sort=name").endswith("/techniques/T1059.001?sort=name")


def test_an_id_of_two_kinds_leads_to_the_one_that_its_letters_name(site: Site) -> None:
    old = technique("T1150", "Old way", revoked=True)
    advice = mitigation("T1150", "Old advice", x_mitre_deprecated=True)
    novelty = attack_object("x-new-kind", "N0001", "Thing")
    import_objects(old, advice, novelty)
    assert site.moves(f"{LIBRARY}/T1150") == f"{LIBRARY}/techniques/T1150"
    assert site.moves(f"{LIBRARY}/n0001") == f"{LIBRARY}/objects/{novelty['id']}"
    assert site.moves(f"{LIBRARY}/enterprise-attack").endswith("/matrices/enterprise-attack")


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/v/17.1/", "/v/17.1"),
        ("/v/17.1/mitigations/", "/v/17.1/mitigations"),
        ("/v/17.1/techniques/T1059/001", "/v/17.1/techniques/T1059.001"),
        ("/mitigations/m1037/matrix", "/mitigations/M1037/matrix"),
    ],
)
def test_an_address_of_ours_is_forgiven_its_slashes_and_case(
    library: Site, asked: str, meant: str
) -> None:
    assert library.moves(LIBRARY + asked, 301) == LIBRARY + meant


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("prefix", "home"),
    [("", LIBRARY), (LIBRARY, LIBRARY), (f"{LIBRARY}/v/17.1", f"{LIBRARY}/v/17.1")],
)
@pytest.mark.parametrize(
    ("old", "ours"),
    [
        *((f"/matrices/{d}", f"/matrices/{d}-attack") for d in ("enterprise", "mobile", "ics")),
        ("/matrices/ICS", "/matrices/ics-attack"),
        ("/tactics/enterprise", "/tactics?domain=enterprise"),
        ("/techniques/mobile", "/techniques?domain=mobile"),
        ("/mitigations/ics", "/mitigations?domain=ics"),
        ("/assets/ics", "/assets?domain=ics"),
        ("/datasources/enterprise", "/data-sources?domain=enterprise"),
    ],
)
def test_a_domain_behind_a_kind_is_found_with_or_without_a_slash(
    library: Site, prefix: str, home: str, slash: str, old: str, ours: str
) -> None:
    assert library.moves(prefix + old + slash, 301) == home + ours


@pytest.mark.parametrize("home", [LIBRARY, f"{LIBRARY}/v/18.1"])
@pytest.mark.parametrize(
    "path",
    [
        *("/search", "/mitigations/csv", "/mitigations/M1037/matrix", "/mitigations/M1037/csv"),
        *("/techniques/T1059/json", "/software/S0154/raw", "/objects/attack-pattern/csv"),
        *("/objects/attack-pattern", "/objects/malware--1", "/workbooks/ics", "/objects/a%3Fb"),
    ],
)
def test_every_page_is_found_with_a_slash_behind(library: Site, home: str, path: str) -> None:
    assert library.moves(f"{home}{path}/", 301) == home + path
    assert library.moves(f"{home}{path}//?q=a&x", 301) == f"{home}{path}?q=a&x"


@pytest.mark.parametrize("path", ["/takes", "/schemas/object-1", "/takes/brief", "/bundles/abc"])
def test_what_has_no_release_is_found_with_a_slash_behind(library: Site, path: str) -> None:
    assert library.moves(f"{LIBRARY}{path}/", 301) == LIBRARY + path


@pytest.mark.parametrize("prefix", ["", LIBRARY, f"{LIBRARY}/v/18.1"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("word", ["yaml", "x", "detection"])
def test_a_word_below_an_object_is_no_address(
    library: Site, prefix: str, slash: str, word: str
) -> None:
    for page in ("/techniques/T1059", "/techniques/T1059/001", "/matrices/enterprise-attack"):
        assert library.get(f"{prefix}{page}/{word}{slash}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        *("/nonsense", "/techniques/../etc/passwd", "/%00", "/versions/v17", "/versions/vx/y"),
        *("/matrices/enterprise/foo", f"{LIBRARY}/T9999/001"),
        *("/wiki/Nonsense", f"{LIBRARY}/wiki/Main", "/wiki"),
        *(f"{LIBRARY}/T9999", f"{LIBRARY}/%00", f"{LIBRARY}/x/y/z", "//example.org/techniques/T1"),
    ],
)
def test_any_other_address_is_a_clean_404(site: Site, path: str) -> None:
    assert site.get(path).status_code == 404


def test_an_analytic_is_anchored_in_its_strategy_s_page(site: Site) -> None:
    analytic = attack_object("x-mitre-analytic", "AN0001", "Analytic 0001")
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice", x_mitre_analytic_refs=[analytic["id"]]
    )
    import_objects(analytic, strategy)
    page = site.page(f"{LIBRARY}/detection-strategies/DET0001")
    assert page.one("tr", id="AN0001")


def test_a_chain_of_revocations_is_followed_from_an_old_address(site: Site) -> None:
    chain = [technique(f"T100{n}", f"N {n}", revoked=n < 2) for n in range(3)]
    hops = [relationship("revoked-by", chain[n], chain[n + 1]) for n in range(2)]
    import_objects(*chain, *hops)
    _, end = site.follow("/techniques/T1000/")
    assert end == f"{LIBRARY}/techniques/T1002?replaces=T1000"


@pytest.mark.parametrize(
    ("old", "ours"),
    [
        ("detectionstrategies", "detection-strategies"),
        ("datasources", "data-sources"),
        ("datacomponents", "data-components"),
    ],
)
@pytest.mark.parametrize("release", ["", "/v/17.1"])
def test_a_list_is_found_as_mitre_writes_it(
    library: Site, release: str, old: str, ours: str
) -> None:
    assert library.moves(f"{LIBRARY}{release}/{old}", 301) == f"{LIBRARY}{release}/{ours}"


@pytest.mark.parametrize(
    ("asked", "near"), [("T1059.009", "techniques/T1059"), ("m1039", "mitigations/M1037")]
)
def test_an_id_alone_that_nothing_has_offers_what_comes_near(
    library: Site, asked: str, near: str
) -> None:
    page = library.page(f"{LIBRARY}/{asked}", 404)
    assert f"{LIBRARY}/{near}" in [a["href"] for a in page.one("ul", css="near").all("a")]
    assert f"{LIBRARY}/search?q={asked.upper()}" in [a["href"] for a in page.one("main").all("a")]


@pytest.mark.parametrize("home", ["", LIBRARY, f"{LIBRARY}/v/18.1"])
@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("T105", ["T1059", "T1059.001"]),
        ("t105/", ["T1059", "T1059.001"]),
        ("T1059.0", ["T1059.001", "T1059"]),
        ("m103", ["M1037"]),
        ("s01", ["S0154"]),
    ],
)
def test_a_half_typed_id_offers_what_begins_with_it(
    library: Site, home: str, asked: str, near: list[str]
) -> None:
    page = library.page(f"{home}/{asked}", 404)
    ids = [a.one(css="attack-id").words for a in page.one("ul", css="near").all("a")]
    assert ids[: len(near)] == near
    assert page.one("h1").words.endswith(f" {asked.upper().strip('/')}")


@pytest.mark.parametrize(
    ("path", "release"),
    [("/versions/v16/techniques/T1059", "16"), (f"{LIBRARY}/v/99/techniques/T1059", "99")],
)
def test_a_release_that_is_not_held_is_named_with_what_is(
    library: Site, path: str, release: str
) -> None:
    page = library.page(path, 404)
    assert page.one("h1").words == f"Release {release} is not held"
    assert page.one("p", css="purpose").words == "Held are 18.1, 17.1, 17.0."
    assert f"{LIBRARY}/techniques/T1059" in [a["href"] for a in page.one("main").all("a")]


def test_what_a_pinned_release_has_not_is_named_where_the_current_one_has_it(
    library: Site,
) -> None:
    page = library.page(f"{LIBRARY}/v/17.1/mitigations/M1037", 404)
    assert "Enterprise 18.1 has it: M1037 Filter" in page.one("main").words
    assert "has it" not in library.page(f"{LIBRARY}/mitigations/M1030", 404).one("main").words


def test_an_address_that_is_none_offers_search_and_every_list(library: Site) -> None:
    main = library.page(f"{LIBRARY}/no/such/page", 404).one("main")
    assert main.one("h1").words == "There is no page at this address"
    assert main.one("form")["action"] == f"{LIBRARY}/search"
    assert {f"{LIBRARY}/{kind.path}" for kind in OBJECT_TYPES} <= {a["href"] for a in main.all("a")}
