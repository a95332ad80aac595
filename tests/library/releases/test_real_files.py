"""Files and feeds of real releases: whole, of their schema, and the same as other ways to them."""

from collections import Counter
from io import StringIO

import jsonschema
import orjson
import pytest
from django.core.management import call_command
from mitreattack.navlayers import Layer

from library.identifiers import Domain
from library.models import Snapshot
from library.releases.compared import difference
from library.releases.matrix import technique_marks
from tests.library.pages import LIBRARY, Site
from tests.library.releases.test_feeds import feed
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


def test_feed_names_the_techniques_that_the_json_has_as_new(site: Site) -> None:
    entries = {e.title: e for e in feed(site, f"{LIBRARY}/techniques/atom").entries}
    entry = entries["Techniques in Enterprise ATT&CK 18.0"]
    between = loaded(site, f"{LIBRARY}/releases/17.1...18.0/json?domain=enterprise")
    added = between["domains"]["enterprise"]["attack-pattern"]["additions"]
    names = [f"{one['attack_id']} {one['name']}" for one in added]
    assert sorted(entry.items[: len(names)]) == sorted(names)
    assert f"Added ({len(names)})" in entry.words
