"""stix2's errors, put as problems: the path of the field each is about, and one sentence."""

import re
from collections.abc import Mapping
from typing import Any

from stix2 import exceptions
from stix2.properties import TimestampProperty

from importer.schemas.fields import (
    MISSING,
    WHOLE,
    Problem,
    plain,
    sentence,
    shown,
    timestamp_problem,
)

_QUOTED = re.compile(r"'(\w+)'")
_PREFIX = re.compile("type-specifying prefix '([^']*)'")


def asks_for_others(error: Exception) -> bool:
    """Whether the error may come of a property that was taken out: it wants one of several."""
    return isinstance(error, exceptions.PropertyPresenceError) and not isinstance(
        error, exceptions.MissingPropertiesError
    )


def complaints(error: Exception, cls: Any, given: Mapping[str, Any]) -> list[Problem]:
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
