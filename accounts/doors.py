"""What the staff does, and where: the doors of the first page of the admin site and of its head.

Each door is shown to those who may go through it. Pages of other apps are known by the names of
their addresses, as their permissions are by theirs in `accounts.roles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Door:
    """A page, what one does there, and the permission that opens it; none opens it to all."""

    title: str
    address: str
    permission: str = ""
    purpose: str = ""
    arguments: tuple[str, ...] = ()

    @property
    def href(self) -> str:
        """Where it leads."""
        return reverse(f"admin:{self.address}", args=self.arguments)


@dataclass(frozen=True, slots=True)
class Room:
    """A door with what lies behind it; its short name stands at the head of every page."""

    name: str
    door: Door
    inner: tuple[Door, ...] = ()

    def of(self, request: HttpRequest) -> Room:
        """The same with the doors that are open to who asks."""
        return Room(self.name, self.door, tuple(_open(request, *self.inner)))


SEE_TAKES: Final = "analysis.view_take"
TASKS: Final = "django_tasks_database_dbtaskresult"
ROOMS: Final = (
    Room(
        "Imports",
        Door(
            *("Releases and imports", "import-overview", "importer.view_importrun"),
            "Bring a release in, see first what it would change, and choose which one readers see.",
        ),
        (
            Door("Start an import", "importer_importrun_add", "importer.start_imports"),
            Door("History of all imports", "importer_importrun_changelist"),
        ),
    ),
    Room(
        "Takes",
        Door(
            *("Takes", "analysis_take_changelist", SEE_TAKES),
            "What Glexia says about an object: write it, have it approved, publish it, keep it"
            " right when MITRE changes the object.",
        ),
        (
            Door("Write a Take", "analysis_take_add", "analysis.write_take"),
            Door("To review", "take-queue", arguments=("review",)),
            Door("Stale", "take-queue", arguments=("stale",)),
            Door("No Take yet", "take-queue", arguments=("missing",)),
        ),
    ),
    Room(
        "Users",
        Door(
            *("Users", "auth_user_changelist", "auth.view_user"),
            "Who works here, with which roles. Somebody who leaves is deactivated.",
        ),
        (
            Door("Add a user", "auth_user_add", "auth.add_user"),
            Door("Roles and groups", "auth_group_changelist", "auth.view_group"),
        ),
    ),
    Room(
        "Audit log",
        Door(
            *("Audit log", "accounts_auditentry_changelist", "accounts.view_auditentry"),
            "What was done, by whom, to what and when. Nobody can change or delete an entry.",
        ),
    ),
    Room(
        "Queue",
        Door(
            *("Background work", f"{TASKS}_changelist", "django_tasks_database.view_dbtaskresult"),
            "What the workers have done, are doing and are still to do.",
        ),
    ),
)


def rooms_of(request: HttpRequest) -> list[Room]:
    """The rooms that are open to who asks."""
    return [room.of(request) for room in ROOMS if list(_open(request, room.door))]


def _open(request: HttpRequest, *doors: Door) -> Iterator[Door]:
    for door in doors:
        if not door.permission or request.user.has_perm(door.permission):
            yield door
