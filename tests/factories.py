"""Small STIX objects and bundles for tests, each valid unless a test breaks it."""

import copy
import itertools
import uuid
from typing import Any

import orjson
from django.apps import apps
from django.db import connection, transaction

from importer.acquire import unpack
from importer.pipeline import Options, import_bundles
from importer.report import Report
from importer.sources import Source

type Properties = dict[str, Any]

MOMENT = "2024-05-06T07:08:09.000Z"
IDENTITY = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"
DOMAIN_NAMES = {
    "enterprise": "enterprise-attack",
    "mobile": "mobile-attack",
    "ics": "ics-attack",
}
KILL_CHAINS = {
    "enterprise": "mitre-attack",
    "mobile": "mitre-mobile-attack",
    "ics": "mitre-ics-attack",
}
_numbers = itertools.count(1)


def stix_id(stix_type: str, seed: str = "") -> str:
    """An id of a type: the same for the same seed, a fresh one without."""
    return f"{stix_type}--{uuid.uuid5(uuid.NAMESPACE_URL, seed or f'fresh {next(_numbers)}')}"


def stix_object(stix_type: str, name: str = "", **properties: Any) -> Properties:
    """An object of any type, in STIX 2.1."""
    made: Properties = {
        "type": stix_type,
        "id": stix_id(stix_type, name),
        "spec_version": "2.1",
        "created": MOMENT,
        "modified": MOMENT,
        "created_by_ref": IDENTITY,
        "x_mitre_version": "1.0",
        "x_mitre_attack_spec_version": "3.3.0",
        "x_mitre_deprecated": False,
    }
    if name:
        made["name"] = name
    return made | properties


def attack_object(
    stix_type: str, attack_id: str, name: str, domain: str = "enterprise", **properties: Any
) -> Properties:
    """An object with an ATT&CK ID."""
    reference = {
        "source_name": "mitre-attack",
        "external_id": attack_id,
        "url": f"https://attack.mitre.org/x/{attack_id}",
    }
    references = [reference, *properties.pop("references", [])]
    given: Properties = {
        "id": stix_id(stix_type, f"{stix_type} {attack_id}"),
        "description": f"About {name}.",
        "external_references": references,
        "x_mitre_domains": [DOMAIN_NAMES[domain]],
    }
    return stix_object(stix_type, name, **(given | properties))


def mitigation(attack_id: str, name: str, domain: str = "enterprise", **rest: Any) -> Properties:
    """A mitigation."""
    return attack_object("course-of-action", attack_id, name, domain, **rest)


def tactic(attack_id: str, name: str, short: str, domain: str = "enterprise") -> Properties:
    """A tactic."""
    return attack_object("x-mitre-tactic", attack_id, name, domain, x_mitre_shortname=short)


def technique(
    attack_id: str,
    name: str,
    tactics: tuple[str, ...] = (),
    domain: str = "enterprise",
    **rest: Any,
) -> Properties:
    """A technique; a sub-technique where its ID has a dot."""
    phases = [{"kill_chain_name": KILL_CHAINS[domain], "phase_name": phase} for phase in tactics]
    given: Properties = {"x_mitre_is_subtechnique": "." in attack_id}
    if phases:
        given["kill_chain_phases"] = phases
    return attack_object("attack-pattern", attack_id, name, domain, **(given | rest))


def matrix(domain: str, tactics: list[Properties]) -> Properties:
    """A matrix of tactics in their order."""
    refs = [found["id"] for found in tactics]
    name = DOMAIN_NAMES[domain]
    return attack_object("x-mitre-matrix", name, f"{domain} matrix", domain, tactic_refs=refs)


def relationship(
    kind: str, source: Properties, target: Properties, note: str = "", **rest: Any
) -> Properties:
    """A relationship; with a note where one is given."""
    given: Properties = {
        "id": stix_id("relationship", f"{source['id']} {kind} {target['id']}"),
        "relationship_type": kind,
        "source_ref": source["id"],
        "target_ref": target["id"],
    }
    if note:
        given["description"] = note
    return stix_object("relationship", **(given | rest))


def bundle(
    *objects: Properties, domain: str = "enterprise", release: str | None = "1.0"
) -> Properties:
    """A bundle with a matrix that tells its domain and a collection that tells its release."""
    held = [copy.deepcopy(found) for found in objects]
    tactics = [found for found in held if found["type"] == "x-mitre-tactic"]
    if not any(found["type"] == "x-mitre-matrix" for found in held):
        held.append(matrix(domain, tactics))
    if release is not None:
        held.append(
            stix_object(
                "x-mitre-collection",
                f"{domain} collection",
                x_mitre_version=release,
                description="A collection for tests.",
                x_mitre_contents=[],
            )
        )
    return {"type": "bundle", "id": stix_id("bundle"), "objects": held}


def source(content: Properties | bytes, origin: str = "test.json") -> Source:
    """A bundle as the pipeline takes it."""
    raw = content if isinstance(content, bytes) else orjson.dumps(content)
    return Source(origin, lambda: unpack(origin, raw))


def import_objects(
    *objects: Properties, domain: str = "enterprise", release: str = "1.0", **options: Any
) -> Report:
    """The report of importing one bundle of these objects, without validating them."""
    content = bundle(*objects, domain=domain, release=release)
    asked = Options(**({"validate": False} | options))
    (report,) = import_bundles([source(content)], asked)
    return report


def clear_library() -> None:
    """Empty every table of the library, which only a test may do, and only to a test database."""
    assert connection.settings_dict["NAME"].startswith("test_")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL glexia.deleting = 'on'")
        # The audit log lets nothing pass: its owner has to take the trigger away for a moment.
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER immutable")
        # By name: the two largest have no foreign keys that CASCADE could follow.
        tables = [
            model._meta.db_table
            for app in ("accounts", "library", "analysis", "importer", "django_tasks_database")
            for model in apps.get_app_config(app).get_models()
        ]
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("TRUNCATE auth_user, django_session CASCADE")
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER immutable")
