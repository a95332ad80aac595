"""The 404 of an object: what was asked for, where it is if not here, and what comes near."""

from collections import defaultdict
from difflib import get_close_matches
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from library.conditional import Shelf
from library.contexts.held import HeldObject, find_objects
from library.contexts.page import Crumb, Page, way_up
from library.documents import fold
from library.identifiers import ObjectType
from library.models import SnapshotObject
from library.near_ids import ALIKE, SUGGESTIONS, NearIds
from library.parameters import search_text

# What a STIX id names whose type says nothing.
ANY = ObjectType((), "Object", "Objects", "", is_known=False)


def not_found(request: HttpRequest, shelf: Shelf, kind: ObjectType, asked: str) -> HttpResponse:
    """A 404 that says what was asked for and which objects come near.

    Nothing is looked for where the answer is a refusal in the end, as middleware says beforehand.
    """
    every: list[HeldObject] = []
    if not getattr(request, "missed_too_much", 0):
        rows = SnapshotObject.objects.in_snapshots(shelf.snapshots).of_type(kind).in_list_order()
        every = [HeldObject((row,), shelf.addresses) for row in rows]
    page = Page(
        shelf=shelf,
        title=f"No {kind.label.lower()} {search_text(asked)}",
        description="",
        crumbs=(*way_up(shelf, kind), Crumb("Not found")),
        indexed=False,
    )
    shown: dict[str, object] = {
        "page": page,
        "kind": kind,
        "asked": search_text(asked),
        "said": _has_none(shelf, kind),
        "now": _now(shelf, kind, asked),
        "near_title": "Close to it:",
        "near": _near(search_text(asked), every),
    }
    return render(request, "library/not_found.html", shown, status=HTTPStatus.NOT_FOUND)


def _now(shelf: Shelf, kind: ObjectType, asked: str) -> HeldObject | None:
    """What the current edition has under an ID that a pinned release has not; else None."""
    found = find_objects(shelf.current, kind, asked.upper()) if shelf.release else []
    return found[0] if found else None


def _has_none(shelf: Shelf, kind: ObjectType) -> str:
    """That no object of a kind has the ID, and of what of the release that cannot be said."""
    none = f"has no {kind.label.lower()} with this ID."
    if not shelf.absence:
        return f"The release shown {none}"
    return f"What is held of release {shelf.release} {none} {shelf.absence}"


def _near(asked: str, every: list[HeldObject]) -> list[HeldObject]:
    """The objects whose ID or name a reader may have meant: as begun, then as nearly spelt."""
    by_id, by_name = defaultdict(list), defaultdict(list)
    for held in every:
        by_id[held.attack_id].append(held)
        by_name[fold(held.name)].append(held)
    ids, words = NearIds(by_id), fold(asked)
    found = [held for attack_id in ids.begun(asked) for held in by_id[attack_id]]
    found += [
        h for name, named in by_name.items() if len(words) > 2 and words in name for h in named
    ]
    found += [held for attack_id in ids.near(asked) for held in by_id[attack_id]]
    spelt = get_close_matches(words, by_name, n=SUGGESTIONS, cutoff=ALIKE)
    found += [held for name in spelt for held in by_name[name]]
    return list({held.object_id: held for held in found}.values())[:SUGGESTIONS]
