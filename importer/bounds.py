"""Bounds: an object that is larger than any page should be is refused.

In releases 17.1 to 18.1 no object but the collection is larger than 35 kB, no name longer than 124
characters, no list longer than 323 entries, and no text that stands in one longer than 88
characters; no object has more than 855 links, and what its relationships say of it is 143 kB at
most. The collection lists whatever the bundle holds.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from importer.errors import BundleError
from importer.identify import COLLECTION
from importer.normalise import links_of, tactics_by_phase
from importer.parse import Properties, quoted

# What stands in heads, in rows and in links, many times over.
SHORT_FIELDS: Final = ("name", "x_mitre_version", "x_mitre_shortname")
LONGEST_SHORT: Final = 1_000
MOST_ENTRIES, MOST_BYTES = 5_000, 1_000_000
MOST_COLLECTED, MOST_COLLECTED_BYTES = 200_000, 20_000_000
MOST_LINKS, MOST_NOTES = 5_000, 2_000_000


def refuse_too_large(properties: Properties, canonical: bytes) -> None:
    """Go on where an object is of a size that can be shown; else BundleError names it and what."""
    is_collection = properties["type"] == COLLECTION
    most_entries = MOST_COLLECTED if is_collection else MOST_ENTRIES
    most_bytes = MOST_COLLECTED_BYTES if is_collection else MOST_BYTES
    for name in SHORT_FIELDS:
        value = properties.get(name)
        if isinstance(value, str) and len(value) > LONGEST_SHORT:
            _refuse(properties, name, f"{len(value):,} characters", LONGEST_SHORT)
    for name, value in properties.items():
        if not isinstance(value, list):
            continue
        if len(value) > most_entries:
            _refuse(properties, quoted(name), f"{len(value):,} entries", most_entries)
        longest = max((len(entry) for entry in value if isinstance(entry, str)), default=0)
        if longest > LONGEST_SHORT:
            what = f"{quoted(name)} has a text that"
            _refuse(properties, what, f"{longest:,} characters", LONGEST_SHORT)
    if len(canonical) > most_bytes:
        _refuse(properties, "JSON", f"{len(canonical):,} bytes", most_bytes)


def refuse_too_many_links(objects: Collection[Properties]) -> None:
    """Go on where no object has more links than its page can show; else BundleError names it.

    Those that properties carry count as relationships do; of these, what they say counts as well.
    """
    tactics = tactics_by_phase(objects)
    links: defaultdict[str, int] = defaultdict(int)
    notes: defaultdict[str, int] = defaultdict(int)
    for properties in objects:
        note = properties.get("description")
        is_noted = properties["type"] == "relationship" and isinstance(note, str)
        size = len(str(note)) if is_noted else 0
        for link in links_of(properties, tactics):
            for end in (link.source, link.target):
                links[end] += 1
                notes[end] += size
    for found, most, what in (
        (links, MOST_LINKS, "links to others"),
        (notes, MOST_NOTES, "characters in the notes of its relationships"),
    ):
        stix_id = max(found, key=found.__getitem__, default="")
        if found[stix_id] > most:
            raise BundleError(
                f"{quoted(stix_id)} has {found[stix_id]:,} {what}, and at most {most:,} are taken."
            )


def _refuse(properties: Properties, what: str, size: str, most: int) -> None:
    raise BundleError(f"{properties['id']}: its {what} has {size}, and at most {most:,} are taken.")
