"""Reads how a picture was made from the fields that picture tools write into their files. Every field is text: nothing is run or followed.

PNG text chunks (tEXt, zTXt, iTXt; PNG specification 11.3.3), EXIF of PNG, JPEG and WebP, XMP. Understood: our own recipes; "parameters" of
stable-diffusion-webui and its kin; the "prompt" graph of ComfyUI (API format). Other fields are shown as they stand. All of it is bounded
before it is unpacked or parsed.
"""

from __future__ import annotations

import io
import json
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from xml.sax.saxutils import unescape

from domain.metadata import FIELDS_MAX, NAME_MAX, TEXT_MAX, PictureMetadata, TextField, Tool
from pipelines.media.comfy import read_graph
from pipelines.media.picture import examine, sniff

#: Bytes of one text once it is unpacked: workflows of a hundred nodes have some 200 kB.
UNPACKED_MAX = 2_000_000
CHUNKS_MAX = 10_000
#: Letters of a line of settings that are read.
SETTINGS_MAX = 4_000
_EXIF_COMMENT, _EXIF_TEXTS = 0x9286, {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x013B: "Artist"}
_EXIF_IFD = 0x8769
#: One setting, or the part of one that holds no comma; what stands in quotes may hold commas. No two parts can match the same letter.
_PIECE = re.compile(r'"(?:\\.|[^"\\])*"|[^,"]+|"|,')
_SETTINGS_LINE = re.compile(r"(?:^|,\s*)Steps:\s*\d+")


def read_metadata(data: bytes, name: str = "picture") -> PictureMetadata:
    """What a PNG, JPEG or WebP says of itself. Raises AttachmentError for what is no picture or too large; never for its fields."""
    examine(data, name)
    fields: dict[str, str] = {}
    whole = True
    for key, text in _fields(data):
        if key in fields or len(fields) >= FIELDS_MAX:
            whole = whole and key in fields
            continue
        fields[key] = text
    return _understood(fields, whole)


def _fields(data: bytes) -> Iterator[tuple[str, str]]:
    if sniff(data) == "image/png":
        yield from _png_texts(data)
    yield from _exif_texts(data)


# -- understanding ------------------------------------------------------------------------------------------------------------------


def _understood(fields: Mapping[str, str], whole: bool) -> PictureMetadata:
    cut = not whole or any(len(text) > TEXT_MAX for text in fields.values())
    found: dict[str, Any] = {}
    tool: Tool = "other" if fields else ""
    ours = next((recipe for text in fields.values() if (recipe := _recipe(_ours(text)))), None)
    comfy = next((text for key, text in fields.items() if key.casefold() == "prompt" and text.lstrip().startswith("{")), "")
    written = next((text for key, text in fields.items() if key.casefold() in ("parameters", "usercomment")), "")
    if ours is not None:
        tool, found = "maquette", ours
    elif comfy and (graph := read_graph(comfy)):
        tool, found = "comfyui", graph
    elif "workflow" in fields or comfy:
        tool = "comfyui"
    elif written and (a1111 := read_parameters(written)):
        tool, found = "a1111", a1111
    settings = [(key, value) for key, value in found.get("settings", ()) if value]
    return PictureMetadata(
        tool=tool,
        prompt=_clean(found.get("prompt", ""))[:TEXT_MAX],
        negative=_clean(found.get("negative", ""))[:TEXT_MAX],
        settings=tuple(_field(key, value) for key, value in settings[:FIELDS_MAX]),
        raw=tuple(_field(key, text) for key, text in fields.items()),
        cut=cut or len(settings) > FIELDS_MAX,
    )


def read_parameters(text: str) -> dict[str, Any]:
    """prompt, negative and settings of "parameters" text; {} for text that has no line of settings."""
    lines = text[:UNPACKED_MAX].strip().splitlines()
    last = next((n for n in range(len(lines) - 1, -1, -1) if _SETTINGS_LINE.search(lines[n])), None)
    if last is None:
        return {}
    positive: list[str] = []
    negative: list[str] = []
    into = positive
    for line in lines[:last]:
        if line.startswith("Negative prompt:"):
            into, line = negative, line.removeprefix("Negative prompt:")
        into.append(line.strip())
    return {
        "prompt": "\n".join(positive).strip(),
        "negative": "\n".join(negative).strip(),
        "settings": _settings(lines[last][:SETTINGS_MAX]),
    }


def _settings(line: str) -> list[tuple[str, str]]:
    """ "Steps: 28, Lora hashes: "a: 1, b: 2"" as pairs."""
    parts = [""]
    for piece in _PIECE.findall(line):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    pairs = (part.partition(":") for part in parts)
    return [(key.strip(), value.strip().strip('"')) for key, colon, value in pairs if colon and key.strip()]


