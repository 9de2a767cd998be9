"""Where PDF, Word, Markdown and HTML keep marks: Info and Metadata of a PDF, docProps/custom.xml, front matter, meta elements.

PDF: ISO 32000-1, 14.3 (written as an incremental update, 7.5.6); OOXML: ECMA-376 part 1, 15.2.12.2; the rest of what is inside stays.
"""

from __future__ import annotations

import html
import io
import re
import zipfile
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from domain.labels import Carried, Marks
from pipelines.labels import packet
from pipelines.labels.pictures import refused
from pipelines.labels.sounds import SOURCE_TYPE, from_fields

UNPACKED_MAX = 200_000_000
#: Bytes of the properties of one.
PROPERTIES_MAX = 2_000_000
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_CUSTOM = "docProps/custom.xml"
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
_CONTENT = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT_ID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"


# -- PDF ----------------------------------------------------------------------------------------------------------------------------


def write_pdf(data: bytes, marks: Marks) -> bytes:
    trailer, _ = trailer_of(data)
    size = _number(trailer, rb"/Size\s+(\d+)")
    root = _number(trailer, rb"/Root\s+(\d+)\s+0\s+R")
    info = re.search(rb"/Info\s+(\d+)\s+0\s+R", trailer)
    number = int(info[1]) if info else size + 1
    described = re.sub(rb"/AIGC\s*\((?:\\.|[^()\\])*\)", b"", _dictionary(data, number) if info else b"<<>>")
    described = described[:-2] + b"/AIGC " + _literal(marks.aigc.text())
    if marks.title and b"/Title" not in described:
        described += b"/Title " + _literal(marks.title)
    catalog = re.sub(rb"/Metadata\s+\d+\s+0\s+R", b"", _dictionary(data, root))
    meta = packet.wrapped(packet.merged(_pdf_packet(data, root), marks, labelled=False))
    objects = {
        number: described + b">>",
        root: catalog[:-2] + b"/Metadata %d 0 R>>" % size,
        size: b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n" % len(meta) + meta + b"\nendstream",
    }
    return updated(data, objects, info=number)


def updated(data: bytes, objects: dict[int, bytes], *, info: int = 0) -> bytes:
    """The file with these objects, new or in place of older ones, in an update behind it. info: the number of its Info, 0 leaves it."""
    trailer, start = trailer_of(data)
    root, size = _number(trailer, rb"/Root\s+(\d+)\s+0\s+R"), _number(trailer, rb"/Size\s+(\d+)")
    named = re.search(rb"/Info\s+(\d+)\s+0\s+R", trailer)
    info = info or (int(named[1]) if named else 0)
    out, places = data if data.endswith(b"\n") else data + b"\n", {}
    for n, body in objects.items():
        places[n] = len(out)
        out += b"%d 0 obj\n" % n + body + b"\nendobj\n"
    table = b"".join(b"%d 1\n%010d 00000 n \n" % (n, places[n]) for n in sorted(places))
    ids = re.search(rb"/ID\s*\[[^\]]*\]", trailer)
    told = b"/Info %d 0 R" % info if info else b""
    head = b"<</Size %d/Root %d 0 R%s/Prev %d" % (max(*objects, size - 1) + 1, root, told, start)
    end = b"xref\n" + table + b"trailer\n" + head + (ids[0] if ids else b"") + b">>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + end


def read_pdf(data: bytes) -> Carried:
    trailer, _ = trailer_of(data)
    info = re.search(rb"/Info\s+(\d+)\s+0\s+R", trailer)
    body = _dictionary(data, int(info[1])) if info else b""
    own = tuple(_unliteral(found[1]) for found in re.finditer(rb"/AIGC\s*\(((?:\\.|[^()\\])*)\)", body))
    text = _pdf_packet(data, _number(trailer, rb"/Root\s+(\d+)\s+0\s+R"))
    said = packet.read(text) if text else Carried()
    return said.model_copy(update={"aigc": own + said.aigc})


