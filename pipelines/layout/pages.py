"""Sets a text for print as a PDF of A4 pages: article, screenplay, columns. Real text, fonts embedded, the same bytes each time.

Knows styles, margins, lines and pages; nothing of what the text says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import skia

from domain.pages import PageBlock, PrintedText
from pipelines.layout.fonts import Face, Shelf
from pipelines.layout.pdf_text import readable
from pipelines.layout.wrapping import pieces_of

#: Points: A4, margins, and the body.
_PAGE = (595.0, 842.0)
_MARGIN = 64.0
_SIZE, _LEADING = 11.0, 15.5
_CELL, _PAD = 9.0, 5.0
_EM = 1000.0
_INK, _LINE = 0xFF1A1A1A, 0xFFB8B8B8


@dataclass(frozen=True)
class _Look:
    """left and width: share of the text's width. above: points before it. stays: it is not parted from what follows."""

    size: float = _SIZE
    weight: int = 400
    left: float = 0.0
    width: float = 1.0
    above: float = 8.0
    stays: bool = False


#: Indents of a screenplay: cues at 45% of the line, dialogue between 22% and 78%.
_LOOKS: dict[str, _Look] = {
    "title": _Look(20.0, 700, above=0.0),
    "note": _Look(9.0, above=4.0),
    "heading": _Look(13.0, 700, above=18.0, stays=True),
    "paragraph": _Look(above=9.0),
    "scene": _Look(_SIZE, 700, above=18.0, stays=True),
    "action": _Look(),
    "character": _Look(left=0.42, width=0.5, stays=True),
    "manner": _Look(left=0.34, width=0.5, above=0.0, stays=True),
    "speech": _Look(left=0.22, width=0.56, above=0.0),
}


def pages_pdf(text: PrintedText, fonts: Path, cjk: Path | None) -> bytes:
    """The text as a PDF.

    Args:
        fonts: the folder assets/fonts. cjk: the folder of the Chinese font, None when the text needs none.
    Raises EngineFailed when a font file cannot be read.
    """
    return _Sheet(text, Shelf(fonts, cjk)).bytes()


class _Fonts:
    """Letters drawn one for one, each by the first typeface that has it: every glyph on the page is the glyph of its letter, so that
    a reader can find and copy the words. (Shaped text swaps in other glyphs that no letter is known for.)"""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._fonts: dict[Face, tuple[skia.Font, ...]] = {}

    @property
    def typefaces(self) -> tuple[skia.Typeface, ...]:
        """All that were asked for."""
        return tuple(font.getTypeface() for fonts in self._fonts.values() for font in fonts)

    def width(self, text: str, face: Face) -> float:
        """In em."""
        return sum(float(font.measureText(run)) for font, run in self._runs(text, face)) / _EM

    def paint(self, canvas: skia.Canvas, text: str, face: Face, size: float, x: float, baseline: float) -> None:
        for font, run in self._runs(text, face):
            sized = skia.Font(font.getTypeface(), size)
            # As wide as it was measured: letters placed on whole pixels would run into what follows.
            sized.setSubpixel(True)
            sized.setLinearMetrics(True)
            sized.setHinting(skia.FontHinting.kNone)
            canvas.drawString(run, x, baseline, sized, skia.Paint(Color=_INK, AntiAlias=True))
            x += font.measureText(run) / _EM * size

    def _runs(self, text: str, face: Face) -> list[tuple[skia.Font, str]]:
        if face not in self._fonts:
            self._fonts[face] = tuple(skia.Font(typeface, _EM) for typeface in self._shelf.typefaces(face))
        fonts = self._fonts[face]
        runs: list[tuple[skia.Font, str]] = []
        for letter in text:
            font = next((f for f in fonts if f.unicharToGlyph(ord(letter))), fonts[0])
            if runs and runs[-1][0] is font:
                runs[-1] = (font, runs[-1][1] + letter)
            else:
                runs.append((font, letter))
        return runs


