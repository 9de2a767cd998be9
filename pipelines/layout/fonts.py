"""The fonts a layout may use: those shipped in assets/fonts and, for Chinese, those of a store model.

Knows typefaces, coverage, measures and painting one line; nothing of templates or colours. A shelf is made per run and
used by one thread.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import skia
from pydantic import Field

from domain.errors import EngineFailed, InputError
from domain.value import Value
from pipelines.layout.wrapping import has_cjk

_EM = 256.0


class Family(Value):
    """files: weight -> path below assets/fonts."""

    name: str
    role: tuple[str, ...]
    licence: str
    source: str
    author: str = ""
    files: dict[int, str] = Field(min_length=1)


class Pair(Value):
    heading: str
    body: str


class FontFile(Value):
    """assets/fonts/fonts.toml."""

    cjk: str
    family: tuple[Family, ...]
    pair: tuple[Pair, ...]


def read_fonts(folder: Path) -> FontFile:
    with (folder / "fonts.toml").open("rb") as file:
        return FontFile.model_validate(tomllib.load(file))


@dataclass(frozen=True)
class Face:
    """One family at one weight, with tracking in em. `lead` is the family asked first, the others fill its gaps."""

    family: str
    weight: int
    tracking: float = 0.0


class Shelf:
    """Opened typefaces. cjk: the folder of the Chinese font's files, None when no text needs it."""

    CJK_FAMILY = "CJK"

    def __init__(self, folder: Path, cjk: Path | None) -> None:
        self._file = read_fonts(folder)
        self._provider = skia.textlayout.TypefaceFontProvider()
        self._faces: dict[str, dict[int, skia.Typeface]] = {}
        for family in self._file.family:
            for weight, name in family.files.items():
                self._add(family.name, weight, folder / name)
        if cjk is not None:
            for path in sorted(p for p in cjk.iterdir() if p.suffix.lower() in (".otf", ".ttf")):
                self._add(self.CJK_FAMILY, 0, path)
        self._collection = skia.textlayout.FontCollection()
        self._collection.setDefaultFontManager(self._provider)
        self._unicode = skia.Unicodes.ICU.Make()
        self._widths: dict[tuple[Face, str], float] = {}

    def _add(self, family: str, weight: int, path: Path) -> None:
        typeface = skia.Typeface.MakeFromFile(str(path))
        if typeface is None:
            raise EngineFailed(f"The font file {path.name} cannot be read.", hint="Verify the models, then try again.")
        self._provider.registerTypeface(typeface, family)
        self._faces.setdefault(family, {})[weight or typeface.fontStyle().weight()] = typeface

    def family(self, asked: str, field: str) -> str:
        """The family of that name, whatever its case. Raises InputError naming `field` and what there is."""
        names = {family.name.casefold(): family.name for family in self._file.family}
        if asked.casefold() not in names:
            raise InputError(f"There is no font {asked!r}.", hint=f"Use one of {', '.join(names.values())}.", field=field)
        return names[asked.casefold()]

    def pair(self, draw: int) -> Pair:
        """A heading and a body that go together; equal draws give equal pairs."""
        return self._file.pair[draw % len(self._file.pair)]

    def typefaces(self, face: Face) -> tuple[skia.Typeface, ...]:
        """The typefaces that draw this face, in the order they are asked for a character."""
        return tuple(self._typeface(name, face.weight) for name in self._families(face))

    def uncovered(self, text: str, face: Face) -> tuple[str, ...]:
        """The characters no opened font can draw for this face, each once, in order."""
        typefaces = self.typefaces(face)
        missing: dict[str, None] = {}
        for character in text:
            if character.isspace() or unicodedata.category(character) in ("Cf", "Mn"):
                continue
            if not any(typeface.unicharToGlyph(ord(character)) for typeface in typefaces):
                missing[character] = None
        return tuple(missing)

    def width(self, text: str, face: Face) -> float:
        """The advance of one line in em."""
        key = (face, text)
        if key not in self._widths:
            paragraph = self._paragraph(text, face, _EM, skia.ColorBLACK)
            self._widths[key] = float(paragraph.LongestLine) / _EM
        return self._widths[key]

    def ascent(self, face: Face) -> tuple[float, float]:
        """Ascent and descent of the line box in em, both positive; Chinese counts when it may appear."""
        metrics = skia.Font(self._typeface(face.family, face.weight), _EM).getMetrics()
        return -metrics.fAscent / _EM, metrics.fDescent / _EM

    def cap_height(self, face: Face, text: str) -> float:
        """How far above the baseline the line looks to reach, in em: the height of capitals, or of Chinese characters."""
        if has_cjk(text):
            return 0.86
        return float(skia.Font(self._typeface(face.family, face.weight), _EM).getMetrics().fCapHeight) / _EM or 0.7

    def paint(self, canvas: skia.Canvas, text: str, face: Face, size: float, colour: str, x: float, baseline: float) -> None:
        """Draw one line with its left edge at x and its alphabetic baseline at `baseline`, in pixels."""
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        paragraph = self._paragraph(text, face, size, skia.ColorSetRGB(red, green, blue))
        paragraph.paint(canvas, x, baseline - paragraph.AlphabeticBaseline)

    def _families(self, face: Face) -> Sequence[str]:
        names = [face.family, "Inter", self.CJK_FAMILY]
        return [name for name in dict.fromkeys(names) if name in self._faces]

    def _typeface(self, family: str, weight: int) -> skia.Typeface:
        faces = self._faces[family]
        return faces[min(faces, key=lambda have: (abs(have - weight), have))]

    def _paragraph(self, text: str, face: Face, size: float, colour: int) -> skia.textlayout.Paragraph:
        style = skia.textlayout.TextStyle()
        style.setFontFamilies([*self._families(face)])
        style.setFontStyle(skia.FontStyle(face.weight, 5, skia.FontStyle.kUpright_Slant))
        style.setFontSize(size)
        style.setLetterSpacing(face.tracking * size)
        style.setColor(colour)
        form = skia.textlayout.ParagraphStyle()
        form.setTextStyle(style)
        builder = skia.textlayout.ParagraphBuilder.make(form, self._collection, self._unicode)
        builder.pushStyle(style)
        builder.addText(text)
        paragraph = builder.Build()
        paragraph.layout(1e6)
        return paragraph
