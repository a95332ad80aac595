"""The feed of a type counts what a comparison counts of it."""

import pytest

from tests.factories import (
    Properties,
    attack_object,
    import_objects,
    matrix,
    relationship,
    tactic,
    technique,
)
from tests.library.pages import LIBRARY, Site
from tests.library.releases.test_feeds import HOST, Entry, feed

pytestmark = pytest.mark.django_db

IMPACT, ACCESS = tactic("TA1000", "Impact", "impact"), tactic("TA1001", "Access", "access")
THING = technique("T1000", "Thing", ("impact",))
BAND = attack_object("intrusion-set", "G1000", "Band")
USES = relationship("uses", BAND, THING, "It ran.")
ANALYTIC = attack_object("x-mitre-analytic", "AN1000", "Analytic")
STRATEGY = attack_object("x-mitre-detection-strategy", "DET1000", "Strategy")
ONE_AROUND = (
    "1 entry changed in other properties, such as references or contributors, or in relationships."
)


def entry_of(site: Site, path: str) -> Entry:
    """The only entry of a type's feed."""
    (entry,) = feed(site, f"{LIBRARY}/{path}/atom").entries
    return entry


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (
            "detection-strategies",
            [ANALYTIC, STRATEGY],
            [ANALYTIC, STRATEGY | {"x_mitre_analytic_refs": [ANALYTIC["id"]]}],
        ),
        (
            "analytics",
            [ANALYTIC, STRATEGY],
            [ANALYTIC, STRATEGY | {"x_mitre_analytic_refs": [ANALYTIC["id"]]}],
        ),
        (
            "matrices",
            [IMPACT, ACCESS, matrix("enterprise", [IMPACT])],
            [IMPACT, ACCESS, matrix("enterprise", [IMPACT, ACCESS])],
        ),
        ("groups", [BAND, THING], [BAND, THING, USES]),
        ("techniques", [BAND, THING, USES], [BAND, THING, USES | {"description": "It did."}]),
        ("tactics", [IMPACT, BAND], [IMPACT, BAND, THING]),
    ],
)
def test_entry_is_counted_when_its_relationships_alone_changed(
    site: Site, path: str, before: list[Properties], after: list[Properties]
) -> None:
    import_objects(*before, release="1.0")
    import_objects(*after, release="2.0")
    entry = entry_of(site, path)
    assert entry.words == ONE_AROUND
    listed = entry.content.one("a")["href"].removeprefix(HOST)
    assert listed == (
        f"{LIBRARY}/releases/1.0...2.0/changes?type={path}&weight=around&domain=enterprise"
    )
    assert len(site.page(listed).one("table", css="changes").all("tr")) == 2


def test_entry_is_told_by_name_when_its_tactic_alone_was_let_go(site: Site) -> None:
    two = technique("T1000", "Thing", ("impact", "access"))
    import_objects(IMPACT, ACCESS, two, release="1.0")
    import_objects(IMPACT | {"x_mitre_deprecated": True}, ACCESS, two, release="2.0")
    assert entry_of(site, "techniques").words == "Changed materially (1)T1000 Thing"


def test_release_is_no_news_when_relationships_were_edited_in_noise_alone(site: Site) -> None:
    import_objects(BAND, THING, USES, release="1.0")
    import_objects(BAND, THING, USES | {"x_mitre_version": "2.0"}, release="2.0")
    for path in ("groups", "techniques"):
        assert feed(site, f"{LIBRARY}/{path}/atom").entries == []
