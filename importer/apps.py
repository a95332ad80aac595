"""The importer app."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate


class ImporterConfig(AppConfig):
    """How a bundle becomes a snapshot."""

    name = "importer"

    def ready(self) -> None:
        """Have each upgrade of the product, which migrates, learn what its list of releases says.

        So readers are told of a newer release where nobody ever runs `check_releases`.
        """
        post_migrate.connect(learn_from_list, sender=apps.get_app_config("library"))


def learn_from_list(*, apps: Any, using: str, **_rest: object) -> None:
    """What `post_migrate` calls: see `importer.known_releases`."""
    # Migrating backwards leads to times that had no table for it.
    if using == DEFAULT_DB_ALIAS and "knownrelease" in apps.all_models["library"]:
        from importer.known_releases import note_published

        note_published()
