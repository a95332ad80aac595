"""What the database holds, by which one sees that nothing of it has changed."""

from django.db import connection

type Digest = dict[str, tuple[int, str]]

# Rows that a request may add or change although it is refused: that somebody tried, and when.
KEPT_OF_TRIES = ("axes_accessattempt", "accounts_auditentry")
# When somebody signed in last goes with their session.
ROWS = {"auth_user": "to_jsonb(t) - 'last_login'"}


def tables() -> list[str]:
    """Every table there is, whoever made it."""
    with connection.cursor() as cursor:
        return sorted(connection.introspection.table_names(cursor))


def digest(*without: str) -> Digest:
    """How many rows every table has, and a hash of all that is in them; one query."""
    counted = " UNION ALL ".join(_counted(name) for name in tables() if name not in without)
    with connection.cursor() as cursor:
        cursor.execute(counted)
        return {name: (rows, found) for name, rows, found in cursor.fetchall()}


def _counted(name: str) -> str:
    each = f"md5(({ROWS.get(name, 't')})::text)"
    return (
        f"SELECT '{name}', count(*), coalesce(md5(string_agg({each}, '' ORDER BY {each})), '')"
        f" FROM {name} t"
    )
