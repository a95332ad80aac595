"""The IDs that a reader may have meant by one that nothing has: for 404s and the check of IDs."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

SUGGESTIONS: Final = 5
ALIKE: Final = 0.6
_NUMBER: Final = 4
_TYPED: Final = re.compile(r"([A-Za-z]{1,3})[ -]?(\d{1,5})(?:[./-](\d{0,3}))?")


def as_typed(text: str) -> str:
    """How an ATT&CK ID begins that may not be typed to its end: "M103" for "m103", "T1059.0".

    Nothing where a text is no such beginning.
    """
    found = _TYPED.fullmatch(text.strip())
    if not found:
        return ""
    tail = "" if found[3] is None else f".{found[3]}"
    return f"{found[1].upper()}{found[2]}{tail}"


class NearIds:
    """Some ATT&CK IDs, to find those that come near another; case counts for nothing."""

    def __init__(self, attack_ids: Iterable[str]) -> None:
        self._known: defaultdict[str, list[str]] = defaultdict(list)
        for attack_id in attack_ids:
            self._known[attack_id.casefold()].append(attack_id)
        self._whole = [folded for folded in self._known if "." not in folded]

    def begun(self, asked: str) -> list[str]:
        """The IDs that begin so, in their order, sub-techniques last; none for nothing."""
        wanted = asked.casefold()
        begun = (folded for folded in self._known if wanted and folded.startswith(wanted))
        found = sorted(begun, key=lambda folded: ("." in folded, folded))
        return [attack_id for folded in found for attack_id in self._known[folded]]

    def near(self, asked: str) -> Iterator[str]:
        """The IDs that may have been meant, the likeliest first; none twice.

        One digit wrong, or two that changed places, and for a sub-technique its technique; then
        what is spelt nearly so, which takes up to 5 ms and is looked for only when asked on.
        """
        wanted = asked.casefold()
        given: set[str] = set()
        for tier in (_slips(wanted), self._spelt(wanted)):
            for folded in tier:
                if folded in self._known and folded not in given:
                    given.add(folded)
                    yield from self._known[folded]

    def _spelt(self, wanted: str) -> Iterator[str]:
        """What is spelt nearly so; of a sub-technique among those of its technique, where held."""
        base, _, sub = wanted.partition(".")
        if not sub:
            yield from get_close_matches(wanted, self._known, n=SUGGESTIONS, cutoff=ALIKE)
        elif base in self._known:
            beside = [folded for folded in self._known if folded.startswith(f"{base}.")]
            yield from get_close_matches(wanted, beside, n=SUGGESTIONS, cutoff=ALIKE)
        else:
            yield from get_close_matches(base, self._whole, n=SUGGESTIONS, cutoff=ALIKE)


def _slips(wanted: str) -> Iterator[str]:
    base, _, sub = wanted.partition(".")
    if sub:
        yield f"{base}.{sub:0>3}"
        yield from (f"{base}.{slip}" for slip in _slips_of_digits(f"{sub:0>3}"))
        yield base
    tail = f".{sub:0>3}" if sub else ""
    number = base[-_NUMBER:]
    yield from (f"{base[:-_NUMBER]}{slip}{tail}" for slip in _slips_of_digits(number))


def _slips_of_digits(number: str) -> Iterator[str]:
    for at in range(len(number) - 1):
        yield number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    for at in reversed(range(len(number))):
        for digit in "0123456789":
            yield number[:at] + digit + number[at + 1 :]
