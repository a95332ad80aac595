"""How a Take's file is laid out: for people to read and for git to compare, byte for byte the same.

The pure Python emitter of PyYAML writes all of it, so that no machine writes it otherwise.
"""

from __future__ import annotations

from typing import Any, Final

import yaml

from analysis.takefiles.shape import TakeFile

# PyYAML breaks a folded line after the word that passes this.
WIDTH: Final = 88
LONGEST_PLAIN: Final = 70


class _Dumper(yaml.SafeDumper):
    """Lists stand in from the name above them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


_Dumper.add_representer(str, _text)


def file_bytes(take: TakeFile) -> bytes:
    """The file of a Take; some 20 milliseconds for one revision."""
    return dumped(take.model_dump(mode="json", exclude_defaults=True)).encode()


def dumped(part: dict[str, Any]) -> str:
    """Some keys and values as a Take's file has them."""
    return yaml.dump(
        part,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=WIDTH,
    )


def _style(text: str) -> str | None:
    """The style that keeps a text exactly and reads best: "|", ">", quoted, or PyYAML's choice."""
    if not all(letter == "\n" or letter.isprintable() for letter in text):
        return '"'
    if "\n" in text:
        ends_in_space = any(line.endswith(" ") for line in text.split("\n"))
        return '"' if ends_in_space else "|"
    if len(text) <= LONGEST_PLAIN:
        return None
    return '"' if "  " in text or text != text.strip() else ">"
