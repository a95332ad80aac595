"""The envelope of a STIX object, ATT&CK's own properties, and one model for each ATT&CK type.

A model checks and is thrown away: properties it does not declare are allowed, since a release may
bring new ones. What is required is what every release from 1.0 on carries for that type, or what
the type had from its first release; the source is MITRE's USAGE.md and its attack-data-model.

An empty list in an optional property passes as an absent one, although STIX forbids it (2.1
§2.10): releases 9 to 12 hold thousands of `"external_references": []` and
`"x_mitre_contributors": []`, and stix2 reads them the same way.
"""

from typing import Annotated, Any, TypedDict

from annotated_types import MinLen
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from importer.schemas.fields import (
    ABSENT,
    AttackSpecVersion,
    Domain,
    Filled,
    Identifier,
    IdentityRef,
    MarkingRef,
    ObjectVersion,
    ReleaseVersion,
    Slug,
    SpecVersion,
    Timestamp,
    TypeName,
    ref,
)

STRICT = ConfigDict(strict=True, extra="ignore")


class Shape(BaseModel):
    """Strict in types, silent on properties it does not declare."""

    model_config = STRICT


class ExternalReference(Shape):
    """STIX 2.1 §2.5: a source's name and something that leads there."""

    source_name: str
    description: str = ABSENT
    url: str = ABSENT
    external_id: str = ABSENT
    hashes: dict[str, str] = ABSENT

    @model_validator(mode="after")
    def _leads_somewhere(self) -> "ExternalReference":
        if self.model_fields_set.isdisjoint({"description", "url", "external_id"}):
            raise PydanticCustomError(
                "empty_reference", "Needs a description, a url or an external_id."
            )
        return self


class KillChainPhase(Shape):
    """STIX 2.1 §2.11; the phase is a tactic's `x_mitre_shortname`."""

    kill_chain_name: str
    phase_name: str


class GranularMarking(Shape):
    """STIX 2.1 §7.2.3; that its selectors lead somewhere is stix2's to check."""

    selectors: Annotated[list[str], MinLen(1)]
    marking_ref: MarkingRef = ABSENT
    lang: str = ABSENT


class Envelope(Shape):
    """What any STIX object says of itself (STIX 2.1 §3.2), and all that an unknown type needs."""

    type: TypeName
    id: Identifier
    spec_version: SpecVersion = ABSENT
    created: Timestamp = ABSENT
    modified: Timestamp = ABSENT
    created_by_ref: IdentityRef = ABSENT
    revoked: bool = ABSENT
    labels: list[str] = ABSENT
    confidence: Annotated[int, Field(ge=0, le=100)] = ABSENT
    lang: str = ABSENT
    external_references: list[ExternalReference] = ABSENT
    object_marking_refs: list[MarkingRef] = ABSENT
    granular_markings: list[GranularMarking] = ABSENT
    extensions: dict[str, dict[str, Any]] = ABSENT


class AttackObject(Envelope):
    """The envelope with the properties ATT&CK puts on objects of any type."""

    name: str = ABSENT
    description: str = ABSENT
    aliases: list[str] = ABSENT
    kill_chain_phases: list[KillChainPhase] = ABSENT
    x_mitre_aliases: list[str] = ABSENT
    x_mitre_attack_spec_version: AttackSpecVersion = ABSENT
    x_mitre_contributors: list[str] = ABSENT
    x_mitre_data_sources: list[str] = ABSENT
    x_mitre_defense_bypassed: list[str] = ABSENT
    x_mitre_deprecated: bool = ABSENT
    x_mitre_detection: str = ABSENT
    x_mitre_domains: Annotated[list[Domain], MinLen(1)] = ABSENT
    x_mitre_effective_permissions: list[str] = ABSENT
    x_mitre_first_seen_citation: str = ABSENT
    x_mitre_impact_type: list[str] = ABSENT
    x_mitre_is_subtechnique: bool = ABSENT
    x_mitre_last_seen_citation: str = ABSENT
    x_mitre_modified_by_ref: IdentityRef = ABSENT
    x_mitre_network_requirements: bool = ABSENT
    x_mitre_old_attack_id: str = ABSENT
    x_mitre_permissions_required: list[str] = ABSENT
    x_mitre_platforms: list[str] = ABSENT
    x_mitre_remote_support: bool = ABSENT
    x_mitre_shortname: Slug = ABSENT
    x_mitre_system_requirements: list[str] = ABSENT
    x_mitre_tactic_type: list[str] = ABSENT
    x_mitre_version: ObjectVersion = ABSENT


