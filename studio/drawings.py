"""Drawn pictures taken out as files: SVG, PNG and WebP of any size, a cut-out, layers, credits. Made when asked, by the executor.

Every file says in itself what it is, who drew what is inside, and that it was AI-generated. What was made is kept for the next time
in a folder that may be emptied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.asset import Asset, FileRef
from domain.capability import StepKind
from domain.drawing import DrawingFormat
from domain.errors import InputError, LimitError
from domain.progress import Progress, Silent
from domain.recipe import InputFile, Output, Recipe, Work
from library.library import Library
from pipelines.executors.spool import discard
from pipelines.image.drawing_files import MOST_PIXELS, DrawingFiles
from pipelines.media.carried import recipe_json
from studio.caching import put, sweep, touched
from studio.export import slug

LEAST_SIDE = 64
KEPT_BYTES = 1_000_000_000
_ENDINGS = {"svg": ".svg", "png": ".png", "webp": ".webp", "cutout": ".png", "layers": ".zip", "credits": ".txt"}
_MEDIA = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".zip": "application/zip", ".txt": "text/plain"}


@dataclass(frozen=True)
class DrawingFile:
    """name: what a person saves it as. path: where it lies now."""

    name: str
    media_type: str
    path: Path


def drawing_of(asset: Asset) -> FileRef | None:
    """The SVG an asset was drawn as, None for everything that is not an illustration."""
    if asset.recipe.kind is not StepKind.PICTURE or asset.recipe.maker != "illustrator":
        return None
    return next((file for file in asset.files if file.media_type == "image/svg+xml"), None)


def size_of(asset: Asset) -> tuple[int, int]:
    """Width and height in pixels the picture was made with."""
    width, height = (asset.recipe.parameters.get(name) for name in ("width", "height"))
    return (width, height) if isinstance(width, int) and isinstance(height, int) else (1024, 1024)


class Drawings:
    """Args:
    generate: Executor.generate.
    folder: where files wait to be fetched; may be emptied at any time.
    keep: bytes that the folder may hold; the files not asked for longest go first.
    """

    def __init__(
        self,
        library: Library,
        generate: Callable[[str, Sequence[Work], Progress], list[Output]],
        folder: Path,
        keep: int = KEPT_BYTES,
    ) -> None:
        self._library = library
        self._generate = generate
        self._folder = folder
        self._keep_bytes = keep

    def file(self, asset_id: str, wanted: DrawingFormat, *, side: int = 0, progress: Progress | None = None) -> DrawingFile:
        """One file of a drawn picture. side: pixels of its longer side, 64 to 4096; 0 as it was made.

        Raises NotFound, InputError (not an illustration, a size for a file without pixels), LimitError (size), GenerationError,
        StorageError, AssetDamaged, Cancelled.
        """
        asset = self._library.asset(asset_id)
        drawing = _require_drawing(asset)
        width, height = _scaled(asset, wanted, side)
        ending = _ENDINGS[wanted.value]
        kept = self._folder / f"{asset.id}-{DrawingFiles.version}-{wanted.value}-{width}x{height}{ending}"
        if not touched(kept):
            self._make(asset, drawing, wanted, (width, height), kept, progress or Silent())
        return DrawingFile(_name(asset, wanted, (width, height)), _MEDIA[ending], kept)

    def require(self, asset_id: str, wanted: DrawingFormat, side: int = 0) -> None:
        """Raise what `file` would raise before anything is drawn."""
        asset = self._library.asset(asset_id)
        _require_drawing(asset)
        _scaled(asset, wanted, side)

    def _make(self, asset: Asset, drawing: FileRef, wanted: DrawingFormat, size: tuple[int, int], kept: Path, progress: Progress) -> None:
        recipe = Recipe(
            kind=StepKind.PICTURE,
            maker=DrawingFiles.name,
            maker_version=DrawingFiles.version,
            parameters={
                "format": wanted.value,
                "width": size[0],
                "height": size[1],
                "title": asset.title,
                "credits": [credit.model_dump(mode="json") for credit in dict.fromkeys(asset.credits)],
                "source_type": asset.labels.digital_source_type if asset.labels.ai_generated else "",
                "recipe": recipe_json(asset.recipe),
            },
        )
        given = InputFile(role="drawing", path=self._library.file_path(drawing.sha256), media_type=drawing.media_type)
        output = self._generate(DrawingFiles.name, [Work(recipe, (given,))], progress)[0]
        try:
            put(kept, output.main.read())
        finally:
            discard([output])
        sweep(self._folder, self._keep_bytes, kept)


def _require_drawing(asset: Asset) -> FileRef:
    drawing = drawing_of(asset)
    if drawing is None:
        raise InputError(
            "{asset} is not an illustration: it was made by {maker} and has no drawing with layers.",
            hint="Download its own files, or make a picture with the illustrator.",
            field="asset",
            asset=asset.title,
            maker=asset.recipe.maker,
        )
    return drawing


def _scaled(asset: Asset, wanted: DrawingFormat, side: int) -> tuple[int, int]:
    width, height = size_of(asset)
    if not side:
        return width, height
    if not wanted.pixels:
        raise InputError(
            "A file of the form {wanted} has no size in pixels.", hint="Leave the size out.", field="side", wanted=wanted.value
        )
    if not LEAST_SIDE <= side <= MOST_PIXELS:
        raise LimitError(
            "{side} pixels are asked for.",
            hint="Use {least_side} to {most_pixels} for the longer side.",
            field="side",
            side=side,
            least_side=LEAST_SIDE,
            most_pixels=MOST_PIXELS,
        )
    longer = max(width, height)
    return max(1, round(width * side / longer)), max(1, round(height * side / longer))


def _name(asset: Asset, wanted: DrawingFormat, size: tuple[int, int]) -> str:
    parts = [slug(asset.title) or "picture"]
    if asset.version > 1:
        parts.append(f"v{asset.version}")
    if wanted in (DrawingFormat.CUTOUT, DrawingFormat.LAYERS, DrawingFormat.CREDITS):
        parts.append(wanted.value)
    if wanted.pixels:
        parts.append(f"{size[0]}x{size[1]}")
    return "-".join(parts) + _ENDINGS[wanted.value]
