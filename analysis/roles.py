"""Who may do what to Takes: permissions by role, each role a group of users."""

from typing import Final

WRITE: Final = "analysis.write_take"
REVIEW: Final = "analysis.review_take"
PUBLISH: Final = "analysis.publish_take"
VIEW: Final = ("view_take", "view_revision", "view_act")

# The groups that the migration `roles` makes, with the permissions of this app that each has.
ROLES: Final = {
    "author": (*VIEW, "write_take"),
    "reviewer": (*VIEW, "review_take"),
    "publisher": (*VIEW, "publish_take"),
}
