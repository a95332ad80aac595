"""What a brief tells of what came and went: as much as one sheet has room for."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from library.identifiers import GROUP, OBJECT_TYPES, TECHNIQUE
from library.releases.brief_lines import ROOM, News, news_of
from library.releases.highlights import MOST_NAMED, Highlight, Highlights, Mention

PAIR: Any = SimpleNamespace(path="/learn/attack/releases/1.0...2.0", query="?domain=ics")
NOTHING = Highlights(*[()] * 9)


def mentions(count: int, said: str = "") -> tuple[Mention, ...]:
    """Objects with names as long as MITRE's are, and what is said of each."""
    name = "Manipulate the Configuration of a Device"
    return tuple(
        Mention("ICS", f"T{1000 + number}", f"{name} {number}", f"/T{1000 + number}", said)
        for number in range(count)
    )


def highlight(count: int, kind: Any = TECHNIQUE) -> Highlight:
    """So many objects of a kind, the first of them by name."""
    return Highlight(kind, count, "/listed", mentions(min(count, MOST_NAMED)))


def height(news: News) -> float:
    return sum(line.height for line in news.lines)


def test_all_names_are_told_when_there_is_room() -> None:
    news = news_of(PAIR, replace(NOTHING, added=(highlight(3),), renamed=mentions(2, "was “Old”")))
    new, renamed = news.lines
    assert (new.lead + new.counted + new.fate, len(new.mentions), new.more) == (
        *("3 new techniques", 3, 0),
    )
    assert (renamed.lead + renamed.counted, renamed.more) == ("Renamed: 2 entries", 0)
    assert renamed.href == f"{PAIR.path}{PAIR.query}#renamed"


@pytest.mark.parametrize("count", [30, 300, 3000])
def test_names_are_left_to_their_lists_when_many_were_moved(count: int) -> None:
    moved = mentions(count, "from Defense Evasion to Defense Impairment")
    told = replace(NOTHING, added=(highlight(30),), moved=moved, revoked=(highlight(20, GROUP),))
    news = news_of(PAIR, told)
    assert height(news) <= ROOM
    assert [line.count for line in news.lines] == [30, count, 20]
    assert all(len(line.mentions) + line.more in {0, line.count} for line in news.lines)
    assert news.lines[1].href == f"{PAIR.path}{PAIR.query}#moved"
    assert news.lines[1].counted == f"{count:,} techniques"
    assert news.untold == 0


def test_what_is_not_told_is_counted_when_there_are_more_ways_than_lines() -> None:
    every = tuple(highlight(20, kind) for kind in OBJECT_TYPES)
    news = news_of(PAIR, replace(NOTHING, added=every, revoked=every, gone=every))
    assert height(news) <= ROOM
    assert sum(line.count for line in news.lines) + news.untold == 3 * 20 * len(OBJECT_TYPES)
    assert news.untold > 0
