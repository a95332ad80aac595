"""What a web process does before its first request, so that no reader waits for it."""

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver
from django.utils.formats import get_format

from library.conditional import build_id
from library.text.markdown import plain


def warm() -> None:
    """Load the addresses and views, compile the templates, know the build; about 0.2 seconds."""
    get_resolver()._populate()
    get_format("DATE_FORMAT")
    build_id()
    plain("A first text makes the parser ready.")
    folder = settings.BASE_DIR / "templates"
    for path in sorted(folder.rglob("*.html")):
        get_template(str(path.relative_to(folder)))
