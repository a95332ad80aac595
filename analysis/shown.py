"""What readers saw when something was written or confirmed: the edition that was current then.

What was written names the object version of one domain. In the other domains its author had before
them what the edition showed there, which may be of other releases.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from accounts.audit import recorded_at
from library.identifiers import Domain
from library.models import Edition, Snapshot

if TYPE_CHECKING:
    from analysis.models import Baseline
    from library.conditional import Shelf


class _Shown(NamedTuple):
    """An edition, by when it was made: its snapshots by their domains."""

    made_at: datetime
    snapshots: Mapping[str, Snapshot]


def shown_with(shelf: Shelf, baseline: Baseline) -> Mapping[str, Snapshot]:
    """The snapshots of all domains that readers saw when something was written, by domain.

    Nothing where the edition of that time does not hold the snapshot that is named: the text came
    in a file, or the edition is gone. Two queries for each edition and deletion that a process
    meets.
    """
    if shelf.edition is None or baseline.snapshot_id is None:
        return {}
    history = _history(shelf.edition.pk, shelf.newest_snapshot, shelf.snapshot_count)
    then = next((held.snapshots for held in history if held.made_at <= baseline.moment), {})
    named = then.get(baseline.domain)
    return then if named is not None and named.pk == baseline.snapshot_id else {}


@lru_cache(maxsize=8)
def _history(_edition: int, _newest_snapshot: int, _snapshot_count: int) -> tuple[_Shown, ...]:
    """The editions, the newest first; kept until there is another, or a deletion takes some."""
    untold: Final = [f"{domain}__objects_by_type" for domain in Domain.values]
    editions = Edition.objects.select_related(*Domain.values).defer(*untold).order_by("-id")
    shown = [
        _Shown(made.made_at, {held.domain: held for held in made.snapshots}) for made in editions
    ]
    # Of one that went with a snapshot the audit log still says when it began to be shown.
    gone = recorded_at([Edition.MADE, Edition.TAKEN_UP], save_on=[str(made) for made in editions])
    shown += [_Shown(at, {}) for at in gone]
    return tuple(sorted(shown, key=lambda one: one.made_at, reverse=True))