def _ours(text: str) -> str:
    """The JSON in our own property of an XMP packet, "" where there is none."""
    start, end = text.find("<mq:Recipe"), text.rfind("</mq:Recipe>")
    opened = text.find(">", start) + 1
    return unescape(text[opened:end]) if -1 < start < opened <= end else ""


def _recipe(text: str) -> dict[str, Any]:
    """The parts of one of our recipes that a person would read; {} for what is none."""
    value = parsed(text)
    if not isinstance(value, dict) or not isinstance(value.get("parameters"), dict) or "maker" not in value:
        return {}
    given = value["parameters"]
    models = value.get("models")
    names = [str(one.get("id", "")) for one in models if isinstance(one, dict)] if isinstance(models, list) else []
    settings = [("Maker", str(value["maker"])), ("Models", ", ".join(dict.fromkeys(names))), ("Seed", str(value.get("seed", "")))]
    plain = [(key, str(given[key])) for key in ("width", "height", "steps", "guidance", "strength", "scheduler") if given.get(key)]
    return {"prompt": str(value.get("prompt", "")), "negative": str(given.get("negative", "")), "settings": [*settings, *plain]}


def parsed(text: str) -> Any:
    """JSON, or None for what is none, is larger than is read, or is nested deeper than can be read."""
    if len(text) > UNPACKED_MAX:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _field(name: str, text: str) -> TextField:
    return TextField(name=_clean(name)[:NAME_MAX] or "field", text=_clean(text)[:TEXT_MAX])


def _clean(text: str) -> str:
    """Without control characters and halves of characters: it is shown and stored."""
    return "".join(c for c in text[: TEXT_MAX * 2] if c in "\n\t" or (c >= " " and c != "\x7f" and not 0xD800 <= ord(c) <= 0xDFFF))


# -- finding ------------------------------------------------------------------------------------------------------------------------


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    position = 8
    for _ in range(CHUNKS_MAX):
        if position + 12 > len(data):
            return
        (length,), kind = struct.unpack(">I", data[position : position + 4]), data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + length]
        position += 12 + length
        if kind == b"IEND" or len(body) < length:
            return
        if kind in (b"tEXt", b"zTXt", b"iTXt") and (found := png_text(kind, body)) is not None:
            yield found


def png_text(kind: bytes, body: bytes) -> tuple[str, str] | None:
    keyword, zero, rest = body.partition(b"\0")
    if not zero or not keyword:
        return None
    key = keyword[:NAME_MAX].decode("latin-1")
    if kind == b"tEXt":
        # Tools write UTF-8 here, which the format does not allow and readers expect.
        return key, _decoded(rest[:UNPACKED_MAX])
    if kind == b"zTXt":
        return key, _unpacked(rest[1:]).decode("latin-1") if rest[:1] == b"\0" else ""
    if len(rest) < 2:
        return None
    packed, text = rest[0] == 1, rest[2:].split(b"\0", 2)
    if len(text) < 3:
        return None
    return key, (_unpacked(text[2]) if packed else text[2][:UNPACKED_MAX]).decode("utf-8", "replace")


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _unpacked(data: bytes) -> bytes:
    """At most UNPACKED_MAX bytes, however much more it would unpack to; b"" for what is no deflate stream."""
    try:
        return zlib.decompressobj().decompress(data, UNPACKED_MAX)
    except zlib.error:
        return b""


def _exif_texts(data: bytes) -> Iterator[tuple[str, str]]:
    from PIL import Image

    # A broken or hostile header says nothing: the picture itself was checked before.
    with suppress(OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, struct.error, OverflowError, EOFError, zlib.error):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
                exif, packet = opened.getexif(), opened.info.get("xmp")
                found = [(name, exif.get(tag)) for tag, name in _EXIF_TEXTS.items()]
                found.append(("UserComment", exif.get_ifd(_EXIF_IFD).get(_EXIF_COMMENT)))
        for name, value in [*found, ("XML:com.adobe.xmp", packet)]:
            text = _exif_text(value)
            # ComfyUI writes "prompt:{...}" and "workflow:{...}" into whichever of these is free.
            label, colon, rest = text.partition(":")
            if colon and label.casefold() in ("prompt", "workflow") and rest.lstrip().startswith("{"):
                yield label.casefold(), rest
            elif text.strip():
                yield name, text


def _exif_text(value: Any) -> str:
    if isinstance(value, str):
        return value[:UNPACKED_MAX].strip("\0")
    if not isinstance(value, bytes):
        return ""
    head, body = value[:8], value[8:UNPACKED_MAX]
    if head == b"UNICODE\0":
        wide = body[: len(body) // 2 * 2]
        little = wide[1:2] == b"\0" and wide[:1] != b"\0"
        return wide.decode("utf-16-le" if little else "utf-16-be", "replace").strip("\0")
    if head == b"ASCII\0\0\0":
        return _decoded(body).strip("\0")
    return _decoded(value[:UNPACKED_MAX]).strip("\0")
