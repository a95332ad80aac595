"""A JSON object with a key twice is refused, wherever it stands and however it is written."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.duplicates import keys_of_canonical, keys_of_text, refuse_duplicates
from importer.errors import BundleError
from importer.pipeline import Options, import_bundles
from library.models import Snapshot
from tests.factories import bundle, mitigation, source
from tests.importer.hostile import OFTEN

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANY_JSON, st.sampled_from([None, 2]))
@OFTEN
def test_a_text_has_as_many_keys_as_its_canonical_form(value: Any, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent).encode(errors="surrogatepass")
    keys = keys_of_canonical(orjson.dumps(orjson.loads(text)))
    # Some texts hold what looks like a colon set apart: they are looked at more closely.
    assert keys_of_text(text) in {keys, -1}


def test_a_text_cannot_tell_when_its_colons_stand_apart() -> None:
    assert keys_of_text(b'{"a" : 1}') == -1


def with_twice(old: bytes, new: bytes) -> bytes:
    content = orjson.dumps(bundle(mitigation("M1000", "Alpha", description="Kept.")))
    assert content.count(old) == 1
    return content.replace(old, new)


DESCRIBED = b'"description":"Kept."'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (with_twice(DESCRIBED, b'"description":"Lost.",' + DESCRIBED), "'description' twice."),
        (with_twice(DESCRIBED, b'"d\\u0065scription" : "Lost.",' + DESCRIBED), "'description'"),
        (with_twice(DESCRIBED, DESCRIBED + b',"x":{"y":1,"y":2}'), "'y' twice."),
        (with_twice(DESCRIBED, DESCRIBED + b',"x\\\\":1,"x\\\\":2'), "twice."),
        (with_twice(b'"objects":[', b'"objects":[{"a":1}],"objects":['), "'objects' twice."),
    ],
)
@pytest.mark.django_db
def test_a_bundle_is_refused_when_a_key_stands_twice(text: bytes, said: str) -> None:
    with pytest.raises(BundleError, match=said):
        import_bundles([source(text)], Options())
    assert not Snapshot.objects.exists()


@pytest.mark.django_db
def test_a_bundle_comes_in_when_its_colons_stand_apart() -> None:
    text = with_twice(DESCRIBED, b'"description" : "Kept, \\": and all."')
    (report,) = import_bundles([source(text)], Options())
    assert report.status == "imported"


def test_the_object_is_named_when_a_key_stands_twice() -> None:
    with pytest.raises(BundleError, match="'x--1' has the key 'a' twice"):
        refuse_duplicates(b'{"objects": [{"id": "x--1", "a": 1, "a": 2}]}')
