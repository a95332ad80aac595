"""What the rules of every kind share: the object, the figures, and sentences that recur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from analysis.evidence import MOST_NAMED, Evidence
from analysis.landscape import Landscape, Node, Use
from analysis.reach import Reach, Share, foremost, tactics_beside
from analysis.take import SectionMaker
from analysis.words import joined
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE

# Below this share of a tactic's techniques a set hardly touches it.
FAINT = 0.06
# Fewer techniques than these are too few to say much of who uses them.
THIN = 3
USERS = ((GROUP, "group"), (SOFTWARE, "piece of software"), (CAMPAIGN, "campaign"))
# The same where there are several.
MANY: Final = {GROUP: "groups", SOFTWARE: "software", CAMPAIGN: "campaigns"}
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
        if self.is_even(reach):
            return self._evenly(shares, names, doing)
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

    def is_even(self, reach: Reach) -> bool:
        """Whether no tactic has more than one of the techniques, or all have equally many."""
        counts = {len(share.inside) for share in reach.shares}
        return counts == {1} or (len(reach.shares) > 1 and len(counts) == 1)

    def _evenly(
        self, shares: Sequence[Share], names: Mapping[int, SafeString], doing: str
    ) -> SafeString:
        """The tactics that have equally many, each with its share while they are few."""
        if len(shares) <= MOST_NAMED:
            each = [
                format_html("{} in {}", self._share(share), names[share.tactic.object_id])
                for share in shares
            ]
            return format_html("It {} {}.", doing, joined(each))
        tactics = [share.tactic.object_id for share in shares]
        each_of = self.evidence.amount("Tactics", tactics, "tactic")
        return format_html("What it {} is spread evenly over {}.", doing, each_of)

    def tactic_names(self, reach: Reach) -> dict[int, SafeString]:
        """The tactics of the techniques' matrices by key: each by its name, as a link.

        With the domain before a name that several of them have.
        """
        nodes = [share.tactic for share in reach.shares]
        nodes += tactics_beside(self.landscape, reach.shares)
        count = Counter(node.name for node in nodes)
        return {
            node.object_id: self.evidence.name(
                node, f"{node.domain_labels} {node.name}" if count[node.name] > 1 else ""
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

    def of(self, reach: Reach, title: str, found: set[int]) -> SafeString:
        """How many of the techniques these are: "3 of 49 techniques"."""
        return self.evidence.share(title, found, len(reach), "technique")

    def named(self, title: str, found: set[int]) -> SafeString:
        """These objects by name, in the order of their IDs."""
        return self.evidence.several(title, self.landscape.listed(found))

    def most_used(self, reach: Reach, most: int) -> list[SafeString]:
        """The techniques that are most used, with by how many; none that others equal."""
        first = foremost(reach.used, most, lambda pair: pair[1].counts)
        return [self.used(node, use) for node, use in first]

    def used(self, node: Node, use: Use) -> SafeString:
        """A technique with how many groups use it; where none does, how much else."""
        kind, noun = next((kind, noun) for kind, noun in USERS if use.of(kind))
        title = f"{kind.plural} that use {node.attack_id}"
        count = self.evidence.amount(title, use.of(kind), noun)
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
