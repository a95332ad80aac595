"""What the rules of every kind share: the object, the figures, and sentences that recur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.evidence import Evidence
from analysis.landscape import Landscape, Node
from analysis.reach import Reach, Share, tactics_beside
from analysis.take import SectionMaker
from analysis.words import amount, joined
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE

# Below this share of a tactic's techniques a set hardly touches it.
FAINT = 0.06
MOST_NAMED = 5
# Fewer techniques than these are too few to say much of who uses them.
THIN = 3
USERS = ((GROUP, "group"), (SOFTWARE, "piece of software"), (CAMPAIGN, "campaign"))
REPORTED = (
    "Counts are of what has been reported in public and recorded by MITRE: they show what was"
    " written about, not what is likely against you. Nothing here asserts active exploitation,"
    " attribution or coverage in your environment."
)


@dataclass
class Brief:
    """One object with everything that its Take is put together from."""

    landscape: Landscape
    node: Node
    evidence: Evidence
    draft: SectionMaker = field(default_factory=SectionMaker)

    @property
    def name(self) -> str:
        """The object's name."""
        return self.node.name or self.node.stix_id

    def several(self, nodes: Sequence[Node], last: str = "and") -> SafeString:
        """Objects by name, all of them where they are few, else the first and how many more."""
        if len(nodes) <= MOST_NAMED:
            return joined([self.evidence.name(node) for node in nodes], last)
        named = [self.evidence.name(node) for node in nodes[: MOST_NAMED - 1]]
        return joined([*named, f"{len(nodes) - len(named)} more"], last)

    def parts_of(self, reach: Reach) -> SafeString:
        """Techniques and sub-techniques apart, where there are both: " (21 … and 28 …)"."""
        subs = reach.sub_techniques
        heads = reach.techniques - subs
        if not (subs and heads):
            return SafeString()
        return format_html(
            " ({} and {})",
            self.evidence.amount("Techniques that are whole", heads, "technique"),
            self.evidence.amount("Sub-techniques", subs, "sub-technique"),
        )

    def all_tactics(self, reach: Reach) -> SafeString:
        """In how many of the tactics of their matrices the techniques stand: "9 of 14 tactics"."""
        inside = [share.tactic.object_id for share in reach.shares]
        total = len(inside) + len(tactics_beside(self.landscape, reach.shares))
        return self.evidence.share("Tactics", inside, total, "tactic")

    def weight(self, reach: Reach, doing: str) -> SafeString | None:
        """Where the techniques concentrate, and where there are few; `doing` as in "addresses"."""
        shares = reach.shares
        if not shares:
            return None
        first, *others = shares
        lead = format_html(
            "Its weight is in {}, where it {} {}",
            self.evidence.name(first.tactic),
            doing,
            self._share(first),
        )
        if not others:
            return format_html("{}.", lead)
        following = joined([self._tactic(share) for share in others[:2]])
        faint = [share for share in others[2:] if share.part < FAINT][-2:]
        touched = (
            format_html("; it hardly touches {}", joined(map(self._tactic, faint), "or"))
            if faint
            else ""
        )
        return format_html("{}, then in {}{}.", lead, following, touched)

    def _tactic(self, share: Share) -> SafeString:
        return format_html("{} ({})", self.evidence.name(share.tactic), self._share(share))

    def _share(self, share: Share) -> SafeString:
        title = f"In {share.tactic.attack_id} {share.tactic.name}"
        return self.evidence.share(title, share.inside, share.total)

    def untouched(self, reach: Reach) -> SafeString | None:
        """The tactics of the same matrices in which nothing stands."""
        beside = tactics_beside(self.landscape, reach.shares)
        if not beside or not reach.shares:
            return None
        return format_html("It has nothing in {}.", self.several(beside, "or"))

    def users(self, reach: Reach, them: str) -> SafeString:
        """Who is recorded using at least one of the techniques; `them` as in "these techniques"."""
        said = [
            self.evidence.amount(f"{kind.plural} that use {them}", found, noun)
            for kind, noun in USERS
            if (found := reach.users(kind))
        ]
        if not said:
            return escape(f"ATT&CK records no group, software or campaign using {them}.")
        return format_html("ATT&CK records {} using {}.", joined(said), them)

    def most_used(self, reach: Reach, most: int) -> list[SafeString]:
        """The techniques that most groups are recorded using, with how many."""
        return [self.used(node, groups) for node, groups in reach.used[:most]]

    def used(self, node: Node, groups: set[int]) -> SafeString:
        """A technique with how many groups are recorded using it, a link to their table."""
        return format_html(
            '{} (<a href="{}#procedures">{}</a>)',
            self.evidence.full_name(node),
            self.evidence.href(node),
            amount(len(groups), "group"),
        )

    def platforms(self, reach: Reach) -> SafeString | None:
        """On which platforms how many of the techniques stand."""
        if not reach.platforms:
            return None
        shown = [
            format_html("{} ({})", name, self.evidence.number(f"On {name}", found))
            for name, found in reach.platforms[:MOST_NAMED]
        ]
        rest = len(reach.platforms) - len(shown)
        more = [f"{rest} more"] if rest else []
        return format_html("By platform they stand on {}.", joined([*shown, *more]))

    def telemetry(self, reach: Reach) -> None:
        """Fill the list of likely telemetry: data components, then logs by name."""
        total = len(reach.analytics)
        for component, analytics in reach.components[:MOST_NAMED]:
            title = f"Analytics on {component.name}"
            share = self.evidence.share(title, analytics, total, "analytic")
            said = format_html("{}: read by {}", self.evidence.name(component), share)
            self.draft.add("likely_telemetry", said)
        logs = [
            format_html(
                "{} ({})", name, self.evidence.number(f"Analytics on the log {name}", found)
            )
            for name, found in reach.logs[:MOST_NAMED]
        ]
        if logs:
            named = format_html("Logs named most often: {}", joined(logs))
            self.draft.add("likely_telemetry", named)

    def detection(self, reach: Reach, them: str) -> None:
        """Fill the list of detection direction: what is listed, and for what nothing is."""
        if not reach.techniques:
            return
        if not reach.strategies:
            nothing = escape(f"ATT&CK lists no detection strategy for {them}.")
            self.draft.add("detection_direction", nothing)
            return
        listed = format_html(
            "{} with {} {} listed for {}.",
            self.evidence.amount("Detection strategies", reach.strategies, "detection strategy"),
            self.evidence.amount("Analytics", reach.analytics, "analytic"),
            "is" if len(reach.strategies) == 1 else "are",
            them,
        )
        self.draft.add("detection_direction", listed, self._blind(reach), self._needs(reach))

    def _blind(self, reach: Reach) -> SafeString | None:
        missing = self.landscape.listed(reach.undetected)
        if not missing:
            return None
        return format_html(
            "For {} no detection strategy is listed: {}.",
            self.evidence.share("Without a detection strategy", reach.undetected, len(reach)),
            self.several(missing),
        )

    def _needs(self, reach: Reach) -> SafeString | None:
        if len(reach.components) < 2:
            return None
        (first, one), (second, two) = reach.components[:2]
        either = one | two
        return format_html(
            "{} and {} between them feed {}: check first that both are collected and kept.",
            self.evidence.name(first),
            self.evidence.name(second),
            self.evidence.share("Analytics on either", either, len(reach.analytics), "analytic"),
        )
