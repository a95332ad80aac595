"""The importer app."""

from django.apps import AppConfig


class ImporterConfig(AppConfig):
    """How a bundle becomes a snapshot."""

    name = "importer"