def trailer_of(data: bytes) -> tuple[bytes, int]:
    """The last trailer, and where the table of objects it stands under begins."""
    found = re.findall(rb"startxref\s+(\d+)\s+%%EOF", data[-2048:])
    if not data.startswith(b"%PDF-") or not found:
        raise refused("PDF", "its bytes are no PDF, or it is cut off")
    start = int(found[-1])
    trailer = re.compile(rb"trailer\s*(<<.*?>>)\s*startxref", re.DOTALL).search(data, start)
    if data[start : start + 4] != b"xref" or trailer is None:
        raise refused("PDF", "its objects are packed in a way that is not written here")
    if b"/Encrypt" in trailer[1]:
        raise refused("PDF", "it is encrypted")
    return trailer[1], start


def newest_dictionaries(data: bytes) -> dict[int, bytes]:
    """The dictionary of every object that is one, by its number; the newest where a number stands more than once."""
    found = re.finditer(rb"(?:^|[\r\n])(\d+) 0 obj\s*(<<.*?>>)\s*(?:endobj|stream)", data, re.DOTALL)
    return {int(one[1]): one[2] for one in found}


def _dictionary(data: bytes, number: int) -> bytes:
    """The dictionary of the newest object of this number."""
    found = list(re.finditer(rb"(?:^|[\r\n])%d 0 obj\s*(<<.*?>>)\s*(?:endobj|stream)" % number, data, re.DOTALL))
    if not found:
        raise refused("PDF", "an object that it names is not in it")
    return bytes(found[-1][1])


def _pdf_packet(data: bytes, root: int) -> str:
    named = re.search(rb"/Metadata\s+(\d+)\s+0\s+R", _dictionary(data, root))
    if named is None:
        return ""
    stream = list(re.finditer(rb"[\r\n]%s 0 obj\s*<<[^>]*>>\s*stream\r?\n(.*?)\r?\nendstream" % named[1], data, re.DOTALL))
    return stream[-1][1].decode("utf-8", "replace") if stream else ""


def _number(trailer: bytes, pattern: bytes) -> int:
    found = re.search(pattern, trailer)
    if found is None:
        raise refused("PDF", "its trailer is not complete")
    return int(found[1])


def _literal(text: str) -> bytes:
    data = text.encode("latin-1") if text.isascii() else b"\xfe\xff" + text.encode("utf-16-be")
    return b"(" + re.sub(rb"([()\\\r\n])", lambda m: b"\\%03o" % m[1][0], data) + b")"


def _unliteral(data: bytes) -> str:
    plain = re.sub(rb"\\([0-7]{3})", lambda m: bytes((int(m[1], 8) & 0xFF,)), data)
    return re.sub(rb"\\(.)", rb"\1", plain).decode("latin-1")


# -- Word and its kin ---------------------------------------------------------------------------------------------------------------


