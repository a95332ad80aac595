"""The derived Takes of the data sources of release 17.1, all counted again from its bundles."""

from pathlib import Path

import pytest

from analysis.derivation import Derivation, derive
from analysis.landscape import landscape_of
from library.identifiers import DATA_SOURCE
from library.text.words import words
from tests.analysis.oracle import Expected
from tests.analysis.printed import base, printed
from tests.analysis.raw_bundles import Raw
from tests.analysis.standing_takes import pinned
from tests.analysis.test_derived_real import MISTAKES, NOT_OURS

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.django_db,
    pytest.mark.usefixtures("every_release"),
]
RELEASE = "17.1"


def told() -> dict[str, Derivation]:
    """What is derived for each data source, by its STIX id."""
    shelf = pinned(RELEASE)
    landscape = landscape_of(shelf.snapshot_ids)
    found = {
        node.stix_id: derive(landscape, node.object_id, shelf.addresses)
        for node in landscape.of_kind(DATA_SOURCE)
    }
    return {stix_id: made for stix_id, made in found.items() if made}


def test_every_figure_of_a_data_source_is_as_the_bundles_have_it(attack_bundles: Path) -> None:
    raw, read = Raw(), 0
    for snapshot in pinned(RELEASE).snapshots:
        raw.read(attack_bundles / f"{snapshot.domain}-attack-{RELEASE}.json.xz")
    takes = told()
    assert takes.keys() == raw.of(raw.objects, {"x-mitre-data-source"})
    for stix_id, found in takes.items():
        expected = Expected(raw, stix_id)
        for figure in found.figures:
            counted = {node.stix_id for node in figure.nodes}
            assert counted == expected.objects(figure.title), (stix_id, figure.title)
        for figure_told in printed(found):
            read += 1
            number = len(expected.objects(figure_told.title))
            assert figure_told.number == number, (stix_id, figure_told)
            if figure_told.base is not None:
                assert figure_told.base == base(expected, figure_told.title), (stix_id, figure_told)
        layers = raw.objects[stix_id].get("x_mitre_collection_layers", [])
        text = words("".join(part for section in found.take.sections for part in section.parts))
        assert [layer for layer in layers if layer not in text] == []
    assert read > 10 * len(takes)


def test_takes_of_data_sources_have_none_of_the_mistakes_that_templates_make() -> None:
    for stix_id, found in told().items():
        assert len(found.take.sections) > 3 or "nothing that" in found.take.sections[0].parts[0]
        for section in found.take.sections:
            for part in section.parts:
                said, own = words(part), words(NOT_OURS.sub("X", part))
                for mistake, pattern in MISTAKES.items():
                    text = own if mistake in {"a word twice", "markup", "spacing"} else said
                    assert not pattern.search(text), (stix_id, mistake, text)
