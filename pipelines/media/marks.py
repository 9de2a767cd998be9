"""Puts title, credits, origin and recipe of a picture into the file itself: a file outlives the pack it came in.

Everything stands in its XMP packet; the prompt of a diffusion picture stands besides in the text field "parameters", where other picture
tools look for it. Knows PNG, WebP, SVG and XMP packets. Pixels and shapes are not touched.

XMP: ISO 16684-1; where it goes in a PNG: XMP specification part 3, 1.1.5; in a WebP: the XMP chunk of the extended file format (RFC 9649);
the origin: IPTC Photo Metadata Standard, Digital Source Type.
"""

from __future__ import annotations

import io
import struct
import zlib
from xml.sax.saxutils import escape, quoteattr

from domain.errors import EngineFailed

_XMP_FLAG, _ALPHA_FLAG = 0x04, 0x10  # of VP8X
_PNG_HEAD = 33  # signature and IHDR, which has to come first
_KEYWORD = "XML:com.adobe.xmp"
#: The name of our own property, mq:Recipe: JSON of a Recipe. An identifier, not an address.
NAMESPACE = "urn:maquette:1"


def xmp(title: str, rights: str, source_type: str = "", recipe: str = "") -> str:
    """An XMP packet without its processing instructions. source_type: an IPTC digital source type, "" states no origin.

    recipe: JSON that makes the picture again, "" for none. What is empty is left out.
    """
    said = (f"<dc:title>{_alternatives(title)}</dc:title>" if title else "") + (
        f"<dc:rights>{_alternatives(rights)}</dc:rights>" if rights else ""
    )
    made = f'<mq:Recipe xmlns:mq="{NAMESPACE}">{escape(printable(recipe))}</mq:Recipe>' if recipe else ""
    origin = f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}" if source_type else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmp:CreatorTool="Maquette"{origin}>'
        f"{said}{made}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def mark_png(data: bytes, packet: str, parameters: str = "") -> bytes:
    """The PNG with the packet as its iTXt chunk, and another called "parameters". Raises EngineFailed for bytes that are no PNG."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise EngineFailed("A picture that should be marked is no PNG.", hint="Make it again.")
    chunks = text_chunk("parameters", parameters) if parameters else b""
    return data[:_PNG_HEAD] + chunks + text_chunk(_KEYWORD, packet) + data[_PNG_HEAD:]


def text_chunk(keyword: str, text: str) -> bytes:
    body = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def mark_webp(data: bytes, packet: str) -> bytes:
    """The WebP with the packet as its XMP chunk. Raises EngineFailed for bytes that are no WebP or have one already."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or b"XMP " in data[12:64]:
        raise EngineFailed("A picture that should be marked is no WebP without metadata.", hint="Make it again.")
    body = data[12:]
    has_header = body[:4] == b"VP8X"
    body = body[:8] + bytes((body[8] | _XMP_FLAG,)) + body[9:] if has_header else extended(body) + body
    text = packet.encode()
    body += b"XMP " + struct.pack("<I", len(text)) + text + b"\0" * (len(text) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def extended(body: bytes) -> bytes:
    """The VP8X header that a plain WebP needs before it may carry more than pixels."""
    from PIL import Image

    with Image.open(io.BytesIO(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body), formats=("WEBP",)) as opened:
        (width, height), alpha = opened.size, opened.mode == "RGBA"
    flags = _XMP_FLAG | (_ALPHA_FLAG if alpha else 0)
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"VP8X" + struct.pack("<I", 10) + bytes((flags, 0, 0, 0)) + size


def mark_svg(text: str, packet: str) -> str:
    """The SVG with the packet as its metadata, after the title. Raises EngineFailed where there is no title."""
    head, end, rest = text.partition("</title>")
    if not end:
        raise EngineFailed("A drawing that should be marked has no title.", hint="Make it again.")
    return f"{head}{end}<metadata>{packet}</metadata>{rest}"


def printable(text: str) -> str:
    """Without control characters: they have no place in XML, however they came into a title."""
    return "".join(c for c in text if c in "\n\t" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff"))


def _alternatives(text: str) -> str:
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(printable(text))}</rdf:li></rdf:Alt>'
