"""The words for ATT&CK's domains, releases and object types, each in one place."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Final

from django.db import models


class Domain(models.TextChoices):
    """The three ATT&CK domains, in the order in which the library lists them."""

    ENTERPRISE = "enterprise", "Enterprise"
    MOBILE = "mobile", "Mobile"
    ICS = "ics", "ICS"


class Provenance(models.TextChoices):
    """Where a bundle's bytes come from: judged by SHA-256, and by its release for a sample."""

    OFFICIAL = "official", "Official: MITRE published this hash"
    UNRECOGNISED = "unrecognised", "Unrecognised: not a hash that MITRE published"
    SAMPLE = "sample", "Sample: written for this project"


# One object a kind (`type_of` keeps those of unknown types), so that none is compared by its words.
@dataclass(frozen=True, slots=True, eq=False)
class ObjectType:
    """How one kind of ATT&CK object is named to readers and where its pages are."""

    stix_types: tuple[str, ...]
    label: str
    plural: str
    path: str
    is_known: bool = True
    """Whether the library has words for it, and pages under its ATT&CK IDs."""

    @property
    def slug(self) -> str:
        """What its files are called."""
        return self.path.rpartition("/")[2]

    @property
    def mitre_path(self) -> str:
        """What attack.mitre.org calls this kind in its addresses."""
        return self.path.replace("-", "")

    @property
    def has_list(self) -> bool:
        """Whether the library has a list of these objects."""
        return bool(self.path)


OBJECT_TYPES: Final = (
    ObjectType(("x-mitre-matrix",), "Matrix", "Matrices", "matrices"),
    ObjectType(("x-mitre-tactic",), "Tactic", "Tactics", "tactics"),
    ObjectType(("attack-pattern",), "Technique", "Techniques", "techniques"),
    ObjectType(("course-of-action",), "Mitigation", "Mitigations", "mitigations"),
    ObjectType(("intrusion-set",), "Group", "Groups", "groups"),
    ObjectType(("malware", "tool"), "Software", "Software", "software"),
    ObjectType(("campaign",), "Campaign", "Campaigns", "campaigns"),
    ObjectType(
        ("x-mitre-detection-strategy",),
        "Detection Strategy",
        "Detection Strategies",
        "detection-strategies",
    ),
    ObjectType(("x-mitre-analytic",), "Analytic", "Analytics", "analytics"),
    ObjectType(("x-mitre-data-component",), "Data Component", "Data Components", "data-components"),
    ObjectType(("x-mitre-data-source",), "Data Source", "Data Sources", "data-sources"),
    ObjectType(("x-mitre-asset",), "Asset", "Assets", "assets"),
)
TYPE_OF: Final = {stix_type: kind for kind in OBJECT_TYPES for stix_type in kind.stix_types}
(
    MATRIX,
    TACTIC,
    TECHNIQUE,
    MITIGATION,
    GROUP,
    SOFTWARE,
    CAMPAIGN,
    DETECTION_STRATEGY,
    ANALYTIC,
    DATA_COMPONENT,
    DATA_SOURCE,
    ASSET,
) = OBJECT_TYPES


# What a bundle holds beside what it is about: links, and who published and may use it.
BESIDE: Final = frozenset(
    {
        "bundle",
        "extension-definition",
        "identity",
        "language-content",
        "marking-definition",
        "relationship",
        "x-mitre-collection",
    }
)


# The kill chains whose phases are tactics of ATT&CK, one a domain.
ATTACK_CHAINS: Final = ("mitre-attack", "mitre-mobile-attack", "mitre-ics-attack")


@cache
def type_of(stix_type: str) -> ObjectType:
    """The kind of a STIX type; for one that the library has no words for, its own name."""
    if stix_type in TYPE_OF:
        return TYPE_OF[stix_type]
    label = stix_type.removeprefix("x-mitre-").replace("-", " ").capitalize()
    path = "" if stix_type in BESIDE else f"objects/{stix_type}"
    return ObjectType((stix_type,), label, f"{label} objects", path, is_known=False)


class Link(StrEnum):
    """The kinds of edge between objects that the library reads.

    First the types of STIX relationships; then the properties that carry a link, by their own name
    (an underscore never stands in a relationship's type).
    """

    USES = "uses"
    MITIGATES = "mitigates"
    DETECTS = "detects"
    TARGETS = "targets"
    ATTRIBUTED_TO = "attributed-to"
    SUBTECHNIQUE_OF = "subtechnique-of"
    REVOKED_BY = "revoked-by"

    TACTIC = "kill_chain_phases"
    MATRIX_TACTIC = "tactic_refs"
    ANALYTIC = "x_mitre_analytic_refs"
    LOG_SOURCE = "x_mitre_log_source_references"
    DATA_SOURCE = "x_mitre_data_source_ref"


# `source_name` of the external reference that carries an object's ATT&CK ID, over all releases.
ATTACK_SOURCES: Final = frozenset(
    {"mitre-attack", "mitre-mobile-attack", "mitre-attack-mobile", "mitre-ics-attack"}
)

# What ATT&CK for ICS writes among platforms where it names none: no platform to filter by.
NO_PLATFORM: Final = "None"

SAMPLE_PREFIX: Final = "sample-"
RELEASE_FORM: Final = re.compile(r"(?:sample-)?[0-9]{1,3}(?:\.[0-9]{1,3}){0,2}(?:-[a-z-]{1,20})?")


def is_sample(attack_version: str) -> bool:
    """Whether a release is one of the project's own samples."""
    return attack_version.startswith(SAMPLE_PREFIX)


def release_order(attack_version: str) -> tuple[bool, tuple[int, ...], bool, str]:
    """A sort key that puts releases in the order of publication.

    Samples come before everything real, 9.0 before 18.1, and "11.0-beta" before "11.0".
    """
    number, _, suffix = attack_version.removeprefix(SAMPLE_PREFIX).partition("-")
    parts = tuple(int(part) if part.isdigit() else 0 for part in number.split("."))
    return (not is_sample(attack_version), parts, not suffix, suffix)


def attack_reference(properties: dict[str, object]) -> dict[str, object]:
    """The external reference that carries the ATT&CK ID of a STIX object; empty if it has none."""
    references = properties.get("external_references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict):
            name = reference.get("source_name")
            if isinstance(name, str) and name in ATTACK_SOURCES:
                return reference
    return {}


def timestamp(value: object) -> datetime | None:
    """The moment that a STIX timestamp names; None where it names none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
