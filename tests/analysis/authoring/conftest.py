"""A small library to write Takes on."""

import pytest

from tests.analysis.authoring.console import MEASURE, TARGET
from tests.factories import import_objects, relationship, tactic


@pytest.fixture(autouse=True)
def library(plain_static: None) -> None:
    stage = tactic("TA0002", "Execution", "execution")
    import_objects(stage, MEASURE, TARGET, relationship("mitigates", MEASURE, TARGET))
