"""Takes a finished drawing out as other files: SVG, PNG and WebP of any size, a cut-out, layers apart for parallax, the credits.

It works on the SVG that the illustrator stored, never on a second drawing of the scene: what is taken out is the picture that was
looked at, whatever art or illustrator is installed today. Knows how that SVG is built (illustration/svg.py), and nothing of scenes.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of

from domain.capability import Capability, StepKind
from domain.drawing import DrawingFormat
from domain.errors import InputError
from domain.progress import Progress
from domain.recipe import Credit, ModelRef, Output, OutputFile, Trace, Work
from domain.value import JsonValue
from pipelines.image.illustration.exports import EPOCH, credits_text, render
from pipelines.media.marks import mark_png, mark_svg, xmp

MOST_PIXELS = 4096
#: How a layer begins; layers are never nested, and nothing inside one has these attributes.
_LAYER = re.compile(r'<g id="([a-z0-9-]+)" inkscape:label="\1" inkscape:groupmode="layer">')
_END = "</g></svg>"
_BEHIND = frozenset({"backdrop", "calm", "cells", "dots"})
_AHEAD = frozenset({"foreground", "weather", "light", "texture", "frame"})
_NAMES = {"png": "picture.png", "webp": "picture.webp", "cutout": "cutout.png", "layers": "layers.zip", "credits": "credits.txt"}


@dataclass(frozen=True)
class Layered:
    """An SVG of the illustrator: what comes before its layers, and the layers with their ids, lowest first."""

    head: str
    layers: tuple[tuple[str, str], ...]

    @staticmethod
    def read(svg: str) -> Layered:
        """Raises InputError for an SVG without named layers."""
        found = list(_LAYER.finditer(svg))
        if not found or not svg.endswith(_END):
            raise InputError("This SVG has no named layers.", hint="Make the picture again with the illustrator.", field="drawing")
        ends = [*(match.start() for match in found[1:]), len(svg) - len(_END)]
        layers = tuple((match[1], svg[match.start() : end]) for match, end in zip(found, ends, strict=True))
        return Layered(svg[: found[0].start()], layers)

    def only(self, names: Collection[str]) -> str:
        """The document with these layers alone."""
        return f"{self.head}{''.join(markup for name, markup in self.layers if name in names)}{_END}"

    @property
    def cutout(self) -> frozenset[str]:
        """Subjects and props, and what belongs to them."""
        return frozenset(n for n, _ in self.layers if n.startswith(("subject-", "prop-")) or n in ("contour", "character"))

    @property
    def groups(self) -> dict[str, frozenset[str]]:
        names = frozenset(name for name, _ in self.layers)
        ahead = frozenset(n for n in names if n in _AHEAD or n.startswith("foreground-"))
        return {"backdrop": names & _BEHIND, "middle": names - _BEHIND - ahead, "foreground": ahead}


@dataclass(frozen=True)
class _Sheet:
    """One drawing to be taken out. width and height in pixels."""

    drawing: Layered
    svg: str
    width: int
    height: int
    credits: tuple[Credit, ...]
    title: str
    source_type: str
    recipe: str = ""

    @property
    def text(self) -> str:
        """Who drew what is inside, under which licence, and how the whole was made."""
        origin = f"AI-generated content. 人工智能生成内容。\n{self.source_type}\n\n" if self.source_type else ""
        return f"{self.title}\n\n{origin}{credits_text(self.credits)}"

    @property
    def packet(self) -> str:
        return xmp(self.title, self.text, self.source_type, self.recipe)

    def png(self, svg: str) -> bytes:
        return mark_png(render(svg, self.width, self.height), self.packet)


class DrawingFiles:
    """A Pipeline (pipelines/pipeline.py) that no step asks for: the studio does, for a picture that is there. Thread-safe.

    Input role "drawing": the stored SVG. Parameters: `format` (DrawingFormat), `width` and `height` in pixels up to 4096, `title`,
    `credits` (Credits as JSON), `source_type` ("" for what no AI had a part in),
    `recipe` (JSON of the recipe the drawing was made by).
    """

    kind = StepKind.PICTURE
    name = "drawing-files"
    version = 2

    def capability(self) -> Capability | None:
        return Capability(kind=self.kind, maker=self.name, reason="Takes files out of a drawing that is there.")

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """None: everything is in the drawing."""
        del parameters
        return ()

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """Raises InputError for parameters it cannot use, EngineFailed, Cancelled."""
        outputs = []
        for work in works:
            progress.check()
            progress.report(0.1, "drawing")
            started = time.perf_counter()
            file = _taken(DrawingFormat(str(work.recipe.parameters.get("format"))), _sheet_of(work), progress)
            trace = Trace(device="cpu", versions={"resvg-py": version_of("resvg-py")}, seconds=time.perf_counter() - started)
            outputs.append(Output(files=(file,), trace=trace))
        progress.report(1.0, "drawn")
        return outputs


def _taken(wanted: DrawingFormat, sheet: _Sheet, progress: Progress) -> OutputFile:
    name = _NAMES.get(wanted.value, "picture.svg")
    if wanted is DrawingFormat.SVG:
        return OutputFile(name, "image/svg+xml", mark_svg(sheet.svg, sheet.packet).encode())
    if wanted is DrawingFormat.PNG:
        return OutputFile(name, "image/png", sheet.png(sheet.svg))
    if wanted is DrawingFormat.WEBP:
        return OutputFile(name, "image/webp", _webp(sheet))
    if wanted is DrawingFormat.CUTOUT:
        return OutputFile(name, "image/png", sheet.png(sheet.drawing.only(sheet.drawing.cutout)))
    if wanted is DrawingFormat.LAYERS:
        return OutputFile(name, "application/zip", _layers(sheet, progress))
    return OutputFile(name, "text/plain", sheet.text.encode())


def _webp(sheet: _Sheet) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(render(sheet.svg, sheet.width, sheet.height))).convert("RGBA")
    picture.save(buffer, "WEBP", quality=90, method=4, exact=True, xmp=sheet.packet.encode())
    return buffer.getvalue()


def _layers(sheet: _Sheet, progress: Progress) -> bytes:
    """Each group as SVG and PNG of the whole size, lying over each other to the picture; and the credits."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, (name, layers) in enumerate(sheet.drawing.groups.items(), 1):
            progress.check()
            progress.report(number / 4, name)
            svg = sheet.drawing.only(layers)
            _put(archive, f"{number}-{name}.svg", mark_svg(svg, sheet.packet).encode())
            _put(archive, f"{number}-{name}.png", sheet.png(svg), zipfile.ZIP_STORED)
        _put(archive, "CREDITS.txt", sheet.text.encode())
    return buffer.getvalue()


def _put(archive: zipfile.ZipFile, name: str, data: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = how
    archive.writestr(entry, data)


def _sheet_of(work: Work) -> _Sheet:
    """Raises InputError naming the parameter at fault."""
    given = work.recipe.parameters
    files = work.all("drawing")
    if len(files) != 1:
        raise InputError("{count} drawings were given.", hint="Give the SVG of one picture.", field="drawing", count=len(files))
    svg = files[0].path.read_text("utf-8")
    credits_ = given.get("credits")
    return _Sheet(
        drawing=Layered.read(svg),
        svg=svg,
        width=_pixels(given, "width"),
        height=_pixels(given, "height"),
        credits=tuple(Credit.model_validate(one) for one in credits_) if isinstance(credits_, list) else (),
        title=str(given.get("title", "")),
        source_type=str(given.get("source_type", "")),
        recipe=str(given.get("recipe", "")),
    )


def _pixels(given: Mapping[str, JsonValue], field: str) -> int:
    value = given.get(field)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_PIXELS:
        raise InputError(
            "{name} is {value}.",
            hint="Use a whole number from 1 to {most}.",
            field=field,
            name=field,
            value=repr(value),
            most=MOST_PIXELS,
        )
    return value
