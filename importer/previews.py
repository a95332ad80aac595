"""What other apps say, during a dry run, that a snapshot would mean to them.

The functions that the setting IMPORT_PREVIEWS names are asked inside the dry run's transaction:
the snapshot is in the database, and current where it would become so, and all of it is undone
afterwards. So the importer need not know them.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from library.previews import PreviewMaker


def import_previews(snapshot_id: int) -> list[dict[str, Any]]:
    """The previews of a snapshot, as a run keeps them, in the order of IMPORT_PREVIEWS."""
    makers: list[PreviewMaker] = [import_string(path) for path in settings.IMPORT_PREVIEWS]
    made = (make(snapshot_id) for make in makers)
    return [asdict(preview) for preview in made if preview is not None]
