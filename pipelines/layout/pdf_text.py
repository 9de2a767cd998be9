"""Makes the text of a PDF that skia wrote readable again: which letter each glyph of its fonts stands for. Changes nothing that is seen.

Where several letters share a glyph (a space and a no-break space, 无 and the radical ⽆), skia names none of them, or the rarest. A
reader then finds and copies other words than those on the page. The letters of the text itself say which one is meant.
Source: PDF 32000-1:2008, 9.10.3 (ToUnicode CMaps) and 7.5.4 (cross-reference table).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping

import skia

_BLOCK = 100
#: CJK Radicals Supplement and Kangxi Radicals.
_RADICALS = range(0x2E80, 0x2FD6)


def readable(pdf: bytes, typefaces: Iterable[skia.Typeface], text: str) -> bytes:
    """The same PDF with letters for the glyphs of its fonts.

    Args:
        pdf: as skia writes it: one cross-reference table, no object streams. Another file comes back as it is.
        typefaces: that it was set with. text: every letter that stands in it.
    """
    objects, trailer = _objects(pdf)
    letters, faces = sorted(set(text)), tuple(typefaces)
    known = {_name(face): {face.unicharToGlyph(ord(c)): c for c in letters} for face in faces}
    # 无 for ⽆: the letter of the text that shares a glyph with what skia named.
    twins = {twin: c for face in faces for c in letters for twin in _twins(c, face) if twin not in letters}
    changed = dict(objects)
    for body in objects.values():
        map_ = re.search(rb"/ToUnicode (\d+) 0 R", body)
        if map_:
            # Only a Type0 font names glyphs by their number; others have codes of their own.
            name = re.search(rb"/BaseFont /(?:[A-Z]{6}\+)?([^\s/<>]+)", body) if b"/Subtype /Type0" in body else None
            glyphs = known.get(name[1].decode("latin-1"), {}) if name else {}
            changed[int(map_[1])] = _mapped(objects[int(map_[1])], glyphs, twins)
    return _written(pdf, changed, trailer) if objects else pdf


def _twins(letter: str, typeface: skia.Typeface) -> list[str]:
    """Radicals that are drawn by the glyph of a Chinese character."""
    glyph = typeface.unicharToGlyph(ord(letter)) if "\u4e00" <= letter <= "\u9fff" else 0
    return [chr(code) for code in _RADICALS if glyph and typeface.unicharToGlyph(code) == glyph]


def _name(typeface: skia.Typeface) -> str:
    """As it stands in the PDF: the PostScript name."""
    return str(typeface.getPostScriptName() or typeface.getFamilyName()).replace(" ", "")


def _objects(pdf: bytes) -> tuple[dict[int, bytes], bytes]:
    """Objects by number, and the trailer; nothing when the file is laid out otherwise."""
    start = re.search(rb"startxref\n(\d+)\n%%EOF\s*$", pdf)
    head = re.match(rb"xref\n0 (\d+)\n", pdf[int(start[1]) :]) if start else None
    if start is None or head is None:
        return {}, b""
    table = int(start[1])
    rows = pdf[table + head.end() :]
    offsets = {n: int(rows[n * 20 : n * 20 + 10]) for n in range(1, int(head[1]))}
    ends = sorted([*offsets.values(), table])
    found = {n: pdf[at : ends[ends.index(at) + 1]] for n, at in offsets.items()}
    return found, rows[int(head[1]) * 20 : rows.index(b"startxref")]


def _mapped(body: bytes, glyphs: Mapping[int, str], twins: Mapping[str, str]) -> bytes:
    """A ToUnicode stream with these letters by glyph, and those it had for others, a radical being its character."""
    head, rest = body.split(b"stream\n", 1)
    plain = zlib.decompress(rest[: int(re.search(rb"/Length (\d+)", head)[1])])  # type: ignore[index]
    had: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar\n([\s\S]*?)endbfchar", plain):
        had |= {int(glyph, 16): to.decode() for glyph, to in re.findall(rb"<(\w+)> <(\w+)>", block) if int(to, 16)}
    for block in re.findall(rb"beginbfrange\n([\s\S]*?)endbfrange", plain):
        for first, last, to in re.findall(rb"<(\w+)> <(\w+)> <(\w+)>", block):
            had |= {glyph: f"{int(to, 16) + glyph - int(first, 16):04X}" for glyph in range(int(first, 16), int(last, 16) + 1)}
    size = len(re.search(rb"begincodespacerange\n<(\w+)>", plain)[1])  # type: ignore[index]
    radicals = {f"{ord(twin):04X}": f"{ord(letter):04X}" for twin, letter in twins.items()}
    had = {glyph: radicals.get(to.upper(), to) for glyph, to in had.items()}
    had |= {glyph: letter.encode("utf-16-be").hex().upper() for glyph, letter in glyphs.items() if glyph}
    rows = [f"<{glyph:0{size}X}> <{to}>" for glyph, to in sorted(had.items())]
    blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
    said = "\n".join("\n".join([f"{len(block)} beginbfchar", *block, "endbfchar"]) for block in blocks)
    before, after = plain[: plain.index(b"endcodespacerange") + 18], plain[plain.index(b"endcmap") :]
    data = zlib.compress(before + said.encode() + b"\n" + after, 9)
    number = body.split(b" ", 1)[0]
    return number + b" 0 obj\n<</Filter /FlateDecode\n/Length %d>> stream\n" % len(data) + data + b"\nendstream\nendobj\n"


def _written(pdf: bytes, objects: Mapping[int, bytes], trailer: bytes) -> bytes:
    out = bytearray(pdf[: pdf.index(b"1 0 obj")])
    offsets: dict[int, int] = {}
    for number, body in sorted(objects.items()):
        offsets[number] = len(out)
        out += body
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    return bytes(out + trailer + b"startxref\n%d\n%%%%EOF\n" % start)
