"""Objects of types that the library has no words for are found by search: documents for them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from library.documents import complete


def fill(_apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the documents that are missing."""
    complete()


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0005_names_in_memory"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
