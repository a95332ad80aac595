"""ATT&CK IDs in any text: lists, layers, rules, reports, addresses of attack.mitre.org."""

import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

# IDs that no release has: so many are listed, and so many told apart before they are but many.
MOST_LISTED: Final = 200
MOST_COUNTED: Final = 10_000

# Begins with a letter, not with what must stand before it, so that re can skip to the next one.
# Before an ID stands no letter or digit, but it may be what is left of an escaped character: "\n"
# in JSON, "%20" in an address. Not an ID: what mobile techniques and those of
# PRE-ATT&CK were called before they had one (MOB-T1002, PRE-T1009), a colour (#dc1234).
_BEFORE = r"(?:(?<![A-Za-z0-9].)|(?<=\\[nrt].)|(?<=\\u[0-9A-Fa-f]{4}.)|(?<=%[0-9A-Fa-f]{2}.))"
_NO_OLD = r"(?<![Mm][Oo][Bb]-.)(?<![Pp][Rr][Ee]-.)"
_LETTERS = (
    r"(?:(?<=[TtMmSsGgCcAa])|(?<=[Tt])[Aa]|(?<=[Aa])[Nn]"
    r"|(?<=[Dd])(?:[Ee][Tt]|[Ss]|[Cc](?<!\#..)))"
)
# In Sigma's tags and in names of files a dot, in addresses a slash, which JSON may escape. A
# technique's ID before a dot and other digits is no ID: one that is cut short is taken as written.
_SUB = r"(?:(?:\.|\\?/)[0-9]{1,3}(?![0-9A-Za-z])|(?!\.[0-9])|(?<![Tt][0-9]{4}))"
_ID: Final = re.compile(
    rf"[TMSGCADtmsgcad]{_BEFORE}{_NO_OLD}{_LETTERS}[0-9]{{4}}(?![0-9A-Za-z]){_SUB}"
)
_PARTS: Final = re.compile(r"([A-Za-z]+[0-9]{4})(?:(?:\.|\\?/)([0-9]+))?")
_TECHNIQUE_WITH_PART: Final = re.compile(r"[Tt][0-9]{4}\.")
_WHOLE_SUB: Final = 3


@dataclass(slots=True)
class Extraction:
    """The IDs of a text in the order in which they first appear, each with how often it does."""

    counts: dict[str, int] = field(default_factory=dict)
    """Those that some release has, and the first of the others."""

    mentions: int = 0
    """How many there were, repetitions included."""

    unlisted: set[str] = field(default_factory=set)
    """Further IDs that no release has."""

    @property
    def is_cut(self) -> bool:
        """Whether there were more different IDs that no release has than are counted."""
        return len(self.unlisted) >= MOST_COUNTED

    @property
    def distinct(self) -> int:
        """How many different IDs there were; at least so many where the count is cut."""
        return len(self.counts) + len(self.unlisted)


def extract(text: str, known: Container[str]) -> Extraction:
    """The ATT&CK IDs in a text; one pass, some 0.3 s for 5 MB, and twice that where all are IDs.

    All that `known` holds are kept; of others, which noise is full of, MOST_LISTED.
    """
    found = Extraction()
    counts, others = found.counts, 0
    # As they are written first: most of what is written often is written alike.
    for written, times in Counter(_ID.findall(text)).items():
        attack_id = _meant(written)
        found.mentions += times
        if attack_id in counts:
            counts[attack_id] += times
        elif attack_id in known:
            counts[attack_id] = times
        elif others < MOST_LISTED:
            counts[attack_id] = times
            others += 1
        elif len(found.unlisted) < MOST_COUNTED:
            found.unlisted.add(attack_id)
    return found


def _meant(written: str) -> str:
    """The ID as MITRE writes it: "T1059.001" for "t1059/001"."""
    if written.isalnum() or _TECHNIQUE_WITH_PART.match(written):
        return written.upper()
    parts = _PARTS.fullmatch(written)
    assert parts is not None
    base, sub = parts[1].upper(), parts[2]
    # Techniques alone have parts; after a slash these have three digits.
    has_part = base[0] == "T" and base[1].isdigit() and len(sub) == _WHOLE_SUB
    return f"{base}.{sub}" if has_part else base
