"""Takes and the people who write them, for tests."""

from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from analysis.models import ActKind, Revision
from analysis.take import SECTIONS
from analysis.workflow import act, save
from analysis.writing import Subject, Writing
from library.conditional import current_shelf
from library.contexts.held import find_by_stix_id
from tests.factories import Properties

ROLES = ("author", "reviewer", "publisher")
STARTERS = Path(__file__).resolve().parents[1] / "fixtures" / "takes"


def member(*roles: str, name: str = "") -> User:
    """A member of staff in these groups; the same one for the same name."""
    username = name or "-".join(roles) or "nobody"
    found = User.objects.filter(username=username).first()
    if found is None:
        found = User.objects.create_user(username, is_staff=True)
        found.groups.set(Group.objects.filter(name__in=roles))
        assert found.groups.count() == len(roles)
    return found


def writing(summary: str = "What it means.", **rest: Any) -> Writing:
    """A text of a Take: sections by name, and what else a text has."""
    names = ("confidence", "confidence_why", "change_note")
    given = {"confidence": "moderate"} | {name: rest.pop(name) for name in names if name in rest}
    return Writing({"summary": summary, **rest}, **given)


def whole_text(of: str = "mitigations/M1037") -> dict[str, Any]:
    """A text with all sections, as long as Takes are: one that is shipped with the library."""
    shipped = yaml.safe_load((STARTERS / f"{of}.yaml").read_text())
    names = (*(name for name, _, _ in SECTIONS), "confidence", "confidence_why")
    return {name: shipped[name] for name in names}


def subject(of: Properties) -> Subject:
    """An object as the edition holds it."""
    held = find_by_stix_id(current_shelf(), of["id"])
    assert held is not None
    return Subject.of(held)


def as_seen(of: Properties) -> dict[str, str]:
    """What the form of a Take says of the object that its author has before them."""
    held = find_by_stix_id(current_shelf(), of["id"])
    assert held is not None
    shown = " ".join(str(pk) for pk in sorted(row.snapshot.pk for row in held.rows))
    return Subject.of(held).version._asdict() | {"shown": shown}


def draft(of: Properties, *, by: User | None = None, **text: Any) -> Revision:
    """A saved draft, based on whatever is there."""
    newest = Revision.objects.of_objects([of["id"]]).order_by("-number").first()
    return save(
        subject(of), writing(**text), by or member("author"), newest.number if newest else 0
    )


def publish(of: Properties, **text: Any) -> Revision:
    """A published Take, reviewed by somebody else."""
    made = draft(of, **text)
    act(made, ActKind.SUBMITTED, member("author"))
    act(made, ActKind.APPROVED, member("reviewer"))
    act(made, ActKind.PUBLISHED, member("publisher"))
    return Revision.objects.get(pk=made.pk)


def same(revision: Revision) -> Subject:
    """The very object version that a revision was written against, to confirm it against."""
    names = ("domain", "attack_version", "content_sha256", "snapshot")
    baseline = {name: getattr(revision, name) for name in names}
    return Subject(revision.take.stix_id, revision.attack_id, revision.name, baseline)


def delete_takes() -> None:
    """Delete all Takes, which only a test may do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL glexia.deleting = 'on'")
        for table in ("act", "revision", "take"):
            cursor.execute(f"DELETE FROM analysis_{table}")
        cursor.execute("SET LOCAL glexia.deleting = 'off'")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
