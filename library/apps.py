"""The library's app."""

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from library import epoch


class LibraryConfig(AppConfig):
    """What ATT&CK says."""

    name = "library"

    def ready(self) -> None:
        """Tell those whom the settings name when readers see other pages."""
        for path in settings.EPOCH_LISTENERS:
            epoch.changed.connect(import_string(path))
