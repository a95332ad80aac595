"""Mail that tells users what was done to their accounts, so that they notice what they did not do.

Plain text without links: nothing in it opens anything. Sent once the change is committed, where
MAIL_SERVER is set and the user has an address.
"""

from __future__ import annotations

import logging
from functools import partial
from smtplib import SMTPException
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from accounts.actors import asking_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TEXT: Final = """\
Your account {name} of the Glexia ATT&CK Library{site} was changed.

What: {what}
Who: {who}
When: {when:%Y-%m-%d %H:%M} UTC

If you do not know of it, tell an administrator of the library at once.
"""
log = logging.getLogger(__name__)


def tell(user: User, what: str, *, also: str = "") -> None:
    """Tell a user, and another address of theirs, of a change that the transaction at hand makes.

    A mail that cannot be sent is logged, and undoes nothing.
    """
    addresses = sorted({user.email, also} - {""})
    if not (settings.TELL_USERS and addresses):
        return
    name, asking = user.get_username(), asking_user()
    text = TEXT.format(
        name=name,
        site=f" at {settings.SITE_ADDRESS}" if settings.SITE_ADDRESS else "",
        what=what,
        who="you" if asking == name else asking or "somebody on the server",
        when=timezone.now(),
    )
    transaction.on_commit(partial(_send, text, addresses))


def _send(text: str, addresses: list[str]) -> None:
    # One mail each: who has the old address of a user need not learn the new one.
    for address in addresses:
        try:
            send_mail(f"{settings.EMAIL_SUBJECT_PREFIX}Your account", text, None, [address])
        except (SMTPException, OSError) as error:
            log.error("a user could not be told of a change: %s", type(error).__name__)
