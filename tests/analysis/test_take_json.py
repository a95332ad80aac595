"""A Take as JSON: with its provenance, in its published shape, as current as the pages."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries

from analysis.models import ActKind, Revision
from analysis.reading.shape import TakeFile
from analysis.workflow import act
from library.epoch import advance_epoch
from library.files.shape import schema_of
from library.models import Snapshot
from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    mitigation,
    relationship,
    stix_object,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, MITIGATIONS, PARTIAL, Site
from tests.takes import draft, member, publish, subject

pytestmark = pytest.mark.django_db

TAKE = f"{MITIGATIONS}/M1000/take"
HOST = "http://testserver"
STAGE, TARGET = tactic("TA0001", "First", "first"), technique("T1000", "One", ("first",))
MEASURE = mitigation("M1000", "Measure")
NEW_MEASURE = MEASURE | {"description": "Quite another thing is meant by it now."}
LINK = relationship("mitigates", MEASURE, TARGET)
HOSTILE = '<script>alert(1)</script> "quoted" [x](javascript:alert(2)) \u2028 \U0001f4a9 & </pre>'


@pytest.fixture(autouse=True)
def library(db: None) -> None:
    import_objects(STAGE, TARGET, MEASURE, LINK)


def loaded(site: Site, path: str = TAKE) -> dict[str, Any]:
    """A Take's JSON, once its headers and its shape are right."""
    response = site.get(path)
    assert response.status_code == 200, path
    assert response["Content-Type"] == "application/json"
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Link"].endswith('#licence>; rel="license"')
    assert not response.cookies
    found: dict[str, Any] = orjson.loads(response.content)
    shape = orjson.loads(site.get(found["$schema"].removeprefix(HOST)).content)
    Draft202012Validator.check_schema(shape)
    problems = [e.message for e in Draft202012Validator(shape).iter_errors(found)]
    assert problems == []
    assert set(found) == set(shape["properties"])
    return found


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_an_authored_take_is_there_with_its_provenance(site: Site) -> None:
    made = publish(
        MEASURE,
        summary="What **it** means for T1000.",
        likely_telemetry=["A `log`.", "Another."],
        confidence="high",
        confidence_why="Seen often.",
    )
    found = loaded(site)
    assert (found["kind"], found["revision"], found["url"]) == ("authored", 1, f"{HOST}{TAKE}")
    assert found["object"] == {
        "type": "Mitigation",
        "attack_id": "M1000",
        "name": "Measure",
        "stix_id": MEASURE["id"],
        "url": f"{HOST}{MITIGATIONS}/M1000",
    }
    assert [d["attack_version"] for d in found["domains"]] == ["1.0"]
    assert (found["author"], found["approved_by"]) == ("author", "reviewer")
    assert found["written_at"] == moment(made.written_at)
    published = made.acts.get(kind=ActKind.PUBLISHED)
    assert found["published_at"] == moment(published.at)
    assert (found["confidence"], found["confidence_why"]) == ("high", "Seen often.")
    assert (found["is_starter"], found["is_confirmed"], found["confirmed"]) == (False, False, None)
    assert found["standing"]["freshness"] == "current"
    assert found["figures"] == []
    assert found["sections"] == [
        {
            "name": "summary",
            "title": "Summary",
            "is_list": False,
            "markdown": ["What **it** means for T1000."],
            "text": ["What it means for T1000."],
        },
        {
            "name": "likely_telemetry",
            "title": "Likely telemetry",
            "is_list": True,
            "markdown": ["A `log`.", "Another."],
            "text": ["A log.", "Another."],
        },
    ]


def test_what_it_was_written_against_can_be_fetched_and_has_that_hash(site: Site) -> None:
    made = publish(MEASURE)
    import_objects(STAGE, TARGET, NEW_MEASURE, LINK, release="2.0")
    against = loaded(site)["written_against"]
    assert (against["domain"], against["attack_version"]) == ("enterprise", "1.0")
    assert against["content_sha256"] == made.sha256
    raw = site.get(against["raw_url"].removeprefix(HOST))
    assert raw["ETag"] == f'"{made.sha256}"'
    assert orjson.loads(raw.content)["description"] == MEASURE["description"]


def test_a_version_that_is_not_held_has_no_address(site: Site) -> None:
    brought_in(content_sha256=b"1" * 32, attack_version="0.5")
    found = loaded(site)
    assert found["written_against"]["raw_url"] == ""
    assert found["standing"]["freshness"] == "cannot be compared"


