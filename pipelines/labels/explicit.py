"""The label a person sees or hears: lettering in a corner of a picture, a Morse rhythm before a sound, a first line of a text.

GB 45438-2025: text names AI and generation; letters are at least 5% as high as the shortest side; sound may use the rhythm short-long
short-short ("AI"). The letters are outlines in assets/labels/lettering.svg, so that no font has to be there.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.errors import LabelError
from pipelines.labels.pictures import refused
from pipelines.media.sound import Samples, wav_bytes

if TYPE_CHECKING:
    from PIL import Image

TEXT = "AI-generated content. 人工智能 (AI) 生成。"
#: Height of the letters as a share of the shortest side; the standard asks for 0.05.
LETTERS = 0.055
#: Seconds of a short tone; a long one is three of them, as is the pause between letters (ITU-R M.1677).
SHORT = 0.12
_TONE_HERTZ, _TONE_LEVEL = 700.0, 0.2
_RHYTHM = ((1, 1), (3, 3), (1, 1), (1, 6))  # tone and pause after it, in shorts: .- ..


class Explicit:
    """lettering: assets/labels/lettering.svg."""

    def __init__(self, lettering: str) -> None:
        self._lettering = lettering
        box = re.search(r'viewBox="([-\d.]+) ([-\d.]+) ([\d.]+) ([\d.]+)"', lettering)
        path = re.search(r'<path[^>]* d="([^"]+)"', lettering)
        if box is None or path is None:
            raise LabelError("The lettering of the label is damaged.", hint="Install the studio again.")
        self._box = tuple(float(one) for one in box.groups())
        self._path = path[1]
        self._ways: dict[str, Callable[[bytes], bytes]] = {
            "png": self._png,
            "jpeg": self._jpeg,
            "webp": self._webp,
            "svg": self._svg,
            "wav": _wav,
            "ooxml": _word,
            "markdown": _markdown,
            "html": _html,
        }

    def shown(self, data: bytes, format_id: str) -> bytes:
        """The file with the label where a person meets it. Raises LabelError for a format that has none, and for a file that is damaged."""
        way = self._ways.get(format_id)
        if way is None:
            raise LabelError("A {name} file has no place for a label that is seen or heard.", hint="Export another format.", name=format_id)
        try:
            return way(data)
        except (OSError, ValueError, SyntaxError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            raise refused(format_id.upper(), str(error)[:200]) from error

    def _png(self, data: bytes) -> bytes:
        from PIL import Image, PngImagePlugin

        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            texts = PngImagePlugin.PngInfo()
            for name, text in getattr(opened, "text", {}).items():
                texts.add_itxt(name, str(text))
            return self._saved(opened, "PNG", pnginfo=texts, icc_profile=opened.info.get("icc_profile"), dpi=opened.info.get("dpi"))

    def _jpeg(self, data: bytes) -> bytes:
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            kept = {name: opened.info[name] for name in ("icc_profile", "exif", "dpi", "xmp") if opened.info.get(name)}
            return self._saved(opened, "JPEG", quality=95, subsampling=0, **kept)

    def _webp(self, data: bytes) -> bytes:
        from PIL import Image

        with Image.open(io.BytesIO(data), formats=("WEBP",)) as opened:
            kept = {name: opened.info[name] for name in ("icc_profile", "exif", "xmp") if opened.info.get(name)}
            return self._saved(opened, "WEBP", lossless=b"VP8L" in data[:64], quality=92, **kept)

    def _saved(self, picture: Image.Image, form: str, **options: Any) -> bytes:
        from PIL import Image

        drawn = picture.convert("RGBA")
        height = math.ceil(LETTERS * min(drawn.size)) + 2  # the edges are half seen
        letters = Image.open(io.BytesIO(self._drawn(height))).convert("RGBA")
        pad = max(2, height // 3)
        plate = Image.new("RGBA", (letters.width + 2 * pad, letters.height + 2 * pad), (0, 0, 0, 150))
        plate.alpha_composite(letters, (pad, pad))
        place = (max(0, drawn.width - plate.width - pad), max(0, drawn.height - plate.height - pad))
        drawn.alpha_composite(plate.crop((0, 0, min(plate.width, drawn.width), min(plate.height, drawn.height))), place)
        out = io.BytesIO()
        opaque = picture.mode in ("RGB", "L", "CMYK") or form == "JPEG"
        (drawn.convert("RGB") if opaque else drawn).save(out, form, **{k: v for k, v in options.items() if v is not None})
        return out.getvalue()

    def _drawn(self, height: int) -> bytes:
        import resvg_py

        return bytes(resvg_py.svg_to_bytes(svg_string=self._lettering, height=height))

    def _svg(self, data: bytes) -> bytes:
        text = data.decode("utf-8-sig")
        x, y, width, height = _canvas(text)
        letters = LETTERS * min(width, height)
        scale, pad = letters / self._box[3], letters / 3
        plate = (self._box[2] * scale + 2 * pad, letters + 2 * pad)
        left, top = x + width - plate[0] - pad, y + height - plate[1] - pad
        end = text.rfind("</svg>")
        if end < 0:
            raise refused("SVG", "it has no end")
        group = (
            f'<g aria-label="AI生成"><rect x="{left:.2f}" y="{top:.2f}" width="{plate[0]:.2f}" height="{plate[1]:.2f}" fill-opacity=".6"/>'
            f'<path fill="#fff" transform="translate({left + pad:.2f} {top + pad:.2f}) scale({scale:.5f}) '
            f'translate({-self._box[0]:.0f} {-self._box[1]:.0f})" d="{self._path}"/></g>'
        )
        return (text[:end] + group + text[end:]).encode()


def _canvas(text: str) -> tuple[float, float, float, float]:
    box = re.search(r'<svg\b[^>]*?\bviewBox="\s*([-\d.]+)[ ,]+([-\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)', text)
    if box is not None:
        x, y, width, height = (float(one) for one in box.groups())
        return x, y, width, height
    sides = [re.search(rf'<svg\b[^>]*?\b{name}="([\d.]+)', text) for name in ("width", "height")]
    if None in sides:
        raise refused("SVG", "it says no size")
    return 0.0, 0.0, float(sides[0][1] if sides[0] else 0), float(sides[1][1] if sides[1] else 0)


def rhythm(rate: int) -> Samples:
    """The rhythm of "AI" in Morse as samples, mono."""
    parts = []
    for tone, pause in _RHYTHM:
        count = round(tone * SHORT * rate)
        wave = _TONE_LEVEL * np.sin(2 * np.pi * _TONE_HERTZ * np.arange(count) / rate)
        edge = max(1, round(0.005 * rate))
        shape = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / edge)
        parts += [wave * shape, np.zeros(round(pause * SHORT * rate))]
    return np.concatenate(parts).astype(np.float32)


def _wav(data: bytes) -> bytes:
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    heard = np.repeat(rhythm(rate)[:, None], samples.shape[1], axis=1)
    joined = np.concatenate((heard, samples))
    return wav_bytes(joined[:, 0] if joined.shape[1] == 1 else joined, rate)


def _word(data: bytes) -> bytes:
    import docx

    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise refused("Word document", "its bytes are no package")
    document = docx.Document(io.BytesIO(data))
    first = document.paragraphs[0] if document.paragraphs else document.add_paragraph()
    first.insert_paragraph_before(TEXT)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _markdown(data: bytes) -> bytes:
    text = data.decode("utf-8-sig")
    front = re.match(r"---\r?\n.*?\n(?:---|\.\.\.)[ \t]*\r?\n", text, re.DOTALL)
    at = front.end() if front else 0
    return f"{text[:at]}> {TEXT}\n\n{text[at:].lstrip(chr(10))}".encode()


def _html(data: bytes) -> bytes:
    text = data.decode("utf-8-sig")
    body = re.search(r"<body\b[^>]*>", text, re.IGNORECASE)
    if body is None:
        raise refused("HTML page", "it has no body")
    return (text[: body.end()] + f"<p>{TEXT}</p>" + text[body.end() :]).encode()
