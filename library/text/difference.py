"""Two texts as one, with what was taken out and what was put in, for readers of prose."""

import re
from difflib import SequenceMatcher

from django.utils.html import escape
from django.utils.safestring import SafeString

# Words, and what stands between them.
_PARTS = re.compile(r"\w+|\s+|[^\w\s]")
# So many parts are compared word by word; of longer texts, all that differs counts as one change.
LONGEST = 6_000


def word_difference(before: str, after: str) -> SafeString:
    """What became of a text, word by word, as HTML with `<del>` and `<ins>`; the rest escaped.

    Neither colour nor a line through tells alone: each change is named for screen readers.
    """
    old, new = _PARTS.findall(before), _PARTS.findall(after)
    if len(old) + len(new) > LONGEST and before != after:
        return SafeString(_gone(before) + _come(after))
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    parts: list[str] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "equal":
            parts.append(escape("".join(old[i:j])))
            continue
        parts.append(_gone("".join(old[i:j])) + _come("".join(new[k:m])))
    return SafeString("".join(parts))


def _gone(text: str) -> str:
    return _marked("del", "removed", text)


def _come(text: str) -> str:
    return _marked("ins", "added", text)


def _marked(tag: str, said: str, text: str) -> str:
    if not text:
        return ""
    before, behind = (
        f'<span class="visually-hidden">{mark}</span>' for mark in (f" [{said}: ", "] ")
    )
    return f"<{tag}>{before}{escape(text)}{behind}</{tag}>"
