"""The types that STIX defines, checked by stix2.

stix2 is asked through its public constructor and left as strict as it is. Around it stand three
things. It raises only its first complaint, so the field complained of is taken out and the object
built again until it passes. It repairs values in silence (the number 5 becomes the string "5", a
bare string a list of one), so what it built is compared with what it was given. And it fills in
an absent `id`, `created` or `modified`, so those are looked for here.

Most of stix2's time goes into building what nobody wants. An external reference stands in many
relationships, the schemas have read the timestamps, and custom properties mean nothing to it: the
first two are handed over built, as stix2 allows, the last left out. Relationships, eight objects
in ten, are not built at all unless something about them is odd: stix2's own definition of each
property is asked instead. All this takes a third of the time of `stix2.parse`.
"""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from stix2 import exceptions, registry
from stix2.parsing import dict_to_stix2
from stix2.properties import ListProperty, ReferenceProperty

from importer.schemas.complaints import asks_for_others, complaints
from importer.schemas.fields import (
    MISSING,
    WHOLE,
    Problem,
    must_be,
    parse_timestamp,
    timestamp_problem,
)

# Properties that would be taken for arguments of stix2's constructor.
_ARGUMENTS = {"allow_custom", "custom_properties", "interoperability", "self", "_valid_refs"}
_FILLED_IN = ("id", "created", "modified")
_READ_ALREADY = ("created", "modified")
# Lists whose items the schemas have read, and strictly: nothing in them can have been repaired.
_DECLARED = ("external_references", "kill_chain_phases", "granular_markings")

# Properties of a relationship that stix2 sees in the light of others.
_DEPENDENT = {"extensions", "granular_markings", "start_time", "stop_time"}

# External references and kill chain phases built by stix2, by class and content. An object's
# references stand in many relationships: 33,534 in Enterprise 18.1, of which 7,451 differ.
_PARTS_KEPT = 4096
_parts: dict[tuple[object, ...], Any] = {}


def stix2_version(stix_type: object, spec_version: object) -> str | None:
    """The STIX version whose rules stix2 has for an object of this type, or None.

    An object without `spec_version` is of STIX 2.0 (2.1 §3.2), so callers pass that; it is of 2.1
    only where 2.0 does not know its type. Types that begin with `x-` are never stix2's:
    mitreattack-python registers some of them when imported, and what is checked how must not
    depend on that.
    """
    if not isinstance(stix_type, str) or stix_type.startswith("x-") or stix_type == "bundle":
        return None
    for version in ("2.0", "2.1") if spec_version == "2.0" else ("2.1",):
        if registry.class_for_type(stix_type, version, "objects"):
            return version
    return "2.1" if registry.class_for_type(stix_type, "2.1", "observables") else None


def problems(obj: Mapping[str, Any], version: str, broken: set[str]) -> list[Problem]:
    """What stix2 finds wrong with an object of a type it knows.

    `broken` names the properties that the schemas refuse already: stix2 sees the rest.
    """
    try:
        return list(_problems(obj, version, broken))
    except RecursionError:
        return [(WHOLE, "Nested too deeply to be checked.")]


def _problems(obj: Mapping[str, Any], version: str, broken: set[str]) -> Iterator[Problem]:
    cls = registry.class_for_type(obj["type"], version, "objects") or registry.class_for_type(
        obj["type"], version, "observables"
    )
    properties = cls._properties
    for name in _FILLED_IN:
        if name in properties and name not in obj and name not in broken:
            broken = broken | {name}
            yield name, MISSING
    given = _given(obj, properties, broken)
    for name, part in _lists_of_parts(cls):
        if name not in given or not _is_list_of_objects(given[name]):
            continue
        parts, found = _built(name, part, given[name])
        yield from found
        if found:
            broken = broken | {name}
            del given[name]
        else:
            given[name] = parts
    if obj["type"] == "relationship" and not broken and _accepted(cls, given):
        return
    # Versioned types only: the marking definition of 2.0 wants to see its timestamp's text.
    for name in _READ_ALREADY if "modified" in properties else ():
        if name in given:
            given[name] = parse_timestamp(given[name])
    yield from _refused(cls, given, version, broken)


def _given(
    obj: Mapping[str, Any], properties: Mapping[str, object], broken: set[str]
) -> dict[str, Any]:
    """The part of the object that stix2 has rules for.

    Custom properties are what granular markings may select, so they stay where there are any;
    where something is broken, a selector could miss it, and the markings stay out.
    """
    if not broken:
        if "granular_markings" in obj:
            return {name: value for name, value in obj.items() if name not in _ARGUMENTS}
        return {name: value for name, value in obj.items() if name in properties}
    known = properties.keys() - broken - {"granular_markings"}
    return {name: value for name, value in obj.items() if name in known}


