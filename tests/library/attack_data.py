"""MITRE's own tool over a bundle, quick enough to be asked about every object of it."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from mitreattack.stix20 import MitreAttackData
from stix2 import Filter, MemoryStore
from stix2.datastore.filters import apply_common_filters

INDEXED = ("id", "type", "relationship_type", "source_ref", "target_ref")


class IndexedStore:
    """A store of STIX objects in memory that looks at no more of them than a query can mean.

    The one that the tool comes with looks at all of them each time, and there are 25,000.
    """

    def __init__(self, store: MemoryStore) -> None:
        self.every = list(store.query([]))
        self.by_value: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for found in self.every:
            for name in INDEXED:
                if name in found:
                    self.by_value[name, found[name]].append(found)

    def query(self, filters: list[Filter]) -> list[Any]:
        """The objects that all filters let through."""
        candidates = [self.every, *(self._fitting(f) for f in filters if f.property in INDEXED)]
        return list(apply_common_filters(min(candidates, key=len), filters))

    def _fitting(self, asked: Filter) -> list[Any]:
        """The objects that one filter of an indexed property lets through, and maybe others."""
        if asked.op == "=":
            return self.by_value[asked.property, asked.value]
        if asked.op == "in":
            return [f for value in set(asked.value) for f in self.by_value[asked.property, value]]
        return self.every

    def get(self, stix_id: str) -> Any:
        """The object with an id; None where there is none."""
        return next(iter(self.by_value["id", stix_id]), None)

    def relationships(self, stix_id: str, kind: str, *, source_only: bool) -> list[Any]:
        """The relationships of a type that an object is the source of."""
        assert source_only
        return self.query(
            [
                Filter("type", "=", "relationship"),
                Filter("relationship_type", "=", kind),
                Filter("source_ref", "=", stix_id),
            ]
        )


@contextmanager
def attack_data(path: Path) -> Iterator[MitreAttackData]:
    """MITRE's own tool, with a bundle that is plain JSON; each object of it is made once."""
    tool = sys.modules[MitreAttackData.__module__]
    make, made = tool.StixObjectFactory, dict[str, Any]()

    def make_once(found: Any) -> Any:
        if found["id"] not in made:
            made[found["id"]] = make(found)
        return made[found["id"]]

    data = MitreAttackData(str(path))
    data.src = IndexedStore(data.src)
    with patch.object(tool, "StixObjectFactory", make_once):
        yield data
