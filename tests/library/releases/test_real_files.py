"""Files and feeds of real releases: whole, of their schema, and the same as other ways to them."""

import lzma
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
from django.core.management import call_command
from mitreattack.navlayers import Layer

from library.identifiers import OBJECT_TYPES, Domain
from library.models import Snapshot
from library.releases.asked import ChangesAsked, pair_of
from library.releases.compared import Weight, difference
from library.releases.kinds import ChangeKind
from library.releases.matrix import technique_marks
from library.releases.news import TypeNews, news_of_type
from library.releases.object_rows import fitting_objects, object_rows
from library.releases.steps import Step
from library.text.markdown import plain
from tests.library.pages import LIBRARY, Site
from tests.library.releases.test_feeds import HOST, feed
from tests.library.releases.test_files import validate
from tests.library.taken import content, loaded, rows

pytestmark = [pytest.mark.real_data, pytest.mark.django_db]
TWO = f"{LIBRARY}/releases/17.1...18.1"


@pytest.fixture(autouse=True)
def library(every_release: None) -> None:
    """All the real bundles."""


def test_json_is_of_its_schema_and_holds_what_the_command_prints(site: Site) -> None:
    found = loaded(site, f"{TWO}/json")
    validate(site, found)
    assert list(found["domains"]) == list(Domain.values)
    for domain in Domain.values:
        printed = StringIO()
        call_command("compare_releases", domain, "17.1", "18.1", "--json", stdout=printed)
        assert found["domains"][domain] == orjson.loads(printed.getvalue())
    with pytest.raises(jsonschema.ValidationError):
        validate(site, found | {"domains": {"ics": {"tool": {}}}})


def test_csv_has_as_many_rows_of_each_kind_as_the_json(site: Site) -> None:
    domains = loaded(site, f"{TWO}/json")["domains"]
    expected = Counter(
        {
            (Domain(domain).label, kind): sum(len(kinds[kind]) for kinds in types.values())
            for domain, types in domains.items()
            for kind in next(iter(types.values()))
        }
    )
    told = Counter(
        (row[0], row[2].lower().replace(" ", "_")) for row in rows(site, f"{TWO}/csv")[1:]
    )
    singular = {"additions": "addition", "patches": "patch"}
    assert told == +Counter(
        {(d, singular.get(kind, kind.removesuffix("s"))): n for (d, kind), n in expected.items()}
    )


@pytest.mark.parametrize("domain", Domain.values)
def test_layer_has_a_colour_for_each_mark_of_the_matrix(site: Site, domain: str) -> None:
    found = loaded(site, f"{TWO}/navigator?domain={domain}")
    assert Layer(found, strict=True).layer.domain == f"{domain}-attack"
    coloured = [one for one in found["techniques"] if "color" in one]
    assert all(one["comment"] for one in coloured)
    before, after = (Snapshot.objects.of_release(domain, held) for held in ("17.1", "18.1"))
    assert before
    assert after
    assert len(coloured) == len(technique_marks(difference(before, after)))


def test_changelog_names_every_technique_that_is_new(site: Site) -> None:
    text = content(site, f"{TWO}/markdown").decode()
    techniques = loaded(site, f"{TWO}/json")["domains"]["enterprise"]["attack-pattern"]
    assert len(techniques["additions"]) == 12
    for entry in techniques["additions"]:
        assert f"- [{entry['attack_id']} {entry['name']}](" in text
    assert "(Citation:" not in text


@pytest.mark.parametrize(
    ("path", "count"),
    [("releases", 7), ("techniques", 4), ("mitigations", 2), ("techniques/T1105", 1)],
)
def test_feed_is_well_formed_and_has_news(site: Site, path: str, count: int) -> None:
    assert len(feed(site, f"{LIBRARY}/{path}/atom").entries) == count


def test_entries_of_an_object_s_feed_lead_to_pages(site: Site) -> None:
    """T1680 came with 18.0."""
    entries = feed(site, f"{LIBRARY}/techniques/T1680/atom").entries
    assert entries
    for entry in entries:
        assert site.page(entry.href.removeprefix(HOST)).one("h1")


def test_list_of_relationships_says_what_changed_of_each(attack_bundles: Path) -> None:
    """Of each that says other words, or links another object."""
    old, new = (
        {one["id"]: one for path in paths for one in _objects(path)}
        for paths in (
            sorted(attack_bundles.glob(f"*-{release}.json.xz")) for release in ("17.1", "18.1")
        )
    )
    pair = pair_of("17.1", "18.1", "")
    assert pair
    asked = ChangesAsked(of_type="relationship", kind=ChangeKind.PATCHES)
    found = fitting_objects(pair, asked).listed
    told = dict(zip((each.stix_id for _, each in found), object_rows(pair, found), strict=True))
    assert len(told) == 286
    for stix_id, row in told.items():
        was, now = old[stix_id], new[stix_id]
        assert ("other target" in row.changes) == (was["target_ref"] != now["target_ref"])
        texts = [plain(side.get("description", "")) for side in (was, now)]
        assert ("description edited" in row.changes) == (texts[0] != texts[1])


@pytest.mark.parametrize("domain", ["", *Domain.values])
def test_figures_of_the_brief_are_those_of_the_lists(site: Site, domain: str) -> None:
    pair = pair_of("17.1", "18.1", domain)
    assert pair
    words = site.page(f"{TWO}/brief{pair.query}").words
    for weight, said in (
        (Weight.MATERIAL, "changed in substance"),
        (Weight.AROUND, "more changed in what stands around"),
        (Weight.NOISE, "in noise alone"),
    ):
        assert f"{fitting_objects(pair, ChangesAsked(weight=weight)).distinct:,} {said}" in words


def _objects(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(lzma.decompress(path.read_bytes()))["objects"]
    return found


def test_feed_names_the_techniques_that_the_json_has_as_new(site: Site) -> None:
    entries = {e.title: e for e in feed(site, f"{LIBRARY}/techniques/atom").entries}
    entry = entries["Techniques in Enterprise ATT&CK 18.0"]
    between = loaded(site, f"{LIBRARY}/releases/17.1...18.0/json?domain=enterprise")
    added = between["domains"]["enterprise"]["attack-pattern"]["additions"]
    names = [f"{one['attack_id']} {one['name']}" for one in added]
    assert sorted(entry.items[: len(names)]) == sorted(names)
    assert f"Added ({len(names)})" in entry.words


def test_feeds_of_types_count_what_comparisons_count() -> None:
    asked = [("enterprise", "17.1", "18.0"), ("enterprise", "18.0", "18.1")]
    asked += [(domain, "17.1", "18.1") for domain in ("mobile", "ics")]
    steps = []
    for domain, *two in asked:
        before, after = (Snapshot.objects.of_release(domain, release) for release in two)
        assert after
        steps.append(Step(before, after))
    for kind in OBJECT_TYPES:
        news = news_of_type(steps, kind)
        for step in steps:
            told = news.get(step, TypeNews({}, 0))
            material, around = (
                len(fitting_objects(step.pair, ChangesAsked(of_type=kind.slug, weight=w)).listed)
                for w in (Weight.MATERIAL, Weight.AROUND)
            )
            counted = len(told.groups.get("Changed materially", ())), told.around
            assert counted == (material, around), (kind, step.title)
