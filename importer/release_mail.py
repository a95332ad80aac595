"""The mail that tells administrators of a release newer than the one that readers see."""

from collections.abc import Sequence
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import mail_admins
from django.urls import reverse

from importer.errors import BundleError
from importer.known_releases import Outlook
from library.identifiers import Domain, release_order
from library.models import KnownRelease

# Where releases are imported.
CONSOLE = "admin:import-overview"
# The list came with this version of the library; MITRE's index has no hashes.
UNCHECKED = "its hash is not known here yet, so its bundle could not be checked"
TEXT = """\
MITRE has published a newer release of ATT&CK than readers of the library see.

{lines}

It is not imported by itself. The import console:
{console}

You are told once of each release of a domain.
"""


class MailError(Exception):
    """Mail that could not be sent; its text is one sentence that says why."""


def check_settings() -> None:
    """Raises BundleError, with what to set, where there is nobody to tell or no address to name."""
    if not settings.ADMINS:
        raise BundleError("--email needs ADMIN_EMAILS: the addresses to tell, with commas between.")
    if not settings.SITE_ADDRESS:
        raise BundleError("--email needs SITE_ADDRESS: where the site is, as in https://host.")


def tell_admins(found: Sequence[Outlook]) -> list[str]:
    """Mail the administrators of what is newer; the domains they had not been told of.

    Nobody is told twice of one release of a domain: it counts as told before the mail goes, and
    again as untold if that fails, which MailError says. A process killed in between tells nobody.
    """
    untold = [row for row in found if row.is_newer and _claim(row)]
    if not untold:
        return []
    try:
        mail_admins(_subject(untold), _text(untold))
    except (SMTPException, OSError) as error:
        for row in untold:
            _set_told(row, row.newest, row.told)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MailError(f"The mail could not be sent: {reason}") from None
    return [row.domain for row in untold]


def _claim(row: Outlook) -> bool:
    """Whether nobody was told of it, or of anything newer, until now; from now on somebody was."""
    if row.told and release_order(row.newest) <= release_order(row.told):
        return False
    return _set_told(row, row.told, row.newest)


def _set_told(row: Outlook, before: str, after: str) -> bool:
    """Whether the one release was still the last that was told of, and the other now is."""
    told = KnownRelease.objects.filter(domain=row.domain, mailed=before)
    return told.update(mailed=after) == 1


def _subject(rows: Sequence[Outlook]) -> str:
    named = [f"{Domain(row.domain).label} {row.newest}" for row in rows]
    return f"Newer at MITRE: {', '.join(named)}"


def _text(rows: Sequence[Outlook]) -> str:
    console = f"{settings.SITE_ADDRESS}{reverse(CONSOLE)}"
    return TEXT.format(lines="\n".join(map(_line, rows)), console=console)


def _line(row: Outlook) -> str:
    note = "" if row.has_hash else f" ({UNCHECKED})"
    return f"{Domain(row.domain).label}: {row.newest}; readers see {row.shown}{note}"
