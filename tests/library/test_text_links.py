"""Tags, entities and links in descriptions and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from library.text.links import AttackLink, find_attack_links, link_by_id, parse_attack_url

if TYPE_CHECKING:
    pass

from tests.library.rendering import CITE_1, Reader, assert_sound, html

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
