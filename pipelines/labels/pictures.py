"""Where PNG, JPEG, WebP, GIF and SVG keep their XMP packet: merged into what is there, pixels and shapes untouched.

PNG: iTXt (XMP specification part 3, 1.1.5); JPEG: APP1, 1.1.3; GIF: Application Extension, 1.1.2; WebP: XMP chunk (RFC 9649);
SVG: metadata element. Knows bytes, not what is said.
"""

from __future__ import annotations

import re
import struct

from domain.errors import LabelError
from domain.labels import Carried, Marks
from pipelines.labels.packet import merged, read, wrapped
from pipelines.media.marks import extended, text_chunk
from pipelines.media.metadata import png_text

_KEYWORD = "XML:com.adobe.xmp"
_APP1 = b"http://ns.adobe.com/xap/1.0/\0"
_GIF = b"\x21\xff\x0bXMP DataXMP"
#: What ends an XMP block of a GIF, so that a reader that skips sub-blocks by their lengths comes out behind it.
_GIF_TRAILER = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\x00"
_JPEG_MOST = 65_533 - len(_APP1)
_META = re.compile(r"<(x|\w+):xmpmeta\b.*?</\1:xmpmeta>", re.DOTALL)
_OPEN = re.compile(r"<svg\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")


def write_png(data: bytes, marks: Marks) -> bytes:
    chunks = _png_chunks(data)
    kept = [chunk for kind, chunk in chunks if not _is_packet(kind, chunk)]
    return data[:8] + kept[0] + text_chunk(_KEYWORD, merged(_png_packet(data), marks)) + b"".join(kept[1:])


def read_png(data: bytes) -> Carried:
    return _read(_png_packet(data))


def write_jpeg(data: bytes, marks: Marks) -> bytes:
    segments, rest = _jpeg_segments(data)
    packet = wrapped(merged(_jpeg_packet(segments), marks))
    if len(packet) > _JPEG_MOST:  # a recipe too long for one segment is left to the manifest
        packet = wrapped(merged(_jpeg_packet(segments), marks.model_copy(update={"recipe": ""})))
    if len(packet) > _JPEG_MOST:
        raise refused("JPEG", "its metadata has no room for more")
    kept = [segment for segment in segments if segment[4:].startswith(_APP1) is False]
    first = sum(1 for segment in kept if segment[1] in (0xE0, 0xE1))
    own = b"\xff\xe1" + struct.pack(">H", len(_APP1) + len(packet) + 2) + _APP1 + packet
    return data[:2] + b"".join([*kept[:first], own, *kept[first:]]) + rest


def read_jpeg(data: bytes) -> Carried:
    return _read(_jpeg_packet(_jpeg_segments(data)[0]))


def write_webp(data: bytes, marks: Marks) -> bytes:
    chunks = riff_chunks(data, b"WEBP", "WebP")
    packet = next((chunk[8:] for chunk in chunks if chunk[:4] == b"XMP "), b"").rstrip(b"\0").decode("utf-8", "replace")
    kept = [chunk for chunk in chunks if chunk[:4] != b"XMP "]
    head = kept[0] if kept[0][:4] == b"VP8X" else extended(b"".join(kept))
    body = [head[:8] + bytes((head[8] | 0x04,)) + head[9:], *(chunk for chunk in kept if chunk[:4] != b"VP8X")]
    text = merged(packet, marks).encode()
    body.append(b"XMP " + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2))
    whole = b"".join(body)
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WEBP" + whole


def read_webp(data: bytes) -> Carried:
    chunks = riff_chunks(data, b"WEBP", "WebP")
    return _read(next((chunk[8:] for chunk in chunks if chunk[:4] == b"XMP "), b"").rstrip(b"\0").decode("utf-8", "replace"))


def write_gif(data: bytes, marks: Marks) -> bytes:
    start = _gif_start(data)
    packet, begin, end = _gif_packet(data)
    without = data[:begin] + data[end:] if end else data
    own = _GIF + wrapped(merged(packet, marks)) + _GIF_TRAILER
    return b"GIF89a" + without[6:start] + own + without[start:]


def read_gif(data: bytes) -> Carried:
    _gif_start(data)
    return _read(_gif_packet(data)[0])


