"""The addresses of objects: ours where the library has a page, else attack.mitre.org's."""

from dataclasses import dataclass

from django.urls import reverse

from library.identifiers import PAGED_TYPES, ObjectType
from library.text.links import AttackLink


@dataclass(frozen=True, slots=True)
class Address:
    """Where a link to an object leads, and whether it leaves the library."""

    href: str
    external: bool


def object_address(kind: ObjectType, attack_id: str) -> Address:
    """The address of an object by its kind and ATT&CK ID."""
    if kind in PAGED_TYPES:
        return Address(page_path(kind, attack_id), external=False)
    return Address(mitre_address(kind, attack_id), external=True)


def page_path(kind: ObjectType, attack_id: str) -> str:
    """The path of an object's page in this library."""
    return reverse(f"library:{kind.path}-detail", args=[attack_id])


def mitre_address(kind: ObjectType, attack_id: str) -> str:
    """The same object's address on attack.mitre.org."""
    return AttackLink(kind.mitre_path, attack_id).url
