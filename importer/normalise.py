"""Normalise: from the verbatim properties of STIX objects to what the library looks things up by.

Nothing here changes what is stored of an object: the columns are read from it, and what cannot be
read is left empty (`importer.validate` says why).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from importer.parse import Properties, is_stix_id
from library.identifiers import ATTACK_CHAINS, Link, attack_reference, timestamp

LONGEST_ATTACK_ID = 64
KIND_FORM = re.compile(r"[A-Za-z0-9-]{1,64}")
# PostgreSQL's text holds no NUL, JSON's may.
NUL = "\x00"


@dataclass(frozen=True, slots=True)
class Edge:
    """A link between two objects, by their STIX ids."""

    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class NormalisedObject:
    """What the library finds and sorts an object by, and the links that its properties carry."""

    stix_id: str
    stix_type: str
    attack_id: str
    name: str
    revoked: bool
    deprecated: bool
    modified: datetime | None
    x_mitre_version: str
    edges: tuple[Edge, ...]

    @property
    def live(self) -> bool:
        """Neither revoked nor deprecated."""
        return not (self.revoked or self.deprecated)


type TacticsByPhase = dict[tuple[str, str], str]


def normalise(properties: Properties, tactics: TacticsByPhase) -> NormalisedObject:
    """What the library looks an object up by; `tactics` comes from `tactics_by_phase`."""
    return NormalisedObject(
        stix_id=properties["id"],
        stix_type=properties["type"],
        attack_id=_attack_id(properties),
        name=_text(properties.get("name")),
        revoked=_revoked(properties),
        deprecated=_deprecated(properties),
        modified=timestamp(properties.get("modified")),
        x_mitre_version=_text(properties.get("x_mitre_version")),
        edges=tuple(dict.fromkeys(links_of(properties, tactics))),
    )


def is_live(properties: Properties) -> bool:
    """Whether an object is neither revoked nor deprecated."""
    return not (_revoked(properties) or _deprecated(properties))


def _revoked(properties: Properties) -> bool:
    return properties.get("revoked") is True


def _deprecated(properties: Properties) -> bool:
    return properties.get("x_mitre_deprecated") is True


def tactics_by_phase(objects: Iterable[Properties]) -> TacticsByPhase:
    """The tactic of a bundle for each (kill chain, phase name), live ones before others.

    Techniques name a tactic by its `x_mitre_shortname` in a kill chain phase. A kill chain belongs
    to a domain, and a bundle holds one domain, so the chain's name is not asked of the tactic; it
    stands in the key so that phases of other frameworks find nothing.
    """
    found: TacticsByPhase = {}
    for properties in objects:
        if properties["type"] != "x-mitre-tactic":
            continue
        short = properties.get("x_mitre_shortname")
        if not isinstance(short, str):
            continue
        for chain in ATTACK_CHAINS:
            if is_live(properties) or (chain, short) not in found:
                found[chain, short] = properties["id"]
    return found


def _text(value: object) -> str:
    return value.replace(NUL, "�") if isinstance(value, str) else ""


def _attack_id(properties: Properties) -> str:
    attack_id = _text(attack_reference(properties).get("external_id"))
    usable = len(attack_id) <= LONGEST_ATTACK_ID and attack_id.isprintable()
    return attack_id if usable else ""


def links_of(properties: Properties, tactics: TacticsByPhase) -> Iterator[Edge]:
    """The link that a relationship is, or those that another object's properties carry."""
    if properties["type"] == "relationship":
        yield from _relationship(properties)
        return
    stix_id = properties["id"]
    for phase in _list(properties.get("kill_chain_phases")):
        if isinstance(phase, dict):
            named = (_text(phase.get("kill_chain_name")), _text(phase.get("phase_name")))
            if named in tactics:
                yield Edge(Link.TACTIC, stix_id, tactics[named])
    for kind in (Link.MATRIX_TACTIC, Link.ANALYTIC):
        for target in _list(properties.get(kind)):
            yield from _edge(kind, stix_id, target)
    for log_source in _list(properties.get(Link.LOG_SOURCE)):
        if isinstance(log_source, dict):
            yield from _edge(Link.LOG_SOURCE, stix_id, log_source.get("x_mitre_data_component_ref"))
    yield from _edge(Link.DATA_SOURCE, stix_id, properties.get(Link.DATA_SOURCE))


def _relationship(properties: Properties) -> Iterator[Edge]:
    """A STIX relationship (2.1 §5.1); types hold only a to z, 0 to 9 and hyphens."""
    kind = properties.get("relationship_type")
    if not isinstance(kind, str) or not KIND_FORM.fullmatch(kind):
        return
    source = properties.get("source_ref")
    if isinstance(source, str) and is_stix_id(source):
        yield from _edge(kind, source, properties.get("target_ref"))


def _edge(kind: str, source: str, target: object) -> Iterator[Edge]:
    if isinstance(target, str) and is_stix_id(target):
        yield Edge(str(kind), source, target)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
