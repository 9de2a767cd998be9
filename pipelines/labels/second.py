"""A second reading of what was written, by code that shares nothing with the writers.

Pillow, FFmpeg (PyAV), libsndfile, ElementTree, python-docx, pypdf and PyYAML; where FFmpeg wrote (Ogg, Matroska) and in GIF, whose
XMP no library reads, a plain reading of the bytes.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from domain.errors import LabelError
from domain.labels import Carried

_PICTURES = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}
#: Who reads a format back at export besides our own reader.
READERS: dict[str, str] = {
    **dict.fromkeys(_PICTURES, "Pillow"),
    "svg": "ElementTree",
    "wav": "libsndfile",
    "mp3": "FFmpeg",
    "flac": "FFmpeg",
    "mp4": "FFmpeg",
    "ogg": "a plain reading of what FFmpeg wrote",
    "webm": "a plain reading of what FFmpeg wrote",
    "ooxml": "python-docx",
    "html": "html.parser",
    "gif": "a plain reading of its bytes",
    "pdf": "pypdf",
    "markdown": "PyYAML",
}


def second_reading(data: bytes, format_id: str) -> Iterator[tuple[str, Carried]]:
    """Who read, and what; nothing for a format that carries nothing inside. Raises LabelError when it cannot open the file."""
    if format_id not in READERS:
        return
    try:
        yield READERS[format_id], _by_pillow(data, _PICTURES[format_id]) if format_id in _PICTURES else _OTHERS[format_id](data)
    except (OSError, ValueError, SyntaxError, KeyError, IndexError, RuntimeError, struct.error, zipfile.BadZipFile) as error:
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
    return _of_xml(packet)


def _of_xml(text: str) -> Carried:
    """Every label and every origin in a text of XML, wherever they stand."""
    root = ElementTree.fromstring(text)  # noqa: S314 - the packet was written here
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
    labels = tuple(v for k, v in tags.items() if k == "AIGC")
    if "id3v2_priv.XMP" in tags:  # of an MP3: control characters are given as \\xHH
        said = _of_xml(re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), tags["id3v2_priv.XMP"]).encode("latin-1").decode())
        return Carried(aigc=labels + said.aigc, source_type=said.source_type)
    return Carried(aigc=labels, source_type=str(tags.get("DigitalSourceType", "")))


def _by_sndfile(data: bytes) -> Carried:
    """The chunks of a WAV by the list that libsndfile gives of them."""
    import soundfile

    with soundfile.SoundFile(io.BytesIO(data)) as opened:
        told = str(opened.extra_info)
    labels: list[str] = []
    packets: list[str] = []
    for name, length in re.findall(r"(AIGC|_PMX) : (\d+)", told):
        at = data.index(name.encode() + struct.pack("<I", int(length))) + 8
        (labels if name == "AIGC" else packets).append(data[at : at + int(length)].decode())
    return _together([Carried(aigc=tuple(labels)), *(_of_xml(one) for one in packets)])


def _by_comments(data: bytes) -> Carried:
    """The comments of an Ogg stream: the second packet, put together from its pages (RFC 3533, 6; RFC 7845, 5.2)."""
    packets, at = [b""], 0
    while len(packets) < 3 and data[at : at + 4] == b"OggS":
        lengths = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lengths)
        for length in lengths:
            packets[-1] += data[at : at + length]
            at += length
            if length < 255:
                packets.append(b"")
    body = packets[1]
    at = 8 if body.startswith(b"OpusTags") else 7
    at += 4 + struct.unpack_from("<I", body, at)[0]
    (count,) = struct.unpack_from("<I", body, at)
    fields, at = [], at + 4
    for _ in range(count):
        (length,) = struct.unpack_from("<I", body, at)
        fields.append(body[at + 4 : at + 4 + length].decode().partition("=")[::2])
        at += 4 + length
    return _of_fields([(name.upper(), text) for name, text in fields])


def _by_elements(data: bytes) -> Carried:
    """SimpleTag elements of Matroska: TagName 45A3, then TagString 4487 (RFC 9559, 5.1.8)."""
    fields = []
    for name in re.finditer(rb"\x45\xa3([\x81-\xff])(AIGC|DIGITALSOURCETYPE)", data):
        at = data.index(b"\x44\x87", name.end(), name.end() + 64) + 2
        width = 9 - data[at].bit_length()
        length = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
        fields.append((name[2].decode(), data[at + width : at + width + length].decode().rstrip("\0")))
    return _of_fields(fields)


def _by_docx(data: bytes) -> Carried:
    from docx.opc.package import OpcPackage

    parts = [part for part in OpcPackage.open(io.BytesIO(data)).iter_parts() if part.partname == "/docProps/custom.xml"]
    fields = [
        (str(row.get("name")).upper(), "".join(row.itertext()))
        for part in parts
        for row in ElementTree.fromstring(part.blob)  # noqa: S314 - the part was written here
    ]
    return _of_fields(fields)


def _of_fields(fields: list[tuple[str, str]]) -> Carried:
    return Carried(
        aigc=tuple(text for name, text in fields if name == "AIGC"),
        source_type="".join([text for name, text in fields if name == "DIGITALSOURCETYPE"][:1]),
    )


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


def _by_blocks(data: bytes) -> Carried:
    """The application extensions of a GIF that are named XMP: their text ends where the 258 bytes of the magic trailer begin (XMP
    Specification Part 3, 1.1.2)."""
    texts = [part.split(b"\x01\xff\xfe", 1)[0] for part in data.split(b"\x21\xff\x0bXMP DataXMP")[1:]]
    return _together([_of_xml(text.decode()) for text in texts])


def _by_pypdf(data: bytes) -> Carried:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        opened = PdfReader(io.BytesIO(data), strict=True)
        info = dict(opened.metadata or {})
        packet = opened.xmp_metadata
    except PyPdfError as error:
        raise ValueError(str(error)) from error
    said = [Carried(aigc=tuple(str(text) for name, text in info.items() if name == "/AIGC"))]
    if packet is not None:
        said.append(_of_xml(packet.stream.get_data().decode()))
    return _together(said)


def _by_yaml(data: bytes) -> Carried:
    import yaml

    text = data.decode("utf-8-sig")
    head = re.match(r"---\n(.*?\n)---\n", text, re.DOTALL)
    try:
        fields = yaml.safe_load(head[1]) if head else None
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    return _of_fields([(str(name).upper(), str(value)) for name, value in fields.items()] if isinstance(fields, dict) else [])


def _together(said: list[Carried]) -> Carried:
    return Carried(aigc=tuple(text for one in said for text in one.aigc), source_type="".join(one.source_type for one in said))


_OTHERS: dict[str, Callable[[bytes], Carried]] = {
    "svg": lambda data: _of_xml(data.decode("utf-8-sig")),
    "wav": _by_sndfile,
    "mp3": lambda data: _by_ffmpeg(data, "mp3"),
    "flac": lambda data: _by_ffmpeg(data, "flac"),
    "mp4": lambda data: _by_ffmpeg(data, "mp4"),
    "ogg": _by_comments,
    "webm": _by_elements,
    "ooxml": _by_docx,
    "html": _by_parser,
    "gif": _by_blocks,
    "pdf": _by_pypdf,
    "markdown": _by_yaml,
}
