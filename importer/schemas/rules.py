"""What holds for every object and no schema of one property can say."""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from importer.schemas.attack import model_of
from importer.schemas.fields import (
    TYPE_NAME,
    UUID,
    Problem,
    must_be,
    parse_timestamp,
    path,
    plain,
    reason,
    shown,
)

_NAME = re.compile("[a-z][a-z0-9_]{0,249}")
_IDENTIFIER = re.compile(f"{TYPE_NAME}--{UUID}")


def problems(obj: Mapping[str, Any]) -> list[Problem]:
    """What breaks the schema of the object's type, or a rule for objects of all types."""
    model = model_of(obj.get("type"))
    found = _schema(model, obj)
    found.extend(_undeclared(obj, _declared(model)))
    broken = broken_properties(found)
    if obj.get("type") == "bundle":
        found.append(("type", "A bundle cannot be an object of a bundle."))
    if {"type", "id"}.isdisjoint(broken) and not obj["id"].startswith(f"{obj['type']}--"):
        found.append(("id", f"Must begin with {obj['type']}--, not {shown(obj['id'])}."))
    if {"created", "modified"}.isdisjoint(broken) and _goes_back(obj):
        found.append(("modified", f"Must not be earlier than created, {obj['created']}."))
    return found


def broken_properties(found: list[Problem]) -> set[str]:
    """The properties of the object that problems are in, by name."""
    return {re.split(r"[.\[]", field, maxsplit=1)[0] for field, _ in found}


def _schema(model: type[BaseModel], obj: Mapping[str, Any]) -> list[Problem]:
    try:
        model.__pydantic_validator__.validate_python(obj)
    except ValidationError as error:
        return [(path(e["loc"]), reason(e)) for e in error.errors(include_url=False)]
    return []


@cache
def _declared(model: type[BaseModel]) -> AbstractSet[str]:
    return frozenset(model.model_fields)


def _undeclared(obj: Mapping[str, Any], declared: AbstractSet[str]) -> Iterator[Problem]:
    """Rules by name alone: what `_ref` and `_refs` promise, and what no property may be."""
    for name, value in obj.items():
        if name in declared:
            continue
        # STIX 2.1 §3.1 and §11.1, for custom properties as well.
        if _NAME.fullmatch(name) is None:
            yield plain(name), "Its name must be of a-z, 0-9 and underscores, a letter first."
        elif value is None:
            yield name, "Must be left out where there is no value, not null."
        elif name.endswith("_ref"):
            yield from _reference(name, value)
        elif name.endswith("_refs"):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from _reference(f"{name}[{index}]", item)
            else:
                yield name, must_be("a list", value)


def _reference(where: str, value: object) -> Iterator[Problem]:
    if not isinstance(value, str) or _IDENTIFIER.fullmatch(value) is None:
        yield where, must_be("an identifier (type--UUID)", value)


def _goes_back(obj: Mapping[str, Any]) -> bool:
    """STIX 2.1 §3.6: an object is not modified before it is created."""
    created, modified = obj.get("created"), obj.get("modified")
    if created is None or modified is None:
        return False
    if len(created) == len(modified):  # Then their text is in the order of time.
        return bool(modified < created)
    return parse_timestamp(modified) < parse_timestamp(created)