def _accepted(cls: Any, given: Mapping[str, Any]) -> bool:
    """Whether stix2 takes a relationship as it is, asked about each property on its own.

    Its constructor does no more than this for one without properties that depend on each other,
    and takes six times as long; eight objects in ten are relationships. False where it does more,
    or where anything is odd: then the constructor is to say what.
    """
    # The constructor reads an empty string in a required property as none.
    if not _DEPENDENT.isdisjoint(given) or not all(given.get(name) for name in _required(cls)):
        return False
    for name, value in given.items():
        prop = cls._properties[name]
        if name in _READ_ALREADY or name in _DECLARED:
            continue  # The first are handed over built, the second have been built by now.
        if isinstance(prop, ListProperty) and isinstance(prop.contained, ReferenceProperty):
            asked = [(prop.contained, item) for item in value]
        else:
            asked = [(prop, value)]
        if not all(_takes(prop, item) for prop, item in asked):
            return False
    return True


@cache
def _required(cls: Any) -> AbstractSet[str]:
    return frozenset(name for name, prop in cls._properties.items() if prop.required)


def _takes(prop: Any, value: Any) -> bool:
    """Whether stix2 takes a value for a property, without repair."""
    if isinstance(prop, ReferenceProperty):
        return _takes_reference(prop, value)
    try:
        return bool(prop.clean(value, True)[0] is value)
    except Exception:  # Of whatever kind: stix2 refuses it.
        return False


@lru_cache(8192)
def _takes_reference(prop: Any, value: str) -> bool:
    """As above; relationships name the same few thousand objects over and over."""
    try:
        return bool(prop.clean(value, True)[0] is value)
    except Exception:
        return False


@cache
def _lists_of_parts(cls: Any) -> list[tuple[str, Any]]:
    """The properties of a stix2 class that are lists of nested objects, and the class of those."""
    return [
        (name, prop.contained)
        for name, prop in cls._properties.items()
        if isinstance(prop, ListProperty) and isinstance(prop.contained, type)
    ]


def _is_list_of_objects(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _built(name: str, part: Any, values: list[Any]) -> tuple[list[Any], list[Problem]]:
    """The items of a list, each built by stix2 on its own, so that a problem names its item."""
    built: list[Any] = []
    found: list[Problem] = []
    for index, value in enumerate(values):
        where = f"{name}[{index}]"
        try:
            built.append(_part(part, value))
        except RecursionError:
            raise
        except Exception as error:  # As below: stix2 lets errors of any kind out.
            found.extend(
                (f"{where}.{field}".removesuffix(f".{WHOLE}"), reason)
                for field, reason in complaints(error, part, value)
            )
        else:
            if name not in _DECLARED:
                found.extend(_repaired(built[-1], value, where))
    return built, found


def _part(part: Any, value: dict[str, Any]) -> Any:
    try:
        key = (part, *value.items())
        kept = _parts.get(key)
    except TypeError:  # A part that holds an object or a list, such as the hashes of a file.
        return part(allow_custom=True, **_without_arguments(value))
    if kept is None:
        kept = part(allow_custom=True, **_without_arguments(value))
        if len(_parts) >= _PARTS_KEPT:
            _parts.clear()
        _parts[key] = kept
    return kept


def _without_arguments(value: dict[str, Any]) -> dict[str, Any]:
    if _ARGUMENTS.isdisjoint(value):
        return value
    return {name: item for name, item in value.items() if name not in _ARGUMENTS}


def _refused(cls: Any, given: dict[str, Any], version: str, broken: set[str]) -> Iterator[Problem]:
    """What stix2 refuses, one field after the other, then what it repaired in the rest."""
    told = set(broken)
    while True:
        if "definition" in given and "definition_type" not in given:
            # A marking cannot be read without its type; only the type is at fault.
            del given["definition"]
            if "definition_type" not in told:
                yield "definition_type", MISSING
            told |= {"definition", "definition_type"}
        try:
            parsed = dict_to_stix2(given, allow_custom=True, version=version)
        except RecursionError:
            raise
        except Exception as error:  # stix2 lets errors of any kind out where a value is odd.
            if told and asks_for_others(error):
                return
            found = [(f, r) for f, r in complaints(error, cls, given) if f not in told]
            yield from found
            told.update(field for field, _ in found)
            # Anything else that names no field we can take out ends the search.
            guilty = {field.partition(".")[0] for field, _ in found} & given.keys()
            if not guilty or isinstance(error, exceptions.PropertyPresenceError):
                return
            for name in guilty:
                del given[name]
        else:
            for name, value in given.items():
                built = parsed.get(name, value)
                if built is not value:
                    yield from _repaired(built, value, name)
            return


def _repaired(built: Any, value: Any, where: str) -> Iterator[Problem]:
    """What stix2 changed in silence, where what it built is not what it was given."""
    if built is value:
        return
    if isinstance(built, datetime):
        reason = None if isinstance(value, datetime) else timestamp_problem(value)
        if reason is not None:
            yield where, reason
    elif isinstance(built, Mapping) and isinstance(value, Mapping):
        for name in value:
            if name in built:
                yield from _repaired(built[name], value[name], f"{where}.{name}")
    elif isinstance(built, list) and isinstance(value, list):
        for index, (new, old) in enumerate(zip(built, value, strict=False)):
            yield from _repaired(new, old, f"{where}[{index}]")
    elif type(built) is not type(value) and not (type(built) is float and type(value) is int):
        yield where, must_be(_kind(built), value)


def _kind(built: object) -> str:
    match built:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a string"
        case Mapping():
            return "an object"
        case _:
            return "a list"
