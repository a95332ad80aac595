"""The derived Take of a technique: how common it is among its peers, and what stands against it."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, Brief
from analysis.landscape import Node
from analysis.reach import NO_MEASURES, UNDER_TACTIC, USED_BY, Reach
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE, Link, ObjectType
from library.kinds import CHILDREN, PARENT, TACTICS, USES_TECHNIQUE

ADDRESSES = Step(Link.MITIGATES)
BESIDE = 3
USERS: Final = {GROUP: "groups", SOFTWARE: "software", CAMPAIGN: "campaigns"}


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
    listed = (
        ""
        if not reach.mitigations[brief.node.object_id]
        else " A mitigation listed is advice, not proof of cover."
    )
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
    """How many techniques of each of its tactics are used by more, as far as anything uses it."""
    own = brief.node.object_id
    kinds = [kind for kind in USERS if brief.landscape.ends([own], USED_BY[kind])]
    tactics = brief.landscape.listed(brief.landscape.ends([own], TACTICS))
    peers = {
        tactic: found
        for tactic in tactics
        if (found := brief.landscape.ends([tactic.object_id], UNDER_TACTIC) - {own})
    }
    if not (kinds and peers):
        return None
    return paragraph(_among(brief, tactic, found, kinds) for tactic, found in peers.items())


def _among(brief: Brief, tactic: Node, peers: set[int], kinds: list[ObjectType]) -> SafeString:
    """How it stands among the other techniques of a tactic, by those kinds of user."""

    def used(technique: int, kind: ObjectType) -> int:
        return len(brief.landscape.ends([technique], USED_BY[kind]))

    own = brief.node.object_id
    ahead = {kind: {p for p in peers if used(p, kind) > used(own, kind)} for kind in kinds}
    under = brief.evidence.name(tactic)
    title, total = f"Others under {tactic.attack_id}", len(peers)
    if not any(ahead.values()):
        by = joined([USERS[kind] for kind in kinds], "or")
        if total == 1:
            return format_html(
                "The only other technique under {} is not used by more {}.", under, by
            )
        return format_html(
            "None of the {} under {} is used by more {}.",
            brief.evidence.amount(title, peers, "other technique"),
            under,
            by,
        )
    first, *_ = kinds
    counts = [
        format_html(
            "{} {}by more {}",
            brief.evidence.number(f"More {USERS[kind]} under {tactic.attack_id}", found)
            if found
            else "none",
            ("are used " if len(found) > 1 else "is used ") if kind is first else "",
            USERS[kind],
        )
        for kind, found in ahead.items()
    ]
    others = brief.evidence.amount(title, peers, "other technique")
    return format_html("Of the {} under {}, {}.", others, under, joined(counts))


def _executive(brief: Brief, reach: Reach) -> SafeString:
    own, landscape = brief.node.object_id, brief.landscape
    mitigations = landscape.listed(reach.mitigations[own])
    statements = landscape.listed(reach.statements[own])
    if statements:
        said = format_html(
            "In place of a mitigation ATT&CK lists {}: {}. Ask how it would be noticed, and how"
            " soon.",
            brief.evidence.name(statements[0]),
            NO_MEASURES[statements[0].attack_id],
        )
    elif not mitigations:
        said = escape(
            "No mitigation is listed in this release. That is not to say that nothing can be done:"
            " ask how it would be noticed, and how soon."
        )
    elif reach.before_compromise:
        said = format_html(
            "ATT&CK lists no mitigation for it but {}, since it happens before an intrusion and"
            " outside a defender’s systems. Ask what the organisation shows of itself in public,"
            " and who would see that something is being prepared.",
            brief.evidence.name(mitigations[0]),
        )
    elif len(mitigations) == 1:
        said = format_html(
            "ATT&CK lists one mitigation for it: {}. Ask whether it is in place on every system"
            " where this technique works, for nothing else is listed behind it.",
            brief.evidence.name(mitigations[0]),
        )
    else:
        said = format_html(
            "ATT&CK lists {} for it: {}. Ask which of them are in place where this technique works,"
            " and which would still hold if the first failed.",
            brief.evidence.amount("Mitigations", reach.mitigations[own], "mitigation"),
            brief.evidence.several("Mitigations", mitigations),
        )
    return said


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
        which = "which no group is" if len(below) == 1 else "none of which a group is"
        return format_html("It has {}, {} recorded using.", listed, which)
    if len(below) == 1:
        return format_html("It has {}: {}.", listed, most[0])
    return format_html("It has {}; most used by groups: {}.", listed, joined(most))


def _mitigations(brief: Brief, reach: Reach) -> list[SafeString]:
    """All its mitigations with what each covers, those first that address most techniques."""
    landscape = brief.landscape
    found = landscape.listed(reach.mitigations[brief.node.object_id])
    covered = {node: landscape.ends([node.object_id], ADDRESSES) for node in found}
    kin = _kin(brief)
    found.sort(key=lambda node: (-len(covered[node]), node.order))
    return [_mitigation(brief, node, covered[node], kin) for node in found]


def _mitigation(brief: Brief, node: Node, covered: set[int], kin: Kin) -> SafeString:
    name = brief.evidence.full_name(node)
    if len(covered) == 1:
        return format_html("{}, which addresses nothing else", name)
    in_all = brief.evidence.amount(f"{node.attack_id} in all", covered, "technique")
    said = format_html("{}, which addresses {} in all", name, in_all)
    if not kin.techniques:
        return said
    inside = covered & kin.techniques
    among = (
        brief.evidence.share(f"{node.attack_id} among its kin", inside, len(kin.techniques))
        if inside
        else "none"
    )
    return format_html("{}; of {}, {}", said, kin.called, among)


class Kin(NamedTuple):
    """The techniques beside which a mitigation's cover is told, and what they are called."""

    techniques: set[int]
    called: SafeString


def _kin(brief: Brief) -> Kin:
    """Its sub-techniques; of a sub-technique the others of its technique; else its tactic's."""
    own = brief.node.object_id
    if below := brief.landscape.ends([own], CHILDREN):
        return Kin(below, escape("its sub-techniques"))
    if siblings := brief.landscape.ends([own], PARENT, CHILDREN) - {own}:
        return Kin(siblings, escape("the sub-techniques beside it"))
    tactics = brief.landscape.listed(brief.landscape.ends([own], TACTICS))[:1]
    under = brief.landscape.ends((node.object_id for node in tactics), UNDER_TACTIC) - {own}
    called = format_html(
        "the others under {}", joined(brief.evidence.name(node) for node in tactics)
    )
    return Kin(under, called)
