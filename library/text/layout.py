"""Line by line repairs, so that what looks like a list in ATT&CK's text is one in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from library.text.spans import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from library.text.spans import Span

_FENCE: Final = re.compile(r"[ ]{0,12}(?:```|~~~)[^`]*\Z")
_MARKER: Final = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|\Z)")
_BULLET: Final = re.compile(r"(\s*)[•‣▪●]\s*")
# "*Label:" and "*Label: *": the second asterisk forgotten, or where it cannot close.
_LABEL: Final = re.compile(r"\*[^*]{1,80}(?:(?<=:)|[ ]\*)")
# One list item a measure, glued to the line before: "Filter traffic: - Use Case: …".
_GLUED: Final = re.compile(r"(?<=[^\s-])[ \t]{1,4}-[ \t]{1,4}(?=(?:Use Case|Implementation)s?:)")


def arrange(text: str, spans: Sequence[Span]) -> str:
    """Return the text with its lists and blocks of code set apart as Markdown wants them.

    Works on lifted text, in one pass over its lines.
    """
    if " - " in text:
        text = _GLUED.sub("\n- ", text)
    raw = text.split("\n")
    lines = [_line(line) for line in raw]
    if len(lines) == 1:
        return lines[0]
    arranged: list[str] = []
    in_list = in_fence = False
    for at, line in enumerate(lines):
        if _FENCE.match(line):
            in_fence = not in_fence
        if in_fence:
            arranged.append(raw[at])
            continue
        is_marked = _MARKER.match(line) is not None
        if _is_block(line, spans):
            arranged += ["", line, ""]
            in_list = False
            continue
        if line and in_list and not is_marked and _leaves_list(line, lines, at):
            arranged.append("")
        in_list = is_marked or (in_list and line != "")
        arranged.append(line)
    return "\n".join(arranged)


def _line(line: str) -> str:
    """Return one line with its bullet or heading sign as Markdown reads it.

    All of these occur in releases 17.1 and 18.1: "• item", "*Item" without a space,
    "*Label:" without a second asterisk, "# of files", lines of a no-break space.
    """
    bare = line.strip()
    if line.startswith("*") and bare[1:2].isalnum():
        if _LABEL.fullmatch(bare):
            return f"*{bare.strip(' *')}*"
        if bare.count("*") == 1:
            return f"* {bare[1:]}"
    if bare.startswith("# "):
        return f"\\{bare}"
    return _BULLET.sub(r"\1- ", line, count=1) if _BULLET.match(line) else line if bare else ""


def _is_block(line: str, spans: Sequence[Span]) -> bool:
    found = PLACEHOLDER.fullmatch(line.strip()) if line.startswith(("\x02", " ")) else None
    return found is not None and spans[int(found[1])].is_block


def _leaves_list(line: str, lines: Sequence[str], at: int) -> bool:
    """Whether a line that directly follows a list item is a paragraph after the list.

    Markdown would make it a part of the item. It is one here only where it goes on in lower case
    or with code, is indented, comes after more of the item, or more items follow it and it does
    not introduce them.
    """
    if line[0].islower() or line[0] in " \t\x02`" or not _MARKER.match(lines[at - 1]):
        return False
    following = lines[at + 1] if at + 1 < len(lines) else ""
    return not following or (line.rstrip().endswith(":") and _MARKER.match(following) is not None)
