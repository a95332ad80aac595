"""The groups of those who write, review and publish Takes, with their permissions."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROLES = {
    "author": "write_take",
    "reviewer": "review_take",
    "publisher": "publish_take",
}
# Django makes permissions only once all migrations are through; what it then finds, it keeps.
PERMISSIONS = {
    "take": {"view_take": "Can view take"},
    "act": {"view_act": "Can view act"},
    "revision": {
        "view_revision": "Can view revision",
        "write_take": "Can write Takes",
        "review_take": "Can review Takes",
        "publish_take": "Can publish and withdraw Takes",
    },
}


def make(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the permissions and the groups that have them; a group that is there keeps its own."""
    content_type = apps.get_model("contenttypes", "ContentType")
    permission = apps.get_model("auth", "Permission")
    group = apps.get_model("auth", "Group")
    made = {}
    for model, named in PERMISSIONS.items():
        of_model, _ = content_type.objects.get_or_create(app_label="analysis", model=model)
        for codename, name in named.items():
            made[codename], _ = permission.objects.get_or_create(
                content_type=of_model, codename=codename, defaults={"name": name}
            )
    for role, own in ROLES.items():
        members, _ = group.objects.get_or_create(name=role)
        members.permissions.add(
            *(made[name] for name in ("view_take", "view_revision", "view_act", own))
        )


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0002_immutable"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make, migrations.RunPython.noop),
    ]
