"""`manage.py check_releases`: whether MITRE has published a newer release than readers see."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.core.management.base import CommandParser

from importer.errors import BundleError
from importer.known_releases import Outlook, note_published, outlook, refresh
from importer.management.base import FAILED, ImporterCommand
from importer.release_mail import MailError, check_settings, tell_admins

NEWER = 3


@dataclass(slots=True)
class Check:
    """What a check found, and what went wrong in it."""

    domains: list[Outlook]
    index: str
    """"read", "not asked", or the sentence that says why MITRE's index could not be read."""

    is_blind: bool = False
    """Whether it wanted to read the index and could not."""

    mailed: list[str] = field(default_factory=list)
    mail_problem: str = ""

    @property
    def is_newer(self) -> bool:
        """Whether any domain has a newer release than readers see."""
        return any(row.is_newer for row in self.domains)

    @property
    def status(self) -> int:
        """The exit status."""
        if self.mail_problem:
            return FAILED
        if self.is_newer:
            return NEWER
        return FAILED if self.is_blind else 0


class Command(ImporterCommand):
    """Exit 0 when readers see the newest release known, 3 when not, 1 when that cannot be told."""

    help = (
        "Is there a newer release than readers see? Asks MITRE's index, beside the list that came"
        " with this library. Exit status: 0 no; 3 yes; 1 the index could not be read and nothing"
        " newer is known, or mail could not be sent; 2 bad settings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The command's arguments."""
        parser.add_argument("--offline", action="store_true", help="ask no network")
        parser.add_argument("--json", action="store_true", help="one JSON object")
        parser.add_argument(
            "--email", action="store_true", help="tell ADMIN_EMAILS, once for each release"
        )

    def work(self, **options: Any) -> None:
        """Look, tell, and end with the exit status."""
        if options["email"]:
            check_settings()
        check = _check(offline=options["offline"])
        if options["email"]:
            try:
                check.mailed = tell_admins(check.domains)
            except MailError as error:
                check.mail_problem = str(error)
        if options["json"]:
            self.stdout.write(orjson.dumps(_shown(check)).decode())
        else:
            for line in _lines(check):
                self.stdout.write(line)
        for problem in (check.index if check.is_blind else "", check.mail_problem):
            if problem:
                self.stderr.write(problem)
        sys.exit(check.status)


def _check(*, offline: bool) -> Check:
    """What is known now; where the index cannot be read, from the list and from before."""
    if offline:
        note_published()
        return Check(outlook(), "not asked")
    try:
        refresh()
    except BundleError as error:
        note_published()
        return Check(outlook(), str(error), is_blind=True)
    return Check(outlook(), "read")


def _lines(check: Check) -> Iterator[str]:
    for row in check.domains:
        newest = f"MITRE has published {row.newest}" if row.newest else "no release is known"
        if not row.shown:
            yield f"{row.domain}: readers see none; {newest}."
        elif row.is_newer:
            yield f"{row.domain}: readers see {row.shown}; {newest}, which is newer."
        else:
            yield f"{row.domain}: readers see {row.shown}; nothing newer is known."
    if check.mailed:
        yield f"Told by e-mail of {', '.join(check.mailed)}."


def _shown(check: Check) -> dict[str, Any]:
    return {
        "newer": check.is_newer,
        "index": check.index,
        "domains": [
            {
                "domain": row.domain,
                "shown": row.shown or None,
                "newest": row.newest or None,
                "newer": row.is_newer,
                "hash_known": row.has_hash,
                "index_read_at": row.known.index_read_at if row.known else None,
            }
            for row in check.domains
        ],
        "mailed": check.mailed,
        "mail_problem": check.mail_problem or None,
    }
