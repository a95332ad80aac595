"""The derived Take of a technique: how common it is among its peers, and what stands against it."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import MANY, REPORTED, Brief, where
from analysis.derived.detection import detection, telemetry
from analysis.landscape import UNUSED, Landscape, Node
from analysis.reach import ADDRESSES, NO_MEASURES, UNDER_TACTIC, Reach, foremost
from analysis.words import joined, paragraph
from library.identifiers import GROUP, SOFTWARE, TECHNIQUE, ObjectType
from library.kinds import CHILDREN, PARENT, TACTICS

BESIDE = 3
IT, ITSELF = "it", "it itself"


def technique(brief: Brief) -> None:
    """Put the Take together."""
    reach = Reach(brief.landscape, frozenset([brief.node.object_id]))
    draft = brief.draft
    draft.add("summary", _summary(brief, reach))
    draft.add("executive_priority", _executive(brief, reach))
    draft.add("technical_view", paragraph([_beside(brief), _children(brief)]) or None)
    telemetry(brief, reach)
    detection(brief, reach, "it")
    draft.add("mitigation_priorities", *_mitigations(brief, reach))
    listed = (
        ""
        if not reach.mitigations[brief.node.object_id]
        else " A mitigation listed is advice, not proof of cover."
    )
    draft.add("limits", escape(f"{REPORTED}{listed}"))


def _summary(brief: Brief, reach: Reach) -> SafeString:
    return paragraph([_place(brief), _users(brief, reach), _rank(brief)])


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
    return format_html("{}{} {}{}.", brief.name, part, serves, where(brief.node.platforms))


def _users(brief: Brief, reach: Reach) -> SafeString:
    """Who uses it; of a technique with sub-techniques in use who uses any, and who itself."""
    below = brief.landscape.ends([brief.node.object_id], CHILDREN)
    whole = Reach(brief.landscape, reach.techniques | below)
    if not below & brief.landscape.use.keys():
        return brief.users(reach, IT)
    itself = brief.counted_users(reach, ITSELF)
    return paragraph(
        [
            brief.users(whole, f"{IT} or a sub-technique of it"),
            format_html("Apart from its sub-techniques, {} it.", _recorded(itself)),
        ]
    )


def _recorded(users: list[SafeString]) -> SafeString:
    if not users:
        return escape("nobody is recorded using")
    return format_html("ATT&CK records {} using", joined(users))


def _rank(brief: Brief) -> SafeString | None:
    """How many techniques of each of its tactics are used by more, as far as anything uses it.

    Techniques are ranked among techniques, each with whoever uses its sub-techniques, and
    sub-techniques among sub-techniques.
    """
    own, landscape = brief.node, brief.landscape
    use = landscape.use_of_all.get(own.object_id, UNUSED)
    kinds = [kind for kind in MANY if use.of(kind)]
    peers = {
        tactic: found
        for tactic in landscape.listed(landscape.ends([own.object_id], TACTICS))
        if (found := _peers(landscape, own, tactic))
    }
    if not (kinds and peers):
        return None
    compared = {own.object_id}.union(*peers.values())
    # Said once: it holds of every tactic.
    with_parts = [bool(landscape.ends(compared, CHILDREN)), *[False] * (len(peers) - 1)]
    return paragraph(
        _among(brief, tactic, found, kinds, with_parts=said)
        for (tactic, found), said in zip(peers.items(), with_parts, strict=True)
    )


def _peers(landscape: Landscape, own: Node, tactic: Node) -> set[int]:
    """The others under a tactic that are whole techniques as it is, or sub-techniques as it is."""
    return {
        found
        for found in landscape.ends([tactic.object_id], UNDER_TACTIC) - {own.object_id}
        if landscape.nodes[found].is_sub_technique == own.is_sub_technique
    }


def _among(
    brief: Brief, tactic: Node, peers: set[int], kinds: list[ObjectType], *, with_parts: bool
) -> SafeString:
    """How it stands among its peers under a tactic, by those kinds of user.

    `with_parts` where it has to be said that sub-techniques are counted with their techniques.
    """
    use = brief.landscape.use_of_all

    def used(technique: int, kind: ObjectType) -> int:
        return len(use.get(technique, UNUSED).of(kind))

    own = brief.node.object_id
    ahead = {kind: {p for p in peers if used(p, kind) > used(own, kind)} for kind in kinds}
    under = brief.evidence.name(tactic)
    noun = "other sub-technique" if brief.node.is_sub_technique else "other technique"
    if len(peers) == 1:
        more = [MANY[kind] for kind, found in ahead.items() if found]
        return format_html(
            "The only {} under {}{} {} used by more {}.",
            noun,
            under,
            ", both with their sub-techniques," if with_parts else "",
            "is" if more else "is not",
            joined(more or [MANY[kind] for kind in kinds], "and" if more else "or"),
        )
    others = format_html(
        "{} under {}{}",
        brief.evidence.amount(f"Others under {tactic.attack_id}", peers, noun),
        under,
        ", each with its sub-techniques," if with_parts else "",
    )
    if not any(ahead.values()):
        by = joined([MANY[kind] for kind in kinds], "or")
        return format_html("None of the {} is used by more {}.", others, by)
    first, *_ = kinds
    counts = [
        format_html(
            "{} {}by more {}",
            brief.evidence.number(f"More {MANY[kind]} under {tactic.attack_id}", found)
            if found
            else "none",
            ("are used " if len(found) > 1 else "is used ") if kind is first else "",
            MANY[kind],
        )
        for kind, found in ahead.items()
    ]
    comma = "" if with_parts else ","
    return format_html("Of the {}{} {}.", others, comma, joined(counts))


def _executive(brief: Brief, reach: Reach) -> SafeString:
    own, landscape = brief.node.object_id, brief.landscape
    mitigations = landscape.listed(reach.mitigations[own])
    statements = landscape.listed(reach.statements[own])
    if statements and not mitigations:
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
    """What the groups that use it use as well, most often; of equals what its software does.

    Of a technique with sub-techniques, whoever uses one of those is counted too.
    """
    own, nodes = brief.node.object_id, brief.landscape.nodes
    use = brief.landscape.use_of_all.get(own, UNUSED)
    if len(use.groups) < BESIDE:
        return None
    by_groups, by_software = (_used_too(brief, kind, use.of(kind)) for kind in (GROUP, SOFTWARE))

    def rank(other: int) -> tuple[int, int]:
        return -len(by_groups[other]), -len(by_software.get(other, ()))

    often = [other for other, groups in by_groups.items() if len(groups) > 1]
    ranked = sorted(often, key=lambda other: (rank(other), nodes[other].order))
    named = [
        format_html(
            "{} ({})",
            brief.evidence.full_name(nodes[key]),
            brief.evidence.share(
                f"Use {nodes[key].attack_id} too", by_groups[key], len(use.groups)
            ),
        )
        for key in foremost(ranked, BESIDE, rank)
    ]
    if not named:
        return None
    or_part = use != brief.landscape.use.get(own, UNUSED)
    them = f"{IT} or a sub-technique of it" if or_part else IT
    return format_html("Groups that use {} also use, most often, {}.", them, joined(named))


def _used_too(brief: Brief, kind: ObjectType, users: frozenset[int]) -> dict[int, frozenset[int]]:
    """The other techniques of these users, with which of them use each; no part of its own."""
    own, landscape = brief.node.object_id, brief.landscape
    family = {own} | landscape.ends([own], CHILDREN)
    return {
        other: both
        for other, use in landscape.use.items()
        if (both := use.of(kind) & users)
        and other not in family
        and landscape.nodes[other].kind is TECHNIQUE
    }


def _children(brief: Brief) -> SafeString | None:
    """Which of its sub-techniques are most used."""
    below = brief.landscape.ends([brief.node.object_id], CHILDREN)
    if not below:
        return None
    subs = Reach(brief.landscape, frozenset(below))
    listed = brief.evidence.amount("Sub-techniques", below, "sub-technique")
    most = brief.most_used(subs, BESIDE)
    if not subs.used:
        which = "which nobody is" if len(below) == 1 else "none of which anybody is"
        return format_html("It has {}, {} recorded using.", listed, which)
    if len(below) == 1:
        return format_html("It has {}: {}.", listed, most[0])
    if not most:
        return format_html("It has {}.", listed)
    return format_html("It has {}; most used: {}.", listed, joined(most))


def _mitigations(brief: Brief, reach: Reach) -> list[SafeString]:
    """All its mitigations with what each covers, those first that address most techniques."""
    landscape, kin = brief.landscape, _kin(brief)
    found = landscape.listed(reach.mitigations[brief.node.object_id])
    covered = {node: landscape.ends([node.object_id], ADDRESSES) for node in found}
    found.sort(key=lambda n: (-len(covered[n]), -len(covered[n] & kin.techniques), n.order))
    return [_mitigation(brief, node, covered[node], kin) for node in found]


def _mitigation(brief: Brief, node: Node, covered: set[int], kin: Kin) -> SafeString:
    name = brief.evidence.full_name(node)
    if len(covered) == 1:
        return format_html("{}: addresses nothing else", name)
    in_all = brief.evidence.amount(f"{node.attack_id} in all", covered, "technique")
    said = format_html("{}: addresses {} in all", name, in_all)
    if not kin.techniques:
        return said
    inside = covered & kin.techniques
    if not inside:
        return format_html("{}, but no {} {}", said, kin.noun, kin.where)
    title = f"{node.attack_id} among its kin"
    among = brief.evidence.share(title, inside, len(kin.techniques), kin.noun)
    return format_html("{}, among them {} {}", said, among, kin.where)


class Kin(NamedTuple):
    """The techniques beside which a mitigation's cover is told, what one is called, and where."""

    techniques: set[int]
    noun: str
    where: SafeString


def _kin(brief: Brief) -> Kin:
    """Its sub-techniques; of a sub-technique the others of its technique; else its tactic's."""
    own, landscape = brief.node.object_id, brief.landscape
    if below := landscape.ends([own], CHILDREN):
        return Kin(below, "sub-technique", format_html("of {}", brief.name))
    parents = landscape.listed(landscape.ends([own], PARENT))
    if siblings := landscape.ends([own], PARENT, CHILDREN) - {own}:
        of = format_html("of {}", joined(map(brief.evidence.name, parents)))
        return Kin(siblings, "other sub-technique", of)
    tactics = landscape.listed(landscape.ends([own], TACTICS))[:1]
    under = landscape.ends((node.object_id for node in tactics), UNDER_TACTIC) - {own}
    where = format_html("under {}", joined(map(brief.evidence.name, tactics)))
    return Kin(under, "other technique", where)
