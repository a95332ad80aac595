"""What a reader asks of the list of Takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final

from django.http import QueryDict

from analysis.models import Confidence
from library.identifiers import OBJECT_TYPES
from library.parameters import (
    TACTIC_BY_ID,
    as_query,
    known_domain,
    no_such,
    offset,
    search_text,
)

TACTIC_ID: Final = re.compile(r"TA\d{4}", re.ASCII)
KINDS = {kind.path: kind for kind in OBJECT_TYPES}


@dataclass(frozen=True, slots=True)
class TakeFilters:
    """The filters of the list; what an address gives that there is not is left aside, and told."""

    text: str = ""
    domain: str = ""
    kind: str = ""
    """The path of a kind's list: "mitigations"."""

    confidence: str = ""
    tactic: str = ""
    """The ATT&CK ID of a tactic."""

    offset: int = 0
    left_aside: tuple[str, ...] = field(default=(), compare=False)
    """What an address asks for that there is not, a sentence each."""

    @classmethod
    def of(cls, query: QueryDict) -> TakeFilters:
        """The filters in an address."""
        kind, confidence, tactic = (
            query.get(name, "") for name in ("type", "confidence", "tactic")
        )
        domain, no_domain = known_domain(query.get("domain", ""))
        is_kind, is_confidence = kind in KINDS, confidence in Confidence.values
        attack_id = tactic.strip().upper()
        is_tactic = TACTIC_ID.fullmatch(attack_id) is not None
        return cls(
            text=search_text(query.get("q", "")),
            domain=domain,
            kind=kind if is_kind else "",
            confidence=confidence if is_confidence else "",
            tactic=attack_id if is_tactic else "",
            offset=offset(query.get("offset", "")),
            left_aside=(
                *no_domain,
                *(() if is_kind else no_such("type", kind)),
                *(() if is_confidence else no_such("confidence", confidence)),
                *(() if is_tactic else no_such(TACTIC_BY_ID, tactic)),
            ),
        )

    def at(self, start: int) -> TakeFilters:
        """The same filters on the page that begins at a row."""
        return replace(self, offset=start)

    def continues(self, before: TakeFilters) -> bool:
        """Whether these filters differ from those before in nothing but more, or less, text."""
        return bool(self.text and before.text) and self == replace(before, text=self.text, offset=0)

    @property
    def any(self) -> bool:
        """Whether the list is narrowed in any way."""
        return bool(self.at(0).query)

    @property
    def narrowed(self) -> bool:
        """Whether another filter than the text leaves Takes out."""
        return bool(self.text and replace(self.at(0), text="").query)

    @property
    def query(self) -> str:
        """The filters as the query part of an address, with its question mark; empty for none."""
        return as_query(
            {
                "q": self.text,
                "domain": self.domain,
                "type": self.kind,
                "confidence": self.confidence,
                "tactic": self.tactic,
                "offset": str(self.offset) if self.offset else "",
            }
        )
