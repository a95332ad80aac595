"""Parsing: whatever comes in, a bundle whose structure can be relied on, or one clear refusal."""

import copy
import json
from collections import Counter
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import BundleError
from importer.parse import Bundle, is_stix_id, parse, quoted
from tests.factories import Properties
from tests.importer import golden
from tests.importer.hostile import (
    JSON_OBJECTS,
    JSON_VALUES,
    ODD_VALUES,
    OFTEN,
    VALID,
    damaged_bundles,
)

UUID = "3f2b8c1e-5a70-4d0e-9c57-0f3a1b7d2e64"
# Digits to Python, not to STIX.
ARABIC = UUID.replace("0", "\u0660")
TOOL = f"tool--{UUID}"
RAW = orjson.dumps(VALID)


def wrapped(*objects: Any, **of_bundle: Any) -> bytes:
    """A bundle of these objects, whatever they are."""
    return orjson.dumps({"type": "bundle", "objects": list(objects)} | of_bundle)


def tool(**properties: Any) -> Properties:
    return {"type": "tool", "id": TOOL} | properties


def refused(raw: bytes) -> str:
    with pytest.raises(BundleError) as refusal:
        parse(raw)
    return str(refusal.value)


def parsed_or_refused(raw: bytes | bytearray) -> Bundle | None:
    """What `parse` makes of bytes, checked against what it promises; None where it refuses."""
    try:
        bundle = parse(raw)
    except BundleError as refusal:
        assert_reads_as_a_sentence(str(refusal))
        return None
    assert bundle.spec_version in {"2.0", "2.1"}
    assert bundle.objects
    ids = [found["id"] for found in bundle.objects]
    assert len(set(ids)) == len(ids)
    assert all(is_stix_id(found["id"]) for found in bundle.objects)
    assert all(found["id"].startswith(f"{found['type']}--") for found in bundle.objects)
    return bundle


def assert_reads_as_a_sentence(text: str) -> None:
    assert text.endswith(".")
    assert text.isprintable()
    assert len(text) < 700


@golden.each_sample
def test_parse_agrees_with_the_golden_file_when_given_a_sample(name: str) -> None:
    bundle = parse(golden.raw_of(name))
    assert bundle.objects == json.loads(golden.raw_of(name))["objects"]
    by_type = Counter(found["type"] for found in bundle.objects)
    found = {"spec_version": bundle.spec_version, "objects_by_type": dict(by_type)}
    golden.check(name, "parse", found)


@given(raw=st.binary(max_size=300))
@OFTEN
def test_parse_raises_nothing_else_when_given_any_bytes(raw: bytes) -> None:
    assert parsed_or_refused(raw) is None


@given(value=JSON_VALUES)
@OFTEN
def test_parse_raises_nothing_else_when_given_any_json(value: Any) -> None:
    assert parsed_or_refused(orjson.dumps(value)) is None


@given(objects=st.lists(JSON_VALUES, max_size=4), more=JSON_OBJECTS)
@OFTEN
def test_parse_raises_nothing_else_when_the_objects_are_any_json(
    objects: list[Any], more: Properties
) -> None:
    assert parsed_or_refused(wrapped(*objects, **more)) is None


@given(broken=damaged_bundles())
@OFTEN
def test_parse_raises_nothing_else_when_a_bundle_is_damaged(broken: Properties) -> None:
    bundle = parsed_or_refused(orjson.dumps(broken))
    assert bundle is None or bundle.objects == broken["objects"]


@given(start=st.integers(0, len(RAW)), skipped=st.integers(1, 40), put=st.binary(max_size=4))
@OFTEN
def test_parse_raises_nothing_else_when_bytes_are_replaced(
    start: int, skipped: int, put: bytes
) -> None:
    parsed_or_refused(RAW[:start] + put + RAW[start + skipped :])


