"""Puts title, credits and the origin of a picture into the file itself, as XMP: a file outlives the pack it came in.

Knows PNG, SVG and XMP packets. Pixels and shapes are not touched. XMP: ISO 16684-1; where it goes in a PNG: XMP specification part 3,
1.1.5; the origin: IPTC Photo Metadata Standard, Digital Source Type.
"""

from __future__ import annotations

import struct
import zlib
from xml.sax.saxutils import escape, quoteattr

from domain.errors import EngineFailed

_PNG_HEAD = 33  # signature and IHDR, which has to come first
_KEYWORD = b"XML:com.adobe.xmp"


def xmp(title: str, rights: str, source_type: str = "") -> str:
    """An XMP packet without its processing instructions. source_type: an IPTC digital source type, "" states no origin."""
    origin = f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}" if source_type else ""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmp:CreatorTool="Maquette"{origin}>'
        f"<dc:title>{_alternatives(title)}</dc:title><dc:rights>{_alternatives(rights)}</dc:rights>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def mark_png(data: bytes, packet: str) -> bytes:
    """The PNG with the packet as its iTXt chunk. Raises EngineFailed for bytes that are no PNG."""
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        raise EngineFailed("A picture that should be marked is no PNG.", hint="Make it again.")
    body = b"iTXt" + _KEYWORD + b"\0\0\0\0\0" + packet.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return data[:_PNG_HEAD] + chunk + data[_PNG_HEAD:]


def mark_svg(text: str, packet: str) -> str:
    """The SVG with the packet as its metadata, after the title. Raises EngineFailed where there is no title."""
    head, end, rest = text.partition("</title>")
    if not end:
        raise EngineFailed("A drawing that should be marked has no title.", hint="Make it again.")
    return f"{head}{end}<metadata>{packet}</metadata>{rest}"


def _alternatives(text: str) -> str:
    """Control characters have no place in XML, however they came into a title."""
    kept = "".join(c for c in text if c in "\n\t" or (c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and c not in "\ufffe\uffff"))
    return f'<rdf:Alt><rdf:li xml:lang="x-default">{escape(kept)}</rdf:li></rdf:Alt>'
