"""What MITRE changed of an object between two bundles, read from the bundles alone.

The rules, in words, none of the library's code used:

- An object is live when it is neither revoked nor deprecated. A relationship holds when it and the
  objects at both its ends are live. A link that a property carries holds when both objects are.
- A Take is to be moved or retired when its object is revoked, or not in the newer bundle at all.
- It must be reviewed when the object was deprecated, or has another name, other prose, other
  tactics, other platforms or other mitigations; a mitigation, when it addresses other techniques.
- Prose is what is read: without citations, without the targets of links and marks of code, white
  space run together.
- Where another domain has the object in either bundle, the same is asked there. Where one of that
  domain's two bundles does not have it, it has no links there, and its properties are not compared.
- Something around it changed when anything else differs that the object or the relationships that
  hold say: any property but those that name the object and its keepers, dates and versions, and
  the address of its own entry. The order of a list says nothing, and neither do false, "" and [].
  Of prose, what it cites counts here, wherever in the text it stands.
"""

import lzma
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson

from tests.factories import Properties

SAYS_NOTHING = {
    "id",
    "type",
    "created",
    "created_by_ref",
    "modified",
    "object_marking_refs",
    "revoked",
    "source_ref",
    "spec_version",
    "target_ref",
    "x_mitre_attack_spec_version",
    "x_mitre_deprecated",
    "x_mitre_modified_by_ref",
    "x_mitre_version",
}
# Told as links.
LINKING = {"kill_chain_phases", "tactic_refs", "x_mitre_data_source_ref"}
PROSE = {"description", "x_mitre_detection"}


def is_live(found: Properties) -> bool:
    return not (found.get("revoked") or found.get("x_mitre_deprecated"))


@cache
def read(text: str | None) -> str:
    """A text as it is read."""
    bare = re.sub(r"\s*\(Citation: (?:[^()]|\([^()]*\))*\)", "", text or "")
    bare = re.sub(r"\]\([^()\s]*(?:\([^()]*\))?[^()\s]*\)", "]", bare)
    return " ".join(re.sub(r"</?code>|[`\[\]*]", "", bare).split())


def cited(text: str | None) -> list[str]:
    """What a text cites, in one order."""
    named = re.findall(r"\(Citation: ((?:[^()]|\([^()]*\))*)\)", text or "")
    return sorted(" ".join(name.split()) for name in named)


def numbered(names: list[str]) -> Iterator[str]:
    """Names, those that stand there twice told apart."""
    for at, name in enumerate(names):
        yield f"{name} {names[:at].count(name)}"


def unordered(value: Any) -> Any:
    """A value with all its lists in one order."""
    if isinstance(value, list):
        return sorted((unordered(part) for part in value), key=written)
    if isinstance(value, dict):
        return {name: unordered(part) for name, part in value.items()}
    return value


