"""The roles: groups of users, each with the permissions that its work needs and no others."""

from typing import Final

VIEWER: Final = "viewer"
IMPORTER: Final = "importer"
AUTHOR: Final = "author"
REVIEWER: Final = "reviewer"
PUBLISHER: Final = "publisher"
ADMINISTRATOR: Final = "administrator"

# What each is for. The permissions of an app's models are given by that app's own migrations.
ROLES: Final = {
    VIEWER: "sees what the staff sees, and changes nothing",
    IMPORTER: "imports releases and chooses which one readers see",
    AUTHOR: "writes Takes",
    REVIEWER: "approves Takes, or sends them back",
    PUBLISHER: "publishes and withdraws Takes",
    ADMINISTRATOR: "manages users and their roles, and reads the audit log",
}

# All that roles hold between them, as their migrations give it: what a superuser may give to a
# group or to one user. The other permissions that Django makes are those of no work here.
GRANTABLE: Final = frozenset(
    {
        *(f"auth.{verb}_user" for verb in ("view", "add", "change")),
        *("auth.view_group", "accounts.view_auditentry"),
        *("importer.view_importrun", "importer.start_imports"),
        *("importer.switch_editions", "importer.delete_snapshots"),
        *("analysis.view_take", "analysis.view_revision", "analysis.view_act"),
        *("analysis.write_take", "analysis.review_take", "analysis.publish_take"),
    }
)
