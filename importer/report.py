"""What an import tells the admin at its end."""

from dataclasses import dataclass, field
from typing import Any

IMPORTED = "imported"
ALREADY_IMPORTED = "already-imported"
SHOWN_FINDINGS = 20
WAYS = ("stix2", "schema", "envelope")
FROM = {
    "official": "MITRE's bundle",
    "unrecognised": "an unrecognised bundle",
    "sample": "a sample",
}


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another bundle of the same release that the library holds already."""

    snapshot: int
    bundle_sha256: str
    provenance: str
    differing: int
    """How many objects the two do not hold alike, relationships among them."""

    def said(self, release: str) -> str:
        """That there are two, and how they differ, in a sentence without its full stop."""
        many = self.differing != 1
        differing = f"{self.differing:,} object{'s differ' if many else ' differs'}"
        return (
            f"{release} is held already, from {FROM[self.provenance]} {self.bundle_sha256[:12]};"
            f" this one is another: {differing if self.differing else 'no object differs'}"
        )


@dataclass(slots=True)
class Report:
    """The outcome for one bundle; `added` to `unchanged` count against the release before it."""

    status: str
    origin: str
    snapshot: int
    domain: str
    release: str
    bundle_sha256: str
    provenance: str
    objects: int
    objects_by_type: dict[str, int]
    before: str | None
    added: int
    changed: int
    removed: int
    unchanged: int
    checked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(WAYS, 0))
    namesakes: list[Namesake] = field(default_factory=list)
    finding_details: list[dict[str, str]] = field(default_factory=list)
    current: bool = False
    dry_run: bool = False
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON carries it; `findings` is their number."""
        shown = {name: getattr(self, name) for name in self.__slots__}
        if self.dry_run:
            # It is gone by now, and its number with it.
            shown["snapshot"] = None
        return shown | {"findings": len(self.finding_details), "seconds": round(self.seconds, 3)}

    def lines(self) -> list[str]:
        """The report as a person reads it."""
        held, number = f"{self.domain} {self.release}", f"snapshot {self.snapshot}"
        # A dry run's snapshot is gone by now, its number with it.
        outcome = {
            IMPORTED: "would be imported" if self.dry_run else f"imported as {number}",
            ALREADY_IMPORTED: f"already imported as {number}",
        }[self.status]
        types = ", ".join(f"{count:,} {kind}" for kind, count in self.objects_by_type.items())
        against = f"against {self.before}" if self.before else "nothing before it"
        return [
            f"{held}: {outcome} from {self.origin}",
            f"  SHA-256    {self.bundle_sha256} ({self._provenance()})",
            f"  objects    {self.objects:,}: {types}",
            f"  changes    {self.added:,} added, {self.changed:,} changed, {self.removed:,}"
            f" removed, {self.unchanged:,} unchanged ({against})",
            *(f"  beside     {other.said(self.release)}" for other in self.namesakes),
            f"  validated  {self._checked()}",
            *self._findings(),
            f"  shown      {self._current()}",
            f"  seconds    {self.seconds:.1f}",
        ]

    def _provenance(self) -> str:
        return {
            "official": "official: MITRE published this hash",
            "unrecognised": "unrecognised: MITRE published no such hash",
            "sample": "sample: written for this project",
        }[self.provenance]

    def _checked(self) -> str:
        if not any(self.checked.values()):
            return "nothing: every object was known already"
        return (
            f"{self.checked['stix2']:,} by stix2, {self.checked['schema']:,} by ATT&CK's schemas,"
            f" {self.checked['envelope']:,} of unknown types by their envelope"
        )

    def _findings(self) -> list[str]:
        count = len(self.finding_details)
        lines = [f"  findings   {count:,}"]
        for found in self.finding_details[:SHOWN_FINDINGS]:
            lines.append(f"    {found['stix_id']} {found['field']}: {found['reason']}")
        if count > SHOWN_FINDINGS:
            lines.append(f"    and {count - SHOWN_FINDINGS:,} more (--json lists all)")
        return lines

    def _current(self) -> str:
        if self.dry_run:
            return "no: a dry run changes nothing"
        return "yes: readers see this release" if self.current else "no: not the current edition"
