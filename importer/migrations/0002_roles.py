"""Who may do what to imports: those who import, and those who only look."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Django makes permissions only once all migrations are through; what it then finds, it keeps.
PERMISSIONS = {
    "view_importrun": "Can view import run",
    "start_imports": "Can start, confirm and cancel imports",
    "switch_editions": "Can choose which releases readers see",
    "delete_snapshots": "Can delete snapshots",
}
ROLES = {
    "importer": tuple(PERMISSIONS),
    "viewer": ("view_importrun",),
}


def make(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the permissions and the groups that have them; a group that is there keeps its own."""
    content_type = apps.get_model("contenttypes", "ContentType")
    permission = apps.get_model("auth", "Permission")
    group = apps.get_model("auth", "Group")
    of_runs, _ = content_type.objects.get_or_create(app_label="importer", model="importrun")
    made = {
        codename: permission.objects.get_or_create(
            content_type=of_runs, codename=codename, defaults={"name": name}
        )[0]
        for codename, name in PERMISSIONS.items()
    }
    for role, codenames in ROLES.items():
        members, _ = group.objects.get_or_create(name=role)
        members.permissions.add(*(made[codename] for codename in codenames))


class Migration(migrations.Migration):
    dependencies = [
        ("importer", "0001_runs"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