class AttackType(AttackObject):
    """What every object of an `x-mitre-` type carries, in every release."""

    created: Timestamp
    modified: Timestamp
    name: Filled


class Referenced(AttackType):
    """A type whose objects have an ATT&CK ID, or a matrix's address, in their references."""

    external_references: Annotated[list[ExternalReference], MinLen(1)]


class Tactic(Referenced):
    """A column of a matrix; techniques name it by `x_mitre_shortname`."""

    description: str
    x_mitre_shortname: Slug


class Matrix(Referenced):
    """The tactics of a matrix, in their order."""

    description: str
    tactic_refs: Annotated[list[Annotated[str, ref("x-mitre-tactic")]], MinLen(1)]


class DataSource(Referenced):
    """Since release 10; all deprecated in 18."""

    description: str
    x_mitre_collection_layers: list[str] = ABSENT


class LogSource(Shape):
    """A log and the channel in it that shows a data component."""

    name: str
    channel: str


class DataComponent(AttackType):
    """Since release 10; without an ATT&CK ID until 18, and without a data source from then on."""

    description: str
    x_mitre_data_source_ref: Annotated[str, ref("x-mitre-data-source")] = ABSENT
    x_mitre_log_sources: list[LogSource] = ABSENT


class RelatedAsset(Shape):
    """What a sector calls an asset."""

    name: str
    description: str = ABSENT
    related_asset_sectors: list[str] = ABSENT


class Asset(Referenced):
    """A device of industrial control systems; since release 14."""

    x_mitre_domains: Annotated[list[Domain], MinLen(1)]
    x_mitre_version: ObjectVersion
    x_mitre_sectors: list[str] = ABSENT
    x_mitre_related_assets: list[RelatedAsset] = ABSENT


class LogSourceReference(LogSource):
    """Which data component, log and channel an analytic reads."""

    x_mitre_data_component_ref: Annotated[str, ref("x-mitre-data-component")]


class MutableElement(Shape):
    """What a defender may tune in an analytic."""

    field: str
    description: str


class Analytic(Referenced):
    """How to detect a behaviour on one platform; since release 18."""

    description: str
    x_mitre_domains: Annotated[list[Domain], MinLen(1)]
    x_mitre_version: ObjectVersion
    x_mitre_log_source_references: Annotated[list[LogSourceReference], MinLen(1)] = ABSENT
    x_mitre_mutable_elements: Annotated[list[MutableElement], MinLen(1)] = ABSENT


class DetectionStrategy(Referenced):
    """The analytics that together detect a technique; since release 18."""

    x_mitre_domains: Annotated[list[Domain], MinLen(1)]
    x_mitre_version: ObjectVersion
    x_mitre_analytic_refs: Annotated[list[Annotated[str, ref("x-mitre-analytic")]], MinLen(1)]


class CollectionItem(TypedDict):
    """One object of a release, in the version released.

    No model, since a collection has 25,000 of them: pydantic keeps half as much of a dict.
    """

    __pydantic_config__ = STRICT  # type: ignore[misc]  # As pydantic reads it.

    object_ref: Identifier
    object_modified: Timestamp


class Collection(AttackType):
    """A release: its version and what is in it. Only STIX 2.1 bundles have one."""

    x_mitre_version: ReleaseVersion
    x_mitre_contents: Annotated[list[CollectionItem], MinLen(1)]


class MarkingDefinition(AttackObject):
    """A standard type whose marking stix2 reads before it checks that it can be read."""

    definition_type: str = ABSENT
    definition: dict[str, Any] = ABSENT


ATTACK_TYPES: dict[str, type[AttackType]] = {
    "x-mitre-analytic": Analytic,
    "x-mitre-asset": Asset,
    "x-mitre-collection": Collection,
    "x-mitre-data-component": DataComponent,
    "x-mitre-data-source": DataSource,
    "x-mitre-detection-strategy": DetectionStrategy,
    "x-mitre-matrix": Matrix,
    "x-mitre-tactic": Tactic,
}
"""The declared schema of each type ATT&CK adds to STIX."""


def has_model(stix_type: object) -> bool:
    """Whether a type is ATT&CK's and has a declared schema of its own."""
    return isinstance(stix_type, str) and stix_type in ATTACK_TYPES


def model_of(stix_type: object) -> type[AttackObject]:
    """The schema for a type: its own where it has one, else the properties all types share."""
    if not isinstance(stix_type, str):
        return AttackObject
    if stix_type == "marking-definition":
        return MarkingDefinition
    return ATTACK_TYPES.get(stix_type, AttackObject)
