"""`draft_takes`: files to start from, with what ATT&CK records as comments."""

from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from analysis.models import Revision, State
from tests.factories import Properties, import_objects, mitigation, relationship, tactic, technique
from tests.takes import publish

pytestmark = pytest.mark.django_db
MEASURE, OTHER = mitigation("M1000", "Measure"), mitigation("M1001", "Other")
WAYS = [technique(f"T100{at}", f"Way {at}", ("goal",)) for at in range(3)]
PHONE = mitigation("M2000", "Phone", "mobile")


@pytest.fixture(autouse=True)
def library() -> None:
    links = [
        *(relationship("mitigates", MEASURE, way) for way in WAYS),
        relationship("mitigates", OTHER, WAYS[0]),
    ]
    import_objects(MEASURE, OTHER, *WAYS, *links, tactic("TA0001", "Goal", "goal"))
    import_objects(PHONE, domain="mobile")


def drafted(folder: Path, *arguments: str) -> list[str]:
    """The files made, those first on which most depends."""
    call_command("draft_takes", *arguments[:1], str(folder), *arguments[1:])
    made = [path for path in folder.rglob("*") if path.is_file()]
    made.sort(key=lambda path: path.stat().st_mtime_ns)
    return [str(path.relative_to(folder)) for path in made]


def failing(capsys: pytest.CaptureFixture[str], *command: str) -> list[str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        call_command(*command)
    assert ended.value.code == 2
    return capsys.readouterr().err.splitlines()


def test_drafts_are_made_for_objects_on_which_most_depends_first(tmp_path: Path) -> None:
    assert drafted(tmp_path, "mitigations") == [
        "mitigations/M1000.yaml",
        "mitigations/M1001.yaml",
        "mitigations/M2000.yaml",
    ]


def test_drafts_are_of_the_types_domain_and_number_asked_for(tmp_path: Path) -> None:
    assert drafted(tmp_path / "a", "mitigations", "--limit=1") == ["mitigations/M1000.yaml"]
    assert drafted(tmp_path / "b", "mitigations", "--domain=mobile") == ["mitigations/M2000.yaml"]
    call_command("draft_takes", "tactics", "techniques", str(tmp_path / "c"), "--limit=2")
    made = {str(path.relative_to(tmp_path / "c")) for path in (tmp_path / "c").rglob("*.yaml")}
    assert made == {"tactics/TA0001.yaml", "techniques/T1000.yaml"}


def test_objects_with_a_take_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    publish(MEASURE)
    assert "mitigations/M1000.yaml" not in drafted(tmp_path / "a", "mitigations")
    every = drafted(tmp_path / "b", "mitigations", "--no-missing-only")
    assert "mitigations/M1000.yaml" in every


def test_a_file_that_is_there_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("mitigations/M1000.yaml", f"objects/{OTHER['id']}.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("mine")
    drafted(tmp_path, "mitigations", "--domain=enterprise")
    assert "mitigations/M1000.yaml: skipped, there is a file already" in capsys.readouterr().out
    assert (tmp_path / "mitigations" / "M1000.yaml").read_text() == "mine"
    assert not (tmp_path / "mitigations" / "M1001.yaml").exists()


def test_evidence_stands_above_each_section_as_plain_text(tmp_path: Path) -> None:
    drafted(tmp_path, "mitigations", "--limit=1")
    text = (tmp_path / "mitigations" / "M1000.yaml").read_text()
    before, _, after = text.partition('summary: ""\n'.replace('""', "''"))
    assert "#   Measure addresses 3 techniques" in before
    assert "#   For 2 of 3 techniques it is the only mitigation ATT&CK lists" in after
    assert "<" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert yaml.safe_load(text)["written_against"]["domain"] == "enterprise"


def test_a_draft_as_it_is_lacks_what_is_to_be_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drafted(tmp_path, "mitigations", "--limit=1")
    said = [line.split(": ", 2)[1:] for line in failing(capsys, "import_takes", str(tmp_path))]
    assert said == [
        ["author", "nothing is filled in"],
        ["confidence", "nothing is filled in: use one of 'low', 'moderate' or 'high'"],
        ["summary", "nothing is filled in"],
    ]
    assert not Revision.objects.exists()


def test_a_draft_filled_in_is_imported_as_written_against_what_is_shown(tmp_path: Path) -> None:
    drafted(tmp_path, "mitigations", "--limit=1")
    path = tmp_path / "mitigations" / "M1000.yaml"
    text = path.read_text()
    for name, value in (("author", "ann"), ("confidence", "low"), ("summary", "It means this.")):
        assert f"\n{name}: ''\n" in text
        text = text.replace(f"\n{name}: ''\n", f"\n{name}: {value}\n")
    path.write_text(text)
    call_command("import_takes", str(tmp_path))
    made = Revision.objects.get()
    assert (made.state, made.take.stix_id) == (State.DRAFT, MEASURE["id"])
    assert made.sections == {"summary": "It means this."}
    assert made.snapshot is not None
    assert made.snapshot.domain == "enterprise"


HOSTILE: dict[str, Properties] = {
    "line ends": mitigation("M1002", "One\nstate: published\x85two\u2028three\r\n"),
    "markup": mitigation("M1002", "<b>&amp;</b> <script>alert(1)</script>"),
    "YAML": mitigation("M1002", "*x: &y !!z 'q' \"r\" # s"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_name_of_any_kind_stays_a_name(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = HOSTILE[case]
    links = [relationship("mitigates", hostile, way) for way in WAYS]
    import_objects(hostile, *WAYS, *links, tactic("TA0001", "Goal", "goal"), release="2.0")
    drafted(tmp_path, "mitigations", "--domain=enterprise")
    made = yaml.safe_load((tmp_path / "mitigations" / "M1002.yaml").read_text())
    assert made["state"] == "draft"
    assert made["name"] == hostile["name"]
    assert len(failing(capsys, "import_takes", str(tmp_path))) == 3


def test_every_kind_of_object_has_drafts(tmp_path: Path) -> None:
    made = drafted(tmp_path, "matrices")
    assert len(made) == 2
    assert all(name.startswith("matrices/") for name in made)


def test_a_limit_of_nothing_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("draft_takes", "mitigations", str(tmp_path), "--limit=0")
    assert failing(capsys, *command) == ["--limit: 0 is not 1 or more"]


def test_a_draft_says_what_the_last_release_changed(tmp_path: Path) -> None:
    links = [relationship("mitigates", MEASURE, way) for way in WAYS]
    edited = MEASURE | {"description": "Quite another thing."}
    import_objects(edited, *WAYS, *links, tactic("TA0001", "Goal", "goal"), release="2.0")
    drafted(tmp_path, "mitigations")
    made = (tmp_path / "mitigations/M1000.yaml").read_text()
    assert "# Changed from 1.0 to 2.0:" in " ".join(made.replace("#   ", "# ").split("\n"))
    assert "description edited" in made
