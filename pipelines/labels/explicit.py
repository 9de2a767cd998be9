"""The label a person sees or hears: lettering in a corner of a picture, film or page, a rhythm before a sound, a first line of a text.

GB 45438-2025: text names AI and generation. Letters: lettering.py; what moves: moving.py; pages: pages.py; sound: heard.py.
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Callable

from domain.errors import LabelError
from pipelines.labels import heard, moving, pages
from pipelines.labels.lettering import Box, Lettering
from pipelines.labels.pictures import refused
from pipelines.labels.repainted import FORMATS, repainted

TEXT = "AI-generated content. 人工智能 (AI) 生成。"


class Explicit:
    """lettering: assets/labels/lettering.svg."""

    def __init__(self, lettering: str) -> None:
        self._lettering = Lettering(lettering)
        self._ways: dict[str, Callable[[bytes], bytes]] = {
            **{name: functools.partial(self._picture, name) for name in FORMATS},
            "svg": self._svg,
            "gif": lambda data: moving.gif(data, self._lettering),
            "mp4": lambda data: moving.film(data, self._lettering, "mp4"),
            "webm": lambda data: moving.film(data, self._lettering, "webm"),
            "pdf": lambda data: pages.pdf(data, self._lettering),
            "wav": heard.wav,
            "mp3": heard.mp3,
            "flac": heard.flac,
            "ogg": heard.ogg,
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

    def _picture(self, format_id: str, data: bytes) -> bytes:
        return repainted(data, format_id, self._lettering.on)

    def _svg(self, data: bytes) -> bytes:
        text = data.decode("utf-8-sig")
        end = text.rfind("</svg>")
        if end < 0:
            raise refused("SVG", "it has no end")
        return (text[:end] + self._lettering.group(_canvas(text)) + text[end:]).encode()


def _canvas(text: str) -> Box:
    box = re.search(r'<svg\b[^>]*?\bviewBox="\s*([-\d.]+)[ ,]+([-\d.]+)[ ,]+([\d.]+)[ ,]+([\d.]+)', text)
    if box is not None:
        x, y, width, height = (float(one) for one in box.groups())
        return x, y, width, height
    sides = [re.search(rf'<svg\b[^>]*?\b{name}="([\d.]+)', text) for name in ("width", "height")]
    if None in sides:
        raise refused("SVG", "it says no size")
    return 0.0, 0.0, float(sides[0][1] if sides[0] else 0), float(sides[1][1] if sides[1] else 0)


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
