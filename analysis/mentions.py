"""Where words name ATT&CK objects: by IDs, not in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from library.text.links import link_by_id, parse_attack_url

# As ATT&CK numbers its objects; matrices have no number.
ATTACK_ID: Final = re.compile(
    r"(?<![\w.])(?:(?:TA|DS|DC|DET|AN|[MGSCTA])\d{4}(?:\.\d{3})?)(?!\w|\.\d)"
)
# What follows in an address, without the bracket that closes around it and the stop after it.
_REST: Final = r"(?:[^\s<>()\[\]]|\([^\s<>()]*\))*(?<![.,;:!?'\"*])"
_ADDRESS: Final = "|".join(
    (
        rf"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]{{0,20}}://{_REST}",
        # One without a scheme begins with a host and has a path.
        rf"(?<![\w.-])(?:[\w-]+\.)+[A-Za-z]{{2,}}(?::\d+)?/{_REST}",
        r"(?<![\w+.-])[\w+.-]+@[\w.-]+",
        # The target of a link, whatever it is.
        r"(?<=\]\()[^\s()]*",
    )
)
# What may name an object: `mentions` says whether it does.
MENTION: Final = re.compile(rf"(?P<address>{_ADDRESS})|(?P<id>{ATTACK_ID.pattern})")
# An address or an ID, as it is written.
type Wording = tuple[str | None, ...]


class Mention(NamedTuple):
    """An object that a text names: by which ID, and from where to where it does."""

    attack_id: str
    start: int
    end: int
    is_address: bool


def mentions(text: str) -> Iterator[Mention]:
    """The objects that a text names: by ID, or by a whole address of attack.mitre.org."""
    for found in MENTION.finditer(text):
        address = found["address"]
        attack_id = found["id"] if address is None else _of_address(address)
        if attack_id:
            yield Mention(attack_id, *found.span(), is_address=address is not None)


def meant_in(text: str) -> dict[Wording, str]:
    """The ID that each wording of a text means, each once; nothing where it means none."""
    wordings = {found.groups() for found in MENTION.finditer(text)}
    return {
        (address, attack_id): attack_id or _of_address(address or "")
        for address, attack_id in wordings
    }


def _of_address(address: str) -> str:
    """The ID of the object whose page an address of attack.mitre.org is; none of a release's."""
    link = None if "/versions/" in address else parse_attack_url(address)
    # Where its kind is not the one its letters name, the ID leads to another object.
    meant = link_by_id(link.attack_id) if link else None
    return link.attack_id if link and meant and meant.kind == link.kind else ""
