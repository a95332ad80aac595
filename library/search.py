"""Search: objects by ID, name, alias and words, small slips forgiven; in one release or another.

Three ways lead to an object: its ATT&CK ID (or what may be one), its names, and the words of its
description. IDs and names are looked up in the catalogue of what is read, words in the database.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from heapq import nsmallest
from itertools import pairwise

from library.addresses import is_lettered
from library.attack_ids import CERTAIN, possible_ids, unfinished_ids
from library.catalogue import MOST_KEPT, Catalogue, Entry, Line, catalogue
from library.conditional import Shelf
from library.documents import LONGEST_NAME, fold
from library.identifiers import (
    ANALYTIC,
    DATA_COMPONENT,
    DATA_SOURCE,
    DETECTION_STRATEGY,
    Domain,
    ObjectType,
)
from library.likeness import alike_by, grams, is_slip
from library.near_ids import NearIds, as_typed
from library.reading import reading

# Names that are looked at for a slip, and objects whose names are weighed with their words.
MOST_ALIKE, MOST_WEIGHED = 120, 300
MOST_WORDS = 12
# Of so many words one may be wrong; of more, each may be, and the combinations take their time.
MOST_LEFT_OUT = 6
# Fewer letters than these stand in too many names to say anything.
SHORTEST_PIECE = 3
# Where so many are found already, what holds less of the words is not looked for: all but one of
# them; two of them, or any, which may be thousands.
ENOUGH, FEW = 25, 5
ALWAYS = sys.maxsize
# That of a name that was given whole.
NAMED = 400.0
# Scores from which on a name is the very one that was asked for.
EXACT = 300.0
# That of the first whose ATT&CK ID begins with what was asked for.
BEGUN = 870.0
# By how much the next scores less: more than what it may be found by besides would add.
APART = 2.0
# Those from which on it is meant, though it may be misspelt.
SURE = 115.0
# That of a name with the letters asked for, whatever spaces part them.
TOGETHER = 260.0
# Added to that of words that an object has, where they are the first letters of its name's words:
# "wmi", which a description gives in parentheses.
ABBREVIATED = 140.0
# Groups of letters in common, from which on a name may be another one misspelt.
ALIKE = 0.45
# A number in the catalogue of vulnerabilities, folded: "cve 2021 44228", "cve2017 0144".
CVE = re.compile(r"\bcve(?: ?\d+)+")
# Words that mean the same to readers; ATT&CK has used both of each.
SYNONYMS = {
    **dict.fromkeys(("allowlist", "allowlists", "allowlisting"), "whitelist"),
    **dict.fromkeys(("whitelist", "whitelists", "whitelisting"), "allowlist"),
    **dict.fromkeys(("denylist", "denylists", "denylisting"), "blacklist"),
    **dict.fromkeys(("blacklist", "blacklists", "blacklisting"), "denylist"),
}
# What few readers look for by words stands behind what most do.
BEHIND = {
    ANALYTIC.path: 0.4,
    DETECTION_STRATEGY.path: 0.5,
    DATA_COMPONENT.path: 0.7,
    DATA_SOURCE.path: 0.7,
}

# A version that is not held is passed over before its words are read, which takes longest.
BY_WORDS = """
    SELECT d.version_id, ts_rank('{0.1, 0.2, 0.4, 1.0}', d.words, asked) AS rank
    FROM library_searchdocument d, to_tsquery('english', %(query)s) asked
    WHERE CASE WHEN d.version_id < 8 * length(%(held)s) THEN get_bit(%(held)s, d.version_id) = 1 END
        AND d.words @@ asked
    ORDER BY rank DESC, d.version_id
"""
# The place and the label of each domain.
DOMAINS = {domain.value: (place, domain.label) for place, domain in enumerate(Domain)}


@dataclass(slots=True)
class Hit:
    """One object that a search found, as the first domain holds it of those it was found in."""

    entry: Entry
    score: float = 0.0
    alias: str = ""
    """The other name by which it was found."""

    domains: list[str] = field(default_factory=list)

    @property
    def object_id(self) -> int:
        """The object's key."""
        return self.entry.object_id

    @property
    def kind(self) -> ObjectType:
        """What kind of ATT&CK object it is."""
        return self.entry.kind

    @property
    def attack_id(self) -> str:
        """Its ATT&CK ID."""
        return self.entry.attack_id

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.name

    @property
    def status(self) -> str:
        """The word "Revoked" or "Deprecated"; nothing for a live object."""
        if self.entry.revoked:
            return "Revoked"
        return "Deprecated" if self.entry.deprecated else ""

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return self.entry.live


