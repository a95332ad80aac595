"""Control: a run's own connection to the database, beside that of its import.

Whatever a run says of itself goes through it and is seen at once, whatever becomes of the import's
transaction. While it is open it holds the run's advisory lock: a run that says it is worked on
lives exactly as long as that lock.
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any, Final, LiteralString, Self

import psycopg
from django.db import connection

from importer.models import WORKED_ON, ImportRun, RunState
from library.identifiers import SAMPLE_PREFIX, is_sample

# The first half of the keys of runs' locks: any number that no other lock of two halves uses.
RUN_CLASS: Final = 0x72756E
# A worker whose machine is gone is noticed after some 25 seconds, not after two hours.
SESSION: Final = (
    "SET statement_timeout = 0",
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)

BEGIN: Final = """
    UPDATE importer_importrun SET state = %(working)s, started_at = clock_timestamp(),
        finished_at = NULL, stage = '', parts = 0, done = 0, closing = false, problem = ''
    WHERE id = %(run)s AND state = %(waiting)s
"""
TELL: Final = """
    UPDATE importer_importrun SET stage = %(stage)s, done = %(done)s, parts = %(parts)s
    WHERE id = %(run)s AND state = ANY(%(worked_on)s) AND NOT cancel_asked
"""
NOTE: Final = "UPDATE importer_importrun SET log = log || %(line)s::jsonb WHERE id = %(run)s"
# What the dry run has read; the import is to read the same.
READ: Final = """
    UPDATE importer_importrun SET sha256 = %(sha256)s WHERE id = %(run)s AND state = 'previewing'
"""
CLOSE: Final = """
    UPDATE importer_importrun SET closing = true, stage = 'committing', done = 0, parts = 0,
        log = log || %(line)s::jsonb
    WHERE id = %(run)s AND state = 'importing' AND NOT cancel_asked
"""
PREVIEWED: Final = """
    UPDATE importer_importrun SET
        state = CASE WHEN cancel_asked THEN 'cancelled' ELSE %(following)s END,
        preview = %(preview)s::jsonb, report = %(report)s::jsonb, domain = %(domain)s,
        release = %(release)s, sha256 = %(sha256)s, finished_at = clock_timestamp(), stage = '',
        log = log || %(line)s::jsonb
    WHERE id = %(run)s AND state = 'previewing'
"""
END: Final = """
    UPDATE importer_importrun SET state = %(state)s, problem = %(problem)s,
        finished_at = clock_timestamp(), log = log || %(line)s::jsonb
    WHERE id = %(run)s AND state = ANY(%(worked_on)s)
"""
# What a snapshot of a domain that comes, goes or becomes current makes another. Other domains do
# not count: a release comes as one run a domain, each confirmed by itself. Nor do samples for what
# is real: it is compared with none, and the first real release of any domain has all of them leave.
LIBRARY_STATE: Final = """
    WITH held AS (
        SELECT id FROM library_snapshot WHERE domain = %(domain)s
        AND (%(is_sample)s OR NOT starts_with(attack_version, %(sample)s))
    )
    SELECT concat(count(*), ' ', max(id), ' ', (
        SELECT id FROM held WHERE id = (
            SELECT (to_jsonb(edition) ->> concat(%(domain)s::text, '_id'))::integer
            FROM library_edition edition ORDER BY id DESC LIMIT 1
        )
    ))
    FROM held
"""


def state_for(domain: str, release: str) -> dict[str, Any]:
    """What LIBRARY_STATE is asked with for the dry run of a release."""
    return {"domain": domain, "is_sample": is_sample(release), "sample": SAMPLE_PREFIX}


def connect() -> psycopg.Connection[Any]:
    """A connection of its own, outside the pool and any transaction, to the same database."""
    given = connection.get_connection_params() | {"autocommit": True}
    return psycopg.connect(**given)


class Control:
    """The control of one run; entering it waits for whoever else works on the run to end."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id

    def __enter__(self) -> Self:
        self._connection = connect()
        try:
            for statement in SESSION:
                self._connection.execute(statement)
            self._connection.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_CLASS, self._run_id])
        except BaseException:
            self._connection.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connection.close()

    def begin(self, waiting: RunState, working: RunState) -> bool:
        """Whether the run was waiting, and is worked on from now."""
        return self._changed(BEGIN, waiting=waiting, working=working)

    def tell(self, stage: str, done: int, parts: int) -> bool:
        """Say how far the run is; False where it is to go no further."""
        return self._changed(TELL, stage=stage, done=done, parts=parts)

    def library_state(self, domain: str, release: str) -> str:
        """What a release's dry run sees of its domain, outside the import's transaction."""
        row = self._connection.execute(LIBRARY_STATE, state_for(domain, release)).fetchone()
        assert row is not None
        return str(row[0])

    def note(self, text: str) -> None:
        """Add a line to the run's log."""
        self._changed(NOTE, line=_line(text))

    def read(self, sha256: str) -> None:
        """Say which bundle was read in the dry run, whatever becomes of it."""
        self._changed(READ, sha256=sha256)

    def close(self) -> bool:
        """Whether the run may be committed: nobody has cancelled it, and nobody can any more."""
        return self._changed(CLOSE, line=_line("Committing"))

    def previewed(self, preview: dict[str, Any], *, anything_new: bool) -> None:
        """The dry run is over: the run waits to be confirmed, unless it was cancelled meanwhile.

        Where the library holds the bundle already the run is done.
        """
        report = preview["report"]
        self._changed(
            PREVIEWED,
            following=RunState.PREVIEWED if anything_new else RunState.DONE,
            preview=json.dumps(preview),
            report=None if anything_new else json.dumps(report),
            domain=report["domain"],
            release=report["release"],
            sha256=report["bundle_sha256"],
            line=_line("The dry run is over" if anything_new else "The library holds it already"),
        )

    def end(self, state: RunState, problem: str = "") -> None:
        """The run is over, unless it is so already."""
        said = f"{state.label}: {problem}" if problem else state.label
        self._changed(END, state=state, problem=problem, line=_line(said))

    def _changed(self, statement: LiteralString, **values: object) -> bool:
        """Whether the run's row was as the statement wants it, and has been changed."""
        given = values | {"run": self._run_id, "worked_on": list(WORKED_ON)}
        return self._connection.execute(statement, given).rowcount == 1


def _line(text: str) -> str:
    """A line to add to a run's log, as JSON."""
    return json.dumps([ImportRun.said(text)])
