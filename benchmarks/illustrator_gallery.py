"""Contact sheets: many pictures on one page, numbered or captioned, each page a file under a size limit."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from benchmarks.illustrator_measures import Bytes

#: Pictures a page, columns, and the room of one in pixels.
PAGE, COLUMNS = 20, 5
WIDE, HIGH, LINE = 320, 240, 16
MOST_BYTES = 400_000
PAPER, INK = "#fbfaf7", "#33312c"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Shown:
    caption: str
    picture: Image.Image


def thumbnail(pixels: Bytes) -> Image.Image:
    picture = Image.fromarray(pixels)
    picture.thumbnail((WIDE, HIGH), Image.Resampling.LANCZOS)
    return picture


def sheet(shown: Sequence[Shown], font: Font, columns: int = COLUMNS, lines: int = 2) -> Image.Image:
    """Pictures in rows, a caption of at most `lines` lines under each."""
    rows = -(-len(shown) // columns)
    room_x, room_y = WIDE + 12, HIGH + lines * LINE + 14
    page = Image.new("RGB", (columns * room_x + 12, rows * room_y + 12), PAPER)
    pen = ImageDraw.Draw(page)
    for index, one in enumerate(shown):
        x, y = 12 + index % columns * room_x, 12 + index // columns * room_y
        page.paste(one.picture, (x + (WIDE - one.picture.width) // 2, y + HIGH - one.picture.height))
        for number, line in enumerate(_wrapped(one.caption, pen, font, lines)):
            pen.text((x, y + HIGH + 2 + number * LINE), line, fill=INK, font=font)
    return page


def font_of(folder: Path | None) -> Font:
    """Noto Sans SC where the model store has it, so that Chinese captions can be read; else Pillow's own."""
    path = folder / "NotoSansHans-Regular.otf" if folder is not None else None
    return ImageFont.truetype(path, 12) if path is not None and path.is_file() else ImageFont.load_default(12)


def write_pages(shown: Sequence[Shown], folder: Path, name: str, font: Font) -> list[Path]:
    """name-01.webp and on, each under MOST_BYTES; older pages of that name are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{name}-??.webp"):
        old.unlink()
    written = []
    for start in range(0, len(shown), PAGE):
        path = folder / f"{name}-{start // PAGE + 1:02d}.webp"
        path.write_bytes(small(sheet(shown[start : start + PAGE], font)))
        written.append(path)
    return written


def small(page: Image.Image, most: int = MOST_BYTES) -> bytes:
    """WebP at the best quality that stays under `most` bytes."""
    for quality in (82, 74, 66, 56, 46, 34, 20):
        target = io.BytesIO()
        page.save(target, "WEBP", quality=quality, method=4)
        if target.tell() < most:
            return target.getvalue()
    half = page.resize((page.width // 2, page.height // 2), Image.Resampling.LANCZOS)
    return small(half, most)


def _wrapped(text: str, pen: ImageDraw.ImageDraw, font: Font, lines: int) -> list[str]:
    """As much of the text as fits; the last line ends in an ellipsis where some does not."""
    out: list[str] = []
    rest = text.strip()
    while rest and len(out) < lines:
        fits = len(rest)
        while fits > 1 and pen.textlength(rest[:fits], font=font) > WIDE:
            fits -= 1
        if fits < len(rest) and len(out) < lines - 1:
            space = rest.rfind(" ", 0, fits)
            fits = space if space > fits // 2 else fits
        elif fits < len(rest):
            rest, fits = rest[: fits - 1] + "…", fits
        out.append(rest[:fits].strip())
        rest = rest[fits:].strip()
    return out
