"""Queries for the revisions of Takes, named for who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.models import Revision


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Revisions of Takes."""

    def published(self) -> RevisionQuerySet:
        """What readers see, with their Takes and all that was done to them; two queries."""
        return self.filter(state="published").select_related("take").prefetch_related("acts")

    def waiting(self) -> RevisionQuerySet:
        """Drafts and what is in review."""
        return self.filter(state__in=("draft", "in review")).select_related("take")

    def to_go_on_from(self) -> Revision | None:
        """Of one Take: the text that the next one begins with; at most three queries.

        What is being written, else what readers see, else what they saw last. None where nothing
        was ever published, as what was discarded is not gone on with.
        """
        newest_first = self.order_by("-number")
        open_one = newest_first.filter(state__in=("draft", "in review")).first()
        shown = open_one or newest_first.filter(state="published").first()
        # A starter came in published, with no act that says so.
        was_shown = models.Q(acts__kind="published") | models.Q(is_starter=True)
        return shown or newest_first.filter(was_shown).first()

    def of_objects(self, stix_ids: Iterable[str]) -> RevisionQuerySet:
        """The revisions of the Takes on these objects."""
        return self.filter(take__stix_id__in=stix_ids)
