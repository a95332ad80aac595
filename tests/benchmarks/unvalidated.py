"""An import without validation, as a process of its own: what validation adds shows beside it."""

import os
import sys
from pathlib import Path

import django


def main() -> None:
    """Import the bundle that the command line names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glexia.settings")
    django.setup()
    from importer.pipeline import Options, import_bundles
    from importer.sources import file_sources

    import_bundles(file_sources([Path(sys.argv[1])]), Options(validate=False))


if __name__ == "__main__":
    main()
