"""Files of Takes to be written: the object's head, empty sections, and the evidence beside them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from analysis.derivation import derive
from analysis.landscape import Landscape, Node, landscape_of
from analysis.models import Confidence, Take
from analysis.since import since_last_release
from analysis.take import SECTIONS, Section
from analysis.takefiles.folder import file_names, lasting_name, short_name, write_file
from analysis.takefiles.layout import dumped
from analysis.writing import Subject
from library.conditional import Shelf
from library.contexts.held import find_by_stix_id
from library.identifiers import ObjectType
from library.text.words import words

WIDTH: Final = 98
HOW_TO: Final = (
    "A Take to be written. Fill in author, confidence and summary, and of the other sections those"
    " that have something to say. The comments are evidence: what ATT&CK {release} records, counted"
    " by the library. Sections of one text begin with “|-” and a new line; lists have an entry"
    " a line, begun with “- ”. Then run manage.py import_takes."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which objects drafts are asked for."""

    kinds: Sequence[ObjectType]
    domain: str = ""
    missing_only: bool = True
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Drafted:
    """What became of one file: "new", or "skipped" for one that is there already."""

    file: str
    word: str

    def __str__(self) -> str:
        return f"{self.file}: {self.word}"


def draft_folder(shelf: Shelf, chosen: Chosen, folder: Path, at: datetime) -> Iterator[Drafted]:
    """Write a draft's file for each object chosen, those first on which most depends.

    No file that is there is written over. Some five queries an object. Raises BadTakesError where
    the folder cannot be written.
    """
    landscape = landscape_of(shelf.snapshot_ids)
    names = file_names({node.stix_id: node.attack_id for node in landscape.nodes.values()})
    for node in _nodes(landscape, chosen):
        name = names[node.stix_id]
        taken = {name, short_name(node.stix_id, node.attack_id), lasting_name(node.stix_id)}
        if any((folder / found).exists() for found in taken):
            yield Drafted(name, "skipped, there is a file already")
        else:
            write_file(folder, name, draft_text(shelf, landscape, node, at).encode())
            yield Drafted(name, "new")


def _nodes(landscape: Landscape, chosen: Chosen) -> list[Node]:
    weights = landscape.weights()
    written = set(Take.objects.values_list("stix_id", flat=True)) if chosen.missing_only else set()
    found = [
        node
        for kind in chosen.kinds
        for node in landscape.of_kind(kind)
        if node.stix_id not in written and (not chosen.domain or chosen.domain in node.domains)
    ]
    found.sort(key=lambda node: (-weights[node.object_id], node.order, node.stix_id))
    return found[: chosen.limit]


def draft_text(shelf: Shelf, landscape: Landscape, node: Node, at: datetime) -> str:
    """The file of a draft for one object; a query, and those of what the release changed of it."""
    held = find_by_stix_id(shelf, node.stix_id)
    assert held is not None, "the landscape holds what the edition holds"
    subject = Subject.of(held)
    derived = derive(landscape, node.object_id, shelf.addresses, since_last_release(shelf, held))
    evidence = {section.name: section for section in derived.take.sections} if derived else {}
    release = subject.baseline["attack_version"]
    parts = [
        _comment(HOW_TO.format(release=release)),
        dumped(
            {
                "stix_id": subject.stix_id,
                **({"attack_id": subject.attack_id} if subject.attack_id else {}),
                "name": subject.name,
                "state": "draft",
                "author": "",
                "written_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "change_note": "",
                "written_against": {
                    "domain": subject.baseline["domain"],
                    "release": release,
                    "content_sha256": subject.baseline["content_sha256"].hex(),
                },
            }
        ),
        _comment(f"One of {', '.join(Confidence.values)}; then why, in a line."),
        dumped({"confidence": "", "confidence_why": ""}),
    ]
    for name, title, is_list in SECTIONS:
        parts += ["\n", _comment(title), *_evidence(evidence.get(name))]
        parts.append(dumped({name: [] if is_list else ""}))
    return "".join(parts)


def _evidence(section: Section | None) -> Iterator[str]:
    for part in section.parts if section else ():
        for line in words(part).split("\n"):
            yield _comment(line, "  - " if section and section.is_list else "  ")


def _comment(text: str, begin: str = "") -> str:
    """A text as lines of comment. Whatever could end such a line, or hide in it, is a space."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    lines = textwrap.wrap(
        shown, WIDTH, initial_indent=f"# {begin}", subsequent_indent="# " + " " * len(begin)
    )
    return "".join(f"{line}\n" for line in lines)
