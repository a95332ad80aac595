"""The derived Take of a technique: how common it is among its peers, and what stands against it."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, Brief
from analysis.landscape import Node
from analysis.reach import UNDER_TACTIC, USED_BY, Reach
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import GROUP, MITIGATION, Link
from library.kinds import CHILDREN, PARENT, TACTICS, USES_TECHNIQUE

ADDRESSES = Step(Link.MITIGATES)
BESIDE, WIDEST = 3, 4


def technique(brief: Brief) -> None:
    """Put the Take together."""
    reach = Reach(brief.landscape, frozenset([brief.node.object_id]))
    draft = brief.draft
    draft.add("summary", _summary(brief, reach))
    draft.add("executive_priority", _executive(brief, reach))
    draft.add("technical_view", paragraph([_beside(brief), _children(brief)]) or None)
    brief.telemetry(reach)
    brief.detection(reach, "it")
    draft.add("mitigation_priorities", *_mitigations(brief, reach))
    listed = "" if reach.unmitigated else " A mitigation listed is advice, not proof of cover."
    draft.add("limits", escape(f"{REPORTED}{listed}"))


def _summary(brief: Brief, reach: Reach) -> SafeString:
    return paragraph([_place(brief), brief.users(reach, "it"), _rank(brief)])


def _place(brief: Brief) -> SafeString:
    """What it is a part of, which tactics it serves, and on what."""
    tactics = brief.landscape.listed(brief.landscape.ends([brief.node.object_id], TACTICS))
    serves = (
        format_html("serves {}", joined([brief.evidence.name(node) for node in tactics]))
        if tactics
        else escape("serves no tactic that this release names")
    )
    parents = brief.landscape.listed(brief.landscape.ends([brief.node.object_id], PARENT))
    part = (
        format_html(", a sub-technique of {},", brief.evidence.name(parents[0])) if parents else ""
    )
    on = format_html(" on {}", joined(brief.node.platforms)) if brief.node.platforms else ""
    return format_html("{}{} {}{}.", brief.name, part, serves, on)


def _rank(brief: Brief) -> SafeString | None:
    """How it stands by groups among the techniques of its first tactic."""
    groups = brief.landscape.ends([brief.node.object_id], USED_BY[GROUP])
    tactics = brief.landscape.listed(brief.landscape.ends([brief.node.object_id], TACTICS))
    if not (groups and tactics):
        return None
    peers = brief.landscape.ends([tactics[0].object_id], UNDER_TACTIC)
    ahead = {p for p in peers if len(brief.landscape.ends([p], USED_BY[GROUP])) > len(groups)}
    others = len(peers) - 1
    if not others:
        return None
    tactic = brief.evidence.name(tactics[0])
    if not ahead:
        return format_html(
            "No other of the {} techniques under {} is used by more groups.", others, tactic
        )
    return format_html(
        "Of the {} other techniques under {}, {} used by more groups.",
        others,
        tactic,
        format_html(
            "{} {}",
            brief.evidence.number("Used by more groups", ahead),
            "is" if len(ahead) == 1 else "are",
        ),
    )


def _executive(brief: Brief, reach: Reach) -> SafeString:
    mitigations = brief.landscape.listed(reach.mitigations[brief.node.object_id])
    if not mitigations:
        return escape(
            "No mitigation is listed in this release. That is not to say that nothing can be done:"
            " ask how it would be noticed, and how soon."
        )
    if len(mitigations) == 1:
        return format_html(
            "ATT&CK lists one mitigation for it: {}. Ask whether it is in place on every system"
            " where this technique works, for nothing else is listed behind it.",
            brief.evidence.name(mitigations[0]),
        )
    return format_html(
        "ATT&CK lists {} for it: {}. Ask which of them are in place where this technique works, and"
        " which would still hold if the first failed.",
        brief.evidence.amount("Mitigations", (n.object_id for n in mitigations), "mitigation"),
        brief.several(mitigations),
    )


def _beside(brief: Brief) -> SafeString | None:
    """What the groups that use it use as well, most often."""
    groups = brief.landscape.ends([brief.node.object_id], USED_BY[GROUP])
    if len(groups) < BESIDE:
        return None
    counted: dict[int, set[int]] = {}
    for group in groups:
        for other in brief.landscape.ends([group], USES_TECHNIQUE) - {brief.node.object_id}:
            counted.setdefault(other, set()).add(group)
    nodes = brief.landscape.nodes
    most = sorted(counted, key=lambda key: (-len(counted[key]), nodes[key].order))[:BESIDE]
    if not most:
        return None
    named = [
        format_html(
            "{} ({})",
            brief.evidence.full_name(nodes[key]),
            brief.evidence.share(f"Use {nodes[key].attack_id} too", counted[key], len(groups)),
        )
        for key in most
    ]
    return format_html("Groups that use it most often also use {}.", joined(named))


def _children(brief: Brief) -> SafeString | None:
    """Which of its sub-techniques most groups use."""
    below = brief.landscape.ends([brief.node.object_id], CHILDREN)
    if not below:
        return None
    subs = Reach(brief.landscape, frozenset(below))
    listed = brief.evidence.amount("Sub-techniques", below, "sub-technique")
    most = brief.most_used(subs, BESIDE)
    if not most:
        return format_html("It has {}, none of which a group is recorded using.", listed)
    return format_html("It has {}; most used by groups: {}.", listed, joined(most))


def _mitigations(brief: Brief, reach: Reach) -> list[SafeString]:
    """Its mitigations, those first that address most other techniques as well."""

    def width(node: Node) -> int:
        return len(brief.landscape.ends([node.object_id], ADDRESSES))

    found = brief.landscape.listed(reach.mitigations[brief.node.object_id])
    found = [node for node in found if node.kind is MITIGATION]
    widest = sorted(found, key=lambda node: (-width(node), node.order))[:WIDEST]
    return [
        format_html(
            '{}, which <a href="{}#techniques">addresses {} in all</a>',
            brief.evidence.full_name(node),
            brief.evidence.href(node),
            f"{count} techniques" if (count := width(node)) != 1 else "this technique alone",
        )
        if width(node) != 1
        else format_html("{}, which addresses nothing else", brief.evidence.full_name(node))
        for node in widest
    ]