class _Sheet:
    def __init__(self, text: PrintedText, shelf: Shelf) -> None:
        self._text, self._fonts = text, _Fonts(shelf)
        self._stream = skia.DynamicMemoryWStream()
        metadata = skia.PDF.Metadata()
        metadata.fTitle = text.title
        self._document = skia.PDF.MakeDocument(self._stream, metadata)
        self._canvas = self._document.beginPage(*_PAGE)
        self._y = _MARGIN

    def bytes(self) -> bytes:
        for at, block in enumerate(self._text.blocks):
            if block.style == "table":
                self._table(block)
            else:
                self._paragraph(block, self._needed(at))
        self._document.endPage()
        self._document.close()
        said = "".join(block.text + "".join(cell for row in block.rows for cell in row) for block in self._text.blocks)
        return readable(bytes(self._stream.detachAsData()), self._fonts.typefaces, said)

    def _needed(self, at: int) -> float:
        """Height of a block with those it may not be parted from, down to the first two lines of the last."""
        total = 0.0
        for block in self._text.blocks[at:]:
            if block.style == "table":
                return total + 40.0
            look = _LOOKS[block.style]
            lines = self._lines(block.text, look)
            total += look.above + (len(lines) if look.stays else min(2, len(lines))) * self._leading(look)
            if not look.stays:
                return total
        return total

    @staticmethod
    def _leading(look: _Look) -> float:
        return look.size * _LEADING / _SIZE

    def _lines(self, text: str, look: _Look) -> list[str]:
        width = (_PAGE[0] - 2 * _MARGIN) * look.width / look.size
        return [line for row in text.split("\n") for line in self._wrapped(row, Face("Inter", look.weight), width)]

    def _paragraph(self, block: PageBlock, needed: float) -> None:
        look = _LOOKS[block.style]
        if self._y > _MARGIN and self._y + needed > _PAGE[1] - _MARGIN:
            self._turn()
        self._y += look.above if self._y > _MARGIN else 0.0
        for line in self._lines(block.text, look):
            if self._y + self._leading(look) > _PAGE[1] - _MARGIN:
                self._turn()
            left = _MARGIN + look.left * (_PAGE[0] - 2 * _MARGIN)
            self._paint(line, Face("Inter", look.weight), look.size, left, self._y + look.size)
            self._y += self._leading(look)

    def _table(self, block: PageBlock) -> None:
        """Rows under a head that is printed on every page; a row taller than a page goes on over the next."""
        widths = self._widths(block.rows)
        self._y += 12.0 if self._y > _MARGIN else 0.0
        head, *rows = block.rows
        self._row(head, widths, 700)
        for row in rows:
            cells = [self._cell(cell, width, 400) for cell, width in zip(row, widths, strict=True)]
            tall = max(len(cell) for cell in cells) * _CELL * 1.4 + 2 * _PAD
            if self._y + min(tall, _PAGE[1] / 2) > _PAGE[1] - _MARGIN:
                self._turn()
                self._row(head, widths, 700)
            self._row(row, widths, 400)

    def _row(self, row: tuple[str, ...], widths: list[float], weight: int) -> None:
        cells = [self._cell(cell, width, weight) for cell, width in zip(row, widths, strict=True)]
        top = self._y
        if weight > 400:  # the head begins the table
            self._rule()
        self._y += _PAD
        for number in range(max(len(cell) for cell in cells)):
            if self._y + _CELL * 1.4 > _PAGE[1] - _MARGIN:
                self._turn()
                top = self._y
            left = _MARGIN
            for cell, width in zip(cells, widths, strict=True):
                if number < len(cell):
                    self._paint(cell[number], Face("Inter", weight), _CELL, left + _PAD, self._y + _CELL)
                left += width
            self._y += _CELL * 1.4
        self._y = max(self._y, top) + _PAD
        self._rule()

    def _cell(self, text: str, width: float, weight: int) -> list[str]:
        face = Face("Inter", weight)
        return [line for row in (text.split("\n") or [""]) for line in self._wrapped(row, face, (width - 2 * _PAD) / _CELL)]

    def _widths(self, rows: tuple[tuple[str, ...], ...]) -> list[float]:
        """Columns by how much they hold, none too narrow for its head."""
        whole = _PAGE[0] - 2 * _MARGIN
        least = [self._fonts.width(cell or " ", Face("Inter", 700)) * _CELL + 2 * _PAD + 1 for cell in rows[0]]
        held = [
            max(self._fonts.width(row[at] or " ", Face("Inter", 400)) * _CELL + 2 * _PAD + 1 for row in rows) for at in range(len(rows[0]))
        ]
        free = whole - sum(least)
        more = [max(0.0, min(want, whole) - low) for want, low in zip(held, least, strict=True)]
        return [low + (free * extra / sum(more) if sum(more) else free / len(least)) for low, extra in zip(least, more, strict=True)]

    def _wrapped(self, text: str, face: Face, width: float) -> list[str]:
        """Lines of at most `width` em, each as full as it can be."""
        lines, line = [], ""
        for piece in pieces_of(text):
            longer = line + piece.text
            if line and self._fonts.width(longer.rstrip(), face) > width:
                lines.append(line.rstrip())
                longer = piece.text
            line = longer + (" " if piece.space else "")
        return [*lines, line.rstrip()]

    def _paint(self, text: str, face: Face, size: float, x: float, baseline: float) -> None:
        if text:
            self._fonts.paint(self._canvas, text, face, size, x, baseline)

    def _rule(self) -> None:
        paint = skia.Paint(Color=_LINE, StrokeWidth=0.5, Style=skia.Paint.kStroke_Style)
        self._canvas.drawLine(_MARGIN, self._y, _PAGE[0] - _MARGIN, self._y, paint)

    def _turn(self) -> None:
        self._document.endPage()
        self._canvas = self._document.beginPage(*_PAGE)
        self._y = _MARGIN
