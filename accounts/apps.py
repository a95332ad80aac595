"""The accounts app, and the admin site as it stands in for Django's own."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.core.checks import Tags, register


class AccountsConfig(AppConfig):
    """Who may do what."""

    name = "accounts"
    default = True

    def ready(self) -> None:
        """Begin to record what is done to accounts; have a check see whose the log is."""
        from accounts import signals, ways_in
        from accounts.checks import check_owner_of_the_log

        signals.connect()
        ways_in.connect()
        register(check_owner_of_the_log, Tags.database, deploy=True)


class StaffAdminConfig(admin_apps.AdminConfig):
    """Django's admin site with the sign-in of this product."""

    default = False
    default_site = "accounts.site.StaffSite"
