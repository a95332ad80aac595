"""ATT&CK IDs in any text: lists, layers, rules, reports, addresses of attack.mitre.org."""

import re
from collections import Counter
from collections.abc import Container, Iterable
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
# Names of files and tables part them in other ways as well ("T1059_001"), which is told.
_OTHERWISE = r"(?:[-_:\u2010-\u2013]|\\{1,2}|%2[EeFf])"
_SUB = (
    rf"(?:(?:\.|\\?/|{_OTHERWISE})[0-9]{{1,3}}(?![0-9A-Za-z])"
    r"|(?!\.[0-9])|(?<![Tt][0-9]{4}))"
)
_ID: Final = re.compile(
    rf"[TMSGCADtmsgcad]{_BEFORE}{_NO_OLD}{_LETTERS}[0-9]{{4}}(?![0-9A-Za-z]){_SUB}"
)
_PARTS: Final = re.compile(rf"([A-Za-z]+[0-9]{{4}})(?:(?:(\.|\\?/)|{_OTHERWISE})([0-9]+))?")
_TECHNIQUE_WITH_PART: Final = re.compile(r"[Tt][0-9]{4}\.")
_WHOLE_SUB: Final = 3
# IDs of a form that is not known here: so many forms are looked for, the commonest first.
MOST_FORMS: Final = 40
_DIGIT: Final = re.compile("[0-9]")
_LETTER: Final = re.compile("[A-Za-z]")
_START: Final = (
    r"(?:(?<![A-Za-z0-9])|(?<=(?<!\\)\\[nrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<=%[0-9A-Fa-f]{2}))"
)


@dataclass(slots=True)
class Extraction:
    """The IDs of a text in the order in which they first appear, each with how often it does."""

    counts: dict[str, int] = field(default_factory=dict)
    """Those that some release has, and the first of the others."""

    spellings: dict[str, list[str]] = field(default_factory=dict)
    """Of an ID that was read from something written otherwise, what that was: "T1059_001"."""

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


def extract(text: str, known: Container[str], held: Iterable[str] = ()) -> Extraction:
    """The ATT&CK IDs in a text; one pass, some 0.3 s for 5 MB, and twice that where all are IDs.

    All that `known` holds are kept; of others, which noise is full of, MOST_LISTED. Last come those
    of `held` that have a form of their own, as a type has that is new; a second pass, where any do.
    """
    found = Extraction()
    counts, others = found.counts, 0
    # As they are written first: most of what is written often is written alike.
    for written, times in Counter(_ID.findall(text)).items():
        attack_id, is_plain = _meant(written)
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
        if not is_plain and attack_id in counts:
            found.spellings.setdefault(attack_id, []).append(written)
    for attack_id, times in _of_other_forms(text, held).items():
        found.mentions += times
        counts[attack_id] = times
    return found


def _of_other_forms(text: str, held: Iterable[str]) -> Counter[str]:
    """How often each of some IDs stands in a text that is not of a form known here.

    Exactly as MITRE writes it, and as a token of its own. What has no digit or no letter is no ID:
    a matrix has "enterprise-attack" for one.
    """
    ids = {
        attack_id
        for attack_id in held
        if _DIGIT.search(attack_id) and _LETTER.search(attack_id) and not _ID.fullmatch(attack_id)
    }
    forms = Counter(_DIGIT.sub("0", attack_id) for attack_id in ids)
    shapes = sorted((form for form, _ in forms.most_common(MOST_FORMS)), key=len, reverse=True)
    if not shapes:
        return Counter()
    any_shape = "|".join(_as_pattern(shape, shapes) for shape in shapes)
    written = Counter(re.findall(rf"{_START}(?:{any_shape})(?![0-9A-Za-z])", text))
    found: Counter[str] = Counter()
    for token, times in written.items():
        # What stands before the last mark, where the whole is none: "SE0001" of "SE0001.999".
        for attack_id in (token, re.split(r"[^0-9A-Za-z](?=[0-9A-Za-z]*$)", token)[0]):
            if attack_id in ids:
                found[attack_id] += times
                break
    return found


def _as_pattern(shape: str, shapes: Iterable[str]) -> str:
    """What finds a form; before a dot and digits it is no ID where IDs have parts so written."""
    has_parts = any(other.startswith(f"{shape}.0") for other in shapes)
    found = re.escape(shape).replace("0", "[0-9]")
    return rf"{found}(?!\.[0-9])" if has_parts else found


def _meant(written: str) -> tuple[str, bool]:
    """The ID as MITRE writes it ("T1059.001" for "t1059/001"), and whether it says so itself.

    It does not where it was parted in a way that no ID is, or where a technique's was cut short.
    """
    if written.isalnum() or _TECHNIQUE_WITH_PART.match(written):
        return written.upper(), True
    parts = _PARTS.fullmatch(written)
    assert parts is not None
    base, is_usual, sub = parts[1].upper(), bool(parts[2]), parts[3]
    # Techniques alone have parts; after anything but a dot these have three digits.
    if base[0] != "T" or not base[1].isdigit():
        return base, True
    return (f"{base}.{sub}", is_usual) if len(sub) == _WHOLE_SUB else (base, False)
