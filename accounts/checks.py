"""What `check --deploy --database default` says of the role that the product serves as."""

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connections

# Or may become the owner, or is a superuser.
OWNS = """
    SELECT current_user, pg_has_role(relowner, 'MEMBER') FROM pg_class
    WHERE oid = to_regclass('accounts_auditentry')
"""


def check_owner_of_the_log(
    databases: Iterable[str] | None = None, **_about: Any
) -> list[CheckMessage]:
    """Warn where the role that is connected could take the guard off the audit log."""
    if "default" not in (databases or ()):
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(OWNS)
        role, owns = cursor.fetchone() or ("", False)
    if not owns:
        return []
    return [
        Warning(
            f"The database role {role} owns the audit log: it could drop what guards the entries.",
            hint="Let another role own the tables, and serve as one that does not"
            " (docs/deployment.md).",
            id="accounts.W001",
        )
    ]
