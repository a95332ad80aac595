"""Parts of addresses that have a form of their own."""

from django.urls.converters import StringConverter


class FormConverter(StringConverter):
    """The forms of file."""

    regex = "json|csv|xlsx|stix|navigator"


class ComparisonFormConverter(StringConverter):
    """The forms of file that two releases compared have."""

    regex = "json|csv|xlsx|markdown|navigator"


class StixTypeConverter(StringConverter):
    """A STIX type; no STIX id, which has two hyphens in a row."""

    regex = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*"


class ReleaseConverter(StringConverter):
    """A release, whatever it is called; two have three points between them."""

    regex = r"(?:(?!\.\.\.)[^/]){1,60}"
