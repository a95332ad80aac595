"""The derived Takes of tactics, assets, matrices, detection strategies and analytics."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, Brief, where
from analysis.derived.detection import detection, telemetry
from analysis.derived.measures import priorities, unprevented
from analysis.landscape import Node
from analysis.reach import UNDER_TACTIC, Reach, components_of, logs_of
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import TECHNIQUE, Link
from library.kinds import ANALYTICS, STRATEGIES

TARGETED_BY = Step(Link.TARGETS, forward=False, to=(TECHNIQUE,))
DETECTS = Step(Link.DETECTS, to=(TECHNIQUE,))
TACTICS_OF_MATRIX = Step(Link.MATRIX_TACTIC)
MOST_USED = 5


def tactic(brief: Brief) -> None:
    """Put the Take of a tactic together."""
    reach = _reach(brief, UNDER_TACTIC)
    lead = format_html(
        "{} can be reached by {}{}, as ATT&CK records it.",
        brief.name,
        brief.evidence.amount("Techniques", reach.techniques, "technique"),
        brief.parts_of(reach),
    )
    _of_techniques(brief, reach, lead)


def asset(brief: Brief) -> None:
    """Put the Take of an asset together."""
    reach = _reach(brief, TARGETED_BY)
    lead = format_html(
        "ATT&CK records {}{} aimed at {}, in {}.",
        brief.evidence.amount("Techniques", reach.techniques, "technique"),
        brief.parts_of(reach),
        brief.name,
        brief.all_tactics(reach),
    )
    _of_techniques(brief, reach, lead)


def _reach(brief: Brief, *steps: Step) -> Reach:
    found = brief.landscape.ends([brief.node.object_id], *steps)
    return Reach(brief.landscape, frozenset(found))


def _of_techniques(brief: Brief, reach: Reach, lead: SafeString) -> None:
    draft = brief.draft
    if not reach:
        nothing = f"ATT&CK lists no technique for {brief.name} in this release."
        draft.add("summary", escape(nothing))
        return
    one = len(reach) == 1
    users = None if one else brief.users(reach, "at least one of them")
    draft.add("summary", paragraph([lead, users]))
    every = "it" if one else "every one of them"
    said = paragraph(unprevented(brief, reach)) or escape(
        f"A mitigation is listed for {every}: ask which are in place, and who would know if one"
        " failed."
    )
    draft.add("executive_priority", said)
    used = brief.used_most(reach, MOST_USED)
    draft.add("technical_view", paragraph([used, brief.platforms(reach)]) or None)
    telemetry(brief, reach)
    detection(brief, reach, "it" if one else "them")
    priorities(brief, reach, MOST_USED)
    draft.add("limits", escape(REPORTED))


def detection_strategy(brief: Brief) -> None:
    """Put the Take of a detection strategy together."""
    reach = _reach(brief, DETECTS)
    analytics = brief.landscape.listed(brief.landscape.ends([brief.node.object_id], ANALYTICS))
    techniques = (
        brief.evidence.several("Techniques", reach.listed) if reach else escape("no technique")
    )
    platforms = sorted({platform for node in analytics for platform in node.platforms})
    lead = format_html(
        "{} is ATT&CK’s detection strategy for {}: {}{}.",
        brief.name,
        techniques,
        brief.evidence.amount("Analytics", (node.object_id for node in analytics), "analytic"),
        format_html(", for use{}", where(platforms)) if platforms else "",
    )
    brief.draft.add("summary", paragraph([lead, _using(brief, reach)]))
    _sources(brief, {node.object_id for node in analytics})
    brief.draft.add("limits", escape(_SPECIFIED))


def analytic(brief: Brief) -> None:
    """Put the Take of an analytic together."""
    strategies = brief.landscape.ends([brief.node.object_id], STRATEGIES)
    reach = Reach(brief.landscape, frozenset(brief.landscape.ends(strategies, DETECTS)))
    about = brief.evidence.several("Techniques", reach.listed) if reach else escape("no technique")
    lead = format_html("{} looks for {}{}.", brief.name, about, where(brief.node.platforms))
    brief.draft.add("summary", paragraph([lead, _using(brief, reach)]))
    _sources(brief, {brief.node.object_id})
    brief.draft.add("limits", escape(_SPECIFIED))


def _using(brief: Brief, reach: Reach) -> SafeString | None:
    """Who uses the techniques, named so that nobody takes the analytic or strategy for them."""
    if not reach:
        return None
    several = "at least one of those techniques"
    return brief.users(reach, "that technique" if len(reach) == 1 else several)


_SPECIFIED = (
    "An analytic of ATT&CK is a specification: what it needs is stated, whether it works in your"
    " environment is not. That it is listed says nothing about coverage."
)


def _sources(brief: Brief, analytics: set[int]) -> None:
    """What would have to be collected for these analytics, and for which of them each."""
    components = components_of(brief.landscape, analytics)
    if not components:
        nothing = "No log source is stated: what would have to be collected is left open."
        brief.draft.add("likely_telemetry", escape(nothing))
        return
    brief.draft.add(
        "likely_telemetry",
        *(_source(brief, node, readers, len(analytics)) for node, readers in components),
    )
    logs = logs_of(brief.landscape, analytics)
    brief.draft.add(
        "likely_telemetry",
        format_html("Logs by name: {}", joined([name for name, _ in logs])) if logs else None,
    )
    brief.draft.add("detection_direction", _needed(brief, components, len(analytics)))


def _source(brief: Brief, node: Node, readers: set[int], total: int) -> SafeString:
    name = brief.evidence.full_name(node)
    if total == 1:
        return name
    share = brief.evidence.share(f"Analytics on {node.name}", readers, total, "analytic")
    return format_html("{}: read by {}", name, share)


def _needed(brief: Brief, components: list[tuple[Node, set[int]]], total: int) -> SafeString:
    """What to check first: the components that every analytic reads, or that there is none."""
    needed = [node for node, readers in components if len(readers) == total]
    if not needed:
        return escape(
            "No data component feeds every analytic: check for each platform that what its own"
            " analytic reads is collected."
        )
    if total > 1:
        why = "every analytic reads them" if len(needed) == 1 else "every analytic reads all these"
    elif len(needed) == 1:
        why = "without them the analytic has nothing to read"
    else:
        why = "the analytic reads all of these"
    return format_html(
        "Check first that data on {} are collected where it matters: {}.",
        brief.evidence.several("Data components needed", needed),
        why,
    )


def matrix(brief: Brief) -> None:
    """Put the Take of a matrix together."""
    tactics = brief.landscape.ends([brief.node.object_id], TACTICS_OF_MATRIX)
    reach = Reach(brief.landscape, frozenset(brief.landscape.ends(tactics, UNDER_TACTIC)))
    lead = format_html(
        "{} sets out {}{} under {}.",
        brief.name,
        brief.evidence.amount("Techniques", reach.techniques, "technique"),
        brief.parts_of(reach),
        brief.evidence.amount("Tactics", tactics, "tactic"),
    )
    _of_techniques(brief, reach, lead)
