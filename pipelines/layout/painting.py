"""Draws a decided layout with skia, to pixels or to a PDF with real text. Decides nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from pipelines.layout.colours import Scheme
from pipelines.layout.cropping import Box
from pipelines.layout.fitting import Fitted
from pipelines.layout.fonts import Shelf


@dataclass(frozen=True)
class Scrim:
    """A veil between picture and words: full over `box`, fading out over `fade` pixels beyond it. alpha in 0..1."""

    colour: str
    alpha: float
    box: Box
    fade: float


@dataclass(frozen=True)
class Shown:
    """A picture, the part of it that is taken, and where it goes. radius in pixels; arch rounds the top to a half circle."""

    image: skia.Image
    taken: Box
    target: Box
    radius: float = 0.0
    arch: bool = False


@dataclass(frozen=True)
class Backdrop:
    """What lies behind the words. frame: width of the line inside the edge; shapes: seed of the shapes, None for none."""

    width: int
    height: int
    scheme: Scheme
    shown: Shown | None = None
    panel: Box | None = None
    panel_radius: float = 0.0
    shapes: int | None = None
    clear: Box | None = None
    frame: float = 0.0
    scrim: Scrim | None = None


@dataclass(frozen=True)
class Inks:
    """The colour of each field as #rrggbb; `button` and `rule` are filled shapes, `plate` lies under a logo ("": none)."""

    headline: str
    body: str
    brand: str
    cta: str
    button: str
    rule: str
    plate: str = ""


def colour(text: str, alpha: float = 1.0) -> int:
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    return int(skia.ColorSetARGB(round(alpha * 255), red, green, blue))


def raster(width: int, height: int, draw: Callable[[skia.Canvas], None]) -> skia.Image:
    """Run `draw` on an opaque canvas of pixels."""
    surface = skia.Surface.MakeRaster(skia.ImageInfo.Make(width, height, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType))
    draw(surface.getCanvas())
    return surface.makeImageSnapshot()


def pixels(image: skia.Image) -> NDArray[np.uint8]:
    """RGB, shape (height, width, 3)."""
    return np.asarray(image.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3], dtype=np.uint8)


def pdf(width: int, height: int, title: str, draw: Callable[[skia.Canvas], None]) -> bytes:
    """Run `draw` on one PDF page of `width` x `height` points; text stays text, its fonts are embedded."""
    stream = skia.DynamicMemoryWStream()
    metadata = skia.PDF.Metadata()
    metadata.fTitle, metadata.fCreator, metadata.fProducer, metadata.fEncodingQuality = title, "Maquette", "Maquette", 90
    document = skia.PDF.MakeDocument(stream, metadata)
    draw(document.beginPage(width, height))
    document.endPage()
    document.close()
    return bytes(stream.detachAsData())


def paint_backdrop(canvas: skia.Canvas, backdrop: Backdrop) -> None:
    """1. ground, 2. shapes, 3. picture, 4. panel, 5. scrim, 6. frame."""
    scheme = backdrop.scheme
    canvas.clear(colour(scheme.surface if backdrop.panel is None else scheme.alt))
    if backdrop.shapes is not None:
        _shapes(canvas, backdrop, random.Random(backdrop.shapes))  # noqa: S311 - drawing, not secrets
    if backdrop.shown is not None:
        _picture(canvas, backdrop.shown)
    if backdrop.panel is not None:
        _panel(canvas, backdrop.panel, backdrop.panel_radius, scheme.surface)
    if backdrop.scrim is not None and backdrop.scrim.alpha > 0:
        _veil(canvas, backdrop, backdrop.scrim)
    if backdrop.frame > 0:
        inset = backdrop.frame * 4
        line = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=backdrop.frame, Color=colour(scheme.ink, 0.75))
        canvas.drawRect(skia.Rect.MakeXYWH(inset, inset, backdrop.width - 2 * inset, backdrop.height - 2 * inset), line)


