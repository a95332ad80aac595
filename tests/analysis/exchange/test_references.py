"""What a file of a Take names: people, releases, objects and IDs, as the library holds them."""

from pathlib import Path

import pytest

from analysis.models import Revision, State, Take
from analysis.workflow import save
from library.identifiers import Domain
from tests.analysis.exchange.files import (
    MEASURE,
    NAME,
    OTHER,
    WAY,
    Run,
    confirm,
    exported,
    line_of,
    put,
    written,
)
from tests.factories import attack_object, import_objects, mitigation
from tests.takes import delete_takes, draft, member, publish, subject, writing

pytestmark = pytest.mark.django_db


def test_people_and_snapshots_are_those_held_here_where_there_are_any(
    folder: Path, run: Run
) -> None:
    publish(MEASURE)
    mine = exported()
    unheld = {"release": "9.9", "content_sha256": "00" * 32}
    against = mine.written_against.model_copy(update=unheld)
    theirs = {"author": "Somebody Else", "written_against": against, "state": State.DRAFT}
    put(folder, mine.model_copy(update=theirs))
    run("import_takes", folder)
    first, second = Revision.objects.order_by("number")
    assert (first.author, first.snapshot_id) == (member("author"), first.snapshot_id)
    assert (second.author, second.author_name, second.snapshot) == (None, "Somebody Else", None)
    assert second.sha256 == "00" * 32


def test_the_author_is_found_by_the_name_that_what_they_write_is_signed_with(
    folder: Path, run: Run
) -> None:
    ann = member("author", name="ann")
    ann.first_name, ann.last_name = "Ann", "Author"
    ann.save()
    draft(MEASURE, by=ann)
    run("export_takes", folder)
    assert "\nauthor: Ann Author\n" in (folder / NAME).read_text()
    delete_takes()
    run("import_takes", folder)
    assert Revision.objects.get().author == ann


@pytest.mark.parametrize(
    ("full_names", "username"),
    [
        ({"ann": "Ann Author", "amy": "Ann Author"}, None),
        ({"ann": "ann author"}, None),
        ({"ann": "Ann Author", "Ann Author": "Else"}, "Ann Author"),
    ],
    ids=["two have it", "in another case", "somebody's username"],
)
def test_a_full_name_is_a_user_where_it_means_no_other(
    folder: Path, run: Run, full_names: dict[str, str], username: str | None
) -> None:
    draft(MEASURE)
    put(folder, exported().model_copy(update={"author": "Ann Author"}))
    for name, full_name in full_names.items():
        user = member(name=name)
        user.first_name, _, user.last_name = full_name.partition(" ")
        user.save()
    run("import_takes", folder)
    author = Revision.objects.get(number=2).author
    assert (author.username if author else None) == username


NOWHERE = MEASURE["id"][:-4] + "beef"


def test_an_object_that_the_release_named_does_not_have_is_refused(folder: Path, run: Run) -> None:
    put(folder, written(stix_id=NOWHERE))
    assert run("import_takes", folder) == (
        2,
        [],
        [
            f"{NAME}, line 1: stix_id: ATT&CK 1.0 as held here has no object {NOWHERE}"
            " in the domain Enterprise"
        ],
    )
    assert not Take.objects.exists()


def test_a_domain_is_asked_for_its_own_objects(folder: Path, run: Run) -> None:
    import_objects(mitigation("M0001", "Plant", "ics"), domain="ics")
    take = written()
    against = take.written_against.model_copy(update={"domain": Domain.ICS})
    put(folder, take.model_copy(update={"written_against": against}))
    (error,) = run("import_takes", folder)[2]
    assert error.endswith(f"has no object {MEASURE['id']} in the domain ICS")


def test_an_object_of_a_release_that_is_not_held_is_taken(folder: Path, run: Run) -> None:
    put(folder, written("9.9", stix_id=NOWHERE))
    assert run("import_takes", folder)[0] == 0
    assert Revision.objects.get(take__stix_id=NOWHERE).snapshot is None


def test_a_content_that_the_release_named_does_not_have_is_refused(folder: Path, run: Run) -> None:
    take = written()
    held = take.written_against.content_sha256
    against = take.written_against.model_copy(update={"content_sha256": "00" * 32})
    put(folder, take.model_copy(update={"written_against": against}))
    assert run("import_takes", folder)[::2] == (
        2,
        [
            f"{NAME}, line {line_of(folder, 'content_sha256')}: written_against, content_sha256:"
            f" ATT&CK 1.0 as held here has another content of it: {held}"
        ],
    )


def test_a_confirmation_of_a_content_that_is_not_there_is_refused(folder: Path, run: Run) -> None:
    made = publish(MEASURE)
    confirm(made)
    take = exported()
    *acts, confirmed = take.acts
    delete_takes()
    against = take.written_against.model_copy(update={"content_sha256": "00" * 32})
    put(
        folder,
        take.model_copy(
            update={"acts": [*acts, confirmed.model_copy(update={"against": against})]}
        ),
    )
    (error,) = run("import_takes", folder)[2]
    assert error.startswith(
        f"{NAME}, line {line_of(folder, '00' * 32)}: acts, entry 4, against, content_sha256: "
    )


