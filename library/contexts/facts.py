"""The facts at the head of an object's page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from library.contexts.graph import Named, Statement
from library.contexts.held import HeldObject
from library.contexts.subject import Subject
from library.contexts.undeclared import as_text
from library.declarations import Catalogued, FactSpec, Linked, Seen, Stated
from library.identifiers import SOFTWARE, timestamp
from library.text.markdown import plain
from library.text.references import Source, citations_of

YES_NO = {True: "Yes", False: "No"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of facts: words, a moment shown as a date, links, or a date with citations."""

    label: str
    value: str = ""
    moment: datetime | None = None
    links: tuple[Named, ...] = ()
    month: datetime | None = None
    cited: SafeString | str = ""

    @property
    def shown(self) -> str:
        """The words that a table's row shows of it, without its label."""
        return f"{self.month:%B %Y}" if self.month else self.value


def facts(subject: Subject) -> list[Fact]:
    """What MITRE states about an object, in the order of the page; what it does not is left out."""
    held = subject.held
    common = [
        Fact("Domains" if len(held.domains) > 1 else "Domain", ", ".join(held.domains)),
        Fact("ID", held.attack_id),
        Fact("Type", type_words(held)),
        Fact("Object version", held.version.x_mitre_version),
        Fact("Created", moment=held.moment("created")),
        Fact("Last modified", moment=held.moment("modified")),
        Fact("Status", held.status or "Live"),
    ]
    declared = [_declared(subject, spec) for spec in subject.kind.facts]
    return [fact for fact in (*common, *declared) if _says_something(fact)]


def shown_facts(
    subject: Subject,
    specs: tuple[FactSpec, ...],
    properties: dict[str, object],
    own: tuple[Source, ...],
) -> list[Fact]:
    """What a table's row says of its object beside the name.

    Citations resolve in that object, whose references are `own`, then in the page's.
    """
    made = [stated(spec, properties, _citer(subject, own)) for spec in specs]
    return [fact for fact in made if _says_something(fact)]


def unknown_facts(
    subject: Subject, statement: Statement, scopes: Sequence[Sequence[Source]]
) -> Iterator[Fact]:
    """What a relationship states that none has until now, as MITRE writes it."""
    for name, value in statement.others:
        said = as_text(value)
        citations = citations_of(said)
        if citations:
            yield Fact(name, plain(said), cited=subject.prose.cite(citations, scopes))
        else:
            yield Fact(name, said)


def _says_something(fact: Fact) -> bool:
    return bool(fact.value or fact.moment or fact.links or fact.month)


def type_words(held: HeldObject) -> str:
    """What it is called; for software which of its two types."""
    return held.stix_type.capitalize() if held.kind is SOFTWARE else held.label


def _declared(subject: Subject, spec: FactSpec) -> Fact:
    if isinstance(spec, Linked):
        return Fact(spec.label, links=subject.graph.linked(subject.places, spec.step))
    return stated(spec, subject.held.properties, _citer(subject))


def _citer(subject: Subject, *scopes: tuple[Source, ...]) -> Callable[[str], SafeString]:
    return lambda citation: subject.prose.cite(citation, [*scopes, subject.held.sources])


def stated(
    spec: FactSpec, properties: dict[str, object], cite: Callable[[str], SafeString]
) -> Fact:
    """What an object's own properties say of a fact; `cite` makes the marks of its citations."""
    match spec:
        case Stated():
            return Fact(spec.label, words_of(properties.get(spec.property), spec.joint))
        case Seen():
            citation = properties.get(spec.citation)
            cited = cite(citation if isinstance(citation, str) else "")
            return Fact(spec.label, month=timestamp(properties.get(spec.property)), cited=cited)
        case Catalogued():
            return Fact(spec.label, ", ".join(_catalogued(properties, spec.source)))
        case Linked():
            return Fact(spec.label)


def _catalogued(properties: dict[str, object], source: str) -> list[str]:
    references = properties.get("external_references")
    return [
        str(entry["external_id"])
        for entry in (references if isinstance(references, list) else ())
        if isinstance(entry, dict) and entry.get("source_name") == source and "external_id" in entry
    ]


def words_of(value: object, joint: str = ", ") -> str:
    """A JSON value in words: text as it is, lists joined, true and false as yes and no."""
    if isinstance(value, bool):
        return YES_NO[value]
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, list):
        return joint.join(filter(None, (words_of(part) for part in value)))
    return ""
