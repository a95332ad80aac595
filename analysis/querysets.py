"""Queries for the revisions of Takes, named for who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.models import Revision  # noqa: F401  (named in a string)


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Revisions of Takes."""

    def published(self) -> RevisionQuerySet:
        """What readers see, with their Takes and all that was done to them; two queries."""
        return self.filter(state="published").select_related("take").prefetch_related("acts")

    def waiting(self) -> RevisionQuerySet:
        """Drafts and what is in review."""
        return self.filter(state__in=("draft", "in review")).select_related("take")

    def of_objects(self, stix_ids: Iterable[str]) -> RevisionQuerySet:
        """The revisions of the Takes on these objects."""
        return self.filter(take__stix_id__in=stix_ids)