def write_ooxml(data: bytes, marks: Marks) -> bytes:
    """Stored, not deflated: credentials are written only into packages that are."""
    parts = _parts(data)
    own = {"AIGC": marks.aigc.text(), SOURCE_TYPE: marks.source_type}
    said = [(name, text) for name, text in _custom(parts.get(_CUSTOM, b"")) if name not in own] + list(own.items())
    rows = "".join(
        f'<property fmtid="{_FORMAT_ID}" pid="{n}" name="{escape(name)}"><vt:lpwstr>{escape(text)}</vt:lpwstr></property>'
        for n, (name, text) in enumerate(said, start=2)
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    parts[_CUSTOM] = f'{head}<Properties xmlns="{_PROPERTIES}" xmlns:vt="{_TYPES}">{rows}</Properties>'.encode()
    if _CONTENT.encode() not in parts["[Content_Types].xml"]:
        row = f'<Override PartName="/{_CUSTOM}" ContentType="{_CONTENT}"/></Types>'
        parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", row.encode())
    if _RELATION.encode() not in parts["_rels/.rels"]:
        row = f'<Relationship Id="rIdLabels" Type="{_RELATION}" Target="{_CUSTOM}"/></Relationships>'
        parts["_rels/.rels"] = parts["_rels/.rels"].replace(b"</Relationships>", row.encode())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        for name, body in parts.items():
            target.writestr(zipfile.ZipInfo(name, _ZIP_TIME), body)
    return out.getvalue()


def read_ooxml(data: bytes) -> Carried:
    """Unpacks nothing but what is read."""
    return from_fields(_custom(_parts(data, only=(_CUSTOM,)).get(_CUSTOM, b"")))


def _parts(data: bytes, only: tuple[str, ...] = ()) -> dict[str, bytes]:
    """By name. only: what is unpacked, of what belongs to every package nothing; () is all."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            read = [info for info in source.infolist() if not info.is_dir() and (not only or info.filename in only)]
            if sum(info.file_size for info in read) > (PROPERTIES_MAX if only else UNPACKED_MAX):
                raise refused("Word document", "it unpacks to more than is read")
            parts = {info.filename: source.read(info) for info in read}
            names = set(source.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise refused("Word document", "its bytes are no package") from error
    if not {"[Content_Types].xml", "_rels/.rels"} <= names:
        raise refused("Word document", "its bytes are no Office package")
    return parts


def _custom(data: bytes) -> list[tuple[str, str]]:
    if not data:
        return []
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise refused("Word document", "its properties hold a document type")
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - no document type, no entity
    except ElementTree.ParseError as error:
        raise refused("Word document", "its properties are no XML") from error
    return [(str(row.get("name", "")), "".join(row.itertext())) for row in root]


# -- Markdown and HTML --------------------------------------------------------------------------------------------------------------


def write_markdown(data: bytes, marks: Marks) -> bytes:
    """JSON is YAML too, and stands in quotes: a reader that knows neither finds the letters."""
    text = _utf8(data, "Markdown file")
    front, rest = _front(text)
    kept = [line for line in front if not re.match(rf"(?:AIGC|{SOURCE_TYPE}):", line)]
    own = [f"AIGC: '{marks.aigc.text().replace(chr(39), chr(39) * 2)}'", f"{SOURCE_TYPE}: {marks.source_type}"]
    return "\n".join(["---", *kept, *own, "---", rest]).encode()


def read_markdown(data: bytes) -> Carried:
    front, _ = _front(_utf8(data, "Markdown file"))
    pairs = [(name.strip(), text.strip()) for name, colon, text in (line.partition(":") for line in front) if colon]
    return from_fields([(n, t[1:-1].replace("''", "'") if t[:1] == t[-1:] == "'" and len(t) > 1 else t) for n, t in pairs])


def _front(text: str) -> tuple[list[str], str]:
    """The lines of the front matter and what stands below it."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return [], text
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), 0)
    return (lines[1:end], "\n".join(lines[end + 1 :])) if end else ([], text)


def write_html(data: bytes, marks: Marks) -> bytes:
    text = re.sub(rf'<meta name="(?:AIGC|{SOURCE_TYPE})"[^>]*>', "", _utf8(data, "HTML page"))
    rows = "".join(
        f'<meta name="{name}" content="{html.escape(said, quote=True)}">'
        for name, said in (("AIGC", marks.aigc.text()), (SOURCE_TYPE, marks.source_type))
    )
    head = re.search(r"<head\b[^>]*>", text, re.IGNORECASE)
    if head is None:
        raise refused("HTML page", "it has no head")
    return (text[: head.end()] + rows + text[head.end() :]).encode()


def read_html(data: bytes) -> Carried:
    found = re.findall(r'<meta name="([^"]{1,80})" content="([^"]*)"', _utf8(data, "HTML page"))
    return from_fields([(html.unescape(name), html.unescape(said)) for name, said in found])


def _utf8(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(name, "it is no UTF-8") from error
