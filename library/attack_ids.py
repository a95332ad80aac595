"""The ATT&CK IDs that a reader may mean by what is typed, each with how surely."""

import re

from library.documents import fold
from library.likeness import alike_by, grams, is_slip

# How surely an ATT&CK ID is meant that was given whole, and one that it may be short for.
CERTAIN, LIKELY = 1000.0, 950.0
ID_FORM = re.compile(r"([A-Za-z]{1,3})[ -]?(\d{1,5})(?:[./-](\d{1,3}))?")
UNFINISHED_ID = re.compile(r"[Tt]?[ -]?(\d{4})[./-](\d{0,2})")
BARE_NUMBER = re.compile(r"(\d{3,5})(?:[./-](\d{3}))?")
ID_LETTERS = ("T", "M", "G", "S", "C", "TA", "DS", "DC", "DET", "AN", "A")


def possible_ids(text: str) -> dict[str, float]:
    """The ATT&CK IDs that a text may stand for, each with how surely: "T1059.001", "1059", "G7"."""
    stripped = text.strip()
    found = ID_FORM.fullmatch(stripped)
    if found:
        tail = f".{int(found[3]):03}" if found[3] else ""
        letters = found[1].upper()
        meant = f"{letters}{int(found[2]):04}{tail}"
        return {meant: LIKELY, f"{letters}{found[2]}{tail}": CERTAIN}
    bare = BARE_NUMBER.fullmatch(stripped)
    if bare:
        tail = f".{bare[2]}" if bare[2] else ""
        return {
            f"{letters}{int(bare[1]):04}{tail}": 900.0 - place
            for place, letters in enumerate(ID_LETTERS)
        }
    return _analytics(fold(stripped))


def unfinished_ids(given: str) -> dict[str, float]:
    """What a sub-technique's ID may become that is not typed to its end: "T1059.", "1059.0"."""
    found = UNFINISHED_ID.fullmatch(given)
    if not found:
        return {}
    parent, tail = f"T{found[1]}", found[2]
    left = 3 - len(tail)
    ends = [f"{int(tail):03}", *(f"{tail}{n:0{left}}" for n in range(10**left))] if tail else []
    meant = dict.fromkeys((*(f"{parent}.{end}" for end in ends), parent))
    return {attack_id: 890 - place / 10 for place, attack_id in enumerate(meant)}


def _analytics(asked: str) -> dict[str, float]:
    """Analytics by their names, which are nothing but their numbers, perhaps with a slip."""
    letters, number = re.sub(r"[^a-z]", "", asked), re.sub(r"[^0-9]", "", asked)
    if not (letters == "analytic" or is_slip(letters, "analytic")) or not 3 <= len(number) <= 5:
        return {}
    meant = {number}
    for at in range(len(number)):
        meant.add(number[:at] + number[at + 1 :])
        meant.add(number[:at] + number[at + 1 : at + 2] + number[at] + number[at + 2 :])
        meant.update(f"{number[:at]}{digit}{number[at:]}" for digit in "0123456789")
    meant.update(f"{number}{digit}" for digit in "0123456789")
    # A letter typed twice or left out is likelier than any that stands elsewhere.
    wanted = grams(number)
    return {f"AN{n}": 395.0 if n == number else 240.0 + alike_by(wanted, grams(n)) for n in meant}
