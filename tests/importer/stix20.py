"""Bundles as MITRE published them before STIX 2.1."""

from tests import factories
from tests.factories import KILL_CHAINS, Properties


def stix20(domain: str, *objects: Properties, with_matrix: bool = True) -> Properties:
    """A bundle with no collection, no versions on its objects and nothing that names a domain."""
    # In those days the sources of references were named like the kill chains.
    chain = KILL_CHAINS[domain]
    # ICS named its matrix otherwise until release 11.
    matrix_id = {"ics": "MA0010"}.get(domain, f"{domain}-attack")
    held: list[Properties] = [
        {
            "type": "attack-pattern",
            "id": factories.stix_id("attack-pattern", f"2.0 {domain}"),
            "created": "2018-10-17T00:14:20.652Z",
            "modified": "2018-11-06T19:05:34.143Z",
            "name": "Attack",
            "external_references": [{"source_name": chain, "external_id": "T0001"}],
            "kill_chain_phases": [{"kill_chain_name": chain, "phase_name": "entry"}],
        },
        *objects,
    ]
    if with_matrix:
        held.append(
            {
                "type": "x-mitre-matrix",
                "id": factories.stix_id("x-mitre-matrix", f"2.0 {domain}"),
                "external_references": [{"source_name": chain, "external_id": matrix_id}],
            }
        )
    stix_id = factories.stix_id("bundle")
    return {"type": "bundle", "id": stix_id, "spec_version": "2.0", "objects": held}


def pre_attack() -> Properties:
    """PRE-ATT&CK as MITRE published it, without its matrix."""
    content = stix20("enterprise", with_matrix=False)
    (technique,) = content["objects"]
    technique["external_references"][0]["source_name"] = "mitre-pre-attack"
    technique["kill_chain_phases"][0]["kill_chain_name"] = "mitre-pre-attack"
    return content
