"""The accounts app, and the admin site as it stands in for Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class AccountsConfig(AppConfig):
    """Who may do what."""

    name = "accounts"
    default = True

    def ready(self) -> None:
        """Begin to record what is done to users and groups, and who signs in."""
        from accounts import signals

        signals.connect()


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin site with the sign-in of this product."""

    default = False
    default_site = "accounts.site.StaffSite"
