"""What has become of runs, in figures: how many ended in which way, and how long they took.

A run by the console is a dry run and, once that has found something new, an import, or one that
nobody let begin. A run by command is an import alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

from django.db import connection

# A run a day for twenty-seven years.
MOST_RUNS: Final = 10_000
# The stages that runs have, and who asked for them.
STAGES: Final = (("dry-run", "console"), ("import", "console"), ("import", "command"))
OUTCOMES: Final = ("done", "nothing-new", "failed", "cancelled")
ENDED: Final = f"""
    WITH run AS (
        SELECT asked_at, finished_at, state, dry_run_seconds,
            source_kind = 'command' AS commanded,
            confirmed_by <> '' AS confirmed,
            preview IS NOT NULL AS previewed,
            report ->> 'status' AS status,
            extract(epoch FROM finished_at - started_at)::float AS seconds
        FROM importer_importrun ORDER BY id DESC LIMIT {MOST_RUNS}
    ), part AS (
        SELECT 'dry-run' AS stage, 'console' AS asker, asked_at AS at,
            CASE WHEN NOT previewed THEN state WHEN state = 'done' AND NOT confirmed
                THEN 'nothing-new' ELSE 'done' END AS outcome,
            CASE WHEN confirmed THEN dry_run_seconds ELSE seconds END AS seconds
        FROM run WHERE NOT commanded AND (previewed OR state IN ('failed', 'cancelled'))
        UNION ALL
        SELECT 'import', CASE WHEN commanded THEN 'command' ELSE 'console' END, finished_at,
            CASE WHEN state <> 'done' THEN state WHEN status = 'imported' THEN 'done'
                ELSE 'nothing-new' END,
            CASE WHEN commanded OR confirmed THEN seconds END
        FROM run WHERE state IN ('done', 'failed', 'cancelled')
            AND (commanded OR confirmed OR previewed AND state = 'cancelled')
    )
    SELECT stage, asker, outcome, count(*), count(seconds), coalesce(sum(seconds), 0),
        (array_agg(seconds ORDER BY at DESC) FILTER (WHERE seconds IS NOT NULL))[1]
    FROM part GROUP BY stage, asker, outcome
"""  # noqa: S608  (our own number)


@dataclass(frozen=True, slots=True)
class Ended:
    """All dry runs, or imports, that ended in one way."""

    stage: str
    by: str
    outcome: str
    count: int = 0
    timed: int = 0
    """How many of them had begun, so that they took any time."""

    seconds: float = 0.0
    """Of those, together."""

    last: float | None = None
    """Of the last of those."""


def ended() -> list[Ended]:
    """Each stage and outcome there may be, of the newest MOST_RUNS runs; one query."""
    with connection.cursor() as cursor:
        cursor.execute(ENDED)
        found = {row[:3]: Ended(*row) for row in cursor.fetchall()}
    named = ((*stage, outcome) for stage, outcome in product(STAGES, OUTCOMES))
    return [found.get(name, Ended(*name)) for name in named]
