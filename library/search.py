"""Search: objects by ID, name, alias and words, small slips forgiven; in one release or another.

Three ways lead to an object, each one query: its ATT&CK ID (or what may be one), its names, and
the words of its description. Names are found by the groups of three letters they are made of; a
slip spoils a few groups next to each other, so of the query cut in parts at least one is whole.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from library.conditional import Shelf
from library.documents import fold, gram_list, grams
from library.identifiers import (
    ANALYTIC,
    DATA_COMPONENT,
    DATA_SOURCE,
    DETECTION_STRATEGY,
    Domain,
    ObjectType,
    type_of,
)

MOST_CANDIDATES, MOST_NAMES = 300, 120
MOST_WORDS = 12
ENOUGH = 25
# Scores from which on a name is the very one that was asked for.
EXACT = 300.0
# Those of an ATT&CK ID that was given whole, and of one that may be short for it.
CERTAIN, LIKELY = 1000.0, 950.0
# Those from which on it is meant, though it may be misspelt.
SURE = 115.0
# Groups of letters in common, from which on a name may be another one misspelt.
ALIKE = 0.45
ID_FORM = re.compile(r"([A-Za-z]{1,3})[ -]?(\d{1,5})(?:[./](\d{1,3}))?")
BARE_NUMBER = re.compile(r"(\d{3,5})(?:[./](\d{3}))?")
ID_LETTERS = ("T", "M", "G", "S", "C", "TA", "DS", "DC", "DET", "AN", "A")
# Words that mean the same to readers; ATT&CK has used both of each.
SYNONYMS = {
    **dict.fromkeys(("allowlist", "allowlists", "allowlisting"), "whitelist"),
    **dict.fromkeys(("whitelist", "whitelists", "whitelisting"), "allowlist"),
    **dict.fromkeys(("denylist", "denylists", "denylisting"), "blacklist"),
    **dict.fromkeys(("blacklist", "blacklists", "blacklisting"), "denylist"),
}
# What few readers look for by words stands behind what most do.
BEHIND = {ANALYTIC: 0.4, DETECTION_STRATEGY: 0.5, DATA_COMPONENT: 0.7, DATA_SOURCE: 0.7}

# First the best of the documents that releases hold, then what is shown of them.
FIND = """
    WITH found AS MATERIALIZED (
        SELECT m.snapshot_id, m.object_id, m.version_id, d.names, {rank} AS rank
        FROM library_searchdocument d
        JOIN library_snapshotobject m ON m.version_id = d.version_id
        WHERE m.snapshot_id = ANY(%(snapshots)s) AND ({condition})
        ORDER BY rank DESC LIMIT %(most)s
    )
    SELECT s.domain, f.object_id, o.stix_type, v.attack_id, v.name, v.revoked,
        v.deprecated, f.names, f.rank
    FROM found f
    JOIN library_objectversion v ON v.id = f.version_id
    JOIN library_snapshot s ON s.id = f.snapshot_id
    JOIN library_stixobject o ON o.id = f.object_id
"""
BY_ID = FIND.format(
    rank="0",
    condition="d.version_id IN (SELECT id FROM library_objectversion"
    " WHERE attack_id = ANY(%(ids)s))",
)
PARTS = [f"d.grams @> %({part})s" for part in ("beginning", "a", "b", "c", "d")]
BY_NAME = FIND.format(
    rank=f"9 * (d.names && %(exact)s)::int + {' + '.join(f'({part})::int' for part in PARTS)}",
    condition=f"d.names && %(exact)s OR {' OR '.join(PARTS)}",
)
BY_WORDS = FIND.format(
    rank="ts_rank('{0.1, 0.2, 0.4, 1.0}', d.words, to_tsquery('english', %(query)s))",
    condition="d.words @@ to_tsquery('english', %(query)s)",
)


@dataclass(slots=True)
class Hit:
    """One object that a search found, as one domain holds it, and where all do."""

    domain: str
    object_id: int
    stix_type: str
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    names: list[str]
    rank: float
    score: float = 0.0
    alias: str = ""
    """The other name by which it was found."""

    domains: list[str] = field(default_factory=list)

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return type_of(self.stix_type)

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


def search(shelf: Shelf, text: str, *, include_revoked: bool = False) -> list[Hit]:
    """What a text may mean, the likeliest first; three or four queries.

    What is revoked or deprecated is found by its exact ID or name alone, unless asked for.
    """
    asked = fold(text)
    if not asked or not shelf.snapshots:
        return []
    hits: dict[int, Hit] = {}
    ids = possible_ids(text)
    for row in _rows(shelf, BY_ID, ids=list(ids)) if ids else ():
        _add(hits, row, ids[row.attack_id])
    for row in _rows(shelf, BY_NAME, **_name_parameters(asked)):
        score, alias = _name_score(asked, row.names)
        score *= 1.0 if score >= SURE else BEHIND.get(row.kind, 1.0)
        if score >= EXACT or (score and (include_revoked or row.live)):
            _add(hits, row, score, alias)
    words = re.findall(r"\w+", asked)[:MOST_WORDS]
    # Objects that hold but some of the words, or one that begins so, are wanted where few hold all.
    for query, bonus in _word_queries(words):
        for row in _rows(shelf, BY_WORDS, query=query) if len(hits) < ENOUGH or bonus else ():
            if include_revoked or row.live:
                _add(hits, row, _words_score(words, row, bonus))
    return sorted(
        hits.values(), key=lambda hit: (-hit.score, not hit.live, hit.attack_id, hit.name)
    )


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
    return {f"AN{n}": 395.0 if n == number else 240.0 + _alike(wanted, grams(n)) for n in meant}


def _alike(wanted: set[str], own: set[str]) -> float:
    """How much of two names' groups of letters is common to them, from 0 to 1 (Dice)."""
    return 2 * len(wanted & own) / (len(wanted) + len(own))


