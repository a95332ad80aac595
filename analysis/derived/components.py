"""The derived Takes of data components and data sources: what is noticed by collecting them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import REPORTED, Brief, where
from analysis.derived.detection import foremost_two, widest
from analysis.derived.others import DETECTS, MOST_USED
from analysis.landscape import Node
from analysis.reach import DETECTED_BY, DETECTED_FROM, Reach
from analysis.words import joined, paragraph
from library.declarations import Step
from library.identifiers import DATA_COMPONENT, Link
from library.kinds import ANALYTICS, STRATEGIES

READ_BY = Step(Link.LOG_SOURCE, forward=False)
READS = Step(Link.LOG_SOURCE, to=(DATA_COMPONENT,))
COMPONENTS_OF_SOURCE = Step(Link.DATA_SOURCE, forward=False)


def _noticed(brief: Brief, components: Iterable[int]) -> Reach:
    """What data components help to notice: by analytics, and before release 18.0 directly."""
    landscape, own = brief.landscape, list(components)
    by_analytics = landscape.ends(own, READ_BY, STRATEGIES, DETECTS)
    return Reach(landscape, frozenset(by_analytics | landscape.ends(own, DETECTS)))


def data_component(brief: Brief) -> None:
    """Put the Take of a data component together."""
    own = {brief.node.object_id}
    readers = brief.landscape.ends(own, READ_BY)
    strategies = brief.landscape.ends(readers, STRATEGIES)
    reach = _noticed(brief, own)
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
    brief.draft.add("technical_view", brief.used_most(reach, MOST_USED))
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
        "For {} every analytic ATT&CK lists reads it: {}. Where it is not collected, none of those"
        " analytics has all the data that it names.",
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
    components = brief.landscape.ends([brief.node.object_id], COMPONENTS_OF_SOURCE)
    counted = brief.evidence.amount("Data components", components, "data component")
    reach = _noticed(brief, components)
    if not reach:
        nothing = format_html(
            "{} has {}, and nothing that ATT&CK lists in this release is noticed by its data.",
            brief.name,
            counted,
        )
        brief.draft.add("summary", nothing)
        brief.draft.add("technical_view", _collected(brief))
        return
    lead = format_html(
        "{} has {}, which {} to notice {}{} in {}.",
        brief.name,
        counted,
        "helps" if len(components) == 1 else "help",
        brief.evidence.amount("Techniques", reach.techniques, "technique"),
        brief.parts_of(reach),
        brief.all_tactics(reach),
    )
    users = brief.users(reach, "at least one of them") if len(reach) > 1 else None
    said = paragraph([lead, brief.weight(reach, "helps to notice"), users])
    brief.draft.add("summary", said)
    brief.draft.add(
        "executive_priority", paragraph([_alone(brief, reach, components), _bare(brief, reach)])
    )
    used = brief.used_most(reach, MOST_USED)
    technical = paragraph([used, brief.platforms(reach), _collected(brief)])
    brief.draft.add("technical_view", technical)
    _own_components(brief, reach, components)
    grouping = (
        "A data source is a name for its data components, and releases from 18.0 on have none in"
        " use: what is collected, and what is seen by it, is told of each component."
    )
    brief.draft.add("limits", escape(f"{grouping} {REPORTED}"))


def _collected(brief: Brief) -> SafeString | None:
    """Where MITRE says that the data are collected: at which layers, on which platforms."""
    layers = brief.landscape.layers.get(brief.node.object_id, ())
    if not (layers or brief.node.platforms):
        return None
    at = (
        format_html(" at the {} {}", "layer" if len(layers) == 1 else "layers", joined(layers))
        if layers
        else ""
    )
    return format_html("MITRE has it collected{}{}.", at, where(brief.node.platforms))


def _alone(brief: Brief, reach: Reach, components: set[int]) -> SafeString:
    """What no other source's data notice, as far as ATT&CK lists it."""
    alone = {
        technique for technique in reach.techniques if _listed_for(brief, technique) <= components
    }
    if not alone:
        each = "that technique" if len(reach) == 1 else "each of them"
        return escape(f"ATT&CK lists data of another source for {each} as well.")
    title = "Noticed by no other source"
    return format_html(
        "For {} ATT&CK lists no other source’s data: {}. Ask where its data are collected, and for"
        " how long they are kept.",
        brief.of(reach, title, alone),
        brief.named(title, alone),
    )


def _listed_for(brief: Brief, technique: int) -> set[int]:
    """The data components that ATT&CK lists for a technique, by analytics or directly."""
    landscape = brief.landscape
    analytics = landscape.ends([technique], DETECTED_BY, ANALYTICS)
    return landscape.ends(analytics, READS) | landscape.ends([technique], DETECTED_FROM)


def _bare(brief: Brief, reach: Reach) -> SafeString | None:
    """What can be noticed and, as far as ATT&CK lists it, not be prevented."""
    if not reach.unmitigated:
        return None
    return format_html(
        "No mitigation is listed in this release for {}: {}. There noticing comes first.",
        brief.of(reach, "Without a mitigation", reach.unmitigated),
        brief.named("Without a mitigation", reach.unmitigated),
    )


def _own_components(brief: Brief, reach: Reach, components: set[int]) -> None:
    """What each of its components notices, the widest first, and how far the first two reach."""
    pairs = [
        (node, set(_noticed(brief, [node.object_id]).techniques))
        for node in brief.landscape.listed(components)
    ]
    ranked = sorted((pair for pair in pairs if pair[1]), key=lambda pair: -len(pair[1]))
    brief.draft.add(
        "likely_telemetry", *(_component(brief, reach, *pair) for pair in widest(ranked))
    )
    silent = [node for node, seen in pairs if not seen]
    brief.draft.add(
        "detection_direction",
        foremost_two(brief, ranked, len(reach), "Detected from either", ("technique", "detect")),
        format_html(
            "Nothing that ATT&CK lists is noticed by {}.",
            brief.evidence.several("Data components that notice nothing", silent),
        )
        if silent
        else None,
    )


def _component(brief: Brief, reach: Reach, node: Node, seen: set[int]) -> SafeString:
    share = brief.of(reach, f"Detected from {node.name}", seen)
    return format_html("{}: helps to notice {}", brief.evidence.name(node), share)
