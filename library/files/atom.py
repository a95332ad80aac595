"""Atom feeds (RFC 4287): entries as answers to requests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.utils.encoding import iri_to_uri
from django.utils.feedgenerator import Atom1Feed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.utils.safestring import SafeString

GENERATOR: Final = "Glexia ATT&CK Library"
# When a feed changed in a library that holds nothing: never.
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
# A year in which whoever serves this may be held to have had the host's name (RFC 4151).
_TAGGED: Final = 2025
# What no XML document may hold, not even escaped.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One thing that happened."""

    key: str
    """What tells it from all other entries, for ever: a path."""

    title: str
    href: str
    updated: datetime
    content: SafeString
    """HTML; addresses in it begin with a scheme."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, its entries newest first; `href` is the page whose news it tells."""

    path: str
    href: str
    title: str
    subtitle: str
    author: str
    rights: str
    updated: datetime
    """When the newest release came out that it knows of, whether or not that is an entry."""

    entries: Sequence[FeedEntry]


def feed_response(feed: Feed, base: str) -> HttpResponse:
    """The feed in Atom; addresses begin with `base`, a scheme and a host."""
    made = _Atom(
        title=_sound(feed.title),
        subtitle=_sound(feed.subtitle),
        link=base + feed.href,
        description="",
        language="en",
        author_name=feed.author,
        feed_url=base + feed.path,
        feed_guid=_tag(base, feed.path),
        feed_copyright=_sound(feed.rights),
        updated=feed.updated,
    )
    for entry in feed.entries:
        made.add_item(
            title=_sound(entry.title),
            link=base + entry.href,
            description=_sound(entry.content),
            unique_id=_tag(base, entry.key),
            updateddate=entry.updated,
        )
    text = StringIO()
    made.write(text, "utf-8")
    response = HttpResponse(text.getvalue(), content_type=made.content_type)
    response["X-Robots-Tag"] = "noindex"
    return response


class _Atom(Atom1Feed):
    """Django's, with what makes it, and with the same date however often it is made."""

    def add_root_elements(self, handler: Any) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("generator", GENERATOR)

    def latest_post_date(self) -> datetime:
        updated: datetime = self.feed["updated"]
        return updated


def _sound(text: str) -> str:
    """A text without what XML has no place for."""
    return _FORBIDDEN.sub("\ufffd", text)


def _tag(base: str, path: str) -> str:
    """An id that holds whatever the scheme or port: `tag:host,2025:/learn/attack/releases`."""
    return f"tag:{urlsplit(base).hostname},{_TAGGED}:{iri_to_uri(path)}"
