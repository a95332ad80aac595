"""The file of a Take by itself: its shape, its layout, and all that can be wrong with it."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.take import SECTIONS
from analysis.takefiles import tree
from analysis.takefiles.folder import file_names, read_folder
from analysis.takefiles.layout import file_bytes
from analysis.takefiles.reading import ReadFile, read_take
from analysis.takefiles.shape import RevisionKeys, TakeFile, schema_text
from analysis.writing import LONGEST_ENTRY, LONGEST_TAKE
from glexia.env import BASE_DIR

STARTERS = BASE_DIR / "fixtures" / "takes"
SCHEMA = BASE_DIR / "analysis" / "takefiles" / "take-file.schema.json"
OBJECT = "course-of-action--11111111-2222-4333-8444-555555555555"
AGAINST = f"""written_against:
  domain: enterprise
  release: '18.1'
  content_sha256: {"ab" * 32}
"""
PLAIN = f"""stix_id: {OBJECT}
attack_id: M1000
name: Measure
state: draft
author: ann
written_at: '2026-01-02T03:04:05Z'
{AGAINST}confidence: low
summary: What it means.
"""
FULL = f"""{PLAIN}likely_telemetry:
  - One log.
  - |-
    Another log:

    - in two parts
acts:
  - act: submitted
    by: ann
    at: '2026-01-03T00:00:00Z'
  - act: confirmed
    by: bob
    at: '2026-01-04T00:00:00.000001Z'
    note: Still right.
    against:
      domain: enterprise
      release: '18.1'
      content_sha256: {"cd" * 32}
earlier:
  - attack_id: M0999
    state: superseded
    starter: true
    author: bob
    written_at: '2026-01-01T00:00:00Z'
    change_note: First version.
    {AGAINST.replace("  ", "      ").strip()}
    confidence: high
    confidence_why: It was simple then.
    summary: What it meant.
