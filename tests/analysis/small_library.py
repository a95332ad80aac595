"""A small library that Takes are derived from, and the words of the Take on a page of it."""

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import MITIGATIONS, Element

PAGE = f"{MITIGATIONS}/M1000"
FIRST, SECOND = tactic("TA0001", "First", "first"), tactic("TA0002", "Second", "second")
HEAD = technique("T1000", "Head", ("first",), x_mitre_platforms=["Linux", "Windows"])
SUB = technique("T1000.001", "Sub", ("first",), x_mitre_platforms=["Linux"])
OTHER = technique("T1001", "Other", ("first", "second"))
OWN, BESIDE = mitigation("M1000", "Measure"), mitigation("M1001", "Beside")
CREW = attack_object("intrusion-set", "G0001", "Crew")
KIT = attack_object("tool", "S0001", "Kit")
BEFORE = mitigation("M1056", "Pre-compromise")
API = attack_object("x-mitre-data-component", "DC0021", "API Calls")
FILES = attack_object("x-mitre-data-component", "DC0022", "Files")
PLACES = [FIRST, SECOND, HEAD, SUB, OTHER, relationship("subtechnique-of", SUB, HEAD)]


def take(page: Element) -> str:
    """The words of the Take on a page."""
    return page.one("section", id="take").words


def library(*more: Properties) -> None:
    import_objects(*PLACES, OWN, BESIDE, CREW, KIT, *more)


def detection() -> list[Properties]:
    """A strategy with an analytic that reads two logs of one component."""
    component = attack_object("x-mitre-data-component", "DC0001", "Process Start")
    logs = [
        {"x_mitre_data_component_ref": component["id"], "name": name, "channel": "c"}
        for name in ("Sysmon", "auditd")
    ]
    analytic = attack_object(
        "x-mitre-analytic",
        "AN0001",
        "Analytic 0001",
        x_mitre_log_source_references=logs,
        x_mitre_platforms=["Linux"],
    )
    strategy = attack_object(
        "x-mitre-detection-strategy",
        "DET0001",
        "Notice it",
        x_mitre_analytic_refs=[analytic["id"]],
    )
    return [component, analytic, strategy, relationship("detects", strategy, HEAD)]


def many(count: int, first: int = 2000, stage: str = "first") -> list[Properties]:
    """Techniques of one tactic."""
    return [technique(f"T{first + n}", f"Way {first + n}", (stage,)) for n in range(count)]


def meets(measure: Properties, *techniques: Properties) -> list[Properties]:
    return [relationship("mitigates", measure, found) for found in techniques]


def uses(user: Properties, *techniques: Properties) -> list[Properties]:
    return [relationship("uses", user, found) for found in techniques]


def analytic(number: int, *components: Properties) -> Properties:
    logs = [
        {"x_mitre_data_component_ref": found["id"], "name": "Log", "channel": "c"}
        for found in components
    ]
    return attack_object(
        "x-mitre-analytic",
        f"AN{number:04}",
        f"Analytic {number:04}",
        x_mitre_log_source_references=logs,
    )
