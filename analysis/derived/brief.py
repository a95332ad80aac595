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
from analysis.words import joined, paragraph
from library.identifiers import CAMPAIGN, GROUP, SOFTWARE

# Below this share of a tactic's techniques, and this of its own, a set hardly touches it.
FAINT, FAINT_OF_OWN = 0.06, 0.05
# Tactics named after those in which the weight is.
NEXT = 3
# What happens before an intrusion, on systems of others, has this for its platform.
BEFORE_INTRUSION = "PRE"
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
        if not reach.shares:
            return escape("no tactic that this release names")
        inside = [share.tactic.object_id for share in reach.shares]
        total = len(inside) + len(tactics_beside(self.landscape, reach.shares))
        return self.evidence.share("Tactics", inside, total, "tactic")

    def weight(self, reach: Reach, doing: str) -> SafeString | None:
        """Where the techniques concentrate, and where there are few; `doing` as in "addresses".

        Tactics come by how many of the techniques each has, with that as its share of the tactic:
        those with most of them, then the next as far as they have more than one. Where no tactic
        has more than one, or all have equally many, there is no weight, and each is said with its
        share.
        """
        shares = reach.shares
        if not shares:
            return None
        names = self.tactic_names(reach)
        if len(shares) == 1 or self.is_even(reach):
            return self._evenly(shares, names, doing)

        def told(share: Share) -> SafeString:
            return format_html("{} ({})", names[share.tactic.object_id], self._share(share))

        def count(share: Share) -> int:
            return len(share.inside)

        most = [share for share in shares if count(share) == count(shares[0])]
        if len(most) == 1:
            (first,) = most
            name, share = names[first.tactic.object_id], self._share(first, "technique")
            lead = format_html("Its weight is in {}, where it {} {}", name, doing, share)
        elif len(most) <= MOST_NAMED:
            lead = format_html("Its weight is equally in {}", joined(map(told, most)))
        else:
            spread = self.evidence.amount(
                "Tactics with most", (share.tactic.object_id for share in most), "tactic"
            )
            lead = format_html("Its weight is spread evenly over {}", spread)
        rest = shares[len(most) :]
        then = foremost([share for share in rest if count(share) > 1], NEXT, count)
        next_to_it = format_html(", then in {}", joined(map(told, then))) if then else ""
        faint = [told(share) for share in rest if self._is_faint(reach, share)]
        touched = format_html("; it hardly touches {}", joined(faint[-2:], "or")) if faint else ""
        return format_html("{}{}{}.", lead, next_to_it, touched)

    def _is_faint(self, reach: Reach, share: Share) -> bool:
        """Whether few of a tactic's techniques are there, and few of the techniques in question.

        Few beside the foremost as well: else "hardly" is wrong.
        """
        first, count = reach.shares[0], len(share.inside)
        is_few = count == 1 or count < FAINT_OF_OWN * len(reach)
        return share.part < FAINT <= first.part and is_few and 2 * count < len(first.inside)

    def is_even(self, reach: Reach) -> bool:
        """Whether no tactic has more than one of the techniques, or all have equally many."""
        counts = {len(share.inside) for share in reach.shares}
        return counts == {1} or (len(reach.shares) > 1 and len(counts) == 1)

    def _evenly(
        self, shares: Sequence[Share], names: Mapping[int, SafeString], doing: str
    ) -> SafeString:
        """The tactic that has them all; those that have equally many, with shares while few."""
        first, *others = shares
        if not others:
            name = names[first.tactic.object_id]
            return format_html("That is {} in {}.", self._share(first, "technique"), name)
        if len(shares) <= MOST_NAMED:
            each = [
                format_html("{} in {}", share, names[tactic.object_id])
                for share, tactic in (
                    (self._share(first, "technique"), first.tactic),
                    *((self._share(other), other.tactic) for other in others),
                )
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

    def _share(self, share: Share, noun: str = "") -> SafeString:
        title = f"In {share.tactic.attack_id} {share.tactic.name}"
        return self.evidence.share(title, share.inside, share.total, noun)

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
        said = self.counted_users(reach, them)
        if not said:
            return escape(f"ATT&CK records no group, software or campaign using {them}.")
        return format_html("ATT&CK records {} using {}.", joined(said), them)

    def counted_users(self, reach: Reach, them: str) -> list[SafeString]:
        """How many groups, how much software and how many campaigns use one of the techniques."""
        return [
            self.evidence.amount(f"{kind.plural} that use {them}", found, noun)
            for kind, noun in USERS
            if (found := reach.users(kind))
        ]

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
        """On which platforms how many of the techniques work, and how many before an intrusion."""
        if not reach.platforms:
            return None
        if len(reach) == 1:
            return format_html(
                "The technique works{}.", where([name for name, _ in reach.platforms])
            )
        by_name = dict(reach.platforms)
        before = by_name.pop(BEFORE_INTRUSION, set())
        shown = [
            format_html("{} ({})", name, self.evidence.number(f"On {name}", found))
            for name, found in by_name.items()
        ]
        said = (
            format_html("By platform, the techniques work on {}.", joined(shown)) if shown else ""
        )
        if len(before) == len(reach):
            them = "Both" if len(reach) == 2 else "All the"
            return escape(
                f"{them} techniques happen before an intrusion, outside the organisation’s systems."
            )
        happen = ""
        if before:
            share = self.of(reach, f"On {BEFORE_INTRUSION}, before an intrusion", before)
            happen = format_html(
                "{} {} before an intrusion, outside the organisation’s systems.",
                share,
                "happens" if len(before) == 1 else "happen",
            )
        return paragraph([said, happen])

    def used_most(self, reach: Reach, most: int) -> SafeString | None:
        """The techniques that are most used, in a sentence; of one which it is, and its use."""
        if len(reach) == 1:
            (node,) = reach.listed
            using = self.users(reach, "it")
            return format_html("The technique is {}. {}", self.evidence.full_name(node), using)
        found = self.most_used(reach, most)
        return format_html("Most used: {}.", joined(found)) if found else None


def where(platforms: Sequence[str]) -> SafeString:
    """On which platforms: " on Linux and macOS", " before an intrusion"; nothing of none."""
    named = [name for name in platforms if name != BEFORE_INTRUSION]
    said = [format_html("on {}", joined(named))] if named else []
    if len(named) < len(platforms):
        said.append(escape("before an intrusion"))
    return format_html(" {}", joined(said)) if said else SafeString()