"""


def read(text: str | bytes) -> ReadFile:
    return read_take("m.yaml", text if isinstance(text, bytes) else text.encode())


def complaints(text: str | bytes) -> list[str]:
    return [str(problem).removeprefix("m.yaml, ") for problem in sorted(read(text).problems)]


def taken(text: str | bytes) -> TakeFile:
    file = read(text)
    assert file.problems == ()
    assert file.take is not None
    return file.take


# --- shape and layout ---


def test_the_schema_kept_is_that_of_the_code() -> None:
    # manage.py shell -v 0 -c "from analysis.takefiles.shape import *; print(schema_text(), end='')"
    assert SCHEMA.read_text() == schema_text()
    jsonschema.Draft202012Validator.check_schema(yaml.safe_load(schema_text()))


SIZES = {
    "change_note": ("x" * 300, "x" * 301),
    "confidence_why": ("x" * 300, "x" * 301),
    "limits": ("x" * 10_000, "x" * 10_001),
    "likely_telemetry": (["x" * 10_000] * 40, ["x"] * 41),
    "mitigation_priorities": (["x"], ["x" * 10_001]),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_schema_has_the_bounds_of_the_import(name: str) -> None:
    schema = jsonschema.Draft202012Validator(yaml.safe_load(schema_text()))
    fits, does_not = (yaml.safe_load(PLAIN) | {name: said} for said in SIZES[name])
    assert schema.is_valid(fits)
    assert complaints(yaml.safe_dump(fits)) == []
    assert not schema.is_valid(does_not)
    assert len(complaints(yaml.safe_dump(does_not))) == 1


def test_the_schema_says_how_long_a_text_may_be_that_is_added() -> None:
    said = yaml.safe_load(schema_text())["description"]
    assert f"{LONGEST_TAKE:,} characters" in said
    assert f"{LONGEST_ENTRY:,} in an entry" in said


def test_the_file_has_every_section_in_the_order_of_the_page() -> None:
    fields = RevisionKeys.model_fields
    names = [name for name, _, _ in SECTIONS]
    assert [name for name in fields if name in names] == names
    for name, _, is_list in SECTIONS:
        assert (fields[name].default == []) is is_list


@pytest.mark.parametrize("path", sorted(STARTERS.glob("*/*.yaml")), ids=lambda path: path.stem)
def test_a_starter_file_fits_the_schema_and_is_as_export_lays_it_out(path: Path) -> None:
    content = path.read_bytes()
    jsonschema.validate(yaml.safe_load(content), yaml.safe_load(schema_text()))
    assert file_bytes(taken(content)).decode() == content.decode()


@pytest.mark.parametrize("text", [PLAIN, FULL])
def test_a_file_read_and_written_again_is_the_same(text: str) -> None:
    assert file_bytes(taken(text)).decode() == text
    jsonschema.validate(yaml.safe_load(text), yaml.safe_load(schema_text()))


def test_an_earlier_revision_has_the_names_of_its_time() -> None:
    take = taken(FULL)
    assert [take.names_of(found) for found in take.revisions] == [
        ("M0999", "Measure"),
        ("M1000", "Measure"),
    ]


LETTERS = "ab :#-'\"|>&*!%@`{}[],?\n\t\\~=<é😀\x85\u2028\ufeff"
WORDS = ("yes", "1.0", "- ", "null", "---", "...", "word " * 30, "\n\n", "  ")
AWKWARD = st.lists(st.sampled_from([*LETTERS, *WORDS]), max_size=40).map("".join)
KEPT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"))


@given(text=AWKWARD | KEPT)
@example(text="trailing ")
@example(text="two  \nspaces")
@example(text="\n leading\n\n")
@example(text="yes")
@example(text="1.0")
@example(text="- a: 'b' # \"c\"")
@example(text="tab\tand 😀\n\n\n- entry")
def test_any_text_is_the_same_after_a_round_trip(text: str) -> None:
    take = taken(PLAIN).model_copy(
        update={
            "name": text,
            "technical_view": text,
            "detection_direction": [text, "Another.", text] if text else [],
        }
    )
    written = file_bytes(take)
    again = TakeFile.model_validate(read_take("m.yaml", written).tree.data)
    assert again == take
    assert file_bytes(again) == written


def test_a_text_reads_as_itself_in_its_file() -> None:
    paragraphs = "First line,\nsecond line.\n\n- “An entry”: 😀"
    take = taken(PLAIN).model_copy(update={"technical_view": paragraphs, "limits": "word " * 40})
    text = file_bytes(take.model_copy(update={"limits": ("word " * 40).strip()})).decode()
    assert "technical_view: |-\n  First line,\n  second line.\n\n  - “An entry”: 😀\n" in text
    assert "limits: >-\n  word word" in text
    assert max(map(len, text.splitlines())) <= 100


def test_line_ends_are_those_of_unix_once_read() -> None:
    escaped = PLAIN.replace("What it means.", r'"One\r\ntwo\rthree."')
    assert taken(escaped).summary == "One\ntwo\nthree."
    assert taken(PLAIN.replace("\n", "\r\n")) == taken(PLAIN)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("Measure", "yes", "name"),
        ("'18.1'", "18.1", "release"),
        ("ann", "2026-01-02", "author"),
        (": What it means.", ": 5", "summary"),
        ("summary:", "limits: 5\nsummary:", "limits"),
        ("summary:", "executive_priority: yes\nsummary:", "executive_priority"),
        ("summary:", "change_note: 1.5\nsummary:", "change_note"),
        ("summary:", "likely_telemetry:\n- a\n- off\nsummary:", "likely_telemetry, entry 2"),
    ],
)
def test_what_is_no_text_to_yaml_and_the_schema_is_refused(old: str, new: str, field: str) -> None:
    text = PLAIN.replace(old, new, 1)
    schema = jsonschema.Draft202012Validator(yaml.safe_load(schema_text()))
    assert not schema.is_valid(yaml.safe_load(text))
    (complaint,) = complaints(text)
    assert f"{field}: a text is needed: write '" in complaint
    said = complaint.rpartition("write ")[2].removesuffix(", in quotes")
    quoted = new.replace(said.strip("'"), said, 1)
    assert complaints(text.replace(new, quoted, 1)) == []


def test_yaml_is_read_alike_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    take = taken(FULL)
    monkeypatch.setattr(tree, "LOADER", yaml.SafeLoader)
    assert taken(FULL) == take
    for content in (b"a: &x [y]\nb: *x\n", b"a: !!x b\n", b"a: " + b"[" * 5_000, b"a: [", b"\x07"):
        assert complaints(content)


def test_empty_sections_are_as_if_not_there() -> None:
    empty = 'technical_view: ""\nlimits:\nlikely_telemetry: []\ndetection_direction:\nearlier:\n'
    assert taken(PLAIN + empty) == taken(PLAIN)
    assert taken(PLAIN.encode("utf-8-sig")) == taken(PLAIN)


# --- what is wrong ---

NO_SHAPE = {
    "nothing": (b"", "m.yaml: the file is empty"),
    "a comment": (b"# nothing\n", "m.yaml: the file is empty"),
    "a list": (b"- a\n", "line 1: keys and values are needed, such as “stix_id: …”"),
    "a word": (b"a\n", "line 1: keys and values are needed, such as “stix_id: …”"),
    "another encoding": (b"a: b\nc: \xe9\n", "line 2: not UTF-8"),
    "UTF-16": (PLAIN.encode("utf-16"), "line 1: not UTF-8"),
    "a control character": (b"a: b\nc: \x07\n", "line 2: there is a control character in it"),
    "bad YAML": (b"a: b\nc: d: e\n", "line 2: not YAML: mapping values are not allowed"),
    "an open quote": (b'a: "b\n', "line 1: not YAML: found unexpected end of stream"),
    "an anchor": (b"a: b\nc: &x d\n", "line 2: anchors and aliases"),
    "an alias": (b"a: &x [y]\nb: *x\n", "line 1: anchors and aliases"),
    "a tag": (b"a: b\nc: !!python/name:os.system d\n", "line 2: tags are not taken"),
    "a tag of its own": (b"a: ! b\n", "line 1: tags are not taken"),
    "two documents": (b"a: b\n---\nc: d\n", "line 2: not YAML: but found another document"),
    "depth": (b"a: " + b"[" * 20 + b"]" * 20, "line 1: nested more than 10 levels deep"),
    "no bottom": (b"a: " + b"[" * 50_000, "line 1: not YAML: exceeded maximum nesting depth"),
    "size": (b"a:\n" + b"- b\n" * 200_000, "line 199998: more than 200,000 keys and values"),
    "a key that is a list": (b"? [a, b]\n: c\n", "line 1: a key is a word"),
}


@pytest.mark.parametrize("case", NO_SHAPE)
def test_what_is_not_plain_yaml_is_refused(case: str) -> None:
    content, said = NO_SHAPE[case]
    (complaint,) = complaints(content)
    assert complaint.startswith(said)


WRONG = {
    "no STIX id": ((f"stix_id: {OBJECT}\n", ""), "line 1: stix_id: this key is missing"),
    "a bad STIX id": ((OBJECT, "../../etc"), "line 1: stix_id: this does not have the form"),
    "an unknown key": (("author:", "autor: x\nauthor:"), "line 5: autor: there is no such key"),
    "a merge": (("author:", "<<: x\nauthor:"), "line 5: <<: there is no such key"),
    "a key twice": (("author:", "name: X\nauthor:"), "line 5: name: this key is there twice"),
    "a bad state": (("draft", "final"), "line 4: state: use one of 'draft', 'in review'"),
    "no author": (("author: ann", "author:"), "line 5: author: nothing is filled in"),
    "a list for a text": (("author: ann", "author: [a]"), "line 5: author: a text is needed"),
    "a bad time": (("2026-01-02", "2026-13-02"), "line 6: written_at: a time is needed"),
    "a number for a time": (("2026-01-02T03:04:05Z", "17"), "line 6: written_at: a time is"),
    "no baseline": ((AGAINST, "written_against:\n"), "line 7: written_against: keys and values"),
    "a bad domain": (("enterprise", "earth"), "line 8: written_against, domain: use one of"),
    "a bad release": (("18.1", "18.x"), "line 9: written_against, release: this does not"),
    "a bad hash": (("ab" * 32, "ab"), "line 10: written_against, content_sha256: this does not"),
    "no confidence": (("low", "''"), "line 11: confidence: nothing is filled in: use one of"),
    "a bad confidence": (("low", "sure"), "line 11: confidence: use one of"),
    "no summary": (("What it means.", ""), "line 12: summary: nothing is filled in"),
    "a summary of spaces": (("What it means.", '" "'), "line 12: summary: a Take needs a summary"),
    "a long note": (("author:", f"change_note: {'x' * 301}\nauthor:"), "line 5: change_note: 301"),
    "a text for a list": (
        ("summary:", "likely_telemetry: x\nsummary:"),
        "line 12: likely_telemetry: a list is needed",
    ),
    "an empty entry": (
        ("summary:", "likely_telemetry:\n- a\n-\nsummary:"),
        "line 14: likely_telemetry, entry 2: nothing is said: leave it out",
    ),
    "a list in a list": (
        ("summary:", "likely_telemetry:\n- a\n- [b]\nsummary:"),
        "line 14: likely_telemetry, entry 2: a text is needed",
    ),
    "an escaped control character": (
        ("What it means.", r'"\a"'),
        "line 12: summary: there is a control character in it",
    ),
    "an escaped NUL in a name": (
        ("Measure", r'"\0"'),
        "line 3: name: there is a character in it that cannot be kept",
    ),
    "a starter of no kind": (("author:", "starter: maybe\nauthor:"), "line 5: starter: use true"),
    "nothing to supersede it": (("draft", "superseded"), "line 4: state: the newest revision"),
    "a bad act": (("summary:", "acts:\n- act: shout\nsummary:"), "line 13: acts, entry 1, act:"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_by_line_and_field(case: str) -> None:
    (old, new), said = WRONG[case]
    assert old in PLAIN
    told = complaints(PLAIN.replace(old, new, 1))
    assert any(complaint.startswith(said) for complaint in told), told


HISTORIES = {
    "two published": (
        FULL.replace("draft", "published").replace("superseded", "published"),
        "earlier, entry 1, state: there is a newer published revision",
    ),
    "two open": (
        FULL.replace("superseded", "in review"),
        "earlier, entry 1, state: there is a newer open revision",
    ),
    "wrong in the past": (
        FULL.replace("confidence: high", "confidence: sure"),
        "earlier, entry 1, confidence: use one of",
    ),
    "too long in the past": (
        FULL.replace("It was simple then.", "x" * 301),
        "earlier, entry 1, confidence_why: 301 characters",
    ),
}


@pytest.mark.parametrize("case", HISTORIES)
def test_a_history_that_cannot_be_is_refused(case: str) -> None:
    text, said = HISTORIES[case]
    (told,) = complaints(text)
    assert said in told


def test_a_revision_that_is_there_twice_is_refused() -> None:
    entry = PLAIN.partition("name: Measure\n")[2].replace("draft", "superseded").rstrip()
    doubled = f"{PLAIN}earlier:\n  - {entry.replace(chr(10), chr(10) + '    ')}\n"
    (told,) = complaints(doubled)
    assert told.endswith("earlier, entry 1: the same revision is there twice")


def test_every_problem_of_a_file_is_told_at_once() -> None:
    text = PLAIN.replace("low", "sure").replace("ann", "''").replace("What it means.", "")
    text += "limits: [a]\nanalyst_notes: ' '\nmore: x\n"
    fields = [complaint.split(": ")[1] for complaint in complaints(text)]
    assert sorted(fields) == [
        *("analyst_notes", "author", "confidence", "limits", "more", "summary")
    ]


# --- names ---


def test_files_are_called_after_the_id_unless_that_makes_no_name_or_not_one() -> None:
    end = "--11111111-2222-4333-8444-55555555555"
    named = {
        f"course-of-action{end}0": "M1037",
        f"malware{end}1": "S0017",
        f"malware{end}2": "S0017",
        f"attack-pattern{end}3": "T1/../..",
        f"x-mitre-data-component{end}4": "",
        f"x-new{end}5": "N0001",
    }
    assert list(file_names(named).values()) == [
        "mitigations/M1037.yaml",
        *(f"objects/{stix_id}.yaml" for stix_id in list(named)[1:]),
    ]


def test_a_folder_is_read_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "real.yaml").write_text(PLAIN)
    (tmp_path / "a" / "link.yaml").symlink_to(tmp_path / "a" / "real.yaml")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    (tmp_path / "b.yaml").symlink_to("/dev/zero")
    (tmp_path / "notes.md").write_text("Not a Take.")
    found = {file.name: [p.message for p in file.problems] for file in read_folder(tmp_path)}
    assert found == {
        "a/link.yaml": ["this is a link, not a file"],
        "a/real.yaml": [],
        "a/round": ["this is a link, not a file"],
        "b.yaml": ["this is a link, not a file"],
    }


def test_time_is_kept_to_the_microsecond_in_utc() -> None:
    take = taken(PLAIN.replace("03:04:05Z", "03:04:05.000001+02:00"))
    assert take.written_at == datetime(2026, 1, 2, 1, 4, 5, 1, tzinfo=UTC)
    assert b"'2026-01-02T01:04:05.000001Z'" in file_bytes(take)
