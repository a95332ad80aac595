"""Administrators make, change and delete groups no longer: they could give themselves anything.

The version before, which may still serve, then offers them no groups to change; it needs nothing
that goes.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TAKEN = ("add_group", "change_group", "delete_group")


def take(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Take the permissions from the role; groups that somebody made keep what they have."""
    permission = apps.get_model("auth", "Permission")
    group = apps.get_model("auth", "Group")
    administrators = group.objects.filter(name="administrator").first()
    if administrators is not None:
        found = permission.objects.filter(content_type__app_label="auth", codename__in=TAKEN)
        administrators.permissions.remove(*found)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_roles")]

    operations = [
        migrations.RunPython(take, migrations.RunPython.noop),
    ]
