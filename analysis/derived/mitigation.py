"""The derived Take of a mitigation: what it addresses, and what it alone addresses."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import MANY, REPORTED, Brief
from analysis.derived.detection import detection, telemetry
from analysis.evidence import MOST_NAMED
from analysis.landscape import Node, Use
from analysis.reach import (
    ADDRESSES,
    NO_MEASURES,
    PRE_COMPROMISE,
    UNDER_TACTIC,
    Reach,
    foremost,
    least,
)
from analysis.words import joined, paragraph
from library.kinds import CHILDREN, PARENT

MOST_USED, FIRST, FIRST_LEFT = 6, 5, 3
THEM = "at least one of these techniques"


def mitigation(brief: Brief) -> None:
    """Put the Take together."""
    reach = Reach(
        brief.landscape, frozenset(brief.landscape.ends([brief.node.object_id], ADDRESSES))
    )
    draft = brief.draft
    if not reach:
        nothing = (
            f"ATT&CK lists no technique for {brief.name} in this release, so there is nothing to"
            " derive from: the definition is all that MITRE says of it."
        )
        draft.add("summary", escape(nothing))
        return
    if brief.node.attack_id in NO_MEASURES:
        _statement(brief, reach)
        return
    draft.add("summary", _summary(brief, reach))
    draft.add("executive_priority", _executive(brief, reach))
    draft.add("technical_view", _technical(brief, reach), _left_out(brief, reach))
    telemetry(brief, reach)
    addressed = "the technique it addresses" if len(reach) == 1 else "the techniques it addresses"
    detection(brief, reach, addressed)
    draft.add("mitigation_priorities", *_priorities(brief, reach))
    own = (
        "MITRE gives mitigations no platforms, no tactics and no detection text: those here are of"
        " the techniques addressed. That a technique is addressed does not say how far."
    )
    draft.add("limits", escape(f"{own} {REPORTED}"))


def _statement(brief: Brief, reach: Reach) -> None:
    """The Take of what stands among mitigations to say that none helps."""
    draft, one = brief.draft, len(reach) == 1
    lead = format_html(
        "{} is no measure: MITRE lists it for {} to say that {}.",
        brief.name,
        brief.evidence.amount("Techniques addressed", reach.techniques, "technique"),
        NO_MEASURES[brief.node.attack_id],
    )
    using = brief.users(reach, "that technique" if one else "at least one of them")
    draft.add("summary", paragraph([lead, using]))
    ask = "it" if one else "each of these techniques"
    draft.add(
        "executive_priority",
        escape(f"There is nothing to put in place. Ask how {ask} would be noticed, and how soon."),
    )
    named = brief.evidence.several("Techniques addressed", reach.listed)
    draft.add(
        "technical_view",
        paragraph([format_html("Listed for {}.", named), brief.platforms(reach)]),
    )
    telemetry(brief, reach)
    detection(brief, reach, "it" if one else "them")
    draft.add("limits", escape(REPORTED))


def _summary(brief: Brief, reach: Reach) -> SafeString:
    lead = format_html(
        "{} addresses {}{} in {}.",
        brief.name,
        brief.evidence.amount("Techniques addressed", reach.techniques, "technique"),
        brief.parts_of(reach),
        brief.all_tactics(reach),
    )
    # Who uses a single technique is told where it is named.
    users = brief.users(reach, THEM) if len(reach) > 1 else None
    return paragraph([lead, brief.weight(reach, "addresses"), users])


def _executive(brief: Brief, reach: Reach) -> SafeString:
    if brief.node.attack_id == PRE_COMPROMISE:
        return _before(brief, reach)
    return paragraph([_alone(brief, reach), _question(brief, reach)])


def _before(brief: Brief, reach: Reach) -> SafeString:
    """What Pre-compromise asks: of all mitigations it alone is not in a defender's systems."""
    only = reach.only_by(brief.node.object_id)
    alone = (
        format_html(
            "For {} it is the only mitigation ATT&CK lists.",
            brief.evidence.share("Addressed by nothing else", only, len(reach), "technique"),
        )
        if only
        else None
    )
    ask = escape(
        "What it is listed for happens before an intrusion and outside a defender’s systems, so"
        " MITRE expects little of prevention there. Ask what the organisation shows of itself in"
        " public, and who would see that something is being prepared."
    )
    return paragraph([alone, ask])


def _alone(brief: Brief, reach: Reach) -> SafeString:
    """What no other mitigation is listed for, or which others stand beside it."""
    only = reach.only_by(brief.node.object_id)
    if only:
        return format_html(
            "For {} it is the only mitigation ATT&CK lists: {}. Where this control is weak,"
            " ATT&CK names no other that prevents {}.",
            brief.evidence.share("Addressed by nothing else", only, len(reach), "technique"),
            brief.evidence.several("Addressed by nothing else", brief.landscape.listed(only)),
            "it" if len(only) == 1 else "them",
        )
    beside = [pair for pair in reach.ranked_mitigations if pair[0] != brief.node]
    if len(reach) == 1:
        return format_html(
            "For that technique ATT&CK lists {} as well: this is one layer of several, and"
            " worth what it adds to the others.",
            brief.evidence.several("Mitigations beside it", [node for node, _ in beside]),
        )
    return format_html(
        "Every one of them has another mitigation as well{}: this is one layer of several, and"
        " worth what it adds to the others.",
        _most_often(brief, reach, beside),
    )


