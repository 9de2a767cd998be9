"""PNG, JPEG and WebP files whose pixels are changed and saved again: text fields, colour profile, EXIF and XMP stay."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.labels.pictures import refused

if TYPE_CHECKING:
    from PIL import Image

Paint = Callable[["Image.Image"], "Image.Image"]
FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


def repainted(data: bytes, format_id: str, *paints: Paint) -> bytes:
    """The file with its pixels painted by each in turn, saved once. Lossy formats are saved again at a high quality.

    format_id: one of FORMATS. Raises LabelError for a file that is not what it says.
    """
    from PIL import Image

    form = FORMATS[format_id]
    try:
        with Image.open(io.BytesIO(data), formats=(form,)) as opened:
            opened.load()
            drawn: Image.Image = opened
            for paint in paints:
                drawn = paint(drawn)
            opaque = opened.mode in ("RGB", "L", "CMYK", "1") or form == "JPEG"
            out = io.BytesIO()
            (drawn.convert("RGB") if opaque else drawn).save(out, form, **_options(opened, data, form))
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise refused(format_id.upper(), str(error)[:200]) from error
    return out.getvalue()


def _options(opened: Image.Image, data: bytes, form: str) -> dict[str, Any]:
    names = {"PNG": ("icc_profile", "dpi"), "JPEG": ("icc_profile", "exif", "dpi", "xmp"), "WEBP": ("icc_profile", "exif", "xmp")}[form]
    kept = {name: opened.info[name] for name in names if opened.info.get(name)}
    if form == "PNG":
        from PIL import PngImagePlugin

        texts = PngImagePlugin.PngInfo()
        for name, text in getattr(opened, "text", {}).items():
            texts.add_itxt(name, str(text))
        return {**kept, "pnginfo": texts}
    if form == "JPEG":
        return {**kept, "quality": 95, "subsampling": 0}
    return {**kept, "lossless": b"VP8L" in data[:64], "quality": 92}
