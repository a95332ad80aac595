"""Input that is broken: cut off, half written, not of the form that it claims."""

import gzip
import lzma

from tests.factories import mitigation
from tests.hostile.corpus.category import Category, bundle, with_fields, with_text

_SOUND = bundle(mitigation("M1000", "Measure"))

CATEGORY = Category(
    values={
        "an open quote": "'",
        "an open double quote": '"',
        "an open bracket": "T1059 (",
        "an open brace": "{",
        "an open tag": "<a href=",
        "an open comment": "<!--",
        "a half JSON": '{"kind": "conf',
        "a half date": "2024-13-",
        "a half STIX id": "course-of-action--",
        "a STIX id of wrong digits": "course-of-action--zzzzzzzz-0000-0000-0000-000000000000",
        "half a hash": "abc",
        "a release of dots": "..",
        "a release that goes on": "18.1.",
        "separators alone": ",;,;,;",
        "a half citation": "(Citation: ",
        "a half link": "[x](https://",
        "a template tag": "{% if",
    },
    files={
        "nothing": lambda: b"",
        "blanks": lambda: b" \n\t ",
        "a web page": lambda: b"<!DOCTYPE html><html><body>404</body></html>",
        "cut off": lambda: _SOUND[: len(_SOUND) // 2],
        "without its last brace": lambda: _SOUND[:-1],
        "two documents": lambda: _SOUND + _SOUND,
        "a comma too many": lambda: _SOUND[:-1] + b",}",
        "single quotes": lambda: _SOUND.replace(b'"', b"'"),
        "a comment": lambda: b"// a bundle\n" + _SOUND,
        "a line end in a string": lambda: with_text('"a\nb"')(),
        "a gzip that breaks off": lambda: gzip.compress(_SOUND)[:-9],
        "an xz that breaks off": lambda: lzma.compress(_SOUND)[:-9],
        "a gzip with another checksum": lambda: gzip.compress(_SOUND)[:-8] + bytes(8),
        "an xz whose middle is zeros": lambda: b"\xfd7zXZ\x00" + bytes(60),
        "a ZIP's head": lambda: b"PK\x03\x04" + bytes(40),
        "an id without its number": with_fields(id="course-of-action--"),
        "a YAML that breaks off": lambda: b"stix_id: [course-of-action--\nstate: {",
        "a YAML of tabs": lambda: b"\tstate:\tdraft\n",
    },
)
