"""Two releases whose pages tests read, and what stands in tables there."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import attack_object, matrix, mitigation, relationship, tactic, technique
from tests.library.pages import LIBRARY, Element, Site

LATER = "2025-01-02T03:04:05.000Z"
RELEASES = f"{LIBRARY}/releases"
PAIR = f"{RELEASES}/1.0...2.0"
IMPACT, ACCESS = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
GRID = matrix("enterprise", [IMPACT, ACCESS])
KEPT = technique("T1000", "Kept", ("impact",))
EDITED = technique("T1001", "Edited", ("impact",))
NOISY = technique("T1002", "Noisy", ("impact",))
MOVED = technique("T1003", "Moved", ("impact",))
DYING = technique("T1004", "Dying", ("impact",))
FRESH = technique("T1005", "Fresh <b>", ("access",))
GONE = mitigation("M1009", "Gone")
GROUP = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", GROUP, KEPT, "It ran a tool.")
ONE = [IMPACT, ACCESS, GRID, KEPT, EDITED, NOISY, MOVED, DYING, GONE, GROUP, USES]
TWO = [
    IMPACT,
    ACCESS,
    GRID,
    KEPT,
    EDITED | {"description": "Another.", "x_mitre_version": "1.1"},
    NOISY | {"modified": LATER},
    MOVED | {"kill_chain_phases": FRESH["kill_chain_phases"]},
    DYING | {"revoked": True},
    FRESH,
    GROUP | {"name": "Gang"},
    USES | {"description": "It ran another tool."},
    relationship("revoked-by", DYING, FRESH),
]


def rows(page: Element) -> dict[str, list[str]]:
    """The rows of all tables by their heads."""
    return {
        row.all("th")[0].words: [cell.words for cell in row.all("td")]
        for row in page.all("tr")
        if row.all("th") and row.all("td")
    }


def entries(page: Element) -> list[str]:
    """The entries of a list of changes."""
    table = page.one("table", css="changes")
    return [row.one("th").words.removesuffix(" Enterprise") for row in table.all("tr")[1:]]


def queries_of(site: Site, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert site.get(path).status_code == 200
    return len(queries)
