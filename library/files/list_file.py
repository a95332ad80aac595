"""A list as records: whole, as the reader filtered it, read batch by batch."""

from collections.abc import Iterator, Sequence
from itertools import batched

from django.utils.safestring import SafeString

from library.conditional import Shelf
from library.contexts.facts import Fact, stated, type_words
from library.contexts.graph import Graph
from library.contexts.held import HeldObject
from library.contexts.object_list import BATCH, every_match
from library.declarations import Aliases, FactSpec, Linked, PageKind
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
    declared = page_kind(kind)
    for batch in batched(every_match(shelf, kind, filters), BATCH):
        graph = _linked(shelf, batch, declared.facts)
        for held in batch:
            yield _record(held, graph, declared, base)


def list_labels(kind: ObjectType) -> list[str]:
    """The labels of a kind's own facts in the records of its list; other names are among them."""
    declared = page_kind(kind)
    return [spec.label for spec in declared.facts] + [spec.title for spec in _aliases(declared)]


def _aliases(declared: PageKind) -> list[Aliases]:
    return [section for section in declared.sections if isinstance(section, Aliases)]


def _linked(shelf: Shelf, batch: Sequence[HeldObject], specs: Sequence[FactSpec]) -> Graph:
    """The objects that facts of these link to."""
    graph = Graph(shelf)
    ids = [held.object_id for held in batch]
    steps = [spec.step for spec in specs if isinstance(spec, Linked)]
    graph.fetch([(ids, step) for step in steps])
    graph.meet({end for step in steps for end in graph.ends(ids, step)})
    return graph


def _record(held: HeldObject, graph: Graph, declared: PageKind, base: str) -> ListRecord:
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
        facts={spec.label: _fact(held, graph, spec) for spec in declared.facts}
        | {spec.title: "; ".join(held.other_names(spec.property)) for spec in _aliases(declared)},
        definition=plain(held.text("description")),
        content_sha256=row.version.sha256,
        url=base + held.lasting_href,
    )


def _fact(held: HeldObject, graph: Graph, spec: FactSpec) -> str:
    if isinstance(spec, Linked):
        place = held.rows[0].snapshot_id, held.object_id
        return fact_words(Fact(spec.label, links=graph.linked([place], spec.step)))
    return fact_words(stated(spec, held.properties, lambda _citation: SafeString()))
