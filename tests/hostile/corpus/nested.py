"""Input that is deep: things in things in things, or things that mean one another."""

from tests.factories import mitigation
from tests.hostile.corpus.category import Category, bundle, of_bundle, with_fields, with_text

_DEEP = 3000


def _aliases() -> bytes:
    """YAML in which every line means the line before nine times."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines).encode()


def _same_id() -> bytes:
    one = mitigation("M1000", "Measure")
    return bundle(one, one | {"x_mitre_inner": one})


CATEGORY = Category(
    values={
        "parentheses": "(" * 900 + ")" * 900,
        "brackets": "[" * 900 + "]" * 900,
        "braces": "{" * 900 + "}" * 900,
        "links in links": "[" * 300 + "x" + "](y)" * 300,
        "quotes of quotes": "> " * 900 + "x",
        "lists of lists": "\n".join(" " * n + "- x" for n in range(60)),
        "emphasis": "*_" * 900,
        "citations in citations": "(Citation: " * 200 + ")" * 200,
        "elements": "<b>" * 900,
        "groups of an expression": "(a+" * 300 + ")+" * 300,
        "percent signs of percent signs": "%" + "25" * 900 + "00",
        "addresses in addresses": "https://x/?u=" * 200,
        "a query in a query": "a[b][c][d]" * 90 + "=1",
        "negations": "!" * 900 + "a",
        "templates in templates": "{{" * 300 + "}}" * 300,
    },
    files={
        "lists": lambda: b"[" * 100_000,
        "closed lists": lambda: b"[" * _DEEP + b"]" * _DEEP,
        "objects": lambda: b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
        "lists in a field": with_text("[" * _DEEP + "]" * _DEEP, "x_mitre_deep"),
        "objects in a field": with_text('{"a":' * _DEEP + "1" + "}" * _DEEP, "x_mitre_deep"),
        "lists in place of an id": with_text("[" * 900 + "]" * 900, "id"),
        "lists in place of a type": with_text("[" * 900 + "]" * 900, "type"),
        "a bundle in a bundle": of_bundle(objects=[{"type": "bundle", "objects": []}]),
        "bundles in bundles": lambda: b'{"type":"bundle","objects":[' * 900 + b"]}" * 900,
        "an object in itself": _same_id,
        "an object in place of its id": with_fields(id={"id": {"id": {}}}),
        "objects in place of a type": with_fields(type={"type": {"type": {}}}),
        "lists of lists of objects": of_bundle(objects=[[[[mitigation("M1", "One")]]]]),
        "aliases of aliases of YAML": _aliases,
        "a YAML list of lists": lambda: b"a: " + b"[" * _DEEP,
        "a YAML that means itself": lambda: b"a: &a [*a]\n",
    },
)