def _most_often(brief: Brief, reach: Reach, beside: list[tuple[Node, set[int]]]) -> SafeString:
    """Which other mitigation most of it has, with those that meet as much; "most" is over half."""
    widest = max(len(shared) for _, shared in beside)
    named = [
        format_html(
            "{} ({})",
            brief.evidence.name(node),
            brief.evidence.share(f"Addressed by {node.attack_id} too", shared, len(reach)),
        )
        for node, shared in beside
        if len(shared) == widest
    ]
    if 2 * widest <= len(reach) or len(named) > MOST_NAMED:
        return SafeString()
    return format_html(", most often {}", joined(named))


def _question(brief: Brief, reach: Reach) -> SafeString | None:
    if not reach.used:
        return None
    node, use = reach.used[0]
    by = next(words for kind, words in MANY.items() if use.of(kind))
    return format_html(
        "Ask what the control would stop, and what it would record, if {} were tried today: nothing"
        " else that it addresses is used by more {}.",
        brief.used(node, use),
        by,
    )


def _technical(brief: Brief, reach: Reach) -> SafeString:
    used = brief.used_most(reach, MOST_USED)
    return paragraph(
        [used, brief.platforms(reach), _heaviest(brief, reach), brief.untouched(reach)]
    )


def _left_out(brief: Brief, reach: Reach) -> SafeString | None:
    """What is in its reach and not listed for it, with the most used of that."""
    return paragraph([_kin_left_out(brief, reach), _left_out_of_tactic(brief, reach)]) or None


def _kin_left_out(brief: Brief, reach: Reach) -> SafeString | None:
    """Sub-techniques of what it addresses, whole or in part."""
    landscape = brief.landscape
    whole = landscape.ends(reach.techniques, PARENT) | (reach.techniques - reach.sub_techniques)
    left = landscape.ends(whole, CHILDREN) - reach.techniques
    if not left:
        return None
    return format_html(
        "Of the techniques that it addresses whole or in part, {} {} not listed for it{}.",
        brief.evidence.amount("Sub-techniques left out", left, "sub-technique"),
        "is" if len(left) == 1 else "are",
        _most_used_of(brief, left),
    )


def _left_out_of_tactic(brief: Brief, reach: Reach) -> SafeString | None:
    """Techniques of the tactic in which it addresses most."""
    if not reach.shares or brief.is_even(reach):
        return None
    share = reach.shares[0]
    left = brief.landscape.ends([share.tactic.object_id], UNDER_TACTIC) - reach.techniques
    if not left:
        return None
    title = f"Left out of {share.tactic.attack_id}"
    return format_html(
        "In {} it is not listed for {}{}.",
        brief.tactic_names(reach)[share.tactic.object_id],
        brief.evidence.share(title, left, share.total, "technique"),
        _most_used_of(brief, left),
    )


def _most_used_of(brief: Brief, left: set[int]) -> SafeString:
    most = brief.most_used(Reach(brief.landscape, frozenset(left)), FIRST_LEFT)
    if len(left) == 1 or not most:
        named = brief.landscape.listed(left) if len(left) <= FIRST_LEFT else []
        return (
            format_html(": {}", joined(map(brief.evidence.full_name, named)))
            if named
            else SafeString()
        )
    return format_html("; most used of them: {}", joined(most))


def _heaviest(brief: Brief, reach: Reach) -> SafeString | None:
    """The group that uses most of what is addressed."""
    by_group: dict[int, set[int]] = {}
    for technique, use in reach.used:
        for group in use.groups:
            by_group.setdefault(group, set()).add(technique.object_id)
    if not by_group:
        return None
    nodes = brief.landscape.nodes
    group = min(by_group, key=lambda key: (-len(by_group[key]), nodes[key].order))
    others = sum(len(found) == len(by_group[group]) for found in by_group.values()) - 1
    if len(by_group[group]) < 2 or others:
        return None
    share = brief.evidence.share(f"Used by {nodes[group].attack_id}", by_group[group], len(reach))
    return format_html(
        "{} is recorded using {}, more than any other group.",
        brief.evidence.name(nodes[group]),
        share,
    )


def _priorities(brief: Brief, reach: Reach) -> Sequence[SafeString]:
    """What to begin with: most used first, then what fewest other mitigations meet."""

    def rank(pair: tuple[Node, Use]) -> tuple[tuple[int, ...], int]:
        node, use = pair
        return least(use), len(reach.mitigations[node.object_id])

    ranked = sorted(reach.used, key=lambda pair: (rank(pair), pair[0].order))
    return [_priority(brief, reach, *pair) for pair in foremost(ranked, FIRST, rank)]


def _priority(brief: Brief, reach: Reach, node: Node, use: Use) -> SafeString:
    others = reach.mitigations[node.object_id] - {brief.node.object_id}
    title = f"Other mitigations of {node.attack_id}"
    return format_html(
        "{}; {}",
        brief.used(node, use),
        brief.evidence.amount(title, others, "other mitigation")
        if others
        else "no other mitigation",
    )
