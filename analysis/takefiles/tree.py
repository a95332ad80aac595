"""YAML as plain data with the line of each part, and nothing of YAML that a Take has no use for.

Every scalar is text here; of what YAML takes for something else ("yes", "1.0") that is known, and
the shape says where it may stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml
from yaml.reader import Reader

from analysis.takefiles.problems import Path

# LibYAML where PyYAML was built with it: some thirty times as fast.
LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_LEVELS: Final = 10
# Some thousands of revisions; each part is an object in memory.
MOST_PARTS: Final = 200_000
NULL: Final = "tag:yaml.org,2002:null"
TEXT: Final = "tag:yaml.org,2002:str"


class NoText(str):
    """What stands there without quotes and is a number, a truth or a time to YAML."""

    __slots__ = ()


class YamlError(Exception):
    """A text that is not the YAML of a Take: the line, and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.message = message


@dataclass
class Tree:
    """The mapping of a file, with the line of each of its parts and what was given twice."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    repeated: list[Path] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """The line of a part, or of the part that it would be in."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_tree(content: bytes) -> Tree:
    """The mapping that a file consists of.

    Raises YamlError for anything else, and for what YAML can do beyond: anchors and aliases (a few
    lines of them can stand for gigabytes), tags, several documents, nesting without end.
    """
    text = _decoded(content)
    try:
        _check_events(text)
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = error.problem or error.context or "this cannot be read"
        last = max(1, len(text.splitlines()))
        raise YamlError(min(mark.line + 1, last) if mark else 1, f"not YAML: {said}") from None
    except yaml.YAMLError as error:
        raise YamlError(1, f"not YAML: {str(error).splitlines()[0]}") from None
    if root is None:
        raise YamlError(0, "the file is empty")
    if not isinstance(root, yaml.MappingNode):
        raise YamlError(1, "keys and values are needed, such as “stix_id: …”")
    tree = Tree()
    tree.data = _mapping(tree, root, ())
    return tree


def _decoded(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError(content.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    if found := Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise YamlError(line, f"there is a control character in it: U+{ord(found.group()):04X}")
    return text


def _check_events(text: str) -> None:
    """Refuse what must not be composed, before anything is."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=LOADER)):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "anchors and aliases (“&”, “*”) are not taken: write it out")
        if tag := getattr(event, "tag", None):
            raise YamlError(line, f"tags are not taken: {tag}")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            raise YamlError(line, f"nested more than {MOST_LEVELS} levels deep")
        if count > MOST_PARTS:
            raise YamlError(line, f"more than {MOST_PARTS:,} keys and values")


def _mapping(tree: Tree, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError(line, "a key is a word, not a list or mapping")
        inner = (*path, key.value)
        if key.value in made:
            tree.repeated.append(inner)
        tree.lines[inner] = line
        made[key.value] = _value(tree, value, inner)
    return made


def _value(tree: Tree, node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(tree, node, path)
    if isinstance(node, yaml.SequenceNode):
        return list(_entries(tree, node, path))
    if node.tag == NULL:
        return ""
    return node.value if node.tag == TEXT else NoText(node.value)


def _entries(tree: Tree, node: yaml.SequenceNode, path: Path) -> Iterator[Any]:
    for at, entry in enumerate(node.value):
        inner = (*path, at)
        tree.lines[inner] = entry.start_mark.line + 1
        yield _value(tree, entry, inner)
