"""What tests of files take away, and from what."""

import csv
import io
from typing import Any

import jsonschema
import openpyxl
import orjson

from tests.factories import (
    Properties,
    attack_object,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, Site

PAGE = f"{MITIGATIONS}/M1000"
GROUPS = f"{LIBRARY}/groups"
FORMULA = '=HYPERLINK("https://example.org")'


def measure(**properties: Any) -> list[Properties]:
    """A mitigation with two techniques, one below the other, in a tactic."""
    stage = tactic("TA0001", "First", "first")
    head, sub = technique("T1000", "Head", ("first",)), technique("T1000.001", "Sub", ("first",))
    reference = {"source_name": "A", "description": "By A.", "url": "https://example.org/a"}
    own = mitigation("M1000", "Filter & Block", **properties)
    return [
        *(own, stage, head, sub),
        relationship("subtechnique-of", sub, head),
        relationship(
            "mitigates",
            own,
            head,
            "First.\n\nThen `x < y`.(Citation: A)",
            external_references=[reference],
        ),
        relationship("mitigates", own, sub, FORMULA),
    ]


def content(site: Site, path: str) -> bytes:
    """What a file holds, once its headers are right."""
    response = site.get(path)
    assert response.status_code == 200, path
    assert response["Content-Disposition"].startswith("attachment; filename=")
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Link"].endswith('#licence>; rel="license"')
    assert response["ETag"]
    assert not response.cookies
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def rows(site: Site, path: str) -> list[list[str]]:
    """The rows of a CSV file, its heads first."""
    return list(csv.reader(io.StringIO(content(site, path).decode(), newline="")))


def loaded(site: Site, path: str) -> Any:
    return orjson.loads(content(site, path))


def sheets(site: Site, path: str) -> dict[str, list[tuple[Any, ...]]]:
    """The sheets of a workbook by their names; no cell may be a formula."""
    book = openpyxl.load_workbook(io.BytesIO(content(site, path)))
    found = {}
    for page in book:
        assert all(cell.data_type in {"s", "inlineStr", "n"} for row in page.rows for cell in row)
        found[page.title] = list(page.values)
    return found


def schema_of(site: Site, found: dict[str, Any]) -> Any:
    response = site.get(found["$schema"].removeprefix("http://testserver"))
    assert response["Content-Type"] == "application/schema+json"
    published = orjson.loads(response.content)
    jsonschema.Draft202012Validator.check_schema(published)
    assert published["$id"] == found["$schema"]
    return published


def strict(node: Any) -> Any:
    """The same schema, in which no object may have a property that it does not name."""
    if isinstance(node, dict):
        closed = {"additionalProperties": False} if "properties" in node else {}
        return {key: strict(value) for key, value in node.items()} | closed
    return [strict(part) for part in node] if isinstance(node, list) else node


def group() -> list[Properties]:
    """A group with an alias, a campaign, software and what they use."""
    alias = {"source_name": "Other", "description": "(Citation: A)"}
    cited = {"source_name": "A", "description": "By A."}
    own = attack_object(
        "intrusion-set", "G0001", "Crew", aliases=["Crew", "Other"], references=[alias, cited]
    )
    tool = attack_object("tool", "S0001", "Kit", x_mitre_platforms=["Linux"])
    spree = attack_object(
        "campaign",
        "C0001",
        "Spree",
        first_seen="2020-02-01T00:00:00Z",
        last_seen="2020-03-01T00:00:00Z",
        x_mitre_first_seen_citation="(Citation: A)",
        x_mitre_last_seen_citation="(Citation: A)",
    )
    head = technique("T1500", "Used")
    return [
        *(own, tool, spree, head),
        relationship("uses", own, head, "Used.(Citation: A)"),
        relationship("uses", own, tool, "Ran it."),
        relationship("uses", tool, head),
        relationship("attributed-to", spree, own),
    ]


def detected() -> list[Properties]:
    """A technique with a strategy that detects it by two analytics, each of a platform."""
    told = (("AN0001", "Windows", "Watch; look."), ("AN0002", "Linux", "Listen."))
    analytics = [
        attack_object(
            *("x-mitre-analytic", attack_id, f"Analytic {attack_id[-1]}"),
            x_mitre_platforms=[platform],
            description=text,
        )
        for attack_id, platform, text in told
    ]
    refs = [analytic["id"] for analytic in analytics]
    strategy = attack_object(
        "x-mitre-detection-strategy", "DET0001", "Notice", x_mitre_analytic_refs=refs
    )
    noticed = technique("T1600", "Noticed")
    return [*analytics, strategy, noticed, relationship("detects", strategy, noticed)]
