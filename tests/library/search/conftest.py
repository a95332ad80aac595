"""A small library to search."""

import pytest

from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import Site
from tests.library.search.results import group


@pytest.fixture
def library(site: Site) -> Site:
    shell = technique("T1059", "Command and Scripting Interpreter", ("execution",))
    sub = technique("T1059.001", "PowerShell", ("execution",), description="Runs <b>code</b>.")
    import_objects(
        tactic("TA0002", "Execution", "execution"),
        shell,
        sub,
        relationship("subtechnique-of", sub, shell),
        technique("T1003", "OS Credential Dumping", description="Dumps the memory of lsass."),
        technique("T1004", "Gone Technique", revoked=True),
        mitigation("M1059", "Do Not Mitigate"),
        mitigation("M1037", "Filter Network Traffic", description="Use allowlists of hosts."),
        group("G0007", "APT28", "Fancy Bear", "Sofacy"),
        attack_object("malware", "S0002", "Mimikatz"),
    )
    return site
