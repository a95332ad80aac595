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
    ADMINISTRATOR: "manages users and groups, and reads the audit log",
}
