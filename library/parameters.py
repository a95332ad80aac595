"""Query parameters, read so that no value can do harm: what cannot be used is as if not given."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict

from library.identifiers import Domain
from library.text.words import unaccented

PAGE_SIZE = 25
LONGEST_QUERY = 200
# Beyond any list, and digits enough to be so.
LAST_OFFSET = 10**9
LONGEST_NUMBER = 18
TRUE = {"true", "1", "on", "yes"}
# What sentences call a tactic as addresses do.
TACTIC_BY_ID = "tactic with the ID"


def as_query(parts: dict[str, str]) -> str:
    """The query part of an address, with its question mark, of what is not empty; else nothing."""
    given = {name: value for name, value in parts.items() if value}
    return f"?{urlencode(given)}" if given else ""


def search_text(value: str) -> str:
    """Text to look for: one line, at most 200 characters, without characters that show nothing."""
    printable = "".join(letter if letter.isprintable() else " " for letter in value)
    return " ".join(printable.split())[:LONGEST_QUERY].strip()


def no_such(what: str, value: str) -> tuple[str, ...]:
    """The sentence that says of a value of a filter that it is none; nothing for no value."""
    said = search_text(value)
    return (f"There is no {what} “{said}”: that filter is left aside.",) if said else ()


def known_domain(value: str) -> tuple[str, tuple[str, ...]]:
    """The domain that an address asks for; where there is none such, no domain and a sentence."""
    return (value, ()) if value in Domain.values else ("", no_such("domain", value))


def can_be_held(value: str) -> bool:
    """Whether the database can hold this text, and so look for it: PostgreSQL's has no NUL."""
    return "\x00" not in value


def offset(value: str) -> int:
    """A row number at which a page of a list begins: rounded down to one; 0 for no number."""
    if not (value.isascii() and value.isdigit()):
        return 0
    number = min(int(value.lstrip("0")[:LONGEST_NUMBER] or 0), LAST_OFFSET)
    return number - number % PAGE_SIZE


def _offered(value: str, offered: Sequence[str]) -> str:
    """A value as it is spelt among those that are offered; nothing where it is none of them."""
    spelt = {each.casefold(): each for each in offered}
    return spelt.get(value.casefold(), "")


@dataclass(frozen=True, slots=True)
class ListFilters:
    """What a reader asks of a list."""

    domain: str = ""
    tactic: str = ""
    platform: str = ""
    text: str = ""
    include_revoked: bool = False
    offset: int = 0
    left_aside: tuple[str, ...] = field(default=(), compare=False)
    """What an address asks for that there is not, a sentence each."""

    @classmethod
    def of(cls, query: QueryDict, offered: Sequence[str] = ()) -> "ListFilters":
        """The filters in an address; beside those of every list, only what a list offers."""
        domain, left_aside = known_domain(query.get("domain", ""))
        tactic, platform = (
            search_text(query.get(name, "")) if name in offered else ""
            for name in ("tactic", "platform")
        )
        return cls(
            domain=domain,
            tactic=tactic,
            platform=platform,
            text=search_text(query.get("q", "")),
            include_revoked=query.get("includeRevoked", "").lower() in TRUE,
            offset=offset(query.get("offset", "")),
            left_aside=left_aside,
        )

    def among(self, tactics: Sequence[str], platforms: Sequence[str]) -> "ListFilters":
        """The same with what these offer as it is spelt there, and without what they do not."""
        tactic, platform = _offered(self.tactic, tactics), _offered(self.platform, platforms)
        left_aside = [*self.left_aside]
        left_aside += () if tactic else no_such(TACTIC_BY_ID, self.tactic)
        left_aside += () if platform else no_such("platform", self.platform)
        return replace(self, tactic=tactic, platform=platform, left_aside=tuple(left_aside))

    @property
    def any(self) -> bool:
        """Whether the list is narrowed or widened in any way."""
        return bool(self.narrowing or self.text or self.include_revoked)

    @property
    def narrowing(self) -> dict[str, str]:
        """The filters that leave entries out whatever the text, as an address has them."""
        given = {"domain": self.domain, "tactic": self.tactic, "platform": self.platform}
        return {name: value for name, value in given.items() if value}

    @property
    def narrowed(self) -> bool:
        """Whether another filter than the text leaves entries out."""
        return bool(self.text and self.narrowing)

    def continues(self, before: "ListFilters") -> bool:
        """Whether these filters differ from those before in nothing but more, or less, text."""
        return bool(self.text and before.text) and self == replace(before, text=self.text, offset=0)

    def at(self, start: int) -> "ListFilters":
        """The same filters on the page that begins at a row."""
        return replace(self, offset=start)

    @property
    def query(self) -> str:
        """The filters as the query part of an address, with its question mark; empty for none."""
        return as_query(
            self.narrowing
            | {
                "q": self.text,
                "includeRevoked": "true" if self.include_revoked else "",
                "offset": str(self.offset) if self.offset else "",
            }
        )


