"""The list of mitigations as tests read it, and what it lists."""

from tests.factories import Properties, mitigation
from tests.library.pages import MITIGATIONS, Listing, Site

HOSTILE = '<script>alert("1")</script> & \'"><img src=x onerror=alert(2)>'


def numbered(count: int, domain: str = "enterprise", first: int = 1000) -> list[Properties]:
    """Mitigations whose names have the order of their numbers."""
    return [
        mitigation(f"M{number}", f"Measure {number}", domain)
        for number in range(first, first + count)
    ]


def listing(site: Site, query: str = "") -> Listing:
    return Listing(site.page(MITIGATIONS + query))


def shared() -> tuple[Properties, Properties]:
    """One object in two domains."""
    one = mitigation("M1013", "Shared")
    return one, one | {"x_mitre_domains": ["mobile-attack"]}
