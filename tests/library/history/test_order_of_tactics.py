"""The order of a matrix's tactics in two releases: told, and shown side by side."""

import pytest

from tests.factories import Properties, attack_object, import_objects, tactic
from tests.library.history.test_difference import links_of, row
from tests.library.pages import LIBRARY, Site

pytestmark = pytest.mark.django_db


def test_a_new_order_of_tactics_is_shown_when_a_tactic_came_with_it(site: Site) -> None:
    first, second = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
    third, renamed = tactic("TA1002", "Stealth", "stealth"), first | {"name": "Harm"}

    def grid(*stages: Properties) -> Properties:
        refs = [stage["id"] for stage in stages]
        return attack_object("x-mitre-matrix", "enterprise-attack", "Grid", tactic_refs=refs)

    import_objects(first, second, grid(first, second), release="1.0")
    import_objects(renamed, second, third, grid(second, third, renamed), release="2.0")
    own = f"{LIBRARY}/matrices/enterprise-attack"
    page = site.page(f"{own}/history?from=1.0&to=2.0")
    assert [item.words for item in page.one("ul", css="told-changes").all("li")] == [
        *("1 tactic added", "Order of the tactics changed"),
    ]
    assert row(page, "Order of the tactics") == [
        "TA1000 Impact TA1001 Access",
        "TA1001 Access added TA1002 Stealth TA1000 Harm",
    ]
    assert links_of(page) == [("Added", "TA1002")]
    for path in (f"{own}/history", f"{LIBRARY}/releases/1.0...2.0/changes?type=matrices"):
        assert "rder of the tactics changed" in site.page(path).one(id="main").words
    assert "order of the tactics changed" in site.client.get(f"{own}/atom").content.decode()


def test_tactics_that_come_leave_the_order_of_the_others_as_it_is(site: Site) -> None:
    first, second = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
    old, new = (
        attack_object("x-mitre-matrix", "enterprise-attack", "Grid", tactic_refs=refs)
        for refs in ([first["id"]], [second["id"], first["id"]])
    )
    import_objects(first, second, old, release="1.0")
    import_objects(first, second, new, release="2.0")
    page = site.page(f"{LIBRARY}/matrices/enterprise-attack/history?from=1.0&to=2.0")
    assert page.one("ul", css="told-changes").words == "1 tactic added"
    assert not page.has("section", **{"aria-labelledby": "fields-title"})


def test_both_orders_are_shown_when_tactics_changed_their_places_alone(site: Site) -> None:
    stages = [tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")]
    refs = [stage["id"] for stage in stages]
    grid = attack_object("x-mitre-matrix", "enterprise-attack", "Grid", tactic_refs=refs)
    import_objects(*stages, grid, release="1.0")
    import_objects(*stages, grid | {"tactic_refs": refs[::-1]}, release="2.0")
    page = site.page(f"{LIBRARY}/matrices/enterprise-attack/history?from=1.0&to=2.0")
    orders = ["TA1000 Impact TA1001 Access", "TA1001 Access TA1000 Impact"]
    assert row(page, "Order of the tactics") == orders
