"""What a reader asks of the list of Takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict

from analysis.models import Confidence
from library.identifiers import OBJECT_TYPES, Domain
from library.parameters import as_query, offset, search_text

TACTIC_ID: Final = re.compile(r"TA\d{4}", re.ASCII)
KINDS = {kind.path: kind for kind in OBJECT_TYPES}


@dataclass(frozen=True, slots=True)
class TakeFilters:
    """The filters of the list; what an address gives that cannot be used is as if not given."""

    text: str = ""
    domain: str = ""
    kind: str = ""
    """The path of a kind's list: "mitigations"."""

    confidence: str = ""
    tactic: str = ""
    """The ATT&CK ID of a tactic."""

    offset: int = 0

    @classmethod
    def of(cls, query: QueryDict) -> TakeFilters:
        """The filters in an address."""
        domain, kind, confidence = (
            query.get(name, "") for name in ("domain", "type", "confidence")
        )
        tactic = query.get("tactic", "").strip().upper()
        return cls(
            text=search_text(query.get("q", "")),
            domain=domain if domain in Domain.values else "",
            kind=kind if kind in KINDS else "",
            confidence=confidence if confidence in Confidence.values else "",
            tactic=tactic if TACTIC_ID.fullmatch(tactic) else "",
            offset=offset(query.get("offset", "")),
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