def brought_in(**columns: Any) -> Revision:
    """A published starter Take."""
    based_on = draft(MEASURE)
    given = subject(MEASURE).baseline | columns
    if "content_sha256" in columns:
        given["snapshot"] = None
    made = Revision.objects.create(
        take=based_on.take,
        number=2,
        state="published",
        author_name="Glexia",
        written_at=based_on.written_at,
        is_starter=True,
        name="Measure",
        confidence="low",
        sections={"summary": "Shipped."},
        **given,
    )
    advance_epoch()
    return made


def test_a_starter_take_says_whether_somebody_has_confirmed_it(site: Site) -> None:
    starter = brought_in()
    found = loaded(site)
    assert (found["is_starter"], found["is_confirmed"]) == (True, False)
    assert (found["author"], found["published_at"], found["approved_by"]) == ("Glexia", "", "")
    done = act(starter, ActKind.CONFIRMED, member("reviewer"), against=subject(MEASURE))
    found = loaded(site)
    assert (found["is_starter"], found["is_confirmed"]) == (True, True)
    confirmed = found["confirmed"]
    assert (confirmed["by"], confirmed["at"]) == ("reviewer", moment(done.at))
    assert confirmed["against"] == found["written_against"]


def test_a_stale_take_says_what_changed(site: Site) -> None:
    publish(MEASURE)
    import_objects(STAGE, TARGET, NEW_MEASURE, LINK, release="2.0")
    standing = loaded(site)["standing"]
    assert (standing["freshness"], standing["against"]) == ("must review", "1.0")
    assert standing["material"] == ["description edited"]
    assert "description edited" in standing["told"]


def test_a_take_on_a_revoked_object_names_the_successor_and_does_not_redirect(site: Site) -> None:
    publish(MEASURE)
    heir, revoked = mitigation("M1001", "Heir"), MEASURE | {"revoked": True}
    import_objects(heir, revoked, relationship("revoked-by", revoked, heir), release="2.0")
    found = loaded(site)
    assert found["kind"] == "authored"
    assert found["standing"]["freshness"] == "move or retire"
    assert found["standing"]["replaced_by"] == heir["id"]


def test_hostile_text_comes_as_it_was_written_and_in_words(site: Site) -> None:
    publish(MEASURE, summary=HOSTILE, detection_direction=[HOSTILE], confidence_why=HOSTILE)
    response = site.get(TAKE)
    assert response["X-Content-Type-Options"] == "nosniff"
    found = loaded(site)
    for section in found["sections"]:
        assert section["markdown"] == [HOSTILE]
        assert section["text"][0].startswith("<script>alert(1)</script>")
    assert found["confidence_why"] == HOSTILE


def test_a_derived_take_has_its_figures_and_their_counts(site: Site) -> None:
    found = loaded(site)
    assert (found["kind"], found["revision"], found["confidence"]) == ("derived", None, "")
    for empty in ("standing", "written_against", "confirmed"):
        assert found[empty] is None
    released = Snapshot.objects.get().released_at
    assert released is not None
    assert found["released_at"] == moment(released)
    summary = found["sections"][0]
    assert summary["name"] == "summary"
    assert summary["markdown"] == []
    assert summary["text"][0].startswith("Measure addresses 1 technique")
    assert "<" not in "".join(part for s in found["sections"] for part in s["text"])
    figures = {figure["title"]: figure for figure in found["figures"]}
    assert figures
    evidence = site.page(f"{MITIGATIONS}/M1000/evidence")
    for figure in figures.values():
        page, _, key = figure["url"].partition("#")
        assert page == f"{HOST}{MITIGATIONS}/M1000/evidence"
        assert len(evidence.one("section", id=key).all("li")) == figure["count"]


def test_notices_say_whose_words_these_are(site: Site) -> None:
    assert "was derived by Glexia’s rules" in loaded(site)["notices"]["take"]
    publish(MEASURE)
    notices = loaded(site)["notices"]
    assert notices["take"].startswith("This Take is Glexia’s analysis.")
    assert "The MITRE Corporation. This work is reproduced" in notices["attack"]


@pytest.mark.parametrize(
    "made",
    [
        attack_object("x-mitre-data-component", "DC0001", "Component"),
        attack_object("intrusion-set", "G0001", "Crew"),
        STAGE,
        TARGET,
    ],
    ids=lambda made: made["type"],
)
def test_objects_of_every_kind_have_their_take_by_stix_id(site: Site, made: Properties) -> None:
    held = {one["id"]: one for one in (STAGE, TARGET, MEASURE, LINK, made)}
    import_objects(*held.values(), release="2.0")
    found = loaded(site, f"{LIBRARY}/objects/{made['id']}/take")
    assert found["object"]["stix_id"] == made["id"]


