"""What readers may type into the search, made from the library itself: 200 texts of eight kinds."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from library.conditional import Shelf
from library.models import SnapshotObject

SEED = 1
SHORTEST = 5
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A live object of the library, as far as readers may know it."""

    name: str
    attack_id: str
    aliases: list[str]
    words: list[str]


type Typed = Callable[[Known, random.Random], str]


def texts(shelf: Shelf) -> list[str]:
    """The texts, in no order; the same for the same library."""
    seed = random.Random(SEED)
    objects = _objects(shelf)
    found: list[str] = []
    for typed, count in KINDS:
        wanted = len(found) + count
        while len(found) < wanted:
            text = typed(seed.choice(objects), seed)
            found += [text] if text else []
    seed.shuffle(found)
    return found


def _objects(shelf: Shelf) -> list[Known]:
    rows = SnapshotObject.objects.filter(snapshot__in=shelf.snapshots).live()
    held = rows.exclude(version__document=None).values_list(
        "version__name",
        "version__attack_id",
        "version__document__names",
        "version__content__canonical",
    )
    return sorted(
        Known(name, attack_id, names[1:], re.findall(r"\w+", _description(canonical)))
        for name, attack_id, names, canonical in held
        if len(name) >= SHORTEST
    )


def _description(canonical: str) -> str:
    return str(orjson.loads(canonical).get("description", ""))


def name(known: Known, _seed: random.Random) -> str:
    """The name as it stands."""
    return known.name


def slip(known: Known, seed: random.Random) -> str:
    """The name with two letters swapped, one left out, or one doubled."""
    text = known.name
    at, kind = seed.randrange(len(text) - 1), seed.randrange(3)
    if kind == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + (text[at + 1 :] if kind == 1 else text[at] + text[at:])


def beginning(known: Known, seed: random.Random) -> str:
    """The name as far as a reader has typed it."""
    return known.name[: seed.randint(1, min(len(known.name) - 1, 12))]


def attack_id(known: Known, _seed: random.Random) -> str:
    """The ATT&CK ID."""
    return known.attack_id


def alias(known: Known, seed: random.Random) -> str:
    """One of the other names."""
    return seed.choice(known.aliases) if known.aliases else ""


def phrase(known: Known, seed: random.Random) -> str:
    """Some words of the description as they follow each other."""
    count = seed.randint(2, 6)
    if len(known.words) <= count:
        return ""
    at = seed.randrange(len(known.words) - count)
    return " ".join(known.words[at : at + count])


def scattered(known: Known, seed: random.Random) -> str:
    """A few long words of the description."""
    long = sorted({word for word in known.words if len(word) >= SHORTEST})
    return " ".join(seed.sample(long, min(len(long), seed.randint(1, 4))))


def unknown(_known: Known, seed: random.Random) -> str:
    """A word that nobody has written."""
    return "".join(seed.choices(LETTERS, k=seed.randint(4, 12)))


KINDS: list[tuple[Typed, int]] = [
    (name, 50),
    (slip, 50),
    (beginning, 20),
    (attack_id, 15),
    (alias, 20),
    (phrase, 20),
    (scattered, 15),
    (unknown, 10),
]
