"""JSON values in forms in which they can be compared.

Of the reference that carries an object's ATT&CK ID not all says something of the object.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from library.identifiers import ATTACK_SOURCES
from library.text.links import parse_attack_url

# What may differ in that reference without a change of substance, in a reader's words.
FORMAL: Final = (
    "name of the source in the reference of the ATT&CK ID, and how its address is written"
    " while both are pages of attack.mitre.org about the same ID"
)


def canonical(value: Any) -> str:
    """A JSON value in a form in which it can be compared: true is not 1, keys have no order."""
    return json.dumps(value, sort_keys=True)


def own_id(reference: Any) -> str:
    """The ATT&CK ID that a reference carries, whatever its name is; empty where it carries none."""
    if not isinstance(reference, dict):
        return ""
    name, attack_id = reference.get("source_name"), reference.get("external_id")
    is_own = isinstance(name, str) and name in ATTACK_SOURCES
    return attack_id if is_own and isinstance(attack_id, str) else ""


def own_form(reference: Mapping[str, Any]) -> str:
    """What such a reference says, in a form that can be compared.

    Of an address at attack.mitre.org the ID that it is about, however it is written; any other
    address as it is.
    """
    said = {name: value for name, value in reference.items() if name != "source_name"}
    page = _page(said.get("url"))
    return canonical(said | {"url": {"page": page}} if page else said)


def own_forms(references: Iterable[Any]) -> Mapping[str, set[str]]:
    """What the references that carry an ATT&CK ID say, by that ID."""
    found: dict[str, set[str]] = defaultdict(set)
    for reference in references:
        attack_id = own_id(reference)
        if attack_id:
            found[attack_id].add(own_form(reference))
    return found


def _page(url: Any) -> str:
    """The ID that a page of attack.mitre.org is about; empty for any other address."""
    found = parse_attack_url(url) if isinstance(url, str) else None
    # A path alone is no address of that site.
    return found.attack_id if found and urlsplit(url).netloc else ""
