"""Where acts of admins are recorded; in the transaction at hand, so that none goes without."""

import logging

log = logging.getLogger("glexia.audit")


def record(actor: str, action: str, target: str, **details: object) -> None:
    """Record that somebody did something to something."""
    log.info("%s: %s %s %s", actor, action, target, details)
