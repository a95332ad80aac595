"""Names are looked up in memory, so the database keeps no index of them.

The documents of what was imported before are made last, in the columns of today.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from library.documents import rebuild


def fill(_apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the documents anew."""
    rebuild()


class Migration(migrations.Migration):
    dependencies = [
        ("library", "0004_search_documents"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="searchdocument", name="document_names"),
        migrations.RemoveIndex(model_name="searchdocument", name="document_grams"),
        migrations.RemoveField(model_name="searchdocument", name="grams"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
