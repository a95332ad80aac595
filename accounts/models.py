"""The audit log: what was done, by whom, to what and when."""

from typing import Final

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

SHORT: Final = 40


class AuditEntry(models.Model):
    """One act. The migration `immutable` has PostgreSQL refuse to change or delete it.

    Whoever acted and whatever it was done to is named in words, so that nothing is lost with a
    user or a snapshot that goes.
    """

    at = models.DateTimeField("when", default=timezone.now, editable=False)
    actor = models.TextField("who")
    action = models.TextField("what")
    target = models.TextField("to what")
    details = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-id"]
        verbose_name = "audit log entry"
        verbose_name_plural = "audit log entries"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["actor"], name="audit_actor"),
            models.Index(fields=["action"], name="audit_action"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor}: {self.action}, {self.target}"

    @property
    def detail_words(self) -> str:
        """The details in a line: "address: 192.0.2.1; roles: author"."""
        return "; ".join(f"{name}: {_words(said)}" for name, said in self.details.items())

    @property
    def short_details(self) -> str:
        """The same with every value cut where a row would grow long."""
        shown = {name: _words(said) for name, said in self.details.items()}
        return "; ".join(
            f"{name}: {said if len(said) <= SHORT else f'{said[:SHORT]}…'}"
            for name, said in shown.items()
        )


class FirstPassword(models.Model):
    """That a user's password was given by somebody else, and when; gone once they choose one."""

    user = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="+")
    given_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}, {self.given_at:%Y-%m-%d %H:%M:%S}"


def _words(said: object) -> str:
    if isinstance(said, list):
        return ", ".join(map(str, said)) or "none"
    if isinstance(said, bool):
        return "yes" if said else "no"
    return str(said)
