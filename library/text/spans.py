"""The parts of ATT&CK's text that are no Markdown: code tags, citations, stray HTML.

They are lifted out before Markdown sees the text, each leaving a placeholder, so that nothing in
a query or a name (asterisks, brackets, new lines, "- " at a line's start) can be taken for markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from library.text.links import LINK_BY_ID_TAIL
from library.text.references import decode_entities

if TYPE_CHECKING:
    from collections.abc import Callable

# U+0002 and U+0003 cannot come from a text: readable() has replaced them.
PLACEHOLDER: Final = re.compile("\x02([0-9]+)\x03")
_PLACEHOLDERS: Final = re.compile("(\x02[0-9]+\x03)")

# The longest name in releases 17.1 to 18.1 has 102 characters.
_LONGEST_NAME: Final = 300
_LONGEST_STRAY_CODE: Final = 300

_CODE_TAG: Final = re.compile(
    r"<(?P<slash>/?)code(?:(?:\s[^<>\n]{0,100})?>|(?<=/code)(?=\s{0,9}\Z|\n))", re.IGNORECASE
)
_BLANK_LINE: Final = re.compile(r"\n[ \t\xa0]{0,40}\n")
# In <code>, too, authors wrote \* and \~ so that Markdown would leave these alone; behind a path
# the backslash is the path's own ("C:\Users\*").
_ESCAPED: Final = re.compile(r"(?<![\w\\%:)\]}>$.|])\\(?=[*~])|(?<!\\)\\(?=_)")

# Begins with one set of characters, which re can skip to: a third of the time otherwise.
_SPECIAL: Final = re.compile(
    r"[(<{](?:"
    r"(?P<cite>(?<=\()\s{0,8}Citations?\s{0,8}:[ \t\xa0]{0,8})"
    rf"|(?P<link>(?<=[({{]){LINK_BY_ID_TAIL})"
    r"|(?P<br>(?<=<)br\s{0,8}/?>)"
    r"|(?<=<)(?P<style>b|strong|i|em|u)>(?P<styled>[^<>\n]{1,300})</(?P=style)>"
    r")",
    re.IGNORECASE,
)
# Back-ticks around whole lines, which Markdown would take apart where a line begins with "- ".
_TICKED_LINES: Final = re.compile(r"^[ ]{0,8}`([^`\n]+\n[^`]*)`[ ]{0,8}$", re.MULTILINE)
# Code that holds nothing but a link's own syntax: Markdown in all but its tag.
_LINK_IN_CODE: Final = re.compile(
    r"\[[^][\n]{1,100}\]\(https?://attack\.mitre\.org/[^\s()]{1,100}\)"
)
_STYLES: Final = {"b": "strong", "strong": "strong", "u": "strong", "i": "em", "em": "em"}
_CITATION: Final = re.compile(r"\(\s{0,8}Citations?\s{0,8}:", re.IGNORECASE)
_NEXT_CITATION: Final = re.compile(
    r"\(\s{0,8}Citations?\s{0,8}:|\n[ \t\xa0]{0,40}\n", re.IGNORECASE
)
_CLOSING: Final = re.compile(r"\)")
_AND_CITATION: Final = re.compile(r"[,;]?\s{0,8}\bCitations?\s{0,8}:", re.IGNORECASE)
_LIST_MARKER: Final = re.compile(r"(?:\A|\n)[ \t]{0,40}(?:[-*+]|\d{1,9}[.)])\Z")


class Span(NamedTuple):
    """One lifted part."""

    kind: str
    """`code`, `cite`, `link`, `break`, `open` or `close`."""

    text: str
    """Code to show, NAME, ID, or the element that opens or closes."""

    source: str
    """As it stood, for the places where it turns out to be a part of other code."""

    @property
    def is_block(self) -> bool:
        """Whether this is code of several lines."""
        return self.kind == "code" and "\n" in self.text


def lift(text: str, knows: Callable[[str], bool]) -> tuple[str, list[Span]]:
    """Return the text with placeholders, and the spans they stand for.

    `knows` tells whether a NAME is one that the object can cite: a NAME may have parentheses of
    its own. Linear in the text's length.
    """
    spans: list[Span] = []

    def is_known(name: str) -> bool:
        return knows(_unlifted(name, spans))

    if "<" in text:
        text = _lift_code(text, spans, is_known)
    if "`" in text and "\n" in text:
        text = _TICKED_LINES.sub(lambda found: _ticked(found, spans), text)
    if "(" in text or "<" in text or "{" in text:
        text = _lift_rest(text, spans, is_known)
    return text, spans


def _add(spans: list[Span], span: Span) -> str:
    spans.append(span)
    return f"\x02{len(spans) - 1}\x03"


def _unlifted(text: str, spans: list[Span]) -> str:
    """Return a text as it stood before its spans were lifted."""
    if "\x02" not in text:
        return text
    return PLACEHOLDER.sub(lambda found: _unlifted(spans[int(found[1])].source, spans), text)


def _lift_code(text: str, spans: list[Span], knows: Callable[[str], bool]) -> str:
    tags = list(_CODE_TAG.finditer(text))
    if not tags:
        return text
    parts: list[str] = []
    at = done = 0
    while at < len(tags):
        parts.append(text[done : tags[at].start()])
        start, end, done, following = _code_extent(text, tags, at)
        inside = text[start:end]
        if _CITATION.search(inside):
            inside = _lift_rest(inside, spans, knows, citations_alone=True)
        opening, closing = text[tags[at].start() : start], text[end:done]
        before = " " if inside[:1].isspace() and not parts[-1][-1:].isspace() else ""
        behind = " " if inside[-1:].isspace() and not text[done : done + 1].isspace() else ""
        code = _code(inside.strip(), f"{opening}{inside}{closing}", spans)
        parts.append(f"{before}{code}{behind}")
        at = following
    parts.append(text[done:])
    return "".join(parts)


def _code_extent(text: str, tags: list[re.Match[str]], at: int) -> tuple[int, int, int, int]:
    """Return where the code of a tag begins and ends, where the text resumes, and the next tag.

    Right pairs are the rule; in nine texts of releases 17.1 to 18.1 they are mistyped: doubled
    (`<code><code>`), opened in place of closed (`<code>~/.zshrc<code> sets`), closed in place of
    opened, closed without having been opened, or left open.
    """
    start = tags[at].end()
    after = at + 1
    if tags[at]["slash"]:
        between = text[start : tags[after].start()] if after < len(tags) else ""
        meant_open = after < len(tags) and bool(tags[after]["slash"]) and between.strip() != ""
        if meant_open and "\n" not in between and len(between) <= _LONGEST_STRAY_CODE:
            return start, tags[after].start(), tags[after].end(), after + 1
        return start, start, start, after
    while after < len(tags) and not tags[after]["slash"]:
        if text[start : tags[after].start()].strip():
            break
        start = tags[after].end()
        after += 1
    if after < len(tags) and tags[after]["slash"]:
        return start, tags[after].start(), tags[after].end(), after + 1
    limit = tags[after].start() if after < len(tags) else len(text)
    blank = _BLANK_LINE.search(text, start, limit)
    if blank or after == len(tags):
        limit = blank.start() if blank else limit
        return start, limit, limit, after
    return start, limit, tags[after].end(), after + 1


def _code(shown: str, source: str, spans: list[Span]) -> str:
    if not shown:
        return ""
    if _LINK_IN_CODE.search(shown):
        start, end = Span("open", "code", "<code>"), Span("close", "code", "</code>")
        return _add(spans, start) + shown + _add(spans, end)
    return _add(spans, Span("code", _ESCAPED.sub("", _decoded(shown)), source))


def _decoded(code: str) -> str:
    """Code with its entities as characters; placeholders stay, which no entity can make."""
    parts = _PLACEHOLDERS.split(code)
    return "".join(part if at % 2 else decode_entities(part) for at, part in enumerate(parts))


def _ticked(found: re.Match[str], spans: list[Span]) -> str:
    if _BLANK_LINE.search(found[1]):
        return found[0]
    return _add(spans, Span("code", found[1].strip("\n"), found[0]))


def _lift_rest(
    text: str, spans: list[Span], knows: Callable[[str], bool], *, citations_alone: bool = False
) -> str:
    parts: list[str] = []
    done = 0
    for found in _SPECIAL.finditer(text):
        if found.start() < done or (citations_alone and not found["cite"]):
            continue
        parts.append(text[done : found.start()])
        done = found.end()
        if found["cite"]:
            done = _cite(text, found, parts, spans, knows)
        elif found["link"]:
            parts.append(_add(spans, Span("link", found["link_id"], found[0])))
        elif found["br"]:
            parts.append(_add(spans, Span("break", "", found[0])))
        else:
            element = _STYLES[found["style"].lower()]
            parts.append(_add(spans, Span("open", element, f"<{found['style']}>")))
            parts.append(_lift_rest(found["styled"], spans, knows))
            parts.append(_add(spans, Span("close", element, f"</{found['style']}>")))
    parts.append(text[done:])
    return "".join(parts)


def _cite(
    text: str,
    found: re.Match[str],
    parts: list[str],
    spans: list[Span],
    knows: Callable[[str], bool],
) -> int:
    """Lift one citation and return where the text resumes."""
    name, end = _name(text, found.end(), knows)
    if end < 0:
        # Never closed, and no name we know: the words stay, in their parenthesis.
        parts.append("(")
        return found.end()
    parts[-1] = _before_citation(parts[-1])
    name = _unlifted(name, spans)
    for one in map(str.strip, _AND_CITATION.split(name) if ":" in name else (name,)):
        if one:
            parts.append(_add(spans, Span("cite", one, f"({one})")))
    return end


def _name(text: str, start: int, knows: Callable[[str], bool]) -> tuple[str, int]:
    """Return the NAME that begins here and the end of its citation (-1: there is none)."""
    end = text.find(")", start, start + _LONGEST_NAME)
    name = text[start:end] if end >= 0 else ""
    if name and "(" not in name and "\n" not in name and knows(name):
        return name, end + 1
    return _odd_name(text, start, knows)


def _odd_name(text: str, start: int, knows: Callable[[str], bool]) -> tuple[str, int]:
    """The same for any NAME, known or not, in five times as long."""
    window = text[start : start + _LONGEST_NAME]
    limit = _NEXT_CITATION.search(window)
    window = window[: limit.start()] if limit else window
    closing = [found.start() for found in _CLOSING.finditer(window)]
    if not closing:
        name = re.split(r"[\n(]|\. ", window, maxsplit=1)[0].rstrip(" .")
        return (name, start + len(name)) if name and knows(name) else ("", -1)
    balanced = next((at for at in closing if _is_balanced(window[:at])), None)
    if balanced == closing[-1] or (balanced is not None and knows(window[:balanced])):
        return window[:balanced], start + balanced + 1
    for at in reversed(closing[-8:]):
        if knows(window[:at]):
            return window[:at], start + at + 1
    if balanced is not None:
        return window[:balanced], start + balanced + 1
    # A parenthesis inside the name closed, the citation's own did not.
    return window[: closing[0] + 1], start + closing[0] + 1


def _is_balanced(name: str) -> bool:
    return name.count("(") == name.count(")")


def _before_citation(text: str) -> str:
    """Return the text without the white space that would part it from its citation's mark."""
    trimmed = text.rstrip(" \t\xa0")
    if trimmed.endswith("\n"):
        trimmed = trimmed[:-1].rstrip(" \t\xa0")
        if trimmed.endswith("\n"):
            return text
    may_mark = trimmed[-1:] in "-*+" or trimmed[-2:-1].isdigit()
    return text if may_mark and _LIST_MARKER.search(trimmed[-50:]) else trimmed
