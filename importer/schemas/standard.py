"""The types that STIX defines, checked by stix2.

stix2 is asked through its public constructor and left as strict as it is. Around it stand three
things. It raises only its first complaint, so the field complained of is taken out and the object
built again until it passes. It repairs values in silence (the number 5 becomes the string "5", a
bare string a list of one), so what it built is compared with what it was given. And it fills in
an absent `id`, `created` or `modified`, so those are looked for here.

Two thirds of stix2's time went into parts that need not be built anew: an external reference
stands in many relationships, and `importer.schemas.attack` has read the timestamps already. They
are handed over built, as stix2 allows.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from stix2 import exceptions, registry
from stix2.parsing import dict_to_stix2
from stix2.properties import ListProperty, TimestampProperty

from importer.schemas.fields import (
    MISSING,
    WHOLE,
    Problem,
    must_be,
    parse_timestamp,
    plain,
    sentence,
    shown,
    timestamp_problem,
)

# Properties that would be taken for arguments of stix2's constructor.
_ARGUMENTS = {"allow_custom", "custom_properties", "interoperability", "self", "_valid_refs"}
_FILLED_IN = ("id", "created", "modified")
_READ_ALREADY = ("created", "modified")
# Lists whose items the schemas have read, and strictly: nothing in them can have been repaired.
_DECLARED = ("external_references", "kill_chain_phases", "granular_markings")
_QUOTED = re.compile(r"'(\w+)'")
_PREFIX = re.compile("type-specifying prefix '([^']*)'")

# External references and kill chain phases built by stix2, by class and content. An object's
# references stand in many relationships: 33,534 in Enterprise 18.1, of which 7,451 differ.
_PARTS_KEPT = 4096
_parts: dict[tuple[object, ...], Any] = {}


def stix2_version(stix_type: object, spec_version: object) -> str | None:
    """The STIX version whose rules stix2 has for an object of this type, or None.

    An object without `spec_version` is of STIX 2.0 (2.1 §3.2), save where only 2.1 knows its
    type. Types that begin with `x-` are never stix2's: mitreattack-python registers some of them
    when imported, and what is checked how must not depend on that.
    """
    if not isinstance(stix_type, str) or stix_type.startswith("x-") or stix_type == "bundle":
        return None
    for version in ("2.0", "2.1") if spec_version in (None, "2.0") else ("2.1",):
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
    if "granular_markings" in obj and not broken:
        return {name: value for name, value in obj.items() if name not in _ARGUMENTS}
    known = properties.keys() - broken - {"granular_markings"}
    return {name: value for name, value in obj.items() if name in known}


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
                for field, reason in _complaints(error, part, value)
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
            if told and _asks_for_others(error):
                return
            found = [(f, r) for f, r in _complaints(error, cls, given) if f not in told]
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


def _asks_for_others(error: Exception) -> bool:
    """Whether the error may come of a property that was taken out: it wants one of several."""
    return isinstance(error, exceptions.PropertyPresenceError) and not isinstance(
        error, exceptions.MissingPropertiesError
    )


def _complaints(error: Exception, cls: Any, given: Mapping[str, Any]) -> list[Problem]:
    """The fields one of stix2's errors speaks of, with what it says."""
    match error:
        case exceptions.MissingPropertiesError():
            inside = "" if error.cls is cls else _inside(cls, given)
            return [(f"{inside}{name}", MISSING) for name in error.properties]
        case exceptions.InvalidValueError() if error.cls is cls:
            return [(error.prop_name, _refusal(error, cls, given))]
        case exceptions.ExtraPropertiesError():
            inside = "" if error.cls is cls else _inside(cls, given)
            return [(f"{inside}{plain(n)}", "Has no place here.") for n in error.properties]
        case exceptions.AtLeastOnePropertyError():
            names = ", ".join(error.properties)
            return [(WHOLE, f"Needs at least one of {names}.")]
        case exceptions.MutuallyExclusivePropertiesError():
            return [(error.properties[0], sentence(str(error)))]
        case exceptions.DependentPropertiesError():
            return [
                (wanted, f"Required where {given_with} is present.")
                for wanted, given_with in error.dependencies
            ]
        case exceptions.InvalidSelectorError():
            return [("granular_markings", f"Its selector {shown(error.key)} leads nowhere.")]
        case exceptions.TLPMarkingDefinitionError():
            return [("definition", "Is not the TLP marking that STIX defines.")]
    return [(_field(error, cls, given), sentence(_message(error)))]


def _refusal(error: exceptions.InvalidValueError, cls: Any, given: Mapping[str, Any]) -> str:
    """Why stix2 refuses the value of one property."""
    name, text = error.prop_name, str(error.reason)
    if isinstance(cls._properties.get(name), TimestampProperty):
        return timestamp_problem(given.get(name)) or sentence(text)
    wrong_type = _PREFIX.search(text)
    if wrong_type is not None:  # stix2 goes on with a list in no fixed order.
        return f"Must not refer to an object of type {plain(wrong_type[1])}."
    if isinstance(error.__cause__, RecursionError):
        return "Nested too deeply to be checked."
    if isinstance(error.__cause__, (TypeError, AttributeError)):
        return "Holds a value of a JSON type that STIX does not give it."
    return sentence(text)


def _message(error: Exception) -> str:
    """What an error says, without the id that stix2 begins some messages with."""
    reason = getattr(error, "reason", None) or str(error) or type(error).__name__
    return re.sub(r"^\S+--\S+ ", "", str(reason))


def _inside(cls: Any, given: Mapping[str, Any]) -> str:
    """The path of the nested object an error came from, as a prefix."""
    if "definition" in cls._properties:
        return "definition."
    culprit = _culprit(cls, given)
    return "" if culprit is None else f"{culprit}."


def _field(error: Exception, cls: Any, given: Mapping[str, Any]) -> str:
    """The property that an error without one speaks of.

    Constraints between properties name theirs in the text; of several, the absent one is meant.
    """
    culprit = _culprit(cls, given)
    if culprit is not None:
        return culprit
    message = str(error)
    named = [*_QUOTED.findall(message), message.partition(" ")[0]]
    known = [name for name in named if name in cls._properties]
    absent = [name for name in known if name not in given]
    return next(iter(absent or known), WHOLE)


def _culprit(cls: Any, given: Mapping[str, Any]) -> str | None:
    """The property that stix2 refuses when asked about each on its own."""
    for name, value in given.items():
        prop = cls._properties.get(name)
        if prop is None or name == "definition":  # Read with its type, not on its own.
            continue
        try:
            prop.clean(value, True)
        except RecursionError:
            raise
        except Exception:  # Whatever it was, this is where it came from.
            return name
    return None


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
