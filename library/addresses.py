"""The addresses of the library's pages, of the current edition or of a pinned release."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlencode

from django.urls import reverse

from library.identifiers import ObjectType
from library.text.links import AttackLink, link_by_id

# IDs that make an address of their own: addresses are in upper case and have no slash in them.
SHORT_ADDRESS = re.compile(r"[A-Z0-9][A-Z0-9.-]*|[a-z]+(?:-[a-z]+)*-attack")


@cache
def _home() -> str:
    return reverse("library:home")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses that lead to what one release holds; without one, to the current edition."""

    release: str = ""
    without_short: frozenset[str] = frozenset()
    """The STIX ids of objects whose ATT&CK ID leads to another object."""

    @property
    def home(self) -> str:
        """The library's home."""
        return f"{_home()}/v/{self.release}" if self.release else _home()

    def listing(self, kind: ObjectType) -> str:
        """The list of one kind of object."""
        return f"{self.home}/{kind.path}"

    def page(self, kind: ObjectType, attack_id: str, stix_id: str = "") -> str:
        """An object's page: by its ATT&CK ID, or by its STIX id where that ID is not its own.

        Without a STIX id, the page that the ATT&CK ID leads to.
        """
        is_own = stix_id not in self.without_short
        if is_own and kind.is_known and SHORT_ADDRESS.fullmatch(attack_id):
            return f"{self.home}/{kind.path}/{attack_id}"
        return self.by_stix_id(stix_id)

    def by_stix_id(self, stix_id: str) -> str:
        """The page of an object that no other object shares."""
        return f"{self.home}/objects/{stix_id}"

    def history(self, kind: ObjectType, attack_id: str, stix_id: str = "") -> str:
        """The change history of an object, which is one for all releases.

        By the ATT&CK ID for what stands for it in the current edition; else leave it empty.
        """
        return f"{Addresses().page(kind, attack_id, stix_id)}/history"


def own_address(page: str, *, is_revoked: bool) -> str:
    """An object's page for who wants that one: what is revoked else leads to what replaced it."""
    return f"{page}?redirect=no" if is_revoked else page


def difference_query(before: str, after: str, domain: str = "") -> str:
    """The query that makes of a change history the comparison of two releases.

    Without a domain: of the first where both hold the object.
    """
    given = {"from": before, "to": after, "domain": domain}
    return f"?{urlencode({name: value for name, value in given.items() if value})}"


def is_lettered(kind: ObjectType, attack_id: str) -> bool:
    """Whether a kind is the one that an ATT&CK ID's letters name.

    Of several kinds that MITRE gave one ID it is what the ID means: deprecated mitigations carry
    T-numbers.
    """
    meant = link_by_id(attack_id)
    return meant is not None and meant.kind == kind.mitre_path


def mitre_address(kind: ObjectType, attack_id: str) -> str:
    """The same object's address on attack.mitre.org."""
    return AttackLink(kind.mitre_path, attack_id).url
