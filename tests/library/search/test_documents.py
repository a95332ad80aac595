"""The documents that a search reads."""

import pytest

from library.documents import document_of, rebuild
from library.models import SearchDocument
from tests.factories import Properties, stix_object
from tests.library.pages import Site

pytestmark = pytest.mark.django_db


def test_documents_are_the_same_when_they_are_made_anew(library: Site) -> None:
    columns = ("version", "names", "platforms", "words")
    before = list(SearchDocument.objects.order_by("version").values(*columns))
    assert rebuild() == len(before) > 5
    assert list(SearchDocument.objects.order_by("version").values(*columns)) == before


def test_an_object_without_a_list_has_no_document() -> None:
    for stix_type in ("identity", "relationship", "x-mitre-collection"):
        assert document_of(stix_object(stix_type, "Strange")) is None
    assert document_of({"name": "No type"}) is None


@pytest.mark.parametrize(
    "odd", [{"name": 1}, {"aliases": "x"}, {"aliases": [None, 2]}, {"x_mitre_platforms": {"a": 1}}]
)
def test_a_document_is_made_when_properties_are_odd(odd: Properties) -> None:
    made = document_of({"type": "intrusion-set", "name": "A"} | odd)
    assert made is not None
    assert made.platforms == ()
