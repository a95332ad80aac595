"""The derived Takes of groups, software and campaigns: what they use, and what would meet it."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, THIN, Brief
from analysis.landscape import Node
from analysis.reach import USED_BY, Reach
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE, Link
from library.kinds import USES_SOFTWARE, USES_TECHNIQUE

ATTRIBUTED = Step(Link.ATTRIBUTED_TO, forward=False, to=(CAMPAIGN,))
ATTRIBUTED_TO = Step(Link.ATTRIBUTED_TO, to=(GROUP,))
# Techniques that fewer groups use tell who is there; what this many use tells little.
FEW, MANY = 3, 10
WIDEST = 4


def adversary(brief: Brief) -> None:
    """Put the Take of a group, software or campaign together."""
    reach = Reach(
        brief.landscape, frozenset(brief.landscape.ends([brief.node.object_id], USES_TECHNIQUE))
    )
    draft = brief.draft
    draft.add("summary", _summary(brief, reach))
    draft.add("executive_priority", _executive(brief, reach) if reach else None)
    draft.add("technical_view", _technical(brief, reach) or None)
    brief.telemetry(reach)
    brief.detection(reach, "the technique it uses" if len(reach) == 1 else "the techniques it uses")
    draft.add("mitigation_priorities", *_mitigations(brief, reach))
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
    return paragraph([best, *brief.unprevented(reach)])


def _best(brief: Brief, reach: Reach) -> SafeString:
    """What meets most of it, with every mitigation that meets as much; "most" is above half."""
    widest = len(reach.best_mitigations[0][1])
    best = [(node, found) for node, found in reach.best_mitigations if len(found) == widest]
    if len(reach) == 1:
        named = brief.evidence.several("Mitigations", [node for node, _ in best])
        return format_html("For the only technique it uses, ATT&CK lists {}.", named)
    if widest == 1 and len(best) > 1:
        return escape("No mitigation ATT&CK lists meets more than one of its techniques.")
    by_node = dict(best)

    def met_by(node: Node) -> SafeString:
        share = brief.evidence.share(f"Met by {node.name}", by_node[node], len(reach))
        return format_html("{} ({})", brief.evidence.name(node), share)

    met = brief.evidence.several("Widest mitigations", [*by_node], met_by)
    if len(best) == 1:
        node, found = best[0]
        of = _of_techniques(brief, f"Met by {node.name}", found, reach)
        if len(reach.best_mitigations) == 1 and not reach.before_compromise:
            return format_html(
                "{} is the only mitigation ATT&CK lists for any of it: for {}.",
                brief.evidence.name(node),
                of,
            )
        if 2 * widest > len(reach):
            said = "Of the mitigations ATT&CK lists, {} meets most of what it uses: {}."
        else:
            said = "The mitigation that meets most of it is {}, with {}."
        return format_html(said, brief.evidence.name(node), of)
    if 2 * widest > len(reach):
        return format_html("Each of these mitigations meets most of what it uses: {}.", met)
    return format_html("The mitigations that meet most of it are {}.", met)


def _of_techniques(brief: Brief, title: str, found: set[int], reach: Reach) -> SafeString:
    return brief.evidence.share(title, found, len(reach), "technique")


def _technical(brief: Brief, reach: Reach) -> SafeString:
    return paragraph([_common(brief, reach), _rare(brief, reach), brief.platforms(reach)])


def _common(brief: Brief, reach: Reach) -> SafeString | None:
    """Of its techniques those that most groups use, as far as many groups use them."""
    many = sum(len(groups) >= MANY for _, groups in reach.used)
    if not many:
        return None
    most = brief.most_used(reach, min(many, FEW))
    return format_html(
        "What it shares with most groups: {}. {} little about who is there.",
        joined(most),
        "That tells" if len(most) == 1 else "Those tell",
    )


def _rare(brief: Brief, reach: Reach) -> SafeString | None:
    """The techniques that it shares with fewest groups."""
    own = {brief.node.object_id} if brief.node.kind is GROUP else set()
    rare = [
        node
        for node in reach.listed
        if len(brief.landscape.ends([node.object_id], USED_BY[GROUP]) - own) < FEW
    ]
    if not rare or len(reach) < THIN:
        return None
    fewer = {node.object_id for node in rare}
    return format_html(
        "Used by fewer than three {}groups: {} ({}). {} most about who is there.",
        "other " if own else "",
        brief.evidence.share("Shared with few", fewer, len(reach), "technique"),
        brief.evidence.several("Shared with few", rare),
        "That tells" if len(rare) == 1 else "Those tell",
    )


def _mitigations(brief: Brief, reach: Reach) -> list[SafeString]:
    return [
        format_html(
            "{}: {}",
            brief.evidence.full_name(node),
            _of_techniques(brief, f"Met by {node.name}", found, reach),
        )
        for node, found in reach.best_mitigations[:WIDEST]
    ]


KINDS = (GROUP, SOFTWARE, CAMPAIGN)
