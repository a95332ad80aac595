"""Who may do what to imports: the permissions that the pages of the console ask for."""

from typing import Final

VIEW: Final = "importer.view_importrun"
START: Final = "importer.start_imports"
SWITCH: Final = "importer.switch_editions"
DELETE: Final = "importer.delete_snapshots"
