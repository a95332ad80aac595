"""Addresses of attack.mitre.org, and the ATT&CK objects they stand for."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SITE: Final = "https://attack.mitre.org"

# The object's kind as attack.mitre.org's paths name it today, by every spelling in use: the old
# wiki's singular ("/wiki/Technique/T1055"), today's plural, and the hyphened form of this library.
_KINDS: Final = {
    spelling: plural
    for plural, spellings in {
        "techniques": ("technique", "techniques"),
        "tactics": ("tactic", "tactics"),
        "groups": ("group", "groups"),
        "software": ("software",),
        "mitigations": ("mitigation", "mitigations"),
        "campaigns": ("campaign", "campaigns"),
        "datasources": ("datasource", "datasources", "data-sources"),
        "datacomponents": ("datacomponent", "datacomponents", "data-components"),
        "detectionstrategies": (
            "detectionstrategy",
            "detectionstrategies",
            "detection-strategies",
        ),
        "analytics": ("analytic", "analytics"),
        "assets": ("asset", "assets"),
        "matrices": ("matrix", "matrices"),
    }.items()
    for spelling in spellings
}

_KIND_BY_PREFIX: Final = {
    "T": "techniques",
    "TA": "tactics",
    "G": "groups",
    "S": "software",
    "M": "mitigations",
    "C": "campaigns",
    "DS": "datasources",
    "DC": "datacomponents",
    "DET": "detectionstrategies",
    "AN": "analytics",
    "A": "assets",
}

_HOST = r"(?:https?:)?//(?:www\.)?attack\.mitre\.org(?::(?:80|443))?"
_PATH = (
    r"/(?:versions/v[\w.-]{1,20}/|wiki/(?:index\.php/)?)?"
    r"(?P<kind>[A-Za-z][A-Za-z-]{3,24})/"
    r"(?P<id>[A-Za-z]{1,4}\d{4,5}(?:[./]\d{3})?|(?<=matrices/)[a-z][a-z-]{1,24})"
)
_QUERY = r"(?:\?[^\s\#()<>\[\]\"'`]{0,200})?"
_FRAGMENT = r"(?:\#(?P<fragment>[^\s()<>\[\]\"'`]{1,200}))?"
_URL: Final = re.compile(
    rf"(?:{_HOST})?{_PATH}(?:/[a-z-]{{1,24}})?/?{_QUERY}{_FRAGMENT}\Z", re.IGNORECASE
)
# Two patterns that each begin with a sign, which re can skip to, as it cannot to a letter of
# either case.
_IN_TEXT: Final = tuple(
    re.compile(rf"{start}{_PATH}(?:/[a-z-]{{1,24}})?/?{_QUERY}{_FRAGMENT}", re.IGNORECASE)
    for start in (r"\.(?<=attack\.)mitre\.org(?::(?:80|443))?", r"\]\(")
)

# What is left of the wiki's template: "{{LinkById|T1059.008}", "(LinkById : G0047)", each once in
# releases 17.1 and 18.1. \s covers the narrow no-break space of the second.
LINK_BY_ID_TAIL: Final = (
    r"[({]?\s{0,8}LinkById\s{0,8}[|:]\s{0,8}(?P<link_id>[^\s|(){}<>\x02]{1,40})\s{0,8}[)}]{0,2}"
)
_LINK_BY_ID: Final = re.compile(rf"[({{]{LINK_BY_ID_TAIL}", re.IGNORECASE)
_ATTACK_ID: Final = re.compile(r"([A-Z]{1,3})\d{4,5}(?:\.\d{3})?\Z")


class AttackLink(NamedTuple):
    """One object that a text points at, in the words of attack.mitre.org's addresses."""

    kind: str
    attack_id: str
    fragment: str = ""

    @property
    def url(self) -> str:
        """The object's address on attack.mitre.org."""
        fragment = f"#{self.fragment}" if self.fragment else ""
        return f"{SITE}/{self.kind}/{self.attack_id.replace('.', '/')}{fragment}"


def parse_attack_url(url: str) -> AttackLink | None:
    """Return the object that an address of attack.mitre.org (or a path of it) names, if it does.

    Understood: http and https, with and without a trailing slash, /techniques/T1059/001,
    /versions/v17/…, /wiki/Technique/T1059, and paths alone. The wiki of ATT&CK for ICS
    (collaborate.mitre.org) is not: its S0017 is another object than today's.
    """
    found = _URL.match(url)
    return _link(*found.groups()) if found else None


def link_by_id(attack_id: str) -> AttackLink | None:
    """Return the link that an ID alone stands for, its kind told by its letters."""
    found = _ATTACK_ID.match(attack_id.upper())
    kind = _KIND_BY_PREFIX.get(found[1]) if found else None
    return AttackLink(kind, attack_id.upper()) if kind else None


def find_attack_links(text: str) -> set[AttackLink]:
    """Return the objects that rendering a text will ask for, and perhaps a few more.

    A scan of the raw text, about 1 µs a link: for fetching all of a page's links in one query
    before any of its texts is rendered.
    """
    named = {found.groups() for pattern in _IN_TEXT for found in pattern.finditer(text)}
    links = {_link(*parts) for parts in named}
    if "linkbyid" in text.lower():
        links.update(link_by_id(found["link_id"]) for found in _LINK_BY_ID.finditer(text))
    return {link for link in links if link is not None}


def _link(kind: str, attack_id: str, fragment: str | None) -> AttackLink | None:
    plural = _KINDS.get(kind.lower())
    if plural is None:
        return None
    if plural != "matrices":
        attack_id = attack_id.upper().replace("/", ".")
    return AttackLink(plural, attack_id, fragment or "")
