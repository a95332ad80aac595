"""A small library with something of everything, and the people who work on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.audit import record
from accounts.models import AuditEntry
from accounts.passwords import note_first
from accounts.second_factor import begin
from analysis.models import ActKind, Revision
from analysis.workflow import act
from importer import acts
from importer.acts import Asked
from importer.models import ImportRun, RunState, SourceKind
from library.models import Snapshot
from tests.accounts.people import staff, with_device
from tests.factories import (
    attack_object,
    import_objects,
    mitigation,
    relationship,
    tactic,
    technique,
)
from tests.takes import draft, member, publish

ROLES: Final = ("viewer", "importer", "author", "reviewer", "publisher", "administrator")
MEASURE: Final = mitigation("M1000", "Measure")
OTHER: Final = mitigation("M1001", "Other")
OLD: Final = mitigation("M1002", "Old", revoked=True)
FRESH: Final = mitigation("M1003", "Fresh")
LIVE: Final = OLD | {"revoked": False}
TARGET: Final = technique("T1000", "Way", ("execution",))
BUNDLE_NAME: Final = "bundle.json"


@dataclass(frozen=True, slots=True)
class World:
    """What stands in the database before anybody sends anything."""

    staff: User
    """Has every role, and no second factor."""

    guarded: User
    """Has every role and a second factor."""

    device: TOTPDevice
    beginner: User
    """Is setting a second factor up."""

    begun: TOTPDevice
    given: User
    """Has a password that somebody else has given."""

    somebody: User
    """Has failed to sign in."""

    idle: User
    """Is staff, and has no role."""

    chief: User
    """May do everything."""

    group: Group
    role: Group
    spare: Snapshot
    """Nothing cites it."""

    first: Snapshot
    second: Snapshot
    run: ImportRun
    """Waits for its confirmation."""

    failed: ImportRun
    published: Revision
    draft: Revision
    moving: Revision
    """Is on an object that another has replaced."""

    entry: AuditEntry


def fill() -> World:
    """Put it into the database."""
    stage = tactic("TA0002", "Execution", "execution")
    group = attack_object("intrusion-set", "G1000", "Crew")
    objects = (stage, group, MEASURE, OTHER, OLD, FRESH, TARGET)
    links = (
        relationship("mitigates", MEASURE, TARGET, "A note."),
        relationship("uses", group, TARGET, "As they do."),
        relationship("revoked-by", OLD, FRESH),
    )
    import_objects(MEASURE, release="0.5")
    import_objects(*(LIVE if one is OLD else one for one in objects), *links[:2])
    moving = publish(LIVE)
    changed = MEASURE | {"description": "Another text.", "x_mitre_version": "1.1"}
    import_objects(*(changed if one is MEASURE else one for one in objects), *links, release="2.0")
    spare, first, second = Snapshot.objects.order_by("id")
    guarded = staff(*ROLES, name="guarded")
    beginner = staff(*ROLES, name="beginner")
    run = acts.start("ann", Asked(SourceKind.DIRECTORY, BUNDLE_NAME))
    ImportRun.objects.filter(pk=run.pk).update(state=RunState.PREVIEWED)
    failed = acts.start("ann", Asked(SourceKind.DIRECTORY, BUNDLE_NAME))
    ImportRun.objects.filter(pk=failed.pk).update(state=RunState.FAILED, problem="It failed.")
    published = publish(MEASURE)
    written = draft(OTHER)
    act(written, ActKind.SUBMITTED, member("author"))
    record("ann", "Take published", "M1000")
    superuser = staff(name="chief")
    superuser.is_superuser = True
    superuser.save()
    given = staff("viewer", name="given")
    note_first(given)
    AccessAttempt.objects.create(
        username="somebody", ip_address="192.0.2.1", failures_since_start=5
    )
    return World(
        staff=staff(*ROLES, name="ann"),
        guarded=guarded,
        device=with_device(guarded),
        beginner=beginner,
        begun=begin(beginner),
        given=given,
        somebody=staff("viewer", name="somebody"),
        idle=staff(name="idle"),
        chief=superuser,
        group=Group.objects.get_or_create(name="watchers")[0],
        role=Group.objects.get(name="viewer"),
        spare=spare,
        first=first,
        second=second,
        run=run,
        failed=failed,
        published=published,
        draft=written,
        moving=moving,
        entry=AuditEntry.objects.latest("id"),
    )
