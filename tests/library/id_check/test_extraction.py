"""What is an ATT&CK ID in a text, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from library.id_check.extraction import MOST_COUNTED, MOST_FORMS, MOST_LISTED, extract


def found(text: str) -> list[str]:
    return list(extract(text, ()).counts)


_SUBS = ["T1547.001", "T1021.001", "T1071.001", "T1003.001"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("T1059", ["T1059"]),
        ("t1059.001", ["T1059.001"]),
        ("TA0002, M1037; S0017|G0007", ["TA0002", "M1037", "S0017", "G0007"]),
        ("C0028 A0003 DS0029 DC0085", ["C0028", "A0003", "DS0029", "DC0085"]),
        ("DET0794 AN1926", ["DET0794", "AN1926"]),
        ("tags:\n    - attack.t1059.001\n    - attack.ta0002", ["T1059.001", "TA0002"]),
        ("https://attack.mitre.org/techniques/T1059/001/", ["T1059.001"]),
        ("https://attack.mitre.org/datasources/DS0017/#Command", ["DS0017"]),
        (r'"https:\/\/attack.mitre.org\/techniques\/T1059\/001"', ["T1059.001"]),
        (r'{"comment": "see\nT1059\tT1060"}', ["T1059", "T1060"]),
        ("?id=%20T1059%2FT1060", ["T1059", "T1060"]),
        ("win_t1059_001.yml", ["T1059.001"]),
        (r"T1547_001 T1021-001 T1071:001 T1003\001", _SUBS),
        ("T1547\u2011001 T1021\u2013001 T1071%2F001 T1003\\\\001", _SUBS),
        ("G0007_001 S0017-123 TA0002:001", ["G0007", "S0017", "TA0002"]),
        ("T1059.001.yml, T1003-T1005.", ["T1059.001", "T1003", "T1005"]),
        ("(T1059)“T1060”T1061。", ["T1059", "T1060", "T1061"]),
        ("S0017.json S0018/123", ["S0017", "S0018"]),
        ("T1059/2024", ["T1059"]),
        ("T1059.1 T1059.01", ["T1059.1", "T1059.01"]),
        ("\ufeffT1059", ["T1059"]),
    ],
)
def test_id_is_found(text: str, ids: list[str]) -> None:
    assert found(text) == ids


@pytest.mark.parametrize(
    "text",
    [
        *("S3", "T1", "T105", "T10590", "xT1059", "T1059x", "AT1059", "1T1059", "é0001"),
        *("CVE-2021-44228", "KB5001330", "X1059", "#dc1234", "#a12345", "MOB-T1002"),
        *("PRE-T1009", "pre-t1009", "PRE-TA0001"),
        *("T1059.0012", "d41d8cd98f00b204e9800998ecf8427e", "DE0001", "\u017f0017"),
        "c1234567-0000-4000-8000-00000000a123",
    ],
)
def test_other_tokens_are_not_taken(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "spellings"),
    [
        ("T1547_001 t1547-001 T1547.001", {"T1547.001": ["T1547_001", "t1547-001"]}),
        ("T1059/24 T1059:10", {"T1059": ["T1059/24", "T1059:10"]}),
        ("T1059/001 t1060 T1061.1 T1059-T1060 G0007_001", {}),
    ],
)
def test_what_was_not_written_as_ids_are_is_kept_beside_what_it_was_read_as(
    text: str, spellings: dict[str, list[str]]
) -> None:
    assert extract(text, ()).spellings == spellings


NEW_FORMS = {"SE0001", "SE0002.001", "X-12-b", "enterprise-attack", "0042", "T1059"}


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("see SE0001, SE0002.001 and X-12-b.", {"SE0001": 1, "SE0002.001": 1, "X-12-b": 1}),
        (r'{"a": "one\nSE0001"} ?id=%20SE0001 sensors/SE0001.yml', {"SE0001": 3}),
        ("SE0001.999 (SE0001)", {"SE0001": 2}),
        ("SE0001.0019 SE0001.1 T1059.0019", {}),
        ("SE0001. X-12-b.2", {"SE0001": 1, "X-12-b": 1}),
        ("T1059 SE0001", {"T1059": 1, "SE0001": 1}),
        ("SE0009 se0001 XSE0001 SE00012 SE0001a enterprise-attack 0042", {}),
    ],
)
def test_id_of_a_new_form_is_found_where_a_release_that_is_compared_has_it(
    text: str, ids: dict[str, int]
) -> None:
    assert extract(text, (), NEW_FORMS).counts == ids


def test_ids_of_ever_so_many_forms_are_looked_for_in_bounded_time() -> None:
    many = {f"{a}{b}{c}-1" for a in "ABCDEFGH" for b in "ABCDEFGH" for c in "ABCDEFGH"}
    assert len(extract(" ".join(many), (), many).counts) == MOST_FORMS


def test_order_of_appearance_is_kept_and_repetitions_are_counted() -> None:
    made = extract("T1060 t1059 T1060 T1059/001 T1059.001 T1059", ())
    assert made.counts == {"T1060": 2, "T1059": 2, "T1059.001": 2}
    assert made.mentions == 6
    assert made.distinct == 3


def test_every_known_id_is_kept_and_unknown_ones_are_listed_up_to_a_bound() -> None:
    noise = " ".join(f"G{number:04}" for number in range(1000))
    made = extract(f"{noise} T1059 G0999", {"T1059"})
    assert len(made.counts) == MOST_LISTED + 1
    assert made.counts["T1059"] == 1
    assert len(made.unlisted) == 1000 - MOST_LISTED
    assert made.distinct == 1001
    assert not made.is_cut


def test_unknown_ids_are_counted_up_to_a_bound() -> None:
    noise = " ".join(f"{letter}{number:04}" for letter in "GS" for number in range(10_000))
    made = extract(noise, ())
    assert made.is_cut
    assert len(made.unlisted) == MOST_COUNTED
    assert made.mentions == 20_000


@given(st.text(alphabet="TASGMCDENtdé0123456789./\\# -_%un\x00\ud800"))
def test_what_is_found_has_the_form_of_an_id_whatever_the_text(text: str) -> None:
    for attack_id in found(text):
        base, _, sub = attack_id.partition(".")
        letters = base[:-4]
        assert base[-4:].isascii()
        assert base[-4:].isdigit()
        assert letters in {"T", "TA", "S", "G", "M", "C", "A", "AN", "DET", "DS", "DC"}
        assert not sub or (letters == "T" and sub.isascii() and sub.isdigit())