def test_a_pinned_take_is_of_that_release(site: Site) -> None:
    publish(MEASURE)
    import_objects(STAGE, TARGET, NEW_MEASURE, LINK, release="2.0")
    old = loaded(site, f"{LIBRARY}/v/1.0/mitigations/M1000/take")
    new = loaded(site)
    assert old["url"] == f"{HOST}{LIBRARY}/v/1.0/mitigations/M1000/take"
    assert (old["standing"]["freshness"], new["standing"]["freshness"]) == (
        "current",
        "must review",
    )
    assert [d["attack_version"] for d in old["domains"]] == ["1.0"]
    for domain in (*old["domains"], *new["domains"]):
        raw = site.get(domain["raw_url"].removeprefix(HOST))
        assert raw["ETag"] == f'"{domain["content_sha256"]}"'
    assert loaded(site, f"{LIBRARY}/v/1.0/objects/{MEASURE['id']}/take")["kind"] == "authored"
    assert site.get(f"{LIBRARY}/v/9.9/mitigations/M1000/take").status_code == 404


def test_an_id_in_lower_case_leads_to_the_upper_one(site: Site) -> None:
    assert site.moves(f"{MITIGATIONS}/m1000/take?x=1", 301) == f"{TAKE}?x=1"


def test_an_object_without_a_take_is_a_404_that_says_so(site: Site) -> None:
    dead = mitigation("M1002", "Dead", x_mitre_deprecated=True)
    novelty = stix_object("x-mitre-novelty", "A novelty")
    import_objects(dead, novelty, release="2.0")
    for path in (f"{MITIGATIONS}/M1002/take", f"{LIBRARY}/objects/{novelty['id']}/take"):
        response = site.get(path)
        assert response.status_code == 404
        assert orjson.loads(response.content)["error"].startswith("There is no Take on ")


@pytest.mark.parametrize("path", ["mitigations/M9999", "objects/malware--x", "objects/%00"])
def test_an_unknown_object_is_a_404_that_says_so(site: Site, path: str) -> None:
    response = site.get(f"{LIBRARY}/{path}/take")
    assert (response.status_code, response["Content-Type"]) == (404, "application/json")
    assert "the release shown does not hold it" in orjson.loads(response.content)["error"]


def test_answers_are_kept_until_a_take_is_published(site: Site) -> None:
    tag = site.get(TAKE)["ETag"]
    assert site.get(TAKE, **{"If-None-Match": tag}).status_code == 304
    publish(MEASURE)
    changed = site.get(TAKE, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    assert loaded(site)["kind"] == "authored"
    assert site.get(TAKE, **PARTIAL)["Cache-Control"] == "no-store"


def test_head_has_the_headers_and_no_body(site: Site) -> None:
    whole, head = site.get(TAKE), site.head(TAKE)
    assert (head.status_code, head.content) == (200, b"")
    assert (head["ETag"], head["Content-Type"]) == (whole["ETag"], "application/json")
    assert site.client.post(TAKE).status_code == 405


def test_the_link_on_the_page_leads_to_it(site: Site) -> None:
    page = site.page(f"{MITIGATIONS}/M1000")
    assert TAKE in [a["href"] for a in page.one("section", id="take").all("a")]


def test_the_published_schema_is_that_of_the_code(site: Site) -> None:
    response = site.get(f"{LIBRARY}/schemas/take-1")
    assert response["Content-Type"] == "application/schema+json"
    found = orjson.loads(response.content)
    assert found.pop("$id") == f"{HOST}{LIBRARY}/schemas/take-1"
    assert found == orjson.loads(orjson.dumps(schema_of(TakeFile)))
    assert set(found["required"]) == set(found["properties"]) - {"$schema"}


def test_a_take_costs_the_same_however_many_there_are(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    measures = [mitigation(f"M{2000 + n}", f"Numbered {n:02}") for n in range(30)]
    import_objects(*measures, release="2.0")
    for made in measures:
        publish(made)
        if made in (measures[0], measures[-1]):
            path = f"{MITIGATIONS}/M2000/take"
            site.get(path)
            with django_assert_num_queries(3):
                site.get(path)