def paint_words(canvas: skia.Canvas, shelf: Shelf, fitted: Fitted, inks: Inks, mark: skia.Image | None) -> None:
    """Rule, logo, button, then every line."""
    if fitted.rule is not None:
        canvas.drawRRect(_rounded(fitted.rule, fitted.rule.height / 2), skia.Paint(AntiAlias=True, Color=colour(inks.rule)))
    if fitted.mark is not None and mark is not None:
        if inks.plate:
            margin = fitted.mark.height * 0.14
            canvas.drawRRect(_rounded(fitted.mark.inset(-margin), margin), skia.Paint(AntiAlias=True, Color=colour(inks.plate)))
        canvas.drawImageRect(mark, _rect(fitted.mark), _SHARP)
    if fitted.button is not None:
        canvas.drawRRect(_rounded(fitted.button, fitted.button.height / 2), skia.Paint(AntiAlias=True, Color=colour(inks.button)))
    colours = {"headline": inks.headline, "body": inks.body, "brand": inks.brand, "cta": inks.cta}
    for line in fitted.lines:
        shelf.paint(canvas, line.text, line.face, line.size, colours[line.field], line.x, line.baseline)


_SHARP = skia.SamplingOptions(skia.FilterMode.kLinear, skia.MipmapMode.kLinear)


def _rect(box: Box) -> skia.Rect:
    return skia.Rect.MakeXYWH(box.x, box.y, box.width, box.height)


def _rounded(box: Box, radius: float) -> skia.RRect:
    return skia.RRect.MakeRectXY(_rect(box), radius, radius)


def _picture(canvas: skia.Canvas, shown: Shown) -> None:
    canvas.save()
    if shown.arch:
        radius = min(shown.target.width, shown.target.height) / 2
        shape = skia.RRect()
        top, bottom = skia.Point(radius, radius), skia.Point(0, 0)
        shape.setRectRadii(_rect(shown.target), [top, top, bottom, bottom])
        canvas.clipRRect(shape, True)
    elif shown.radius > 0:
        canvas.clipRRect(_rounded(shown.target, shown.radius), True)
    canvas.drawImageRect(shown.image, _rect(shown.taken), _rect(shown.target), _SHARP, skia.Paint(AntiAlias=True))
    canvas.restore()


def _panel(canvas: skia.Canvas, box: Box, radius: float, fill: str) -> None:
    blur = max(2.0, radius * 0.8)
    shadow = skia.Paint(
        AntiAlias=True, Color=skia.ColorSetARGB(70, 0, 0, 0), MaskFilter=skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur)
    )
    canvas.drawRRect(_rounded(Box(box.x, box.y + blur * 0.5, box.width, box.height), radius), shadow)
    canvas.drawRRect(_rounded(box, radius), skia.Paint(AntiAlias=True, Color=colour(fill)))


def _veil(canvas: skia.Canvas, backdrop: Backdrop, scrim: Scrim) -> None:
    """Fades toward the side of the canvas that is farthest from the words."""
    box, width, height = scrim.box, float(backdrop.width), float(backdrop.height)
    room = {"left": box.x, "top": box.y, "right": width - box.right, "bottom": height - box.bottom}
    side = max(room, key=lambda name: room[name] / (width if name in ("left", "right") else height))
    start, end = {
        "left": ((box.x, 0.0), (box.x - scrim.fade, 0.0)),
        "right": ((box.right, 0.0), (box.right + scrim.fade, 0.0)),
        "top": ((0.0, box.y), (0.0, box.y - scrim.fade)),
        "bottom": ((0.0, box.bottom), (0.0, box.bottom + scrim.fade)),
    }[side]
    stops = [i / 8 for i in range(9)]
    eased = [scrim.alpha * (1 - stop * stop * (3 - 2 * stop)) for stop in stops]
    shader = skia.GradientShader.MakeLinear([start, end], [colour(scrim.colour, alpha) for alpha in eased], stops)
    canvas.drawRect(skia.Rect.MakeWH(width, height), skia.Paint(Shader=shader, Dither=True))


