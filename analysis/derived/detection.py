"""What would have to be collected, and what is listed as noticing: sections of every kind."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.derived.brief import Brief
from analysis.evidence import MOST_NAMED
from analysis.landscape import Node
from analysis.reach import Reach, foremost
from analysis.words import joined


def telemetry(brief: Brief, reach: Reach) -> None:
    """Fill the list of likely telemetry: data components, then logs by name."""
    total = len(reach.analytics)
    for component, analytics in widest(reach.components):
        title = f"Analytics on {component.name}"
        share = brief.evidence.share(title, analytics, total, "analytic")
        said = format_html("{}: read by {}", brief.evidence.name(component), share)
        brief.draft.add("likely_telemetry", said)
    for component, seen in widest(reach.detecting):
        said = brief.evidence.name(component)
        # Of a technique alone the name says it all.
        if len(reach) > 1:
            title = f"Detected from {component.name}"
            share = brief.evidence.share(title, seen, len(reach), "technique")
            said = format_html("{}: detects {}", said, share)
        brief.draft.add("likely_telemetry", said)
    logs = [
        format_html("{} ({})", name, brief.evidence.number(f"Analytics on the log {name}", found))
        for name, found in widest(reach.logs)
    ]
    if logs:
        named = format_html("Logs, by the analytics that read them: {}", joined(logs))
        brief.draft.add("likely_telemetry", named)


def detection(brief: Brief, reach: Reach, them: str) -> None:
    """Fill the list of detection direction: what is listed, and for what nothing is.

    Detection strategies, or what releases before 18.0 have in their place: data components
    that detect techniques directly.
    """
    if not reach.techniques:
        return
    what = (
        "detection strategy"
        if reach.strategies or brief.landscape.has_strategies
        else "data component"
    )
    if not reach.strategies and not reach.detecting:
        nothing = escape(f"ATT&CK lists no {what} for {them}.")
        brief.draft.add("detection_direction", nothing, _in_words(brief))
        return
    brief.draft.add(
        "detection_direction",
        _strategies(brief, reach, them) if reach.strategies else None,
        _components(brief, reach, them) if reach.detecting else None,
        _blind(brief, reach, what),
        _without_sources(brief, reach),
        _needs(brief, reach),
    )


def _in_words(brief: Brief) -> SafeString | None:
    if brief.landscape.has_strategies:
        return None
    return escape("What this release says of detection in words is on each technique’s page.")


def _strategies(brief: Brief, reach: Reach, them: str) -> SafeString:
    return format_html(
        "{} with {} {} listed for {}.",
        brief.evidence.amount("Detection strategies", reach.strategies, "detection strategy"),
        brief.evidence.amount("Analytics", reach.analytics, "analytic"),
        "is" if len(reach.strategies) == 1 else "are",
        them,
    )


def _components(brief: Brief, reach: Reach, them: str) -> SafeString:
    found = [node.object_id for node, _ in reach.detecting]
    return format_html(
        "{} {} listed as detecting {}.",
        brief.evidence.amount("Data components", found, "data component"),
        "is" if len(found) == 1 else "are",
        them,
    )


def _blind(brief: Brief, reach: Reach, what: str) -> SafeString | None:
    missing = brief.landscape.listed(reach.undetected)
    if not missing:
        return None
    return format_html(
        "For {} no {} is listed: {}.",
        brief.evidence.share("Without detection", reach.undetected, len(reach), "technique"),
        what,
        brief.evidence.several("Without detection", missing),
    )


def _without_sources(brief: Brief, reach: Reach) -> SafeString | None:
    if not reach.sourceless:
        return None
    if len(reach) == 1:
        return escape(
            "No analytic listed names a log source: what would have to be collected is left open."
        )
    return format_html(
        "For {} no analytic listed names a log source: {}. What would have to be collected is"
        " left open.",
        brief.of(reach, "Without a log source", reach.sourceless),
        brief.named("Without a log source", reach.sourceless),
    )


def _needs(brief: Brief, reach: Reach) -> SafeString | None:
    """How far the two foremost data components reach together, where two are foremost."""
    if reach.components:
        title, verb = "Analytics on either", ("analytic", "feed")
        return foremost_two(brief, reach.components, len(reach.analytics), title, verb)
    if len(reach) == 1:
        return None
    seen = ("technique", "detect")
    return foremost_two(brief, reach.detecting, len(reach), "Detected from either", seen)


def foremost_two(
    brief: Brief,
    ranked: Sequence[tuple[Node, set[int]]],
    total: int,
    title: str,
    verb: tuple[str, str],
) -> SafeString | None:
    """How far two data components reach together, of a total; none where no two are foremost.

    `verb` says what they are counted by and what they do to it: "analytic", "feed".
    """
    pairs = foremost(ranked, 2, _width)
    if len(pairs) < 2:
        return None
    (first, one), (second, two) = pairs[:2]
    what, do = verb
    return format_html(
        "{} and {} {} {}: check first that data on both are collected and kept.",
        brief.evidence.name(first),
        brief.evidence.name(second),
        do if one == two else f"between them {do}",
        brief.evidence.share(title, one | two, total, what),
    )


def _width[T](pair: tuple[T, set[int]]) -> int:
    return len(pair[1])


def widest[T](ranked: Sequence[tuple[T, set[int]]]) -> Sequence[tuple[T, set[int]]]:
    """Those that most is found for, some five: of equals all or none, but some at least."""
    first = foremost(ranked, MOST_NAMED, _width)
    return first or [pair for pair in ranked if _width(pair) == _width(ranked[0])]
