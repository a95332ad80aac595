"""The groups `viewer` and `administrator`, and the permissions that administrators have.

What viewers see is given by the migrations of the apps that hold it.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Django makes permissions only once all migrations are through; what it then finds, it keeps.
PERMISSIONS = {
    ("auth", "user"): {
        "view_user": "Can view user",
        "add_user": "Can add user",
        "change_user": "Can change user",
    },
    ("auth", "group"): {
        "view_group": "Can view group",
        "add_group": "Can add group",
        "change_group": "Can change group",
        "delete_group": "Can delete group",
    },
    ("accounts", "auditentry"): {"view_auditentry": "Can view audit log entry"},
}


def make(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the permissions and the groups; a group that is there keeps its own."""
    content_type = apps.get_model("contenttypes", "ContentType")
    permission = apps.get_model("auth", "Permission")
    group = apps.get_model("auth", "Group")
    made = []
    for (app, model), named in PERMISSIONS.items():
        of_model, _ = content_type.objects.get_or_create(app_label=app, model=model)
        for codename, name in named.items():
            found, _ = permission.objects.get_or_create(
                content_type=of_model, codename=codename, defaults={"name": name}
            )
            made.append(found)
    group.objects.get_or_create(name="viewer")
    administrators, _ = group.objects.get_or_create(name="administrator")
    administrators.permissions.add(*made)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_immutable"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