def _shapes(canvas: skia.Canvas, backdrop: Backdrop, draw: random.Random) -> None:
    kinds = (
        (_rings, _discs, _dots, _slant) if backdrop.width > 1.2 * backdrop.height and backdrop.shown is None else (_rings, _discs, _dots)
    )
    kinds[draw.randrange(len(kinds))](canvas, backdrop, draw)


def _rings(canvas: skia.Canvas, backdrop: Backdrop, draw: random.Random) -> None:
    """Broad concentric rings growing out of a far corner."""
    width, height, short = backdrop.width, backdrop.height, min(backdrop.width, backdrop.height)
    centre = (width * draw.uniform(0.9, 1.02), height * draw.choice((draw.uniform(-0.02, 0.12), draw.uniform(0.88, 1.02))))
    for index, radius in enumerate((0.95, 0.7, 0.45, 0.2)):
        fill = backdrop.scheme.alt if index % 2 == 0 else backdrop.scheme.surface
        if index == 3:
            fill = backdrop.scheme.accent
        canvas.drawCircle(*centre, short * radius, skia.Paint(AntiAlias=True, Color=colour(fill)))


def _discs(canvas: skia.Canvas, backdrop: Backdrop, draw: random.Random) -> None:
    """Two overlapping discs leaving the canvas, and a small accent one."""
    width, height, short = backdrop.width, backdrop.height, min(backdrop.width, backdrop.height)
    up = draw.random() < 0.5
    paint = skia.Paint(AntiAlias=True, Color=colour(backdrop.scheme.alt))
    canvas.drawCircle(width * 0.98, height * (0.12 if up else 0.9), short * 0.62, paint)
    x, y = width - short * 0.2, height * (0.88 if up else 0.14)
    canvas.drawCircle(x, y, short * 0.26, skia.Paint(AntiAlias=True, Color=colour(backdrop.scheme.accent, 0.9)))


def _dots(canvas: skia.Canvas, backdrop: Backdrop, draw: random.Random) -> None:
    """A grid of dots fading from a corner."""
    width, height, short = backdrop.width, backdrop.height, min(backdrop.width, backdrop.height)
    step = short * 0.062
    rows, columns = int(height / step) + 1, int(short * 0.75 / step)
    up = draw.random() < 0.5
    for column in range(columns):
        for row in range(rows):
            y = (row + 0.5) * step
            far = (column / columns) * 0.55 + ((y if up else height - y) / height) * 0.75
            radius = step * 0.3 * max(0.0, 1 - far)
            if radius > 0.3:
                canvas.drawCircle(
                    width - (column + 0.6) * step, y, radius, skia.Paint(AntiAlias=True, Color=colour(backdrop.scheme.accent, 0.85))
                )


def _slant(canvas: skia.Canvas, backdrop: Backdrop, draw: random.Random) -> None:
    """A leaning field of colour at the right edge, with a thin accent edge."""
    width, height = float(backdrop.width), float(backdrop.height)
    lean, foot = height * draw.uniform(0.25, 0.45), max(0.08 * width, width - (backdrop.clear.right if backdrop.clear else width))
    foot = min(foot, width * 0.3)
    edge = max(2.0, min(width, height) * 0.014)
    path = skia.Path()
    path.addPoly([(width - foot, height), (width - foot + lean, 0), (width, 0), (width, height)], True)
    line = skia.Path()
    line.addPoly([(width - foot - edge, height), (width - foot + lean - edge, 0), (width - foot + lean, 0), (width - foot, height)], True)
    canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=colour(backdrop.scheme.alt)))
    canvas.drawPath(line, skia.Paint(AntiAlias=True, Color=colour(backdrop.scheme.accent)))
