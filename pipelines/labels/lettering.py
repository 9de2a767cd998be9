"""The letters of the visible label, drawn on pixels, as a group of an SVG and as operators of a PDF page. Knows no file formats.

They are outlines in assets/labels/lettering.svg, so that no font has to be there. GB 45438-2025: at least 5% of the shortest side, at an
edge or in a corner.
"""

from __future__ import annotations

import functools
import io
import math
import re
from typing import TYPE_CHECKING

from domain.errors import LabelError

if TYPE_CHECKING:
    from PIL import Image

#: Height of the letters as a share of the shortest side; the standard asks for 0.05.
LETTERS = 0.055
_PLATE_ALPHA = 150
Box = tuple[float, float, float, float]


class Lettering:
    """svg: assets/labels/lettering.svg. Boxes are (x, y, width, height)."""

    def __init__(self, svg: str) -> None:
        box = re.search(r'viewBox="([-\d.]+) ([-\d.]+) ([\d.]+) ([\d.]+)"', svg)
        path = re.search(r'<path[^>]* d="([^"]+)"', svg)
        if box is None or path is None:
            raise LabelError("The lettering of the label is damaged.", hint="Install the studio again.")
        self._svg, self._path = svg, path[1]
        self._box = tuple(float(one) for one in box.groups())

    def on(self, picture: Image.Image) -> Image.Image:
        """The picture as RGBA with the letters on a half-dark plate in its lower right corner."""
        drawn = picture.convert("RGBA")
        plate, place = self._plate(drawn.size)
        drawn.alpha_composite(plate.crop((0, 0, min(plate.width, drawn.width), min(plate.height, drawn.height))), place)
        return drawn

    def hard(self, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
        """The plate in two colours, 0 and 255 (mode L), for pictures of few colours, and where it stands."""
        plate, place = self._plate(size)
        return plate.getchannel("R").point(lambda value: 255 if value > 127 else 0), place

    def _plate(self, size: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
        height = math.ceil(LETTERS * min(size)) + 2  # the edges are half seen
        plate = self._made(height)
        pad = max(2, height // 3)
        return plate, (max(0, size[0] - plate.width - pad), max(0, size[1] - plate.height - pad))

    @functools.lru_cache(maxsize=16)  # noqa: B019 - one lettering lives as long as the process; every frame of a film asks for the same
    def _made(self, height: int) -> Image.Image:
        import resvg_py
        from PIL import Image

        letters = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=self._svg, height=height)))).convert("RGBA")
        pad = max(2, height // 3)
        plate = Image.new("RGBA", (letters.width + 2 * pad, letters.height + 2 * pad), (0, 0, 0, _PLATE_ALPHA))
        plate.alpha_composite(letters, (pad, pad))
        return plate

    def group(self, canvas: Box) -> str:
        """An SVG group for a drawing that shows this box."""
        scale, plate, (left, top), pad = self._laid(canvas)
        return (
            f'<g aria-label="AI生成"><rect x="{left:.2f}" y="{top:.2f}" width="{plate[0]:.2f}" height="{plate[1]:.2f}" fill-opacity=".6"/>'
            f'<path fill="#fff" transform="translate({left + pad:.2f} {top + pad:.2f}) scale({scale:.5f}) '
            f'translate({-self._box[0]:.0f} {-self._box[1]:.0f})" d="{self._path}"/></g>'
        )

    def operators(self, page: Box) -> bytes:
        """Operators of a PDF content stream for a page of this box (y upwards), with the words for who cannot see them."""
        x, y, width, height = page
        scale, plate, (left, top), pad = self._laid((0.0, 0.0, width, height))
        base = y + height - top  # the upper edge of the plate
        told = "FEFF" + "AI生成".encode("utf-16-be").hex().upper()
        lines = [
            f"/Span <</ActualText <{told}>>> BDC q",
            f"0.25 g {x + left:.2f} {base - plate[1]:.2f} {plate[0]:.2f} {plate[1]:.2f} re f 1 g",
            f"{scale:.6f} 0 0 {-scale:.6f} {x + left + pad - self._box[0] * scale:.3f} {base - pad + self._box[1] * scale:.3f} cm",
            *_path_operators(self._path),
            "f Q EMC",
        ]
        return "\n".join(lines).encode("ascii")

    def _laid(self, canvas: Box) -> tuple[float, tuple[float, float], tuple[float, float], float]:
        """Scale of the outlines, size of the plate, its left upper corner (y downwards), and the margin in it."""
        x, y, width, height = canvas
        letters = LETTERS * min(width, height)
        scale, pad = letters / self._box[3], letters / 3
        plate = (self._box[2] * scale + 2 * pad, letters + 2 * pad)
        return scale, plate, (x + width - plate[0] - pad, y + height - plate[1] - pad), pad


def _path_operators(path: str) -> list[str]:
    """An SVG path of M, L, H, V, C and Z (absolute) as path operators of a PDF."""
    out: list[str] = []
    x = y = 0.0
    for command, given in re.findall(r"([MLHVCZ])([^MLHVCZ]*)", path):
        numbers = [float(one) for one in re.findall(r"-?\d*\.?\d+", given)]
        if command == "Z":
            out.append("h")
        elif command in "HV":
            for one in numbers:
                x, y = (one, y) if command == "H" else (x, one)
                out.append(f"{x:g} {y:g} l")
        else:
            step, operator = {"M": (2, "m"), "L": (2, "l"), "C": (6, "c")}[command]
            for start in range(0, len(numbers), step):
                part = numbers[start : start + step]
                x, y = part[-2:]
                out.append(" ".join(f"{one:g}" for one in part) + f" {operator if start == 0 or operator != 'm' else 'l'}")
    return out
