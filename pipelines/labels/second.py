"""A second reading of what was written, by programs that share no code with the writers: Pillow, FFmpeg (PyAV), zipfile.

For PDF, WAV and text the studio has no second reader at hand; tests read those by PDFium, mutagen and a YAML and HTML parser.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from domain.errors import LabelError
from domain.labels import Carried

_PICTURES = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}


def second_reading(data: bytes, format_id: str) -> Iterator[tuple[str, Carried]]:
    """Who read, and what; nothing for a format that has no second reader here. Raises LabelError when it cannot open the file."""
    try:
        if format_id in _PICTURES:
            yield "Pillow", _by_pillow(data, _PICTURES[format_id])
        elif format_id == "mp4":
            yield "FFmpeg", _by_ffmpeg(data, "mp4")
        elif format_id == "html":
            yield "html.parser", _by_parser(data)
    except (OSError, ValueError, SyntaxError, ElementTree.ParseError) as error:
        raise LabelError(
            "The labelled file cannot be opened again: {error}.", hint="Make the file again, then export it.", error=error
        ) from error


def _by_pillow(data: bytes, form: str) -> Carried:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data), formats=(form,)) as opened:
            text = opened.info.get("xmp", opened.info.get("XML:com.adobe.xmp", b""))
    packet = text.decode() if isinstance(text, bytes) else str(text)
    root = ElementTree.fromstring(packet)  # noqa: S314 - the packet was written here
    found: dict[str, list[str]] = {"AIGC": [], "DigitalSourceType": []}
    for element in root.iter():
        for name, value in ((element.tag, element.text or ""), *element.attrib.items()):
            local = str(name).rpartition("}")[2]
            if local in found:
                found[local].append(value)
    return Carried(aigc=tuple(found["AIGC"]), source_type="".join(found["DigitalSourceType"][:1]))


def _by_ffmpeg(data: bytes, form: str) -> Carried:
    import av

    with av.open(io.BytesIO(data), format=form, metadata_errors="ignore") as opened:
        tags: dict[str, Any] = dict(opened.metadata)
    return Carried(aigc=tuple(v for k, v in tags.items() if k == "AIGC"), source_type=str(tags.get("DigitalSourceType", "")))


def _by_parser(data: bytes) -> Carried:
    found: list[tuple[str, str]] = []

    class Metas(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            if tag == "meta" and given.get("name") in ("AIGC", "DigitalSourceType"):
                found.append((str(given["name"]), str(given.get("content"))))

    Metas().feed(data.decode("utf-8"))
    return Carried(
        aigc=tuple(text for name, text in found if name == "AIGC"),
        source_type="".join([t for n, t in found if n == "DigitalSourceType"][:1]),
    )
