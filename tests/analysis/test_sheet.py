"""What a printed sheet leaves out of a Take is worked out from its text alone."""

from django.utils.safestring import SafeString

from analysis.sheet import ROOM, height_of, sheet_of
from analysis.take import Section


def section(name: str, *lines: str) -> Section:
    return Section(name, name.capitalize(), False, tuple(map(SafeString, lines)))


SHORT, LONG, LIMITS = section("summary", "a"), section("long", *"a" * 200), section("limits", "a")


def test_a_sheet_holds_all_of_a_take_that_is_short() -> None:
    sheet = sheet_of([SHORT, LIMITS])
    assert sheet.is_whole
    assert not sheet.is_tight


def test_a_section_without_room_is_left_out_whole_and_later_ones_stay_when_they_fit() -> None:
    sheet = sheet_of([SHORT, LONG, LIMITS])
    assert sheet.names == {"long"}
    assert sheet.titles == "Long"
    assert not sheet.is_cut
    assert not sheet.is_tight


def test_a_summary_without_room_is_cut_and_nothing_stands_beside_it() -> None:
    sheet = sheet_of([LONG, LIMITS])
    assert sheet.is_cut
    assert sheet.names == {"limits"}


def test_what_nearly_fits_is_set_in_smaller_type() -> None:
    most = section("summary", *"a" * (ROOM - 13))
    assert height_of(most) > ROOM
    sheet = sheet_of([most])
    assert sheet.is_whole
    assert sheet.is_tight


def test_notices_above_and_what_stands_before_take_their_room() -> None:
    text = section("summary", *"a" * 78)
    assert not sheet_of([text]).is_tight
    assert sheet_of([text], ["A notice. " * 40]).is_tight
    assert not sheet_of([text], after=sheet_of([text])).is_whole


def test_lines_are_counted_as_they_break() -> None:
    assert height_of(section("summary", "word " * 100)) > 5 * height_of(section("summary", "word"))
    capitals, letters = (section("summary", letter * 500) for letter in "Wa")
    assert height_of(capitals) > height_of(letters)
    wide = section("summary", "語" * 500)
    assert height_of(wide) > height_of(capitals)
    quoted = Section("summary", "", False, (SafeString("<blockquote><p>a</p></blockquote>"),), True)
    deep = Section(
        "summary",
        "",
        False,
        (SafeString(f"{'<blockquote>' * 12}<p>{'a ' * 200}</p>{'</blockquote>' * 12}"),),
        True,
    )
    assert height_of(deep) > 5 * height_of(quoted)
    code = Section(
        "summary", "", False, (SafeString(f"<pre><code>{'x\n' * 90}</code></pre>"),), True
    )
    assert height_of(code) > 90


def entries(*parts: str) -> Section:
    return Section("likely_telemetry", "", True, tuple(map(SafeString, parts)))


def test_what_stays_on_its_lines_in_smaller_type_gains_their_height_alone() -> None:
    # One line each in either type: the sheet holds a tenth more of them, not a fifth.
    assert sheet_of([entries(*"a" * 88)]).is_whole
    assert not sheet_of([entries(*"a" * 100)]).is_whole


def test_words_are_never_parted_between_lines_unless_they_are_longer_than_one() -> None:
    word = "x" * 40
    assert height_of(entries(f"{word} {word} {word}")) == height_of(entries(*"a" * 3)) - 2 * (
        height_of(entries("a", "a")) - height_of(entries("a")) - 1
    )
    assert height_of(entries("x" * 400)) < height_of(entries(*"a" * 8))


def test_bold_letters_and_code_take_more_of_a_line() -> None:
    plain = "as it is " * 60
    for tag in ("strong", "code"):
        assert height_of(entries(f"<{tag}>{plain}</{tag}>")) > height_of(entries(plain))
    assert height_of(entries("w" * 300)) > height_of(entries("a" * 300))
