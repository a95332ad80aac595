"""The letters of a PDF that Chromium printed, read without any other program.

Text stands in content streams as glyph numbers; the font that is set says, in its ToUnicode map,
which characters these are.
"""

import re
import zlib

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"\bstream\r?\n")
_LENGTH = re.compile(rb"/Length (\d+)\b")
_TO_UNICODE = re.compile(rb"/ToUnicode (\d+) 0 R")
_SECTION = re.compile(r"beginbf(char|range)(.*?)endbf", re.DOTALL)
_HEX = re.compile(r"<([0-9A-Fa-f ]+)>")
_SHOWN = re.compile(r"/F(\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>")
_PAGE = re.compile(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]")
_GLYPH = 4

type Letters = dict[int, str]


def letters_of(pdf: bytes) -> str:
    """Everything that is printed, in the order of the file, without any white space."""
    assert pdf.startswith(b"%PDF-")
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts = {
        number: _letters(_content(objects[int(found[1])]))
        for number, body in objects.items()
        if (found := _TO_UNICODE.search(body))
    }
    pieces = [_printed(_content(body), fonts) for body in objects.values() if b"stream" in body]
    return "".join("".join(pieces).split())


def sheets_of(pdf: bytes) -> int:
    """How many sheets there are."""
    return len(_PAGE.findall(pdf))


def landscape_sheets_of(pdf: bytes) -> int:
    """How many sheets are wider than high."""
    return sum(float(width) > float(height) for width, height in _PAGE.findall(pdf))


def _content(body: bytes) -> str:
    found, length = _STREAM.search(body), _LENGTH.search(body)
    if found is None or length is None:
        return ""
    stream = body[found.end() : found.end() + int(length[1])]
    packed = b"/FlateDecode" in body[: found.start()]
    return (zlib.decompress(stream) if packed else stream).decode("latin-1")


def _letters(to_unicode: str) -> Letters:
    letters: Letters = {}
    for kind, section in _SECTION.findall(to_unicode):
        codes = [code.replace(" ", "") for code in _HEX.findall(section)]
        if kind == "char":
            for glyph, text in zip(codes[::2], codes[1::2], strict=True):
                letters[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
        else:
            for first, last, start in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
                for step in range(int(last, 16) - int(first, 16) + 1):
                    letters[int(first, 16) + step] = chr(int(start, 16) + step)
    return letters


def _printed(content: str, fonts: dict[int, Letters]) -> str:
    shown: list[str] = []
    letters: Letters = {}
    for found in _SHOWN.finditer(content):
        if found[1]:
            letters = fonts.get(int(found[1]), {})
            continue
        codes = (found[2][at : at + _GLYPH] for at in range(0, len(found[2]), _GLYPH))
        shown.extend(letters.get(int(code, 16), "") for code in codes)
    return "".join(shown)
