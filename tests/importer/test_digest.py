"""The digest: RFC 8785's canonical bytes, told apart by every value and by nothing else."""

import copy
import hashlib
import json
import math
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import assume, example, given
from hypothesis import strategies as st

from importer.acquire import unpack
from importer.digest import DEEPEST, digest
from importer.errors import BundleError
from importer.parse import parse
from tests.factories import Properties
from tests.importer import golden
from tests.importer.hostile import (
    JSON_OBJECTS,
    JSON_VALUES,
    LARGEST,
    LEAVES,
    OFTEN,
    TEXTS,
    VALID,
    damaged_bundles,
    nested,
)

TOOL = "tool--3f2b8c1e-5a70-4d0e-9c57-0f3a1b7d2e64"
KEYS = TEXTS | st.text(st.characters(max_codepoint=127), max_size=4)


def refused(properties: Properties) -> str:
    with pytest.raises(BundleError) as refusal:
        digest({"id": TOOL} | properties)
    return str(refusal.value)


def canonical(text: str | bytes) -> bytes:
    """The canonical form of an object in JSON text."""
    return digest(orjson.loads(text)).canonical


def independent(value: Any) -> bytes:
    """The canonical form by RFC 8785's own words, of what holds no number but integers."""
    if isinstance(value, dict):
        # §3.2.3: by the names' UTF-16 code units.
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        pairs = (independent(name) + b":" + independent(value[name]) for name in names)
        return b"{" + b",".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(independent, value)) + b"]"
    # §3.2.2.2: as ECMAScript and Python write strings; §3.2.2.1: literals.
    return json.dumps(value, ensure_ascii=False).encode()


def shuffled(value: Any, by: random.Random) -> Any:
    """The same JSON value with the keys of every object in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(part, by)) for key, part in value.items()]
        by.shuffle(pairs)
        return dict(pairs)
    return [shuffled(part, by) for part in value] if isinstance(value, list) else value


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value: its container, and its key or index there."""
    steps: Any = ()
    if isinstance(value, (dict, list)):
        steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, part in steps:
        yield value, step
        yield from places(part)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 is 1.0 and not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(type(one) is type(other) or {type(one), type(other)} <= {int, float}) and (
        one == other
    )


@golden.each_sample
def test_digest_agrees_with_the_golden_file_when_given_a_sample(name: str) -> None:
    objects = golden.bundle_of(name).objects
    golden.check(
        name,
        "digest",
        {found["id"]: digest(found).sha256.hex() for found in golden.chosen(objects)},
    )


@golden.each_sample
def test_digest_equals_an_independent_one_when_given_every_object_of_a_sample(name: str) -> None:
    for found in json.loads(golden.raw_of(name))["objects"]:
        assert digest(found).canonical == rfc8785.dumps(found) == independent(found)
        assert digest(found).sha256 == hashlib.sha256(rfc8785.dumps(found)).digest()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["ics-attack-17.1", "ics-attack-18.1"])
def test_digest_equals_an_independent_one_when_given_a_real_bundle(
    attack_bundles: Path, name: str
) -> None:
    raw = unpack(name, (attack_bundles / f"{name}.json.xz").read_bytes()).raw
    found = {each["id"]: digest(each).sha256 for each in parse(raw).objects}
    objects = json.loads(raw)["objects"]
    expected = {each["id"]: hashlib.sha256(rfc8785.dumps(each)).digest() for each in objects}
    assert found == expected


@given(properties=st.dictionaries(KEYS, JSON_VALUES, max_size=6))
@example({"\r": 1, "": 2, '"': 3, "\\": 4, "/": 5, "\x7f": 6, " ": 7, "!": 8, "\t": 9})
@example({"a": "x", "a\x00": "y", "a\x1f": "z", "A": ":-1", "aa": ",[1"})
@example({"\ufb33": 1, "\U0001f600": 2, "\ue000": 3, "é": 4, "z": 5})
@OFTEN
def test_digest_equals_an_independent_one_when_given_any_json(properties: Properties) -> None:
    assert digest(properties).canonical == rfc8785.dumps(properties)
    assert digest(properties).sha256 == hashlib.sha256(rfc8785.dumps(properties)).digest()


