"""The console's pages, read through Django's test client; nobody works on what is asked for."""

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from pytest_django import Settings

from importer import acts
from importer.acts import Asked
from importer.editions import step_back
from importer.models import ImportRun, SourceKind


@pytest.fixture(autouse=True)
def places(settings: Settings, tmp_path: Path, plain_static: None) -> None:
    """A spool and an import directory of the test's own."""
    (tmp_path / "bundles").mkdir()
    settings.IMPORT_SPOOL = tmp_path / "spool"
    settings.IMPORT_DIR = tmp_path / "bundles"


def client(*, groups: tuple[str, ...] = (), permissions: tuple[str, ...] = ()) -> Client:
    """A member of the staff with these groups and permissions, signed in."""
    name = "-".join((*groups, *permissions)) or "nobody"
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
    user.groups.set(Group.objects.filter(name__in=groups))
    assert user.groups.count() == len(groups)
    codenames = Permission.objects.filter(
        content_type__app_label="importer", codename__in=permissions
    )
    user.user_permissions.set(codenames)
    assert user.user_permissions.count() == len(permissions)
    made = Client()
    made.force_login(user)
    return made


def importer() -> Client:
    """Somebody of the group of importers."""
    return client(groups=("importer",))


def back() -> dict[str, int]:
    """What the form of the overview sends that goes back to the edition before."""
    step = step_back()
    return {"from": step.current.pk, "to": step.target.pk} if step else {}


def run_in(state: str, name: str = "bundle.json", **more: object) -> ImportRun:
    """A run in some state."""
    run = acts.start("ann", Asked(SourceKind.DIRECTORY, name))
    ImportRun.objects.filter(pk=run.pk).update(state=state, **more)
    return ImportRun.objects.get(pk=run.pk)
