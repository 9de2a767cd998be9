"""Opens pictures that people give: kind by content, size before decoding, one error type that names the limit.

Knows nothing of what a picture is for. PNG and JPEG are taken from people; WebP too where the studio wrote it itself.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from domain.brief import ATTACHMENT_MAX_BYTES, ATTACHMENT_MAX_PIXELS
from domain.errors import AttachmentError
from pipelines.media.headers import Damaged, size_of
from pipelines.media.palette import palette_of

_FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}
_LOGO_SIDE = 1024
#: A reference to anything but a part of the same file or embedded data.
_OUTSIDE = re.compile(r"""href\s*=\s*["'](?!\s*(#|data:|https?://www\.w3\.org/))|<!ENTITY""", re.IGNORECASE)


@dataclass(frozen=True)
class PictureFacts:
    """What the header says, before any pixel is decoded. Sizes in pixels as stored (before EXIF rotation)."""

    media_type: str
    width: int
    height: int


def sniff(data: bytes) -> str:
    """ "image/png", "image/jpeg", "image/webp", "image/svg+xml" or "" by content, whatever the file is called."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")) and b"<svg" in data[:4096].lower():
        return "image/svg+xml"
    return ""


def examine(data: bytes, name: str = "picture") -> PictureFacts:
    """Check a picture without decoding it: no decoder sees it here.

    Raises AttachmentError: over 25 MB, neither PNG nor JPEG, over 40 megapixels, or a header that cannot be read; LimitError for one of
    more parts than pictures have.
    """
    if len(data) > ATTACHMENT_MAX_BYTES:
        most = ATTACHMENT_MAX_BYTES // (1024 * 1024)
        raise AttachmentError(f"{name} is {len(data) / 1048576:.0f} MB; {most} MB is the most.", hint="Save it smaller.", field=name)
    media_type = sniff(data)
    if media_type not in (*_FORMATS.values(), "image/webp"):
        raise AttachmentError(f"{name} is neither a PNG nor a JPEG picture.", hint="Save it as PNG or JPEG.", field=name)
    try:
        width, height = size_of(data, media_type, name)
    except Damaged as error:
        raise _damaged(name) from error
    if width * height > ATTACHMENT_MAX_PIXELS:
        raise _too_many_pixels(name, f"{width}x{height}")
    return PictureFacts(media_type, width, height)


def decode(data: bytes, name: str = "picture") -> Image.Image:
    """The whole picture, upright (EXIF rotation applied), mode RGB or RGBA.

    Raises AttachmentError as `examine` does, and for a picture that is cut off or damaged.
    """
    examine(data, name)
    with _mapped(name), _header(data) as opened:
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        alpha = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        return upright.convert("RGBA" if alpha else "RGB")


def decode_logo(data: bytes, name: str = "logo") -> Image.Image:
    """A logo as RGBA, its empty border cut away: PNG or JPEG, or an SVG drawn with its longer side at 1024 pixels.

    Raises AttachmentError for anything else, and for a logo with nothing in it.
    """
    if sniff(data) == "image/svg+xml":
        data = _draw_svg(data, name)
    logo = decode(data, name).convert("RGBA")
    seen = logo.getchannel("A").point(lambda value: 255 if value > 8 else 0).getbbox()
    if seen is None:
        raise AttachmentError(f"{name} is empty: every pixel is transparent.", hint="Use another file.", field=name)
    return logo.crop(seen)


def thumbnail(data: bytes, side: int = 512, form: Literal["WEBP", "PNG"] = "WEBP", name: str = "picture") -> bytes:
    """A small copy with its longer side at most `side` pixels, for lists. WebP at quality 82."""
    small = decode(data, name)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    return encode(small, form)


def main_colours(picture: Image.Image, count: int = 5) -> tuple[str, ...]:
    """At most `count` colours as #rrggbb, the one that counts most first. Transparent parts count as white."""
    small = picture.convert("RGBA")
    small.thumbnail((160, 160), Image.Resampling.BOX)
    flat = Image.alpha_composite(Image.new("RGBA", small.size, "white"), small).convert("RGB")
    return palette_of(np.asarray(flat), count)


def encode(picture: Image.Image, form: Literal["PNG", "WEBP", "JPEG"] = "PNG", level: int = 6) -> bytes:
    """Bytes without metadata; equal pixels give equal bytes. level: of PNG, 1 takes a third of the time of 6 for somewhat more bytes."""
    buffer = io.BytesIO()
    if form == "PNG":
        picture.save(buffer, "PNG", compress_level=level)
    elif form == "WEBP":
        picture.save(buffer, "WEBP", quality=82, method=2)
    else:
        picture.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def _header(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP"))


@contextmanager
def _mapped(name: str) -> Iterator[None]:
    """Turns Pillow's errors into AttachmentError. Pillow refuses headers of some 179 megapixels and more by itself."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name, "") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise _damaged(name) from error


def _damaged(name: str) -> AttachmentError:
    return AttachmentError(f"{name} cannot be read: the file is cut off or damaged.", hint="Save it again and retry.", field=name)


def _too_many_pixels(name: str, size: str) -> AttachmentError:
    most = f"{ATTACHMENT_MAX_PIXELS / 1e6:.0f} megapixels"
    return AttachmentError(f"{name} has {size or 'far too many'} pixels; {most} is the most.", hint="Scale it down.", field=name)


def _draw_svg(data: bytes, name: str) -> bytes:
    import resvg_py

    try:
        text = data.decode("utf-8-sig")
        if _OUTSIDE.search(text):
            raise ValueError("it refers to another file")
        return bytes(resvg_py.svg_to_bytes(svg_string=text, width=_LOGO_SIDE))
    except (ValueError, RuntimeError, TypeError) as error:
        raise AttachmentError(f"{name} is an SVG that cannot be drawn.", hint="Save it as PNG.", field=name) from error
