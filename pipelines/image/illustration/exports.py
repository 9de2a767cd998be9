"""Other files of a drawn picture, made when asked: WebP, the subjects cut out, layers apart for parallax, the credits as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Sequence

from domain.errors import EngineFailed
from domain.recipe import Credit, OutputFile
from pipelines.image.illustration.draw import Drawn

EXPORTS = ("webp", "cutout", "layers", "credits")
#: The time written into archives: the same bytes on every day.
EPOCH = (2000, 1, 1, 0, 0, 0)


def render(svg: str, width: int, height: int) -> bytes:
    """PNG bytes. Raises EngineFailed."""
    import resvg_py

    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True))
    except ValueError as error:
        raise EngineFailed("The drawing could not be turned into pixels: {error}.", hint="Try another seed.", error=error) from error


def export(kind: str, drawn: Drawn, png: bytes, credits_: Sequence[Credit], size: tuple[int, int]) -> OutputFile:
    """kind is one of EXPORTS."""
    return _KINDS[kind](drawn, png, credits_, size)


def _webp(drawn: Drawn, png: bytes, credits_: Sequence[Credit], size: tuple[int, int]) -> OutputFile:
    from PIL import Image

    del drawn, credits_, size
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGBA").save(buffer, "WEBP", quality=90, method=4, exact=True)
    return OutputFile("picture.webp", "image/webp", buffer.getvalue())


def _cutout(drawn: Drawn, png: bytes, credits_: Sequence[Credit], size: tuple[int, int]) -> OutputFile:
    """Subjects and props alone, the rest transparent, at the places they have in the picture."""
    del png, credits_
    return OutputFile("cutout.png", "image/png", render(_only(drawn, drawn.cutout), *size))


def _layers(drawn: Drawn, png: bytes, credits_: Sequence[Credit], size: tuple[int, int]) -> OutputFile:
    """backdrop, middle and foreground as PNG and SVG of the whole size, lying over each other to the picture; and the credits."""
    del png
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, layers) in enumerate(drawn.groups.items(), 1):
            svg = _only(drawn, layers)
            _write(archive, f"{number}-{name}.svg", svg.encode())
            _write(archive, f"{number}-{name}.png", render(svg, *size))
        _write(archive, "CREDITS.txt", credits_text(credits_).encode())
    return OutputFile("layers.zip", "application/zip", buffer.getvalue())


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, data)


def _only(drawn: Drawn, layers: Collection[str]) -> str:
    return drawn.canvas.svg(drawn.title, layers)


def _credits(drawn: Drawn, png: bytes, credits_: Sequence[Credit], size: tuple[int, int]) -> OutputFile:
    del drawn, png, size
    return OutputFile("credits.txt", "text/plain", credits_text(credits_).encode())


def credits_text(credits_: Sequence[Credit]) -> str:
    """One line a drawing: title, author, licence, source."""
    lines = [f"{c.title} by {c.author}. Licence: {c.licence}. {c.source}" for c in credits_]
    return "Composed from licensed art.\n\n" + "\n".join(lines or ["No licensed drawing is in this picture."]) + "\n"


_KINDS: dict[str, Callable[[Drawn, bytes, Sequence[Credit], tuple[int, int]], OutputFile]] = {
    "webp": _webp,
    "cutout": _cutout,
    "layers": _layers,
    "credits": _credits,
}