def test_parse_refuses_when_the_bundle_is_cut_anywhere() -> None:
    for length in range(0, len(RAW), 7):
        assert refused(RAW[:length]).startswith("not JSON: ")
    assert parsed_or_refused(bytearray(RAW)) is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" \n",
        b"\x00",
        b"<!DOCTYPE html>",
        b"\xef\xbb\xbf" + RAW,
        RAW.decode().encode("utf-16"),
        RAW.decode().encode("utf-16-le"),
        RAW.decode().encode("utf-32"),
        RAW.replace(b"Attack", b"Atta\xff"),
        RAW.replace(b"Attack", b"\xc3"),
        RAW.replace(b"Attack", b"\xed\xa0\x80"),
        RAW.replace(b"Attack", b"\\ud800"),
        RAW.replace(b"Attack", b"\\udc00\\ud800"),
        RAW.replace(b"Attack", b"\x00"),
        RAW.replace(b"Attack", b"\n"),
        RAW + b"\x00",
        RAW + RAW,
        RAW.replace(b'"1.0"', b"1e999"),
        RAW.replace(b'"1.0"', b"-1e999"),
        RAW.replace(b'"1.0"', b"9" * 100_000),
        RAW.replace(b'"1.0"', b"NaN"),
        RAW.replace(b'"1.0"', b"Infinity"),
        RAW.replace(b'"1.0"', b"01"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"type":"bundle","objects":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=range(27),
)
def test_parse_refuses_when_the_text_is_not_json(raw: bytes) -> None:
    message = refused(raw)
    assert message.startswith("not JSON: ")
    assert "line " in message or "from byte " in message
    assert_reads_as_a_sentence(message)


@pytest.mark.parametrize("value", [None, True, 0, 1.5, "bundle", [], ["bundle"], {}, [VALID]])
def test_parse_refuses_when_the_whole_is_not_a_bundle(value: Any) -> None:
    assert refused(orjson.dumps(value)) == (
        'not a STIX bundle: the whole is not an object of type "bundle".'
    )


@pytest.mark.parametrize("value", ODD_VALUES)
def test_parse_refuses_when_the_objects_are_not_a_list_of_objects(value: Any) -> None:
    message = refused(wrapped(objects=value))
    if not isinstance(value, list):
        assert message == "not a STIX bundle: field objects is not a list."
    elif not value:
        assert message == "an empty bundle: field objects holds nothing."
    elif not isinstance(value[0], dict):
        assert message == "objects[0] is not a JSON object."
    else:
        assert message == "objects[0] has no id."


def test_parse_refuses_when_there_are_no_objects() -> None:
    assert refused(b'{"type":"bundle"}') == "not a STIX bundle: field objects is not a list."


@pytest.mark.parametrize(
    ("stix_id", "shown"),
    [
        (None, "None"),
        (7, "7"),
        ("", "''"),
        ("tool", "'tool'"),
        ("tool--", "'tool--'"),
        (f"--{UUID}", f"'--{UUID}'"),
        (UUID, f"'{UUID}'"),
        (f"tool-{UUID}", f"'tool-{UUID}'"),
        (f"tool--{UUID} ", f"'tool--{UUID} '"),
        (f"tool--{UUID}\n", f"'tool--{UUID}\\n'"),
        (f"tool--{UUID}\x00", f"'tool--{UUID}\\x00'"),
        (f"tool--{UUID.upper()}", f"'tool--{UUID.upper()}'"),
        (f"tool--{UUID.replace('3', 'g')}", f"'tool--{UUID.replace('3', 'g')}'"),
        (f"Tool--{UUID}", f"'Tool--{UUID}'"),
        (f"to_ol--{UUID}", f"'to_ol--{UUID}'"),
        (f"tool--tool--{UUID}", f"'tool--tool--{UUID}'"),
        (f"t--{UUID}", f"'t--{UUID}'"),
        (f"tool--{ARABIC}", f"'tool--{ARABIC}'"),
        ([TOOL], f"['{TOOL}']"),
        ({}, "{}"),
        ("x" * 10_000, f"'{'x' * 37}...{'x' * 38}'"),
    ],
)
def test_parse_refuses_when_an_id_is_malformed(stix_id: Any, shown: str) -> None:
    assert refused(wrapped(tool(), {"type": "tool", "id": stix_id})) == (
        f"objects[1] has a malformed id: {shown}."
    )


@pytest.mark.parametrize("stix_type", [None, 7, "", "Tool", "malware", "tool\n", ["tool"], {}])
def test_parse_refuses_when_a_type_is_unlike_the_id(stix_type: Any) -> None:
    assert refused(wrapped(tool(type=stix_type))) == (
        f"{TOOL} has the type {stix_type!r}, unlike its id."
    )


def test_parse_refuses_when_an_object_lacks_its_type() -> None:
    assert refused(wrapped({"id": TOOL})) == f"{TOOL} has no type."


def test_parse_refuses_when_an_id_stands_twice() -> None:
    other = {"type": "malware", "id": f"malware--{UUID}"}
    assert refused(wrapped(tool(), other, tool(name="Other"))) == (
        f"{TOOL} stands in the bundle twice (again at objects[2])."
    )


