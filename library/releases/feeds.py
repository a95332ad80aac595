"""What the Atom feeds tell: of releases, of a type of object, of one object.

Each looks at the newest few releases alone, so that it costs no more the more are held. What
changed in noise alone is no news.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from library.addresses import difference_query
from library.comparison import Transition, compare
from library.contexts.page import Page
from library.files.atom import NEVER, Feed, FeedEntry
from library.history.succession import NOW_REPLACED, Successions, passed, successions
from library.identifiers import OBJECT_TYPES, ObjectType, type_of
from library.models import SnapshotObject
from library.releases.asked import ChangesAsked
from library.releases.compared import Weight
from library.releases.kinds import ChangeKind
from library.releases.links import successors
from library.releases.names import chain_of, link_ends
from library.releases.news import NewsItem, TypeNews, news_of_type
from library.releases.steps import Step, changed_entries, latest_steps
from library.substance import amount

if TYPE_CHECKING:
    from library.conditional import Shelf
    from library.contexts.held import HeldObject
    from library.releases.members import ChangedObject

MOST_RELEASES: Final = 6
MOST_RELEASES_OF_OBJECT: Final = 12
# Names that an entry lists of one kind of change; of more there is the list.
MOST_NAMED: Final = 50
REVOKED: Final = "now revoked"
MITRE: Final = "The MITRE Corporation"
SAMPLE_AUTHOR: Final = "Glexia: a sample"


def release_feed(shelf: Shelf, base: str) -> Feed:
    """The newest releases of each domain and what they changed, in numbers; two queries."""
    steps = latest_steps(shelf, MOST_RELEASES)
    changed = changed_entries(steps)
    home = f"{shelf.addresses.home}/releases"
    entries = [
        FeedEntry(
            key=f"{home}/{step.key}",
            title=step.title,
            href=step.pair.path + step.pair.query if step.before else home,
            updated=step.date,
            content=_numbers(step, changed.get(step, ()), base),
        )
        for step in steps
    ]
    subtitle = "What each release changed against the one before it in its domain."
    return _feed(shelf, home, "Releases of MITRE ATT&CK", subtitle, steps, entries)


def _numbers(step: Step, changed: Sequence[ChangedObject], base: str) -> SafeString:
    if step.before is None:
        held = amount(step.after.object_count, "object", "objects")
        return format_html("<p>The first release of its domain that is held here: {}.</p>", held)
    address = base + step.pair.path + step.pair.query
    against = step.before.attack_version
    if not changed:
        return format_html('<p>No entry differs from <a href="{}">{}</a>.</p>', address, against)
    by_kind: dict[ObjectType, list[ChangedObject]] = {}
    for found in changed:
        by_kind.setdefault(type_of(found.stix_type), []).append(found)
    order = [*OBJECT_TYPES, *sorted(by_kind.keys() - {*OBJECT_TYPES}, key=lambda kind: kind.label)]
    lines = ((kind.plural, _counted(by_kind[kind])) for kind in order if kind in by_kind)
    return format_html(
        '<p><a href="{}">Compared with {}</a>: {}.</p><ul>{}</ul>',
        *(address, against, _counted(changed)),
        format_html_join("", "<li>{}: {}</li>", lines),
    )


def _counted(changed: Iterable[ChangedObject]) -> str:
    """How many changed in which way: "12 additions, 1 patch"."""
    counts = Counter(found.kind for found in changed)
    told = (
        amount(counts[kind], kind.label_one.lower(), kind.label.lower())
        for kind in ChangeKind
        if counts[kind]
    )
    return ", ".join(told)


def type_feed(shelf: Shelf, kind: ObjectType, base: str) -> Feed:
    """The newest releases in which objects of a kind changed, with their names.

    At most seven queries; 0.5 ms for each object that changed, some 0.3 s a release of enterprise.
    """
    steps = latest_steps(shelf, MOST_RELEASES)
    news = news_of_type(steps, kind)
    address = shelf.addresses.listing(kind)
    entries = [
        FeedEntry(
            key=f"{address}/{step.key}",
            title=f"{kind.plural} in {step.title}",
            href=_list_address(step, kind),
            updated=step.date,
            content=_names(step, kind, found, base),
        )
        for step, found in news.items()
    ]
    title = f"{kind.plural} of MITRE ATT&CK"
    subtitle = f"{kind.plural} that releases added, changed, revoked, deprecated or removed."
    return _feed(shelf, address, title, subtitle, steps, entries)


def _names(step: Step, kind: ObjectType, news: TypeNews, base: str) -> SafeString:
    """What changed of a kind, by name."""
    parts = [_group(step, kind, title, found, base) for title, found in news.groups.items()]
    if news.around:
        address = base + _list_address(step, kind, Weight.AROUND)
        entries = amount(news.around, "entry", "entries")
        more = (
            "changed in other properties, such as references or contributors, or in relationships."
        )
        parts.append(format_html('<p><a href="{}">{}</a> {}</p>', address, entries, more))
    return SafeString("".join(parts))


def _group(
    step: Step, kind: ObjectType, title: str, found: Sequence[NewsItem], base: str
) -> SafeString:
    lines = ((base + item.href, item.text) for item in found[:MOST_NAMED])
    more = ""
    if len(found) > MOST_NAMED:
        left = f"and {len(found) - MOST_NAMED} more"
        more = format_html('<li><a href="{}">{}</a></li>', base + _list_address(step, kind), left)
    return format_html(
        "<h3>{} ({})</h3><ul>{}{}</ul>",
        *(title, len(found)),
        format_html_join("", '<li><a href="{}">{}</a></li>', lines),
        more,
    )


def _list_address(step: Step, kind: ObjectType, weight: Weight | None = None) -> str:
    asked = ChangesAsked(of_type=kind.slug, weight=weight)
    return f"{step.pair.path}/changes{asked.query(step.pair.domain)}"


def object_feed(shelf: Shelf, held: HeldObject, address: str) -> Feed:
    """The newest releases in which an object changed, each with the phrases that say how.

    `address` is that of its page, or would be: what the edition does not hold has its history
    alone. At most six queries; two for each release that revoked it.
    """
    steps = latest_steps(shelf, MOST_RELEASES_OF_OBJECT)
    told = _told(held, steps)
    entries = []
    for step, (phrases, holds_both) in told.items():
        # Two releases are compared of what both hold; of others the history says when they came.
        asked = (step.pair.before, step.pair.after, step.after.domain)
        between = difference_query(*asked) if holds_both else ""
        entries.append(
            FeedEntry(
                key=f"{shelf.addresses.by_stix_id(held.stix_id)}/{step.key}",
                title=f"{_called(held)} in {step.title}",
                href=f"{address}/history{between}",
                updated=step.date,
                content=_listed(_with_successors(phrases, step, held.object_id)),
            )
        )
    title = f"{_called(held)}: changes"
    subtitle = f"What releases of ATT&CK changed of this {held.kind.label.lower()}."
    made = _feed(shelf, address, title, subtitle, steps, entries)
    return replace(made, href=f"{address}/history") if held.addresses.release else made


def _told(held: HeldObject, steps: Sequence[Step]) -> Mapping[Step, tuple[Sequence[str], bool]]:
    """What became of an object at each step at which anything did, and whether both hold it."""
    snapshots = {s.pk for step in steps for s in (step.before, step.after) if s}
    rows = SnapshotObject.objects.filter(object=held.object_id, snapshot__in=snapshots)
    versions = dict(rows.values_list("snapshot_id", "version_id"))
    asked: dict[Step, Transition] = {}
    found: dict[Step, Sequence[str]] = {}
    for step in steps:
        if step.before is None:
            continue
        before, after = (versions.get(s.pk) for s in (step.before, step.after))
        if before is not None and after is not None:
            sides = step.before.pk, before, step.after.pk, after
            asked[step] = Transition(held.object_id, *sides)
        elif before is not None or after is not None:
            found[step] = ["no longer in the bundle" if after is None else "added"]
    changes = compare(asked.values())
    passing = successions(held.object_id, snapshots)
    for step, at in asked.items():
        phrases = [change.phrase for change in changes[at]]
        found[step] = [*phrases, *_succession(passing, at, is_told=REVOKED in phrases)]
    return {step: (found[step], step in asked) for step in steps if found.get(step)}


def _succession(found: Successions, at: Transition, *, is_told: bool) -> Iterator[str]:
    """What came to replace an object or was replaced by it, and what no longer does or is.

    Not what replaced it where that `is_told` with the word that it is revoked.
    """
    for phrase, _, others in passed(found, at.before, at.after):
        if not (is_told and phrase == NOW_REPLACED):
            names = ", ".join(f"{other.attack_id} {other.name}".strip() for other in others)
            yield f"{phrase[:1].lower()}{phrase[1:]} {names}"


def _with_successors(phrases: Iterable[str], step: Step, object_id: int) -> Iterator[str]:
    """The phrases; that which says that the object is revoked names what that release put first."""
    for phrase in phrases:
        then = _successors(step, object_id) if phrase == REVOKED else []
        yield f"{phrase}, in favour of {' and then '.join(then)}" if then else phrase


def _successors(step: Step, object_id: int) -> list[str]:
    """What a release names in place of an object, hop by hop; two queries."""
    assert step.before is not None
    after = successors(step.after.pk)
    ends = link_ends(step.before.pk, step.after.pk, set(after.values()))
    return [end.called for end in chain_of(object_id, after, ends)]


def _listed(phrases: Iterable[str]) -> SafeString:
    lines = format_html_join("", "<li>{}</li>", ((phrase,) for phrase in phrases))
    return format_html("<ul>{}</ul>", lines)


def _called(held: HeldObject) -> str:
    return f"{held.attack_id} {held.name}".strip()


def _feed(
    shelf: Shelf,
    address: str,
    title: str,
    subtitle: str,
    steps: Sequence[Step],
    entries: Sequence[FeedEntry],
) -> Feed:
    """The feed of a page, which stands below its address."""
    return Feed(
        path=f"{address}/atom",
        href=address,
        title=f"Sample: {title}" if shelf.sample else title,
        subtitle=subtitle,
        author=SAMPLE_AUTHOR if shelf.sample else MITRE,
        rights=Page(shelf=shelf, title=title, description="").notice,
        updated=max((step.date for step in steps), default=NEVER),
        entries=entries,
    )