def test_the_id_and_name_of_another_object_are_refused(folder: Path, run: Run) -> None:
    take = written(attack_id="M0937", name="Utterly wrong name")
    name = "mitigations/M0937.yaml"
    put(folder, take, name)
    has = f"in the version named, {MEASURE['id']} has"
    at = [line_of(folder, word, name) for word in ("attack_id: ", "name: ")]
    assert run("import_takes", folder)[::2] == (
        2,
        [
            f"{name}, line {at[0]}: attack_id: {has} “M1000”",
            f"{name}, line {at[1]}: name: {has} “Measure”",
        ],
    )
    assert not Revision.objects.exists()


def test_an_id_is_refused_where_the_object_has_none(folder: Path, run: Run) -> None:
    import_objects(nameless := attack_object("malware", "", "Kit"), release="2.0")
    draft(nameless)
    take = exported(f"objects/{nameless['id']}.yaml")
    delete_takes()
    put(folder, take.model_copy(update={"attack_id": "S0001"}), "software/S0001.yaml")
    (error,) = run("import_takes", folder)[2]
    assert error.endswith(f"attack_id: in the version named, {nameless['id']} has none")


def test_a_version_is_known_though_its_release_is_not_held(folder: Path, run: Run) -> None:
    put(folder, written("9.9", name="Utterly wrong name"))
    (error,) = run("import_takes", folder)[2]
    assert error.endswith("has “Measure”")


def test_every_revision_is_asked_for_the_names_of_its_own_version(folder: Path, run: Run) -> None:
    draft(MEASURE, summary="Then.")
    import_objects(MEASURE | {"name": "Renamed"}, release="2.0")
    draft(MEASURE, summary="Now.")
    take = exported()
    delete_takes()
    (earlier,) = take.earlier
    put(folder, take.model_copy(update={"earlier": [earlier.model_copy(update={"name": None})]}))
    line = line_of(folder, "earlier:") + 1
    (error,) = run("import_takes", folder)[2]
    assert error == (
        f"{NAME}, line {line}: earlier, entry 1, name:"
        f" in the version named, {MEASURE['id']} has “Measure”"
    )
    put(folder, take)
    assert run("import_takes", folder)[0] == 0


def test_every_snapshot_of_a_release_is_asked(folder: Path, run: Run) -> None:
    take = written()
    import_objects(MEASURE | {"description": "Corrected."})
    put(folder, take)
    assert run("import_takes", folder)[0] == 0
    assert Revision.objects.get().snapshot is not None


def test_ids_in_texts_are_those_of_releases_held(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    text = {"summary": "See T1000.", "mitigation_priorities": ["M1000.", "See T9999 and T8888."]}
    put(folder, exported().model_copy(update={"state": State.DRAFT} | text))
    status, _, error = run("import_takes", folder)
    assert status == 2
    assert error == [
        f"{NAME}, line {line_of(folder, 'T9999')}: mitigation_priorities, entry 2:"
        f" no release held here has an object {attack_id}"
        for attack_id in ("T8888", "T9999")
    ]


def test_an_object_may_be_named_though_its_name_looks_like_an_id(folder: Path, run: Run) -> None:
    crew = attack_object("intrusion-set", "G1018", "TA2541", aliases=["TA2541", "T9000"])
    import_objects(MEASURE, OTHER, WAY, crew, release="2.0")
    publish(crew, summary="First.")
    name = "groups/G1018.yaml"
    take = exported(name).model_copy(update={"state": State.DRAFT, "acts": []})
    put(folder, take.model_copy(update={"summary": "TA2541, or T9000, with T9998."}), name)
    (error,) = run("import_takes", folder)[2]
    assert "no release held here has an object T9998" in error
    put(folder, take.model_copy(update={"summary": "TA2541, or T9000: `T9998`."}), name)
    assert run("import_takes", folder)[0] == 0


def test_ids_are_not_checked_where_only_a_sample_is_held(folder: Path, run: Run) -> None:
    publish(MEASURE, summary="First.")
    take = exported().model_copy(update={"summary": "See T9999."})
    against = take.written_against.model_copy(update={"domain": Domain.ICS})
    import_objects(mitigation("M0001", "Plant", "ics"), domain="ics", release="sample-1")
    change = {"written_against": against, "state": State.DRAFT}
    put(folder, take.model_copy(update=change))
    assert run("import_takes", folder)[:2] == (
        0,
        [
            f"{NAME}: revised, revision 2 draft",
            "ics: no release is held here, so ATT&CK IDs in the texts were not checked",
            "1 file, 1 revised",
        ],
    )


def test_ids_of_what_is_held_already_are_not_checked_again(folder: Path, run: Run) -> None:
    save(subject(MEASURE), writing("See T9999."), member("author"), 0)
    put(folder, exported())
    assert run("import_takes", folder)[1][-1] == "1 file, 1 unchanged"
