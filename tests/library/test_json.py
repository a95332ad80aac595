"""JSON files of pages and lists: what the pages say, by the published schemas."""

import jsonschema
import pytest

from tests.factories import import_objects, mitigation
from tests.library.pages import LIBRARY, MITIGATIONS, Site
from tests.library.taken import GROUPS, PAGE, detected, group, loaded, measure, schema_of, strict

pytestmark = pytest.mark.django_db


def test_json_of_before_is_still_of_the_published_schema(site: Site) -> None:
    import_objects(*detected())
    found = loaded(site, f"{LIBRARY}/techniques/T1600/json")
    for table in found["tables"]:
        for row in table["rows"]:
            row["beside"] = [{k: v for k, v in o.items() if k != "told"} for o in row["beside"]]
    jsonschema.validate(found, strict(schema_of(site, found)))


def test_json_says_what_the_page_says(site: Site) -> None:
    import_objects(*measure(description="Defined.(Citation: Nowhere)"))
    found = loaded(site, f"{PAGE}/json")
    assert found["url"] == f"http://testserver{PAGE}"
    assert (found["attack_id"], found["name"], found["status"]) == (
        "M1000",
        "Filter & Block",
        "Live",
    )
    assert found["definition"] == {"words": "Defined.[1]", "references": [1]}
    (table,) = found["tables"]
    assert [row["object"]["attack_id"] for row in table["rows"]] == ["T1000", "T1000.001"]
    assert table["rows"][1]["parent"]["name"] == "Head"
    assert table["rows"][0]["note"]["references"] == [2]
    assert [entry["resolved"] for entry in found["references"]] == [False, True]
    raw = site.get(found["domains"][0]["raw_url"].removeprefix("http://testserver"))
    assert raw.status_code == 200
    assert "The MITRE Corporation" in found["notice"]
    assert found["citation"].endswith(f"http://testserver{LIBRARY}/v/1.0/mitigations/M1000")


@pytest.mark.parametrize(
    "path",
    [
        *(f"{PAGE}/json", f"{GROUPS}/G0001/json", f"{LIBRARY}/matrices/enterprise-attack/json"),
        f"{LIBRARY}/techniques/T1600/json",
    ],
)
def test_json_of_a_page_is_of_the_published_schema(site: Site, path: str) -> None:
    import_objects(*measure(), *group(), *detected())
    found = loaded(site, path)
    jsonschema.validate(found, strict(schema_of(site, found)))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found | {"name": 1}, schema_of(site, found))


def test_json_of_a_list_is_of_the_published_schema(site: Site) -> None:
    import_objects(*(mitigation(f"M1{n:03}", f"Name {n}") for n in range(30)))
    found = loaded(site, f"{MITIGATIONS}/json?offset=25")
    jsonschema.validate(found, strict(schema_of(site, found)))
    assert found["total"] == len(found["records"]) == 30


def test_unknown_schema_is_a_404(site: Site) -> None:
    assert site.get(f"{LIBRARY}/schemas/object-0").status_code == 404