def written(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class Bundle:
    """One bundle of one domain."""

    def __init__(self, path: Path) -> None:
        content = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
        self.objects: dict[str, Properties] = {found["id"]: found for found in content}

    @cached_property
    def links(self) -> dict[str, list[tuple[str, str, str, str]]]:
        """What holds, by either end: the kind, the way, the other end, and what is said of it."""
        found = defaultdict(list)
        for source, kind, target, says in self._links():
            if self.is_live(source) and self.is_live(target):
                notes = str(sorted(statements(says)))
                found[source].append((kind, "to", target, notes))
                found[target].append((kind, "from", source, notes))
        return found

    def _links(self) -> Iterator[tuple[str, str, str, Properties]]:
        tactics = {
            found["x_mitre_shortname"]: stix_id
            for stix_id, found in self.objects.items()
            if found["type"] == "x-mitre-tactic"
        }
        for stix_id, found in self.objects.items():
            if found["type"] == "relationship":
                if is_live(found):
                    kind = found["relationship_type"]
                    yield found["source_ref"], kind, found["target_ref"], found
                continue
            for phase in found.get("kill_chain_phases", []):
                yield stix_id, "tactic", tactics.get(phase["phase_name"], ""), {}
            for tactic in found.get("tactic_refs", []):
                yield stix_id, "matrix", tactic, {}
            yield stix_id, "source", found.get("x_mitre_data_source_ref", ""), {}

    def is_live(self, stix_id: str) -> bool:
        return stix_id in self.objects and is_live(self.objects[stix_id])

    def others(self, stix_id: str, kind: str, way: str) -> set[str]:
        """The objects that links of a kind lead to, or come from."""
        return {other for k, w, other, _ in self.links[stix_id] if (k, w) == (kind, way)}

    def sensed(self, stix_id: str) -> set[str]:
        """The data components that detect a technique, or that analytics of its strategies read."""
        found = set()
        for other in self.others(stix_id, "detects", "from"):
            for analytic in self.objects[other].get("x_mitre_analytic_refs", []):
                if self.is_live(analytic):
                    sources = self.objects[analytic].get("x_mitre_log_source_references", [])
                    found |= {source["x_mitre_data_component_ref"] for source in sources}
            if self.objects[other]["type"] == "x-mitre-data-component":
                found.add(other)
        return {component for component in found if self.is_live(component)}

    def core(self, stix_id: str) -> dict[str, Any]:
        """What a Take rests on."""
        found = self.objects[stix_id]
        return {
            "status": is_live(found),
            "name": found.get("name"),
            "prose": read(found.get("description")),
            "tactics": {phase["phase_name"] for phase in found.get("kill_chain_phases", [])},
            "platforms": set(found.get("x_mitre_platforms", [])),
            "mitigations": self.others(stix_id, "mitigates", "from"),
            "techniques": self.others(stix_id, "mitigates", "to"),
        }

    def page(self, stix_id: str) -> set[str]:
        """All that is said of an object, statement by statement."""
        own = self.objects[stix_id]
        said = {f"{name}: {value}" for name, value in statements(own)}
        return said | {" ".join(link) for link in self.links[stix_id]}

    def successor(self, stix_id: str) -> str:
        """What stands at the end of the chain of revocations."""
        at = ""
        while stix_id in self._revoked_by:
            at = stix_id = self._revoked_by[stix_id]
        return at

    @cached_property
    def _revoked_by(self) -> dict[str, str]:
        return {
            found["source_ref"]: found["target_ref"]
            for found in self.objects.values()
            if found.get("relationship_type") == "revoked-by"
            and found["target_ref"] in self.objects
        }


def statements(found: Properties) -> Iterator[tuple[str, str]]:
    """What the properties of an object say, in a form that can be compared."""
    for name in found.keys() - SAYS_NOTHING - LINKING:
        value = found[name]
        if name in PROSE:
            yield from ((f"{name} cites", source) for source in numbered(cited(value)))
            value = read(value)
        if name == "external_references":
            value = [
                reference["external_id"]
                if reference["source_name"].startswith("mitre-") and "external_id" in reference
                else reference
                for reference in value
            ]
        if value not in (False, "", []):
            yield name, written(unordered(value)).decode()


def expected(
    old: Mapping[str, Bundle], new: Mapping[str, Bundle], domain: str, stix_id: str
) -> str:
    """How a Take written against the older bundle of a domain stands to the newer ones."""
    held = new[domain].objects.get(stix_id)
    if held is None or held.get("revoked"):
        return "move or retire"
    said = {_between(old[domain], new[domain], stix_id)}
    for other in old.keys() - {domain}:
        both = (old[other], new[other])
        if all(stix_id in bundle.objects for bundle in both):
            said.add(_between(*both, stix_id))
        elif any(bundle.links[stix_id] for bundle in both):
            weighty = any(
                link[0] == "mitigates" for bundle in both for link in bundle.links[stix_id]
            )
            said.add("must review" if weighty else "changed around it")
    return next(word for word in ("must review", "changed around it", "current") if word in said)


def _between(old: Bundle, new: Bundle, stix_id: str) -> str:
    """How the object differs between two bundles that have it."""
    if old.core(stix_id) != new.core(stix_id):
        return "must review"
    return "current" if old.page(stix_id) == new.page(stix_id) else "changed around it"
