"""The pages of change histories: find the object in any release, tell it, or compare two."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from library.addresses import Addresses
from library.conditional import Shelf, conditional_page
from library.contexts.held import HeldObject, find_by_stix_id, find_objects
from library.history.page import (
    Asked,
    DifferencePage,
    History,
    difference_page,
    history_of,
    history_page,
)
from library.history.timeline import Place, Timeline
from library.identifiers import (
    RELEASE_FORM,
    TYPE_OF,
    Domain,
    ObjectType,
    is_sample,
    release_order,
)
from library.missing import ANY, not_found
from library.models import SnapshotObject
from library.parameters import can_be_held
from library.querysets import SnapshotObjectQuerySet
from library.redirects import redirect


class UnanswerableError(Exception):
    """What an address asks for cannot be compared; the text says why in one sentence."""

    def __init__(self, said: str, status: HTTPStatus) -> None:
        super().__init__(said)
        self.status = status


@conditional_page
def object_history(
    request: HttpRequest, shelf: Shelf, kind: ObjectType, attack_id: str
) -> HttpResponse:
    """The change history of what has an ATT&CK ID now, else of what had it in a release held.

    Never a redirect to another object; an ID in lower case leads to the upper one.
    """
    found = found_ever(shelf, kind, attack_id)
    if found:
        # One that has another ID by now has its history there: told of here, not led to.
        own_id = attack_id if found[0].addresses.release else found[0].attack_id
        address = shelf.addresses.page(kind, own_id, found[0].stix_id)
        return _history(request, shelf, found, address, attack_id)
    upper = attack_id.upper()
    if attack_id.isascii() and attack_id != upper and found_ever(shelf, kind, upper):
        return redirect(request, shelf.addresses.history(kind, upper), permanent=True)
    return not_found(request, shelf, kind, attack_id)


def found_ever(shelf: Shelf, kind: ObjectType, attack_id: str) -> list[HeldObject]:
    """The objects that have an ATT&CK ID in the edition; else those that had it in any release."""
    return find_objects(shelf, kind, attack_id) or _held_ever(shelf, kind, attack_id)


def found_ever_by_stix_id(shelf: Shelf, stix_id: str) -> HeldObject | None:
    """The object with a STIX id in the edition; else in any release. Two queries."""
    held = find_by_stix_id(shelf, stix_id)
    return held or next(iter(_with_stix_id(stix_id)), None)


@conditional_page
def history_by_stix_id(request: HttpRequest, shelf: Shelf, stix_id: str) -> HttpResponse:
    """The change history of any object by its STIX id, in the edition or not."""
    held = found_ever_by_stix_id(shelf, stix_id)
    if held is None:
        kind = TYPE_OF.get(stix_id.partition("--")[0], ANY)
        return not_found(request, shelf, kind, stix_id)
    return _history(request, shelf, [held], shelf.addresses.by_stix_id(stix_id))


@require_safe
def unpinned_history(request: HttpRequest, release: str, rest: str) -> HttpResponse:
    """A redirect from below a release to the history, which is one for all of them."""
    del rest
    return redirect(request, request.path.replace(f"/v/{release}", "", 1), permanent=True)


def _held_ever(shelf: Shelf, kind: ObjectType, attack_id: str) -> list[HeldObject]:
    """The objects that had an ATT&CK ID in a release that is not current; one query, and one each.

    As the edition has them, under another ID, where it does.
    """
    if not can_be_held(attack_id):
        return []
    found = _newest(SnapshotObject.objects.of_type(kind).named([attack_id]))
    return [find_by_stix_id(shelf, held.stix_id) or held for held in found]


def _with_stix_id(stix_id: str) -> list[HeldObject]:
    """An object that no snapshot of the edition holds; one query."""
    if not can_be_held(stix_id):
        return []
    return _newest(SnapshotObject.objects.filter(object__stix_id=stix_id))


def _newest(rows: SnapshotObjectQuerySet) -> list[HeldObject]:
    """Objects as the newest release has them that holds them, the last one held first."""
    by_object: dict[int, SnapshotObject] = {}
    found = rows.select_related("snapshot", "object", "version").defer("snapshot__objects_by_type")
    for row in sorted(found, key=_place, reverse=True):
        by_object.setdefault(row.object_id, row)
    return [
        HeldObject((row,), Addresses(row.snapshot.attack_version)) for row in by_object.values()
    ]


def _place(row: SnapshotObject) -> tuple[tuple[bool, tuple[int, ...], bool, str], bool, int]:
    return release_order(row.snapshot.attack_version), row.version.live, row.snapshot_id


def _history(
    request: HttpRequest, shelf: Shelf, found: list[HeldObject], address: str, asked_id: str = ""
) -> HttpResponse:
    """The page of the first of `found`, which share an ID: its whole history, or two releases."""
    held, *others = found
    if not {"from", "to"} & request.GET.keys():
        history = replace(history_of(shelf, held, address, others), asked_id=asked_id)
        before = request.GET.get("before", "")
        shown = history_page(shelf, history, before if RELEASE_FORM.fullmatch(before) else "")
        context = {"history": history, "shown": shown, "page": history.page}
        return render(request, "library/history.html", context)
    asked = None
    try:
        asked = _asked(request.GET)
        history = replace(history_of(shelf, held, address, others, asked), asked_id=asked_id)
        made = difference_page(shelf, history, _places(history))
    except UnanswerableError as error:
        history = history_of(shelf, held, address, others, asked)
        return _difference(request, DifferencePage(history, problem=str(error)), error.status)
    return _difference(request, made, HTTPStatus.OK)


def _difference(request: HttpRequest, made: DifferencePage, status: HTTPStatus) -> HttpResponse:
    shown = {"shown": made, "history": made.history, "page": made.history.page}
    return render(request, "library/difference.html", shown, status=status)


def _asked(query: QueryDict) -> Asked:
    """The two releases of an address; UnanswerableError where they are not two."""
    bad = HTTPStatus.BAD_REQUEST
    asked = Asked(query.get("from", ""), query.get("to", ""), query.get("domain", ""))
    for name, release in (("from", asked.before), ("to", asked.after)):
        if not release:
            raise UnanswerableError(f"The address names no release to compare in “{name}”.", bad)
        if not RELEASE_FORM.fullmatch(release):
            raise UnanswerableError(f"What stands in “{name}” is not a release such as 18.1.", bad)
    if asked.domain and asked.domain not in Domain.values:
        raise UnanswerableError("The domain is not one of enterprise, mobile and ics.", bad)
    if asked.before == asked.after:
        raise UnanswerableError(f"Both releases are {asked.before}: choose two to compare.", bad)
    if is_sample(asked.before) != is_sample(asked.after):
        raise UnanswerableError("A sample cannot be compared with a release of ATT&CK.", bad)
    return asked


def _places(history: History) -> tuple[Place, Place]:
    """The snapshots to compare, of the first domain where both releases hold the object."""
    asked = history.asked
    lines = [line for line in history.lines if asked.domain in {"", line.domain}]
    for line in lines:
        before, after = line.of_release(asked.before), line.of_release(asked.after)
        if before and after and before.holds and after.holds:
            return before, after
    raise UnanswerableError(_why_not(asked, lines), HTTPStatus.NOT_FOUND)


def _why_not(asked: Asked, lines: Sequence[Timeline]) -> str:
    """Why two releases cannot be compared of an object, in one sentence."""
    if not lines:
        return f"No release held has this object in {Domain(asked.domain).label}."
    where = " and ".join(line.label for line in lines)
    held: dict[str, bool] = defaultdict(bool)
    known: dict[str, bool] = defaultdict(bool)
    for line in lines:
        for release in (asked.before, asked.after):
            place = line.of_release(release)
            known[release] |= place is not None
            held[release] |= place is not None and place.holds
    for release in (asked.before, asked.after):
        if not known[release]:
            return f"The library holds no release {release} of {where}."
    for release in (asked.before, asked.after):
        if not held[release]:
            return f"Release {release} of {where} does not have this object."
    return f"No domain has this object in both {asked.before} and {asked.after}."