@given(properties=st.dictionaries(KEYS, TEXTS | st.lists(TEXTS | st.booleans()), max_size=8))
@OFTEN
def test_digest_equals_the_rfcs_own_words_when_there_are_no_numbers(properties: Properties) -> None:
    assert digest(properties).canonical == independent(properties)


@given(properties=JSON_OBJECTS)
@OFTEN
def test_digest_is_of_text_that_reads_as_the_same_when_parsed_again(properties: Properties) -> None:
    found = digest(properties)
    assert same(orjson.loads(found.canonical), properties)
    assert digest(orjson.loads(found.canonical)) == found


@pytest.mark.parametrize("number", [1.0, -1.0, 1e-7, -0.0, 1e15])
@pytest.mark.parametrize("before", [[], [None], ["a"], ["\\"], [{}], [[]], [{"a": []}], [[True]]])
def test_a_number_is_written_canonically_when_it_stands_anywhere(
    number: float, before: list[Any]
) -> None:
    # Numbers are looked for in the text that orjson writes: none may hide behind its brackets.
    for part in (number, [number], [[number]], {"a": number}, [{"": number}], {"a": [[[number]]]}):
        for properties in ({"x": [*before, part]}, {"x": {"y": [[*before, part], "z"]}}):
            assert digest(properties).canonical == rfc8785.dumps(properties)


@given(properties=JSON_OBJECTS, by=st.randoms(use_true_random=False))
@OFTEN
def test_digest_is_the_same_when_keys_stand_in_another_order(
    properties: Properties, by: random.Random
) -> None:
    assert digest(shuffled(properties, by)) == digest(properties)


@given(properties=JSON_OBJECTS, put=JSON_VALUES, data=st.data())
@OFTEN
def test_digest_is_another_when_any_value_changes(
    properties: Properties, put: Any, data: st.DataObject
) -> None:
    changed = copy.deepcopy(properties)
    found = list(places(changed))
    assume(found)
    container, step = data.draw(st.sampled_from(found))
    before = container[step]
    container[step] = put
    assert (digest(changed) == digest(properties)) is same(before, put)


@given(properties=JSON_OBJECTS, name=KEYS, value=LEAVES)
@OFTEN
def test_digest_is_another_when_a_field_is_gained_or_lost(
    properties: Properties, name: str, value: Any
) -> None:
    assume(name not in properties)
    assert digest(properties | {name: value}) != digest(properties)


@given(parts=st.lists(JSON_VALUES, min_size=2, max_size=5), by=st.randoms(use_true_random=False))
@OFTEN
def test_digest_is_another_when_a_list_stands_in_another_order(
    parts: list[Any], by: random.Random
) -> None:
    other = by.sample(parts, len(parts))
    assert (digest({"x": other}) == digest({"x": parts})) is same(other, parts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (0, False),
        (1, True),
        (1, "1"),
        (None, ""),
        (None, False),
        ("", []),
        ([], {}),
        ([None], []),
        ({"a": None}, {}),
        (["ab"], ["a", "b"]),
        (["a", ["b"]], [["a"], "b"]),
        ("é", "e\u0301"),
        ("\x00", "\\u0000"),
        ("a", "a "),
        (LARGEST, LARGEST - 1),
        (0.1, 0.10000000000000002),
        (1e-7, 1e-8),
    ],
)
def test_digest_is_another_when_values_only_look_alike(one: Any, other: Any) -> None:
    assert digest({"x": one}) != digest({"x": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"x":1}', b' {\n"x" : 1.0 }'),
        (b'{"x":0}', b'{"x":-0.0}'),
        (b'{"x":100}', b'{"x":1e2}'),
        (b'{"x":"/e"}', b'{"x":"\\/\\u0065"}'),
        ('{"x":"😀"}'.encode(), b'{"x":"\\ud83d\\ude00"}'),
        (b'{"\\u0061":"\\u000a"}', b'{"a":"\\n"}'),
    ],
)
def test_digest_is_the_same_when_only_the_writing_differs(one: bytes, other: bytes) -> None:
    assert canonical(one) == canonical(other)


