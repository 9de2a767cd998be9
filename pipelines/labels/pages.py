"""The visible label on every page of a PDF: letters over what is drawn, in the lower right corner.

It is an update behind the file (ISO 32000-1, 7.5.6): what the file holds stays as it is.
"""

from __future__ import annotations

import re
import zlib

from pipelines.labels.documents import newest_dictionaries, trailer_of, updated
from pipelines.labels.lettering import Box, Lettering
from pipelines.labels.pictures import refused

_BOX = re.compile(rb"/(CropBox|MediaBox)\s*\[\s*([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s*\]")
_CONTENTS = re.compile(rb"/Contents\s*(\[[^\]]*\]|\d+\s+0\s+R)")
_PARENTS_MAX = 50


def pdf(data: bytes, lettering: Lettering) -> bytes:
    """Raises LabelError for a file whose objects are packed, and for one without a page."""
    trailer, _ = trailer_of(data)
    known = newest_dictionaries(data)
    pages = sorted(number for number, body in known.items() if re.search(rb"/Type\s*/Page(?![A-Za-z])", body))
    if not pages:
        raise refused("PDF", "it has no page")
    first = max(*known, int(re.findall(rb"/Size\s+(\d+)", trailer)[0]) - 1) + 1
    objects = {first: _stream(b"q")}  # what the page leaves behind must not move the letters
    drawn: dict[bytes, int] = {}
    for number in pages:
        operators = b"Q\n" + lettering.operators(_box(known, number))
        at = drawn.setdefault(operators, first + 1 + len(drawn))
        objects[at] = _stream(operators)
        objects[number] = _with(known[number], first, at)
    return updated(data, objects)


def _with(page: bytes, before: int, after: int) -> bytes:
    """The dictionary of a page whose contents stand between two more streams."""
    found = _CONTENTS.search(page)
    if found is None:  # an empty page
        return page[:-2] + b"/Contents [%d 0 R %d 0 R]>>" % (before, after)
    inner = found[1].strip(b"[]")
    return page[: found.start()] + b"/Contents [%d 0 R %s %d 0 R]" % (before, inner, after) + page[found.end() :]


def _box(known: dict[int, bytes], number: int) -> Box:
    """What is shown of a page, by itself or by the nearest parent that says it."""
    for _ in range(_PARENTS_MAX):
        body = known.get(number, b"")
        boxes = {name: tuple(float(one) for one in numbers) for name, *numbers in _BOX.findall(body)}
        if boxes:
            left, bottom, right, top = boxes.get(b"CropBox", boxes.get(b"MediaBox", (0.0, 0.0, 0.0, 0.0)))
            return min(left, right), min(bottom, top), abs(right - left), abs(top - bottom)
        parent = re.search(rb"/Parent\s+(\d+)\s+0\s+R", body)
        if parent is None:
            break
        number = int(parent[1])
    raise refused("PDF", "a page says no size")


def _stream(operators: bytes) -> bytes:
    packed = zlib.compress(operators, 9)
    return b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed) + packed + b"\nendstream"