TABLE_SORTS = ("id", "-id", "name", "-name")
TABLE_FORM = re.compile("[a-z-]{1,40}")


@dataclass(frozen=True, slots=True)
class TableFilters:
    """What a reader asks of one table of a page; of the page's main one where none is named."""

    table: str = ""
    text: str = ""
    sort: str = "id"

    @classmethod
    def of(cls, query: QueryDict, main: str = "") -> "TableFilters":
        """The filters in an address of a page whose main table has this name."""
        sort, table = query.get("sort", ""), query.get("table", "")
        return cls(
            table=table if table != main and TABLE_FORM.fullmatch(table) else "",
            text=search_text(query.get("filter", "")),
            sort=sort if sort in TABLE_SORTS else "id",
        )

    def continues(self, before: "TableFilters") -> bool:
        """Whether these filters differ from those before in nothing but more, or less, text."""
        return bool(self.text and before.text) and self == replace(before, text=self.text)

    @property
    def without_text(self) -> str:
        """The query of the whole table in the same order."""
        return replace(self, text="").query

    def sorted_by(self, column: str) -> "TableFilters":
        """The same filter, sorted by a column: upwards, or downwards where it is so already."""
        return replace(self, sort=f"-{column}" if self.sort == column else column)

    @property
    def query(self) -> str:
        """The filters as the query part of an address, with its question mark; empty for none."""
        sort = self.sort if self.sort != "id" else ""
        table = self.table if self.text or sort else ""
        return as_query({"table": table, "filter": self.text, "sort": sort})

    @property
    def by_id(self) -> str:
        """The query that sorting by ID leads to."""
        return self.sorted_by("id").query

    @property
    def by_name(self) -> str:
        """The query that sorting by name leads to."""
        return self.sorted_by("name").query


@dataclass(frozen=True, slots=True)
class MatrixFilters:
    """What a reader asks of a matrix, or of several on one page."""

    platform: str = ""
    text: str = ""
    open_subs: bool = False

    def left_aside(self, platforms: Sequence[str]) -> tuple[str, ...]:
        """The sentence that says that the platform is none of those of the matrices, if so."""
        is_offered = not self.platform or _offered(self.platform, platforms)
        return () if is_offered else no_such("platform", self.platform)

    @classmethod
    def of(cls, query: QueryDict) -> "MatrixFilters":
        """The filters in an address."""
        return cls(
            platform=search_text(query.get("platform", "")),
            text=search_text(query.get("find", "")),
            open_subs=query.get("subs", "") == "open",
        )

    def among(self, platforms: Sequence[str]) -> "MatrixFilters":
        """The same with the platform as it is spelt among these, and without one that is not."""
        return replace(self, platform=_offered(self.platform, platforms))

    def continues(self, before: "MatrixFilters") -> bool:
        """Whether these filters differ from those before in nothing but more, or less, text."""
        return bool(self.text and before.text) and self == replace(before, text=self.text)

    def finds(self, attack_id: str, name: str) -> bool:
        """Whether an entry holds the text that is looked for."""
        return bool(self.text) and unaccented(self.text) in unaccented(f"{attack_id} {name}")

    @property
    def query(self) -> str:
        """The filters as the query part of an address, with its question mark; empty for none."""
        return self.query_beside()

    def query_beside(self, **beside: str) -> str:
        """The same together with other parameters, which come first."""
        subs = "open" if self.open_subs else ""
        own = {"platform": self.platform, "find": self.text, "subs": subs}
        return as_query(beside | own)