def test_digest_agrees_with_the_examples_of_rfc_8785() -> None:
    # §3.2.2 without its 1E30, which is beyond 2^53.
    example_of_text = (
        r'{"numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],'
        r' "string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/",'
        r' "literals": [null, true, false]}'
    )
    assert (
        canonical(example_of_text)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )
    # §3.2.3
    example_of_order = (
        r'{"\u20ac": "Euro Sign", "\r": "Carriage Return",'
        r' "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",'
        r' "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",'
        r' "\u00f6": "Latin Small Letter O With Diaeresis"}'
    )
    assert list(orjson.loads(canonical(example_of_order)).values()) == [
        *("Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis"),
        *("Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh"),
    ]


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
    ],
)
def test_numbers_are_written_as_in_the_table_of_rfc_8785(bits: str, expected: str) -> None:
    # Appendix B
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert digest({"x": number}).canonical == f'{{"x":{expected}}}'.encode()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    "number", [2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, 1e20, 2.0**53, 1e308, 2**5000]
)
def test_a_number_is_refused_when_it_is_beyond_2_to_53(number: float, sign: int) -> None:
    hostile = {"a": 1, "x_list": [{"ok": LARGEST}, {"count": sign * number}]}
    expected = f"{TOOL} has a number beyond 2^53 - 1 in field x_list[1].count."
    assert refused(hostile) == expected
    if number < 1e300:
        text = json.dumps({"id": TOOL} | hostile)
        assert refused(orjson.loads(text)) == expected


@pytest.mark.parametrize("number", [LARGEST, -LARGEST])
def test_a_number_is_kept_when_it_is_the_largest(number: int) -> None:
    assert digest({"x": number}).canonical == f'{{"x":{number}}}'.encode()


@pytest.mark.parametrize("key", ["x", "é"])
def test_an_object_is_refused_when_it_is_nested_too_deeply(key: str) -> None:
    # Itself one level, its lists the rest.
    sound = {key: nested(DEEPEST - 1)}
    assert digest(sound).canonical == rfc8785.dumps(sound)
    for levels in (DEEPEST, 1000, 20_000):
        message = refused({key: nested(levels)})
        assert message.startswith(f"{TOOL} has more than {DEEPEST} levels in field '{key}[0][0]")
        assert len(message) < 200


def test_a_refusal_is_one_short_line_when_the_field_has_a_hostile_name() -> None:
    for name in ("\x1b[2J\n", "x" * 1_000_000, "\U0001f600" * 1000, "\u202e"):
        message = refused({name: [2**53]})
        assert message.isprintable()
        assert len(message) < 200
    assert refused({"": 2**53}) == f"{TOOL} has a number beyond 2^53 - 1 in field ''."


def test_numbers_are_looked_through_when_they_are_many_under_a_long_name() -> None:
    # The name of a field must not be written out for each of its parts.
    many = {"x" * 100_000: list(range(100_000))}
    assert digest(many).canonical == orjson.dumps(many)


@given(broken=damaged_bundles())
@OFTEN
def test_digest_raises_nothing_else_when_a_bundle_is_damaged(broken: Properties) -> None:
    objects = broken.get("objects")
    for found in objects if isinstance(objects, list) else ():
        if isinstance(found, dict):
            assert digest(found).canonical == rfc8785.dumps(found)


def test_digest_leaves_the_object_as_it_was() -> None:
    for found in VALID["objects"]:
        before = copy.deepcopy(found)
        digest(found)
        assert found == before
        assert list(found) == list(before)


def test_no_number_is_infinite_when_it_comes_from_json() -> None:
    # Such a number would be written as null; the parser lets none through.
    for text in (b"1e999", b"-1e999", b"NaN", b"Infinity"):
        with pytest.raises(BundleError):
            parse(b'{"type":"bundle","objects":[{"id":"%b","x":%b}]}' % (TOOL.encode(), text))
    assert math.isfinite(orjson.loads(b"1.7976931348623157e308"))