def write_svg(data: bytes, marks: Marks) -> bytes:
    text = _svg_text(data)
    found = _META.search(text)
    if found is not None:
        return (text[: found.start()] + merged(found[0], marks) + text[found.end() :]).encode()
    opened = _OPEN.search(text)
    if opened is None:
        raise refused("SVG", "it has no svg element")
    own = f"<metadata>{merged('', marks)}</metadata>"
    if opened[0].endswith("/>"):
        return (text[: opened.end() - 2] + ">" + own + "</svg>" + text[opened.end() :]).encode()
    title = re.match(r"\s*<title\b[^>]*>[^<]*</title>", text[opened.end() :])
    at = opened.end() + (title.end() if title else 0)
    return (text[:at] + own + text[at:]).encode()


def read_svg(data: bytes) -> Carried:
    found = _META.search(_svg_text(data))
    return _read(found[0] if found else "")


# -- places -------------------------------------------------------------------------------------------------------------------------


def _read(packet: str) -> Carried:
    return read(packet) if packet.strip() else Carried()


def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise refused("PNG", "its bytes are no PNG")
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks.append((data[at + 4 : at + 8], data[at : at + 12 + length]))
        at += 12 + length
    if chunks[-1][0] != b"IEND" or at > len(data):
        raise refused("PNG", "it is cut off")
    return chunks


def _is_packet(kind: bytes, chunk: bytes) -> bool:
    return kind in (b"iTXt", b"tEXt", b"zTXt") and chunk[8:].startswith(_KEYWORD.encode() + b"\0")


def _png_packet(data: bytes) -> str:
    found = (png_text(kind, chunk[8:-4]) for kind, chunk in _png_chunks(data) if _is_packet(kind, chunk))
    return next((pair[1] for pair in found if pair is not None), "")


def _jpeg_segments(data: bytes) -> tuple[list[bytes], bytes]:
    """The segments before the picture itself, and the rest."""
    if data[:3] != b"\xff\xd8\xff":
        raise refused("JPEG", "its bytes are no JPEG")
    segments, at = [], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        segments.append(data[at:end])
        at = end
    if at + 4 > len(data):
        raise refused("JPEG", "it is cut off")
    return segments, data[at:]


def _jpeg_packet(segments: list[bytes]) -> str:
    found = next((one[4 + len(_APP1) :] for one in segments if one[1] == 0xE1 and one[4:].startswith(_APP1)), b"")
    return found.decode("utf-8", "replace")


def riff_chunks(data: bytes, form: bytes, name: str) -> list[bytes]:
    if data[:4] != b"RIFF" or data[8:12] != form:
        raise refused(name, f"its bytes are no {name}")
    end, chunks, at = min(len(data), 8 + struct.unpack("<I", data[4:8])[0]), [], 12
    while at + 8 <= end:
        length = struct.unpack("<I", data[at + 4 : at + 8])[0]
        if at + 8 + length > end:
            raise refused(name, "it is cut off")
        chunks.append(data[at : at + 8 + length] + b"\0" * (length % 2))
        at += 8 + length + length % 2
    if not chunks:
        raise refused(name, "it is empty")
    return chunks


def _gif_start(data: bytes) -> int:
    """Where the blocks begin: behind the header and the table of colours."""
    if data[:6] not in (b"GIF87a", b"GIF89a") or len(data) < 14:
        raise refused("GIF", "its bytes are no GIF")
    start = 13 + (3 * 2 ** ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    if start >= len(data) or not data.rstrip(b"\0").endswith(b"\x3b"):
        raise refused("GIF", "it is cut off")
    return start


def _gif_packet(data: bytes) -> tuple[str, int, int]:
    """The packet, and where its block begins and ends; "" and 0 where there is none."""
    begin = data.find(_GIF)
    end = data.find(_GIF_TRAILER, begin) if begin >= 0 else -1
    if end < 0:
        return "", 0, 0
    return data[begin + len(_GIF) : end].decode("utf-8", "replace"), begin, end + len(_GIF_TRAILER)


def _svg_text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused("SVG", "it is no UTF-8") from error


def refused(name: str, why: str) -> LabelError:
    return LabelError(
        "The marks of the {name} cannot be read or written: {why}.", hint="Make the file again, then export it.", name=name, why=why
    )
