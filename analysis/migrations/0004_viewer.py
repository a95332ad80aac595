"""Viewers see Takes, their revisions and what was done to them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def give(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Give the group of viewers the permissions that the migration `roles` made."""
    permission = apps.get_model("auth", "Permission")
    viewers, _ = apps.get_model("auth", "Group").objects.get_or_create(name="viewer")
    seen = ("view_take", "view_revision", "view_act")
    viewers.permissions.add(
        *permission.objects.filter(content_type__app_label="analysis", codename__in=seen)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_roles"),
        ("analysis", "0003_roles"),
    ]

    operations = [
        migrations.RunPython(give, migrations.RunPython.noop),
    ]
