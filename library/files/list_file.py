"""A list as records: whole, as the reader filtered it, read batch by batch."""

from collections.abc import Iterator, Sequence
from itertools import batched

from django.utils.safestring import SafeString

from library.conditional import Shelf
from library.contexts.facts import stated, type_words
from library.contexts.graph import Graph
from library.contexts.held import HeldObject
from library.contexts.object_list import BATCH, every_match
from library.declarations import FactSpec, Linked
from library.files.object_file import fact_words
from library.files.shape import ListRecord
from library.identifiers import ObjectType
from library.kinds import page_kind
from library.parameters import ListFilters
from library.text.markdown import plain


def list_records(
    shelf: Shelf, kind: ObjectType, filters: ListFilters, base: str
) -> Iterator[ListRecord]:
    """Every record of a list in its order; one query, and two a batch where facts are links."""
    specs = page_kind(kind).facts
    for batch in batched(every_match(shelf, kind, filters), BATCH):
        graph = _linked(shelf, batch, specs)
        for held in batch:
            yield _record(held, graph, specs, base)


def _linked(shelf: Shelf, batch: Sequence[HeldObject], specs: Sequence[FactSpec]) -> Graph:
    """The objects that facts of these link to."""
    graph = Graph(shelf)
    ids = [held.object_id for held in batch]
    steps = [spec.step for spec in specs if isinstance(spec, Linked)]
    graph.fetch([(ids, step) for step in steps])
    graph.meet({end for step in steps for end in graph.ends(ids, step)})
    return graph


def _record(held: HeldObject, graph: Graph, specs: Sequence[FactSpec], base: str) -> ListRecord:
    row = held.rows[0]
    return ListRecord(
        domain=row.snapshot.domain,
        attack_version=row.snapshot.attack_version,
        type=type_words(held),
        attack_id=held.attack_id,
        name=held.name,
        stix_id=held.stix_id,
        status=held.status or "Live",
        x_mitre_version=held.version.x_mitre_version,
        created=held.text("created"),
        modified=held.text("modified"),
        facts={spec.label: _fact(held, graph, spec) for spec in specs},
        definition=plain(held.text("description")),
        content_sha256=row.version.sha256,
        url=base + held.lasting_href,
    )


def _fact(held: HeldObject, graph: Graph, spec: FactSpec) -> str:
    if isinstance(spec, Linked):
        place = held.rows[0].snapshot_id, held.object_id
        return ", ".join(member.name for member in graph.reached([place], spec.step))
    return fact_words(stated(spec, held.properties, lambda _citation: SafeString()))