@pytest.mark.parametrize("length", [3, 100, 250])
def test_types_nobody_knows_are_kept_when_stix_allows_their_name(length: int) -> None:
    stix_type = "x" * length
    unknown = {"type": stix_type, "id": f"{stix_type}--{UUID}", "x_new": {"any": [1, None]}}
    assert parse(wrapped(unknown)).objects == [unknown]


def test_types_are_refused_when_they_are_longer_than_stix_allows() -> None:
    stix_type = "x" * 251
    message = refused(wrapped({"type": stix_type, "id": f"{stix_type}--{UUID}"}))
    assert message.startswith("objects[0] has a malformed id: 'xxx")


@pytest.mark.parametrize(
    ("of_bundle", "of_objects", "expected"),
    [
        ({}, [{}], "2.0"),
        ({"spec_version": "2.0"}, [{}], "2.0"),
        ({}, [{"spec_version": "2.1"}], "2.1"),
        ({}, [{"spec_version": "2.0"}, {"spec_version": "2.1"}], "2.1"),
        # As MITRE's first bundles in STIX 2.1 have it.
        ({"spec_version": "2.1"}, [{"spec_version": "2.1"}], "2.1"),
        ({"spec_version": "2.0"}, [{"spec_version": "2.1"}], "2.1"),
        # A version that is not one is a finding of that object.
        ({}, [{"spec_version": "2.1"}, {"spec_version": "3.0"}, {"spec_version": []}], "2.1"),
        ({"spec_version": "2.0"}, [{"spec_version": None}], "2.0"),
    ],
)
def test_the_stix_version_is_the_newest_that_is_stated(
    of_bundle: Properties, of_objects: list[Properties], expected: str
) -> None:
    ids = [f"tool--{number:08}{UUID[8:]}" for number in range(len(of_objects))]
    objects = [tool(id=stix_id) | more for stix_id, more in zip(ids, of_objects, strict=True)]
    assert parse(wrapped(*objects, **of_bundle)).spec_version == expected


@pytest.mark.parametrize("version", [None, 2.1, "3.0", "2.1\n", ["2.1"], {"2.1": 1}, "2" * 5000])
def test_parse_refuses_when_no_stated_version_is_known(version: Any) -> None:
    for place, raw in (
        ("the bundle", wrapped(tool(), spec_version=version)),
        (TOOL, wrapped(tool(spec_version=version))),
    ):
        assert refused(raw) == (f"{place} has the spec_version {quoted(version)}, not 2.0 or 2.1.")


@pytest.mark.parametrize("levels", [253, 900, 1000])
def test_parse_refuses_in_one_sentence_when_what_it_quotes_is_deep(levels: int) -> None:
    deep = "[" * levels + "]" * levels
    for objects in (f'{{"id":{deep}}}', f'{{"id":"{TOOL}","type":{deep}}}'):
        message = refused(f'{{"type":"bundle","objects":[{objects}]}}'.encode())
        assert "[[...]]" in message
        assert_reads_as_a_sentence(message)


@given(value=JSON_VALUES | st.sampled_from(ODD_VALUES))
@OFTEN
def test_a_value_is_quoted_short_and_on_one_line_when_it_is_anything(value: Any) -> None:
    assert quoted(value).isprintable()
    assert len(quoted(value)) < 600


def test_parse_keeps_every_field_when_it_knows_none_of_them() -> None:
    broken = copy.deepcopy(VALID)
    for found in broken["objects"]:
        found |= {"x_new": [None, {"": "\x00"}], "ключ": 1.5, "modified": 7}
    assert parse(orjson.dumps(broken)).objects == broken["objects"]


def test_parse_refuses_when_there_are_more_values_than_any_bundle_has() -> None:
    # Some megabytes that would take hundreds once parsed; packed, a few kilobytes.
    for unit in (b"[],", b"{},", b"[" * 900 + b"]" * 900 + b",", b"1,"):
        count = 4_000_001 // sum(unit.count(mark) for mark in (b",", b"[", b"{")) + 1
        raw = b'{"type":"bundle","objects":[' + unit * count + b"1]}"
        assert refused(raw).startswith("more than 4,000,000 values: ")


def test_parse_names_the_byte_when_the_text_is_not_utf8() -> None:
    at = RAW.index(b"bundle")
    assert refused(RAW[:at] + b"\xff" + RAW[at:]) == f"not JSON: not UTF-8 from byte {at} on."
