"""The library's app."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    """What ATT&CK says."""

    name = "library"