def search(shelf: Shelf, text: str, *, include_revoked: bool = False) -> list[Hit]:
    """What a text may mean, the likeliest first; at most four queries once the catalogue is known.

    What is revoked or deprecated is found by its exact ID or name alone, unless asked for.
    """
    asked = fold(text)[:LONGEST_NAME].strip()
    if not asked or not shelf.snapshots:
        return []
    known = catalogue(shelf.snapshot_ids)
    hits: dict[int, Hit] = {}
    for entry, likely in _by_id(known, text):
        _add(hits, entry, likely)
    for entry, likely in _by_begun_id(shelf, text, include_revoked):
        _add(hits, entry, likely)
    for score, line in _by_name(known, asked, include_revoked):
        _add(hits, line.entry, score, line.name if line.place else "")
    words = re.findall(r"\w+", asked)[:MOST_WORDS]
    # Objects that hold but some of the words, or one that begins so, are wanted where few hold all.
    found = any(hit.score >= EXACT for hit in hits.values())
    # These digits are no analytic's, though its name be one of them.
    foreign = {n for cve in CVE.findall(asked) for n in re.findall(r"\d+", cve)}
    for query, bonus, wanted in _word_queries(words):
        # Nobody who gave a whole name means objects that share but a word with it.
        if len(hits) < wanted and (bonus or not found):
            rows = _by_words(known, query, include_revoked)
            for version_id, rank in rows[:MOST_WEIGHED]:
                for entry in known.by_version[version_id]:
                    if entry.kind is not ANALYTIC or foreign.isdisjoint(entry.name.split()):
                        _add(hits, entry, _words_score(words, entry, rank, bonus))
            _add_rest(hits, known, rows[MOST_WEIGHED:])
    weighed = [hit for hit in hits.values() if hit.score]
    return sorted(weighed, key=_place) + [hit for hit in hits.values() if not hit.score]


def _place(hit: Hit) -> tuple[float, bool, str, str]:
    """Where a hit stands: what is dead behind what is live and fits as well.

    Of several kinds with one ID, the one that its letters name comes first, as by a bare ID.
    """
    entry = hit.entry
    foreign = bool(entry.attack_id) and not is_lettered(entry.kind, entry.attack_id)
    return (0.0 if entry.live else 1.0) - hit.score, foreign, entry.attack_id, entry.name


def _by_id(known: Catalogue, text: str) -> Iterator[tuple[Entry, float]]:
    """The objects whose ATT&CK ID a text is or may be, with how surely."""
    # Some IDs, such as those of matrices, have no form to be known by.
    given = text.strip()
    whole = {given.lower(): CERTAIN, given.upper(): CERTAIN, given: CERTAIN}
    for attack_id, likely in (unfinished_ids(given) | possible_ids(text) | whole).items():
        for entry in known.by_id.get(attack_id, ()):
            yield entry, likely


def _by_begun_id(shelf: Shelf, text: str, include_revoked: bool) -> Iterator[tuple[Entry, float]]:
    """The objects whose ATT&CK ID begins as a text does that is none itself, in their order."""
    known, begun = catalogue(shelf.snapshot_ids), as_typed(text)
    if not begun or begun in known.by_id:
        return
    for place, attack_id in enumerate(_ids_of(shelf.snapshot_ids).begun(begun)):
        for entry in known.by_id[attack_id]:
            if entry.live or include_revoked:
                yield entry, max(BEGUN - APART * place, NAMED)


@lru_cache(maxsize=MOST_KEPT)
def _ids_of(snapshots: tuple[int, ...]) -> NearIds:
    """The ATT&CK IDs of these snapshots; kept as their catalogue is."""
    return NearIds(catalogue(snapshots).by_id)


def _add(hits: dict[int, Hit], entry: Entry, score: float, alias: str = "") -> None:
    """Count an entry among the hits: the better of two scores, a little more for both."""
    place, label = DOMAINS[entry.domain]
    hit = hits.get(entry.object_id)
    if hit is None:
        hits[entry.object_id] = Hit(entry, score, alias, [label])
        return
    better, other = max(hit.score, score), min(hit.score, score)
    hit.alias = alias if score > hit.score else hit.alias
    hit.score = better + min(other, 50) / 100
    if label not in hit.domains:
        hit.domains.append(label)
        if place < DOMAINS[hit.entry.domain][0]:
            hit.entry = entry


def _add_rest(hits: dict[int, Hit], known: Catalogue, rows: list[tuple[int, float]]) -> None:
    """Count what has the words in passing: it stands behind all else, by its rank, unweighed.

    There may be thousands: each takes less than a microsecond here.
    """
    for version_id, _ in rows:
        for entry in known.by_version[version_id]:
            label = DOMAINS[entry.domain][1]
            hit = hits.get(entry.object_id)
            if hit is None:
                hits[entry.object_id] = Hit(entry, 0.0, "", [label])
            elif label not in hit.domains:
                _add(hits, entry, 0.0)


def _by_name(known: Catalogue, asked: str, include_revoked: bool) -> list[tuple[float, Line]]:
    """The names that fit, the best of each entry, with how well."""
    best: dict[tuple[int, int], tuple[float, Line]] = {}
    for score, line in _names(known, asked):
        entry = line.entry
        score -= 5 if line.place else 0
        score *= 1.0 if score >= SURE else BEHIND.get(entry.kind.path, 1.0)
        key = entry.snapshot_id, entry.object_id
        if (score >= EXACT or include_revoked or entry.live) and score > best.get(key, (0.0,))[0]:
            best[key] = score, line
    return list(best.values())


