"""What meets a set of techniques, and for which of them nothing does: sections of several kinds."""

from __future__ import annotations

from typing import Final

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import Brief
from analysis.landscape import Node
from analysis.reach import DOES_HARM, DOES_LITTLE, Reach, foremost

# The titles of the figures that count what MITRE says this of.
_UNPREVENTED: Final = {
    DOES_LITTLE: "Where prevention does little",
    DOES_HARM: "Where prevention may do harm",
}


def unprevented(brief: Brief, reach: Reach) -> list[SafeString]:
    """For which techniques nothing is listed, or nothing that a defender could put in place."""
    said = []
    if reach.unmitigated:
        said.append(
            format_html(
                "For {} no mitigation is listed in this release: {}. Ask how {} would be noticed.",
                brief.of(reach, "Without a mitigation", reach.unmitigated),
                brief.named("Without a mitigation", reach.unmitigated),
                "it" if len(reach.unmitigated) == 1 else "those",
            )
        )
    for words, found in reach.told_unpreventable.items():
        said.append(
            format_html(
                "MITRE says of {} that {}: {}.",
                brief.of(reach, _UNPREVENTED[words], found),
                words,
                brief.named(_UNPREVENTED[words], found),
            )
        )
    if reach.before_compromise:
        one = len(reach.before_compromise) == 1
        said.append(
            format_html(
                "For {}, which {} before an intrusion and outside a defender’s systems, ATT&CK"
                " lists no more than Pre-compromise.",
                brief.of(reach, "Before an intrusion", reach.before_compromise),
                "happens" if one else "happen",
            )
        )
    return said


def priorities(brief: Brief, reach: Reach, most: int) -> None:
    """Fill the list of mitigation priorities with what meets most of the techniques."""
    ranked = reach.best_mitigations
    first = foremost(ranked, most, lambda pair: reach.rank(pair[1]))
    entries = [_mitigation(brief, reach, node, found) for node, found in first]
    if ranked and not entries:
        best = reach.rank(ranked[0][1])
        alike = [node.object_id for node, found in ranked if reach.rank(found) == best]
        entries = [
            format_html(
                "{} meet equally much, so that none of them comes first.",
                brief.evidence.amount("Mitigations alike", alike, "mitigation"),
            )
        ]
    elif len({reach.rank(found) for _, found in first}) > 1:
        entries.append(
            escape(
                "Ordered by techniques met, then by those that nothing else meets, then by"
                " their recorded use."
            )
        )
    brief.draft.add("mitigation_priorities", *entries)


def _mitigation(brief: Brief, reach: Reach, node: Node, met: set[int]) -> SafeString:
    called = brief.evidence.full_name(node)
    said = brief.of(reach, met_by(node), met)
    alone = {technique for technique in met if len(reach.mitigations[technique]) == 1}
    if not alone:
        return format_html("{}: {}", called, said)
    if len(alone) == len(met):
        each = "" if len(met) == 1 else "all of them "
        return format_html("{}: {}, {}met by nothing else", called, said, each)
    of_them = brief.evidence.number(f"{met_by(node)} alone", alone)
    return format_html("{}: {}, {} of them met by nothing else", called, said, of_them)


def met_by(node: Node) -> str:
    """The title of the figure that counts what a mitigation meets."""
    return f"Met by {node.attack_id} {node.name}"
