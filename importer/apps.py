"""Django's description of the importer."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate


class ImporterConfig(AppConfig):
    """How a bundle becomes a snapshot."""

    name = "importer"

    def ready(self) -> None:
        """Bound how long migrations wait for locks."""
        from importer.database import give_locks_up, wait_for_locks

        library = apps.get_app_config("library")
        pre_migrate.connect(give_locks_up, sender=library)
        post_migrate.connect(wait_for_locks, sender=library)
