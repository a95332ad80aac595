"""The derived Takes of groups, software and campaigns: what they use, and what would meet it."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, THIN, USERS, Brief
from analysis.derived.detection import detection, telemetry
from analysis.derived.measures import met_by, priorities, unprevented
from analysis.landscape import Node, Use
from analysis.reach import USED_BY, Reach, foremost
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE, Link, ObjectType
from library.kinds import USES_SOFTWARE, USES_TECHNIQUE

ATTRIBUTED = Step(Link.ATTRIBUTED_TO, forward=False, to=(CAMPAIGN,))
ATTRIBUTED_TO = Step(Link.ATTRIBUTED_TO, to=(GROUP,))
MOST_COMMON, WIDEST = 3, 4


def adversary(brief: Brief) -> None:
    """Put the Take of a group, software or campaign together."""
    reach = Reach(
        brief.landscape, frozenset(brief.landscape.ends([brief.node.object_id], USES_TECHNIQUE))
    )
    draft = brief.draft
    draft.add("summary", _summary(brief, reach))
    draft.add("executive_priority", _executive(brief, reach) if reach else None)
    draft.add("technical_view", _technical(brief, reach) or None)
    telemetry(brief, reach)
    detection(
        brief, reach, "the technique it uses" if len(reach) == 1 else "the techniques it uses"
    )
    priorities(brief, reach, WIDEST)
    draft.add("limits", escape(f"{_thin(reach)}{REPORTED}"))


def _thin(reach: Reach) -> str:
    if len(reach) >= THIN:
        return ""
    return "The evidence is thin: ATT&CK records next to nothing of what it does. "


def _summary(brief: Brief, reach: Reach) -> SafeString:
    if not reach:
        lead = escape(f"ATT&CK records no technique used by {brief.name} in this release.")
    else:
        lead = format_html(
            "{} is recorded using {}{} in {}.",
            brief.name,
            brief.evidence.amount("Techniques used", reach.techniques, "technique"),
            brief.parts_of(reach),
            brief.all_tactics(reach),
        )
    return paragraph([lead, brief.weight(reach, "uses"), *_relations(brief)])


def _relations(brief: Brief) -> list[SafeString | None]:
    """Software, groups and campaigns that it stands with, as its kind has them."""
    origin = [brief.node.object_id]
    if brief.node.kind is GROUP:
        return [
            _stated(brief, "It is recorded using {}.", USES_SOFTWARE, "piece of software"),
            _stated(brief, "ATT&CK attributes {} to it.", ATTRIBUTED, "campaign"),
        ]
    if brief.node.kind is CAMPAIGN:
        groups = brief.landscape.listed(brief.landscape.ends(origin, ATTRIBUTED_TO))
        by = (
            format_html(
                "ATT&CK attributes it to {}.",
                brief.evidence.several("Groups it is attributed to", groups),
            )
            if groups
            else escape("ATT&CK attributes it to no group.")
        )
        return [by, _stated(brief, "It used {}.", USES_SOFTWARE, "piece of software")]
    users = [
        brief.evidence.amount(f"{kind.plural} that use it", found, noun)
        for kind, noun in ((GROUP, "group"), (CAMPAIGN, "campaign"))
        if (found := brief.landscape.ends(origin, USED_BY[kind]))
    ]
    if not users:
        return [escape("ATT&CK names no group and no campaign that used it.")]
    return [format_html("ATT&CK records {} using it.", joined(users))]


def _stated(brief: Brief, sentence: str, step: Step, noun: str) -> SafeString | None:
    found = brief.landscape.ends([brief.node.object_id], step)
    if not found:
        return None
    title = "Software used" if step is USES_SOFTWARE else "Campaigns"
    return format_html(sentence, brief.evidence.amount(title, found, noun))


def _executive(brief: Brief, reach: Reach) -> SafeString:
    best = _best(brief, reach) if reach.best_mitigations else None
    return paragraph([best, *unprevented(brief, reach)])


def _best(brief: Brief, reach: Reach) -> SafeString:
    """What meets most of it, with every mitigation that meets as much; "most" is over half."""
    widest = max(len(found) for _, found in reach.best_mitigations)
    best = {node: found for node, found in reach.best_mitigations if len(found) == widest}
    by_id = sorted(best, key=lambda node: node.order)
    if len(reach) == 1:
        everything = sorted((node for node, _ in reach.ranked_mitigations), key=lambda n: n.order)
        named = brief.evidence.several("Mitigations", everything)
        return format_html("For the only technique it uses, ATT&CK lists {}.", named)
    if widest == 1 and len(best) > 1:
        return escape(f"No mitigation {_counted(reach)} meets more than one of its techniques.")
    if len(best) == 1:
        return _widest(brief, reach, *best.popitem())

    def met(node: Node) -> SafeString:
        share = brief.evidence.share(met_by(node), best[node], len(reach))
        return format_html("{} ({})", brief.evidence.name(node), share)

    named = brief.evidence.several("Widest mitigations", by_id, met)
    if 2 * widest > len(reach):
        return format_html("Each of these mitigations meets most of what it uses: {}.", named)
    return format_html(
        "No mitigation {} meets more than half of what it uses; the widest are {}.",
        _counted(reach),
        named,
    )


def _widest(brief: Brief, reach: Reach, node: Node, found: set[int]) -> SafeString:
    """The one mitigation that meets more than any other."""
    if len(reach.best_mitigations) == 1:
        said = "{1} is the only mitigation {0} for any of it: for {2}."
    elif len(found) == len(reach):
        said = "Of the mitigations {0}, {1} meets everything it uses: {2}."
    elif 2 * len(found) > len(reach):
        said = "Of the mitigations {0}, {1} meets most of what it uses: {2}."
    else:
        said = "No mitigation {0} meets more than half of what it uses; the widest is {1}: {2}."
    of = brief.evidence.share(met_by(node), found, len(reach), "technique")
    return format_html(said, _counted(reach), brief.evidence.name(node), of)


def _counted(reach: Reach) -> str:
    """Of which mitigations it is said that none meets more: all listed, where each is a measure.

    Else without Pre-compromise and what says that nothing helps, which may meet more than they do.
    """
    return "that can be put in place" if reach.is_partly_beyond_control else "ATT&CK lists"


def _technical(brief: Brief, reach: Reach) -> SafeString:
    known = [_common(brief, reach), _alone(brief, reach)] if len(reach) >= THIN else []
    return paragraph([*known, brief.platforms(reach)])


def _common(brief: Brief, reach: Reach) -> SafeString | None:
    """Of its techniques those that most others use, as shares of the others in the domain."""
    own = brief.node.object_id
    # It counts once in each, so that they rank alike with it and without.
    others = [(node, use.without(own)) for node, use in reach.used if use.everybody - {own}]
    most = foremost(others, MOST_COMMON, lambda pair: pair[1].counts)
    if not most:
        return None
    shared = [_shared(brief, node, use) for node, use in most]
    return format_html("What it uses that others use most: {}.", joined(shared))


def _shared(brief: Brief, node: Node, use: Use) -> SafeString:
    """A technique with how many other groups and how much other software use it.

    Where none does, how many other campaigns.
    """
    kinds = [(kind, noun) for kind, noun in USERS if use.of(kind)]
    shares = [_others(brief, node, use, *kind) for kind in kinds if kind in USERS[:2]]
    shares = shares or [_others(brief, node, use, *kind) for kind in kinds]
    return format_html("{} ({})", brief.evidence.full_name(node), joined(shares))


def _others(brief: Brief, node: Node, use: Use, kind: ObjectType, noun: str) -> SafeString:
    """How many others of a kind use a technique: "16 of 45 other groups"."""
    is_own = kind is brief.node.kind and bool(brief.node.domains & node.domains)
    total = brief.landscape.count(kind, node.domains) - is_own
    title = f"{kind.plural} that use {node.attack_id}"
    if is_own:
        title, noun = f"Other {title[0].lower()}{title[1:]}", f"other {noun}"
    return brief.evidence.share(title, use.of(kind), total, noun)


def _alone(brief: Brief, reach: Reach) -> SafeString | None:
    """The techniques that nobody else is recorded using, nor any sub-technique of theirs."""
    own, use = brief.node.object_id, brief.landscape.use_of_all
    alone = [node for node, _ in reach.used if use[node.object_id].everybody == {own}]
    if not alone:
        return None
    listed = brief.landscape.listed(node.object_id for node in alone)
    return format_html(
        "No other group, software or campaign is recorded using {} ({}).",
        brief.evidence.share(
            "Used by nothing else", (node.object_id for node in alone), len(reach), "technique"
        ),
        brief.evidence.several("Used by nothing else", listed),
    )


KINDS = (GROUP, SOFTWARE, CAMPAIGN)
