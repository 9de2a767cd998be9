"""XMP packets: marks merged into what a packet says already, and read. Knows XML, not the files it stands in.

XMP: ISO 16684-1. The implicit label: element TC260:AIGC (GB 45438-2025). A packet of others is never followed anywhere: a document type
or an entity is refused.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from domain.errors import LabelError
from domain.labels import Carried, Marks
from pipelines.media.marks import NAMESPACE, printable

PACKET_MAX = 4_000_000
_RDF, _X, _DC = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "adobe:ns:meta/", "http://purl.org/dc/elements/1.1/"
_TC260, _IPTC = "http://www.tc260.org.cn/ns/AIGC/1.0/", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_PREFIXES = {
    "x": _X,
    "rdf": _RDF,
    "dc": _DC,
    "xmp": _XMP,
    "Iptc4xmpExt": _IPTC,
    "TC260": _TC260,
    "mq": NAMESPACE,
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "dcterms": "http://purl.org/dc/terms/",
}
_AIGC, _SOURCE, _RECIPE = f"{{{_TC260}}}AIGC", f"{{{_IPTC}}}DigitalSourceType", f"{{{NAMESPACE}}}Recipe"
_TITLE, _RIGHTS, _TOOL = f"{{{_DC}}}title", f"{{{_DC}}}rights", f"{{{_XMP}}}CreatorTool"
_DESCRIPTION, _ABOUT = f"{{{_RDF}}}Description", f"{{{_RDF}}}about"
_BODY = re.compile(r"<(?:\w+:)?xmpmeta\b.*</(?:\w+:)?xmpmeta>|<rdf:RDF\b.*</rdf:RDF>", re.DOTALL)


def merged(packet: str, marks: Marks, *, labelled: bool = True) -> str:
    """The packet with the marks in it, what others wrote kept; "" makes a new one.

    labelled: the implicit label stands in it, once; otherwise not at all: the file has another place for it, and there is one copy.

    Raises LabelError for a packet that is no XML.
    """
    root = _parsed(packet) if packet.strip() else _empty()
    frame = root if root.tag == f"{{{_RDF}}}RDF" else root.find(f"{{{_RDF}}}RDF")
    if frame is None:
        raise LabelError("The file has an XMP packet that holds no RDF.", hint="Take the metadata out of the file, then try again.")
    _taken_out(frame, _AIGC)
    _taken_out(frame, _SOURCE)
    home = frame.find(_DESCRIPTION)
    home = ElementTree.SubElement(frame, _DESCRIPTION, {_ABOUT: ""}) if home is None else home
    home.set(_SOURCE, marks.source_type)
    if labelled:
        ElementTree.SubElement(home, _AIGC).text = marks.aigc.text()
    for tag, text in ((_TITLE, marks.title), (_RIGHTS, marks.rights)):
        if text and not _has(frame, tag):
            choices = ElementTree.SubElement(ElementTree.SubElement(home, tag), f"{{{_RDF}}}Alt")
            line = ElementTree.SubElement(choices, f"{{{_RDF}}}li", {"{http://www.w3.org/XML/1998/namespace}lang": "x-default"})
            line.text = printable(text)
    if marks.recipe and not _has(frame, _RECIPE):
        ElementTree.SubElement(home, _RECIPE).text = printable(marks.recipe)
    if not _has(frame, _TOOL):
        home.set(_TOOL, "Maquette")
    for prefix, address in _PREFIXES.items():
        ElementTree.register_namespace(prefix, address)
    return ElementTree.tostring(root, encoding="unicode")


def read(packet: str) -> Carried:
    """What a packet says. Raises LabelError for what is no XML."""
    root = _parsed(packet)
    return Carried(
        aigc=tuple(_texts(root, _AIGC)),
        source_type=next(iter(_texts(root, _SOURCE)), ""),
        title=next(iter(_texts(root, _TITLE)), ""),
        rights=next(iter(_texts(root, _RIGHTS)), ""),
        recipe=next(iter(_texts(root, _RECIPE)), ""),
        notes=tuple(("CreatorTool", text) for text in _texts(root, _TOOL)),
    )


def wrapped(packet: str) -> bytes:
    """With the marks by which a reader that knows nothing of the container finds it (ISO 16684-1, 7.3)."""
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{packet}<?xpacket end="w"?>'.encode()


def _parsed(packet: str) -> ElementTree.Element:
    found = _BODY.search(packet)
    if found is None or len(packet) > PACKET_MAX or "<!DOCTYPE" in packet or "<!ENTITY" in packet:
        raise LabelError("The file has an XMP packet that cannot be read.", hint="Take the metadata out of the file, then try again.")
    try:
        return ElementTree.fromstring(found[0])  # noqa: S314 - no document type, no entity
    except ElementTree.ParseError as error:
        raise LabelError(
            "The file has an XMP packet that is no XML: {error}.",
            hint="Take the metadata out of the file, then try again.",
            error=error,
        ) from error


def _empty() -> ElementTree.Element:
    root = ElementTree.Element(f"{{{_X}}}xmpmeta")
    ElementTree.SubElement(ElementTree.SubElement(root, f"{{{_RDF}}}RDF"), _DESCRIPTION, {_ABOUT: ""})
    return root


def _taken_out(frame: ElementTree.Element, tag: str) -> None:
    for element in list(frame.iter()):
        element.attrib.pop(tag, None)
        for child in [child for child in element if child.tag == tag]:
            element.remove(child)


def _has(frame: ElementTree.Element, tag: str) -> bool:
    return any(True for _ in _texts(frame, tag))


def _texts(root: ElementTree.Element, tag: str) -> list[str]:
    found = [element.attrib[tag] for element in root.iter() if tag in element.attrib]
    return found + ["".join(element.itertext()).strip() for element in root.iter(tag)]
