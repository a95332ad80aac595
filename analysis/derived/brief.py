"""What the rules of every kind share: the object, the figures, and sentences that recur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.evidence import MOST_NAMED, Evidence
from analysis.landscape import Landscape, Node
from analysis.reach import Reach, Share, tactics_beside
from analysis.take import SectionMaker
from analysis.words import joined
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE

# Below this share of a tactic's techniques a set hardly touches it.
FAINT = 0.06
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
        """Where the techniques concentrate, and where there are few; `doing` as in "addresses".

        The weight is in the tactic with most of the techniques; of equals the most covered. Then
        come two more by share, those with one technique or below FAINT last. Hardly touched is what
        is below FAINT and has under half as many as the first. Where no tactic has more than one,
        or all have equally many, there is no weight, and each is said with its share.
        """
        shares = reach.shares
        if not shares:
            return None
        first, *others = shares
        names = self.tactic_names(reach)
        if len(first.inside) == 1 or (others and len(first.inside) == len(others[-1].inside)):
            return format_html("It {} {}.", doing, self._evenly(shares, names))
        lead = format_html(
            "Its weight is in {}, where it {} {}",
            names[first.tactic.object_id],
            doing,
            self._share(first),
        )
        if not others:
            return format_html("{}.", lead)
        others.sort(key=lambda share: (len(share.inside) == 1 or share.part < FAINT, -share.part))
        shown = [
            format_html("{} ({})", names[share.tactic.object_id], self._share(share))
            for share in others
        ]
        # Few of a tactic's techniques, and few beside the foremost: else "hardly" is wrong.
        faint = [
            said
            for share, said in zip(others[2:], shown[2:], strict=True)
            if share.part < FAINT <= first.part and 2 * len(share.inside) < len(first.inside)
        ]
        touched = format_html("; it hardly touches {}", joined(faint[-2:], "or")) if faint else ""
        return format_html("{}, then in {}{}.", lead, joined(shown[:2]), touched)

    def _evenly(self, shares: Sequence[Share], names: Mapping[int, SafeString]) -> SafeString:
        """The tactics that have equally many, each with its share while they are few."""
        if len(shares) <= MOST_NAMED:
            each = [
                format_html("{} in {}", self._share(share), names[share.tactic.object_id])
                for share in shares
            ]
            return joined(each)
        tactics = [share.tactic.object_id for share in shares]
        each_of = self.evidence.amount("Tactics", tactics, "tactic")
        return format_html("{} in each of {}", len(shares[0].inside), each_of)

    def tactic_names(self, reach: Reach) -> dict[int, SafeString]:
        """The tactics of the techniques' matrices by key: each by its name, as a link.

        With the domain behind a name that several of them have.
        """
        nodes = [share.tactic for share in reach.shares]
        nodes += tactics_beside(self.landscape, reach.shares)
        count = Counter(node.name for node in nodes)
        return {
            node.object_id: self.evidence.name(
                node, node.name_in_domains if count[node.name] > 1 else ""
            )
            for node in nodes
        }

    def _share(self, share: Share) -> SafeString:
        title = f"In {share.tactic.attack_id} {share.tactic.name}"
        return self.evidence.share(title, share.inside, share.total)

    def untouched(self, reach: Reach) -> SafeString | None:
        """The tactics of the same matrices in which nothing stands."""
        beside = tactics_beside(self.landscape, reach.shares)
        if not beside or not reach.shares:
            return None
        if len(beside) > MOST_NAMED:
            total = len(beside) + len(reach.shares)
            ids = [node.object_id for node in beside]
            without = self.evidence.share("Tactics without any", ids, total, "tactic")
            return format_html("It has nothing in {}.", without)
        names = self.tactic_names(reach)
        named = joined([names[node.object_id] for node in beside], "or")
        return format_html("It has nothing in {}.", named)

    def users(self, reach: Reach, them: str) -> SafeString:
        """Who is recorded using one of the techniques; `them` as in "at least one of them"."""
        said = [
            self.evidence.amount(f"{kind.plural} that use {them}", found, noun)
            for kind, noun in USERS
            if (found := reach.users(kind))
        ]
        if not said:
            return escape(f"ATT&CK records no group, software or campaign using {them}.")
        return format_html("ATT&CK records {} using {}.", joined(said), them)

    def unprevented(self, reach: Reach) -> list[SafeString]:
        """For which techniques nothing is listed, or nothing that a defender could put in place."""
        said = []
        if reach.unmitigated:
            said.append(
                format_html(
                    "For {} no mitigation is listed in this release: {}. Ask how {} would be"
                    " noticed.",
                    self._of(reach, "Without a mitigation", reach.unmitigated),
                    self._named("Without a mitigation", reach.unmitigated),
                    "it" if len(reach.unmitigated) == 1 else "those",
                )
            )
        if reach.unpreventable:
            said.append(
                format_html(
                    "MITRE says of {} that prevention does little, or harm: {}.",
                    self._of(reach, "Not to be prevented", reach.unpreventable),
                    self._named("Not to be prevented", reach.unpreventable),
                )
            )
        if reach.before_compromise:
            one = len(reach.before_compromise) == 1
            said.append(
                format_html(
                    "For {}, which {} before an intrusion and outside a defender’s systems, ATT&CK"
                    " lists no more than Pre-compromise.",
                    self._of(reach, "Before an intrusion", reach.before_compromise),
                    "happens" if one else "happen",
                )
            )
        return said

    def _of(self, reach: Reach, title: str, found: set[int]) -> SafeString:
        return self.evidence.share(title, found, len(reach), "technique")

    def _named(self, title: str, found: set[int]) -> SafeString:
        return self.evidence.several(title, self.landscape.listed(found))

    def most_used(self, reach: Reach, most: int) -> list[SafeString]:
        """The techniques that most groups are recorded using, with how many."""
        return [self.used(node, groups) for node, groups in reach.used[:most]]

    def used(self, node: Node, groups: set[int]) -> SafeString:
        """A technique with how many groups are recorded using it."""
        count = self.evidence.amount(f"Groups that use {node.attack_id}", groups, "group")
        return format_html("{} ({})", self.evidence.full_name(node), count)

    def platforms(self, reach: Reach) -> SafeString | None:
        """On which platforms how many of the techniques stand."""
        if not reach.platforms:
            return None
        if len(reach) == 1:
            return format_html("It stands on {}.", joined(name for name, _ in reach.platforms))
        shown = [
            format_html("{} ({})", name, self.evidence.number(f"On {name}", found))
            for name, found in reach.platforms
        ]
        return format_html("By platform they stand on {}.", joined(shown))

    def telemetry(self, reach: Reach) -> None:
        """Fill the list of likely telemetry: data components, then logs by name."""
        total = len(reach.analytics)
        for component, analytics in reach.components[:MOST_NAMED]:
            title = f"Analytics on {component.name}"
            share = self.evidence.share(title, analytics, total, "analytic")
            said = format_html("{}: read by {}", self.evidence.name(component), share)
            self.draft.add("likely_telemetry", said)
        for component, seen in reach.detecting[:MOST_NAMED]:
            said = self.evidence.name(component)
            # Of a technique alone the name says it all.
            if len(reach) > 1:
                title = f"Detected from {component.name}"
                share = self.evidence.share(title, seen, len(reach), "technique")
                said = format_html("{}: detects {}", said, share)
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
        """Fill the list of detection direction: what is listed, and for what nothing is.

        Detection strategies, or what releases before 18.0 have in their place: data components
        that detect techniques directly.
        """
        if not reach.techniques:
            return
        what = (
            "detection strategy"
            if reach.strategies or self.landscape.has_strategies
            else "data component"
        )
        if not reach.strategies and not reach.detecting:
            nothing = escape(f"ATT&CK lists no {what} for {them}.")
            self.draft.add("detection_direction", nothing, self._in_words())
            return
        self.draft.add(
            "detection_direction",
            self._strategies(reach, them) if reach.strategies else None,
            self._components(reach, them) if reach.detecting else None,
            self._blind(reach, what),
            self._needs(reach),
        )

    def _in_words(self) -> SafeString | None:
        if self.landscape.has_strategies:
            return None
        return escape("What this release says of detection in words is on each technique’s page.")

    def _strategies(self, reach: Reach, them: str) -> SafeString:
        return format_html(
            "{} with {} {} listed for {}.",
            self.evidence.amount("Detection strategies", reach.strategies, "detection strategy"),
            self.evidence.amount("Analytics", reach.analytics, "analytic"),
            "is" if len(reach.strategies) == 1 else "are",
            them,
        )

    def _components(self, reach: Reach, them: str) -> SafeString:
        found = [node.object_id for node, _ in reach.detecting]
        return format_html(
            "{} {} listed as detecting {}.",
            self.evidence.amount("Data components", found, "data component"),
            "is" if len(found) == 1 else "are",
            them,
        )

    def _blind(self, reach: Reach, what: str) -> SafeString | None:
        missing = self.landscape.listed(reach.undetected)
        if not missing:
            return None
        return format_html(
            "For {} no {} is listed: {}.",
            self.evidence.share("Without detection", reach.undetected, len(reach), "technique"),
            what,
            self.evidence.several("Without detection", missing),
        )

    def _needs(self, reach: Reach) -> SafeString | None:
        """How far the two foremost data components reach together."""
        pairs = reach.components or (reach.detecting if len(reach) > 1 else [])
        if len(pairs) < 2:
            return None
        (first, one), (second, two) = pairs[:2]
        what, do, total, title = (
            ("analytic", "feed", len(reach.analytics), "Analytics on either")
            if reach.components
            else ("technique", "detect", len(reach), "Detected from either")
        )
        return format_html(
            "{} and {} {} {}: check first that data on both are collected and kept.",
            self.evidence.name(first),
            self.evidence.name(second),
            do if one == two else f"between them {do}",
            self.evidence.share(title, one | two, total, what),
        )
