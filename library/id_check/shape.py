"""The shape of the JSON file of a check, from which its published JSON Schema is made."""

from dataclasses import dataclass
from typing import Final

from library.files.shape import DOCUMENTED, LinkedObject

SCHEMA: Final = "id-check-1"


@dataclass(frozen=True, slots=True)
class CheckedId:
    """One ID, in the order in which the IDs first appear."""

    __pydantic_config__ = DOCUMENTED

    attack_id: str
    read_from: list[str]
    """What it was read from where that is not how MITRE writes IDs: "T1059_001"."""

    count: int
    """How often it was there."""

    verdict: str
    """The weightiest of: revoked, deprecated, gone, renamed, id-changed, tactic-moved, changed,
    new, not-compared, never-existed, unchanged."""

    weight: str
    """Where both releases hold it in the same status: "material" for what changed in substance,
    "around" for what changed around that; empty for all others, such as what only came to a
    domain or left one."""

    changes: list[str]
    """What became of it, a phrase each."""

    object: LinkedObject | None
    """The object that it stands for, as the newer of its two states has it."""

    domains: list[str]
    """The labels of the domains that have the object in either release."""

    replaced_by: list[LinkedObject]
    """For a revoked object what replaced it, hop by hop, in the release compared with."""

    stands_for: LinkedObject | None
    """The live object to use from now on: the object itself, or the end of `replaced_by`."""

    near: list[LinkedObject]
    """For an ID that never existed, what may have been meant."""

    differences_url: str
    """Where the two states of the object are compared; empty where there are not two in one
    domain, or they read the same."""


@dataclass(frozen=True, slots=True)
class LayerEntry:
    """An entry of a Navigator layer that was changed, or that was left as it was."""

    __pydantic_config__ = DOCUMENTED

    technique_id: str
    tactic: str
    became: str
    """Its new ID and what else is new; empty where it was left as it was."""

    why: str
    """Why it was left as it was; empty where it was changed."""


@dataclass(frozen=True, slots=True)
class LayerUpgrade:
    """What became of the entries of a Navigator layer."""

    __pydantic_config__ = DOCUMENTED

    name: str
    kept: int
    """How many were right as they were."""

    changed: list[LayerEntry]
    not_upgraded: list[LayerEntry]
    notes: list[str]


@dataclass(frozen=True, slots=True)
class IdCheckFile:
    """What became of the ATT&CK IDs in a text from one release to another."""

    __pydantic_config__ = DOCUMENTED

    url: str
    mapped_to: str
    """The ATT&CK release that the text was written against."""

    compared_with: str
    domains: list[str]
    """The labels of the domains that were compared."""

    mentions: int
    """How many IDs were read, repetitions included."""

    distinct: int
    unlisted: int
    """How many different IDs that no release has are not listed; the first ones are."""

    unlisted_is_cut: bool
    """Whether there were more than are counted in `unlisted` and `distinct`."""

    counts: dict[str, int]
    """How many of the IDs listed have each verdict."""

    weights: dict[str, int]
    """How many of the IDs listed have each weight."""

    ids: list[CheckedId]
    layer: LayerUpgrade | None
    layer_trouble: str
    """Why a layer that was given was not upgraded; empty where it was, or none was given."""

    citation: str
    notice: str
    """MITRE's notice of copyright and licence."""
