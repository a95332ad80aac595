"""Django's description of the importer."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate, pre_migrate


class ImporterConfig(AppConfig):
    """How bundles become snapshots."""

    name = "importer"

    def ready(self) -> None:
        """Bound how long migrations wait for locks; have them learn what the list of releases says.

        So readers are told of a newer release where nobody ever runs `check_releases`.
        """
        from importer.database import give_locks_up, wait_for_locks

        library = apps.get_app_config("library")
        pre_migrate.connect(give_locks_up, sender=library)
        post_migrate.connect(wait_for_locks, sender=library)
        post_migrate.connect(learn_from_list, sender=library)


def learn_from_list(*, apps: Any, using: str, **_rest: object) -> None:
    """What `post_migrate` calls: see `importer.known_releases`."""
    # Migrating backwards leads to times that had no table for it.
    if using == DEFAULT_DB_ALIAS and "knownrelease" in apps.all_models["library"]:
        from importer.known_releases import note_published

        note_published()