def _names(known: Catalogue, asked: str) -> Iterator[tuple[float, Line]]:
    """Names that are what was asked for, begin so, have a word that does, or look like it."""
    for line in known.by_name.get(asked, ()):
        yield NAMED, line
    if len(asked) >= SHORTEST_PIECE:
        for line in known.lines_run_together(asked):
            if line.name != asked:
                yield TOGETHER, line
    for start, score in (("\n", 220.0), (" ", 200.0)):
        for number in known.lines_with(start + asked):
            line = known.lines[number]
            at = 0 if start == "\n" else line.name.rfind(start + asked) + 1
            if at + len(asked) <= line.lead:
                continue
            yield score + 20 * len(asked) / len(line.name), line
    wanted = grams(asked)
    for line in _look_alikes(known, asked):
        if is_slip(asked, line.name):
            yield 250.0, line
        elif (alike := alike_by(wanted, grams(line.name))) >= ALIKE:
            yield 160 * alike, line


def _look_alikes(known: Catalogue, asked: str) -> list[Line]:
    """Names with most of the pieces that a text is cut in, those of about its length first."""
    counts = Counter(number for piece in _pieces(asked) for number in known.lines_with(piece))
    lines, length = known.lines, len(asked)
    # What is no longer than the name of a parent is not meant for those of all below it.
    found = [
        (-count, abs(len(line.name) - length), number)
        for number, count in counts.items()
        if length > (line := lines[number]).lead
    ]
    return [lines[number] for _, _, number in nsmallest(MOST_ALIKE, found)]


def _pieces(asked: str) -> set[str]:
    """What a name has in it where the text is that name with one slip, or some letters alike.

    A slip spoils one half of a name or the other, save where it swaps the letters between them.
    """
    half, quarter = len(asked) // 2, len(asked) // 4
    if not half:
        return set()
    swapped = f"{asked[: half - 1]}{asked[half]}{asked[half - 1]}"
    halves = {f"\n{asked[:half]}", f"\n{swapped}", f"{asked[half:]}\n"}
    if quarter < SHORTEST_PIECE:
        return halves | ({asked[:half], asked[half:]} if half >= SHORTEST_PIECE else set())
    cuts = [0, quarter, 2 * quarter, 3 * quarter, len(asked)]
    return halves | {asked[start:end] for start, end in pairwise(cuts)}


def _word_queries(words: list[str]) -> list[tuple[str, float, int]]:
    """What to ask of descriptions, how much an answer is worth, and below how many hits to ask."""
    if not words:
        return []
    meant = [_either(word) for word in words]
    unfinished = [*meant[:-1], f"{words[-1]}:*"]
    queries = [(" & ".join(meant), 100.0, ALWAYS), (" & ".join(unfinished), 0.0, ENOUGH)]
    # Of three words, all but one are two.
    if 3 < len(words) <= MOST_LEFT_OUT:
        most = (meant[:at] + meant[at + 1 :] for at in range(len(meant)))
        queries.append((" | ".join(f"({' & '.join(kept)})" for kept in most), 0.0, ENOUGH))
    if len(words) > 2:
        queries.append((_any_two(meant), 0.0, FEW))
    if len(words) > 1:
        queries.append((" | ".join(meant), 0.0, FEW))
    return queries


def _any_two(words: list[str]) -> str:
    """What asks for two of these words: far fewer hold them, and take less time to weigh."""
    return " | ".join(
        f"({word} & ({' | '.join(words[at:])}))" for at, word in enumerate(words[:-1], 1)
    )


def _either(word: str) -> str:
    return f"({word} | {SYNONYMS[word]})" if word in SYNONYMS else word


def _by_words(known: Catalogue, query: str, include_revoked: bool) -> list[tuple[int, float]]:
    """The versions whose names and descriptions hold such words, with their rank, the best first.

    One query.
    """
    held = known.held(dead_too=include_revoked)
    with reading().cursor() as cursor:
        cursor.execute(BY_WORDS, {"query": query, "held": held})
        rows: list[tuple[int, float]] = cursor.fetchall()
    return rows


def _words_score(words: list[str], entry: Entry, rank: float, bonus: float) -> float:
    """How well an object fits by its words; more where they are all that its name consists of."""
    named = max([_covered(words, name) for name in entry.names], default=0.0)
    if bonus and len(words) == 1 and any(_initials(name) == words[0] for name in entry.names):
        bonus += ABBREVIATED
    return (100 * rank + 60 * named + bonus) * BEHIND.get(entry.kind.path, 1.0)


def _initials(name: str) -> str:
    """The first letters of a name's words; nothing for a single word, which has but one."""
    own = name.split()
    return "".join([word[0] for word in own]) if len(own) > 1 else ""


def _covered(words: list[str], name: str) -> float:
    """What part of a name's words stands in the query."""
    own = name.split()
    return sum([word in words for word in own]) / len(own) if own else 0.0
