"""Input that is written otherwise: other characters, other encodings, escapes of escapes."""

from tests.factories import mitigation
from tests.hostile.corpus.category import Category, bundle, with_fields, with_text

_SOUND = bundle(mitigation("M1000", "Measure"))

CATEGORY = Category(
    values={
        "a NUL": "\x00",
        "a NUL within": "conf\x00irm",
        "control characters": "\x01\x02\x1b[31m\x7f",
        "digits of another script": "\u0661\u0668.\u0661",
        "wide digits": "\uff11\uff18.\uff11",
        "a superscript": "²",
        "letters that look alike": "\u0441onfirm",
        "a name from right to left": "\u202emrifnoc\u202c",
        "nothing that is seen": "\u200b\u2060\ufeff",
        "tags that nobody sees": "\U000e0041\U000e0042",
        "marks upon marks": "a" + "\u0301" * 500,
        "percent twice": "%2527%2520OR%25201",
        "an overlong slash": "%c0%af..%c0%af",
        "half a surrogate": "%ED%A0%80",
        "UTF-7": "+ADw-script+AD4-",
        "entities": "&#60;script&#62;&lt;b&gt;",
        "escapes of JavaScript": "\\u003cscript\\u003e\\x3c",
        "base64": "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "the last character there is": "\U0010ffff\ufffe",
        "line ends of a header": "x\r\nSet-Cookie: a=b",
    },
    files={
        "bytes that are no UTF-8": lambda: _SOUND.replace(b"Measure", b"\xff\xfe\xfa"),
        "Latin-1": lambda: _SOUND.decode().replace("Measure", "Mésure").encode("latin-1"),
        "UTF-16": lambda: _SOUND.decode().encode("utf-16"),
        "UTF-16 without its mark": lambda: _SOUND.decode().encode("utf-16-le"),
        "UTF-32": lambda: _SOUND.decode().encode("utf-32"),
        "UTF-7": lambda: _SOUND.decode().encode("utf-7").replace(b'"', b"+ACI-"),
        "EBCDIC": lambda: _SOUND.decode().encode("cp500"),
        "an overlong slash": lambda: _SOUND.replace(b"Measure", b"\xc0\xaf"),
        "half a surrogate": with_text('"\\ud800"'),
        "halves the wrong way round": with_text('"\\udc00\\ud800"'),
        "half a surrogate in UTF-8": lambda: _SOUND.replace(b"Measure", b"\xed\xa0\x80"),
        "an escape that is none": with_text('"\\x41"'),
        "a NUL in an id": with_fields(id="course-of-action--\x00"),
        "a NUL between": lambda: _SOUND.replace(b":", b":\x00", 1),
        "a NUL for a type": with_text('"tool\\u0000"', "type"),
        "base64": lambda: b"eyJ0eXBlIjogImJ1bmRsZSJ9",
        "a YAML of binary": lambda: b"state: !!binary |\n  \xff\xfe\n",
    },
)
