"""What a category of hostile input holds."""

from __future__ import annotations

import lzma
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from tests import factories
from tests.factories import Properties, mitigation

# A field of a form: one value, several, or a file where text belongs.
type Value = str | list[str] | bytes
type Text = Mapping[str, Value]
type Files = Mapping[str, Callable[[], bytes]]

LEAST: Final = 10
"""Of each kind and category."""


@dataclass(frozen=True, slots=True)
class Category:
    """Hostile input of one kind, each by a name."""

    values: Text
    """For fields, parameters, arguments and parts of addresses."""

    files: Files
    """For whatever takes a file."""

    sound: frozenset[str] = field(default_factory=frozenset)
    """Files that are bundles, whose content is hostile and has to be kept as it is."""


def bundle(*objects: Properties, **said: Any) -> bytes:
    """A bundle of these objects, of a release that nobody has imported."""
    return orjson.dumps(factories.bundle(*objects, **({"release": "9.0"} | said)))


def with_fields(**fields: Any) -> Callable[[], bytes]:
    """A bundle whose one mitigation has other fields."""
    return lambda: bundle(mitigation("M1000", "Measure") | fields)


def of_bundle(**fields: Any) -> Callable[[], bytes]:
    """A sound bundle but for fields of its own."""
    whole = factories.bundle(mitigation("M1000", "Measure"), release="9.0")
    return lambda: orjson.dumps(whole | fields)


def with_text(text: str, where: str = "description") -> Callable[[], bytes]:
    """The text of a bundle in which a mitigation has this, as JSON text, for a field."""
    marked = bundle(mitigation("M1000", "Measure") | {where: "MARK"})
    return lambda: marked.replace(b'"MARK"', text.encode())


def packed(content: bytes, times: int = 1) -> bytes:
    """An xz stream so often in a row."""
    return lzma.compress(content, preset=0) * times