def _rows(shelf: Shelf, statement: str, **parameters: Any) -> list[Hit]:
    given: dict[str, Any] = {
        "snapshots": list(shelf.snapshot_ids),
        "most": MOST_CANDIDATES,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given | parameters)
        return [Hit(*row) for row in cursor.fetchall()]


def _add(hits: dict[int, Hit], row: Hit, score: float, alias: str = "") -> None:
    """Count a row among the hits: the better of two scores, a little more for both."""
    hit = hits.setdefault(row.object_id, row)
    if hit is row:
        hit.score, hit.alias = score, alias
    else:
        better, other = max(hit.score, score), min(hit.score, score)
        hit.alias = alias if score > hit.score else hit.alias
        hit.score = better + min(other, 50) / 100
    label = Domain(row.domain).label
    if label not in hit.domains:
        hit.domains.append(label)


def _name_parameters(asked: str) -> dict[str, Any]:
    """The groups of letters by which names are found: of the beginning, and of four parts."""
    every = gram_list(asked)
    size = len(every) // 4
    parts = [every[:size], every[size : 2 * size], every[2 * size : 3 * size], every[3 * size :]]
    cut = dict(zip("abcd", parts if size else [every] * 4, strict=True))
    return {"exact": [asked], "beginning": every[:-1], "most": MOST_NAMES} | cut


def _name_score(asked: str, names: Iterable[str]) -> tuple[float, str]:
    """How well the best of an object's names fits, and that name where it is not its first."""
    best, alias = 0.0, ""
    wanted = grams(asked)
    for place, name in enumerate(names):
        if name == asked:
            score = 400.0
        elif is_slip(asked, name):
            score = 250.0
        elif name.startswith(asked):
            score = 220.0 + 20 * len(asked) / len(name)
        elif f" {asked}" in name:
            score = 200.0 + 20 * len(asked) / len(name)
        else:
            alike = _alike(wanted, grams(name))
            score = 160 * alike if alike >= ALIKE else 0.0
        score -= 5 if place and score else 0
        if score > best:
            best, alias = score, name if place else ""
    return best, alias


def is_slip(typed: str, meant: str) -> bool:
    """Whether two words differ in one letter left out or put in, or two that changed places."""
    shorter, longer = sorted((typed, meant), key=len)
    if len(longer) - len(shorter) > 1 or typed == meant:
        return False
    at = next(
        (n for n, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]),
        len(shorter),
    )
    if len(shorter) < len(longer):
        return shorter[at:] == longer[at + 1 :]
    return (
        shorter[at : at + 2] == longer[at : at + 2][::-1] and shorter[at + 2 :] == longer[at + 2 :]
    )


def _word_queries(words: list[str]) -> list[tuple[str, float]]:
    """What to ask of descriptions, and how much an answer is worth for it."""
    if not words:
        return []
    meant = [_either(word) for word in words]
    unfinished = [*meant[:-1], f"{words[-1]}:*"]
    queries = [(" & ".join(meant), 100.0), (" & ".join(unfinished), 0.0)]
    return queries if len(words) == 1 else [*queries, (" | ".join(meant), 0.0)]


def _either(word: str) -> str:
    return f"({word} | {SYNONYMS[word]})" if word in SYNONYMS else word


def _words_score(words: list[str], row: Hit, bonus: float) -> float:
    """How well an object fits by its words; more where they are all that its name consists of."""
    named = max((_covered(words, name) for name in row.names), default=0.0)
    return (100 * row.rank + 60 * named + bonus) * BEHIND.get(row.kind, 1.0)


def _covered(words: list[str], name: str) -> float:
    """What part of a name's words stands in the query."""
    own = name.split()
    return sum(word in words for word in own) / len(own) if own else 0.0
