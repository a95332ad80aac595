"""Figures with what they count: every number of a derived Take leads to the objects behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from analysis.landscape import Landscape, Node
from analysis.words import amount, joined, plural
from library.addresses import Addresses

# Names in a sentence.
MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One count: its anchor on the page of evidence, what it counts, and the objects."""

    key: str
    title: str
    nodes: tuple[Node, ...]


@dataclass
class Evidence:
    """The figures of one Take, in the order in which it states them."""

    landscape: Landscape
    addresses: Addresses
    page: str
    """The address of the page of evidence."""

    figures: dict[str, Figure] = field(default_factory=dict)

    def amount(self, title: str, object_ids: Iterable[int], noun: str) -> SafeString:
        """How many objects these are, "49 techniques", as a link to them; plain where none."""
        nodes = tuple(self.landscape.listed(object_ids))
        said = amount(len(nodes), noun)
        return self._link(title, nodes, said) if nodes else format_html("{}", said)

    def number(self, title: str, object_ids: Iterable[int]) -> SafeString:
        """The bare number of these objects, as a link to them; plain where none."""
        nodes = tuple(self.landscape.listed(object_ids))
        return self._link(title, nodes, str(len(nodes))) if nodes else SafeString("0")

    def share(
        self, title: str, object_ids: Iterable[int], total: int, noun: str = ""
    ) -> SafeString:
        """How many of a total these objects are, as a link to them.

        "16 of 45", "all 45", "both", "the one"; with a noun "16 of 45 techniques", "all 45
        techniques", "both techniques", "the only technique".
        """
        nodes = tuple(self.landscape.listed(object_ids))
        if len(nodes) < total:
            said = f"{len(nodes)} of {total}"
        elif total == 1:
            said = "the only" if noun else "the one"
        else:
            said = "both" if total == 2 else f"all {total}"
        named = f" {noun if total == 1 else plural(noun)}" if noun else ""
        return self._link(title, nodes, said + named)

    def several(
        self, title: str, nodes: Sequence[Node], say: Callable[[Node], SafeString] | None = None
    ) -> SafeString:
        """Objects by name, all where they are few; else the first, and a link to the others.

        `say` may say more of each than its name.
        """
        say = say or self.name
        if len(nodes) <= MOST_NAMED:
            return joined(say(node) for node in nodes)
        named, others = nodes[: MOST_NAMED - 1], nodes[MOST_NAMED - 1 :]
        more = self._link(f"{title}, not named", tuple(others), f"{len(others)} more")
        return joined([*(say(node) for node in named), more])

    def _link(self, title: str, nodes: tuple[Node, ...], said: str) -> SafeString:
        key = stem = slugify(title)
        number = 1
        # Names that differ in letters an anchor has not, or in case alone.
        while key in self.figures and self.figures[key].nodes != nodes:
            number += 1
            key = f"{stem}-{number}"
        self.figures.setdefault(key, Figure(key, title, nodes))
        return format_html('<a href="{}#{}">{}</a>', self.page, key, said)

    def name(self, node: Node, called: str = "") -> SafeString:
        """An object by its name, or what else it is called, as a link to its page.

        With its ID before a name that another object of the releases shown has too.
        """
        if node.object_id in self.landscape.ambiguous and node.attack_id and not called:
            return self.full_name(node)
        return format_html(
            '<a href="{}">{}</a>', self.href(node), called or node.name or node.stix_id
        )

    def full_name(self, node: Node) -> SafeString:
        """An object by its ID and name, as a link to its page."""
        return format_html(
            '<a href="{}"><span class="attack-id">{}</span> {}</a>',
            self.href(node),
            node.attack_id,
            node.name,
        )

    def href(self, node: Node) -> str:
        """The address of an object's page."""
        return self.addresses.page(node.kind, node.attack_id, node.stix_id)
