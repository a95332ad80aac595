"""The derived Takes of tactics, assets, and of what detection is made of."""

from __future__ import annotations

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, Brief
from analysis.derived.detection import detection, telemetry
from analysis.derived.measures import priorities, unprevented
from analysis.landscape import Node
from analysis.reach import DETECTED_BY, DETECTED_FROM, UNDER_TACTIC, Reach, components_of, logs_of
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import TECHNIQUE, Link
from library.kinds import ANALYTICS, STRATEGIES

TARGETED_BY = Step(Link.TARGETS, forward=False, to=(TECHNIQUE,))
DETECTS = Step(Link.DETECTS, to=(TECHNIQUE,))
READ_BY = Step(Link.LOG_SOURCE, forward=False)
COMPONENTS_OF_SOURCE = Step(Link.DATA_SOURCE, forward=False)
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
    draft.add("summary", paragraph([lead, brief.users(reach, "at least one of them")]))
    most = brief.most_used(reach, MOST_USED)
    used = format_html("Most used: {}.", joined(most)) if most else None
    said = paragraph(unprevented(brief, reach)) or escape(
        "A mitigation is listed for every one of them: ask which are in place, and who would know"
        " if one failed."
    )
    draft.add("executive_priority", said)
    draft.add("technical_view", paragraph([used, brief.platforms(reach)]) or None)
    telemetry(brief, reach)
    detection(brief, reach, "them")
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
        format_html(", for {}", joined(platforms)) if platforms else "",
    )
    brief.draft.add("summary", paragraph([lead, _using(brief, reach)]))
    _sources(brief, {node.object_id for node in analytics})
    brief.draft.add("limits", escape(_SPECIFIED))


def analytic(brief: Brief) -> None:
    """Put the Take of an analytic together."""
    strategies = brief.landscape.ends([brief.node.object_id], STRATEGIES)
    reach = Reach(brief.landscape, frozenset(brief.landscape.ends(strategies, DETECTS)))
    about = brief.evidence.several("Techniques", reach.listed) if reach else escape("no technique")
    on = format_html(" on {}", joined(brief.node.platforms)) if brief.node.platforms else ""
    lead = format_html("{} looks for {}{}.", brief.name, about, on)
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


def data_component(brief: Brief) -> None:
    """Put the Take of a data component together."""
    readers = brief.landscape.ends([brief.node.object_id], READ_BY)
    strategies = brief.landscape.ends(readers, STRATEGIES)
    direct = brief.landscape.ends([brief.node.object_id], DETECTS)
    reach = Reach(brief.landscape, frozenset(brief.landscape.ends(strategies, DETECTS) | direct))
    if not reach:
        nothing = f"Nothing that ATT&CK lists in this release reads {brief.name}."
        brief.draft.add("summary", escape(nothing))
        return
    read = (
        format_html(
            " through {} and {}",
            brief.evidence.amount("Analytics", readers, "analytic"),
            brief.evidence.amount("Detection strategies", strategies, "detection strategy"),
        )
        if readers
        else ""
    )
    lead = format_html(
        "{} helps to notice {}{} in {}{}.",
        brief.name,
        brief.evidence.amount("Techniques", reach.techniques, "technique"),
        brief.parts_of(reach),
        brief.all_tactics(reach),
        read,
    )
    brief.draft.add("summary", paragraph([lead, brief.weight(reach, "helps to notice")]))
    brief.draft.add("executive_priority", _blind_without(brief, reach, readers))
    most = brief.most_used(reach, MOST_USED)
    used = format_html("Most used among them: {}.", joined(most)) if most else None
    brief.draft.add("technical_view", used)
    logs = [
        format_html("{} ({})", name, brief.evidence.number(f"Analytics on the log {name}", found))
        for name, found in _own_logs(brief, readers)[:MOST_USED]
    ]
    brief.draft.add(
        "likely_telemetry",
        format_html("Logs that carry it, by analytics: {}", joined(logs)) if logs else None,
    )
    brief.draft.add("limits", escape(REPORTED))


def _own_logs(brief: Brief, readers: set[int]) -> list[tuple[str, set[int]]]:
    """The logs that analytics read this very component from."""
    found: dict[str, set[int]] = {}
    for reader in readers:
        for source in brief.landscape.log_sources.get(reader, ()):
            if source.component_id == brief.node.object_id:
                found.setdefault(source.name, set()).add(reader)
    return sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _blind_without(brief: Brief, reach: Reach, readers: set[int]) -> SafeString | None:
    """The techniques for which every analytic reads this component."""
    if not readers:
        return _seen_directly(brief, reach)
    blind = set()
    for technique in reach.techniques:
        analytics = brief.landscape.ends([technique], DETECTED_BY, ANALYTICS)
        if analytics and analytics <= readers:
            blind.add(technique)
    if not blind:
        each = "That technique" if len(reach) == 1 else "Each of them"
        return escape(f"{each} has an analytic that does without it.")
    return format_html(
        "For {} every analytic ATT&CK lists reads it: {}. Where it is not collected, what"
        " is listed sees nothing or less.",
        brief.evidence.share("Seen by nothing else", blind, len(reach), "technique"),
        brief.evidence.several("Seen by nothing else", brief.landscape.listed(blind)),
    )


def _seen_directly(brief: Brief, reach: Reach) -> SafeString | None:
    """The techniques that releases before 18.0 list no other data component for."""
    own = {brief.node.object_id}
    alone = {t for t in reach.techniques if brief.landscape.ends([t], DETECTED_FROM) == own}
    if not alone:
        each = "that technique" if len(reach) == 1 else "each of them"
        return escape(f"ATT&CK lists another data component for {each}.")
    return format_html(
        "For {} it is the only data component ATT&CK lists: {}.",
        brief.evidence.share("Detected from nothing else", alone, len(reach), "technique"),
        brief.evidence.several("Detected from nothing else", brief.landscape.listed(alone)),
    )


def data_source(brief: Brief) -> None:
    """Put the Take of a data source together."""
    found = brief.landscape.ends([brief.node.object_id], COMPONENTS_OF_SOURCE)
    lead = format_html(
        "{} groups {} under one name, as releases before 18.0 did.",
        brief.name,
        brief.evidence.amount("Data components", found, "data component"),
    )
    brief.draft.add("summary", lead)


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
