"""Where WAV, MP3 and FLAC keep marks: RIFF chunk AIGC and _PMX (XMP); ID3v2 frames TXXX and PRIV; Vorbis comments. Samples untouched.

RIFF: GB 45438-2025 and XMP specification part 3, 1.1.8; ID3v2.3/2.4: id3.org; FLAC: RFC 9639, 8.6. Knows bytes, not what is said.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from domain.labels import Carried, Marks
from pipelines.labels import packet
from pipelines.labels.pictures import refused, riff_chunks

SOURCE_TYPE = "DigitalSourceType"
_XMP_OWNER = b"XMP\0"


# -- WAV ----------------------------------------------------------------------------------------------------------------------------


def write_wav(data: bytes, marks: Marks) -> bytes:
    chunks = riff_chunks(data, b"WAVE", "WAV")
    said = packet.merged(_pmx(chunks), marks, labelled=False)
    kept = [chunk for chunk in chunks if chunk[:4] not in (b"AIGC", b"_PMX")]
    whole = b"".join([*kept, _chunk(b"AIGC", marks.aigc.text().encode()), _chunk(b"_PMX", said.encode())])
    return b"RIFF" + struct.pack("<I", len(whole) + 4) + b"WAVE" + whole


def read_wav(data: bytes) -> Carried:
    chunks = riff_chunks(data, b"WAVE", "WAV")
    own = tuple(_body(chunk).decode("utf-8", "replace").strip("\0") for chunk in chunks if chunk[:4] == b"AIGC")
    said = packet.read(_pmx(chunks)) if _pmx(chunks) else Carried()
    return said.model_copy(update={"aigc": own + said.aigc})


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _body(chunk: bytes) -> bytes:
    return chunk[8 : 8 + struct.unpack("<I", chunk[4:8])[0]]


def _pmx(chunks: list[bytes]) -> str:
    return next((_body(chunk).decode("utf-8", "replace") for chunk in chunks if chunk[:4] == b"_PMX"), "")


# -- MP3 ----------------------------------------------------------------------------------------------------------------------------


def write_mp3(data: bytes, marks: Marks) -> bytes:
    version, frames, start = _id3(data)
    kept = [frame for frame in frames if not _ours(frame)]
    body = b"".join(_frame(name, content, version) for name, content in kept)
    body += _frame(b"TXXX", _told("AIGC", marks.aigc.text()), version)
    body += _frame(b"PRIV", _XMP_OWNER + packet.merged(_priv(frames), marks, labelled=False).encode(), version)
    if marks.title and not any(name == b"TIT2" for name, _ in frames):
        body += _frame(b"TIT2", b"\1" + marks.title.encode("utf-16"), version)
    return b"ID3" + bytes((version, 0, 0)) + _synchsafe(len(body)) + body + data[start:]


def read_mp3(data: bytes) -> Carried:
    _, frames, _ = _id3(data)
    texts = [_heard(content) for name, content in frames if name == b"TXXX"]
    own = tuple(text for name, text in texts if name == "AIGC")
    said = packet.read(_priv(frames)) if _priv(frames) else Carried()
    return said.model_copy(update={"aigc": own + said.aigc, "notes": (*said.notes, *((n, t) for n, t in texts if n != "AIGC"))})


def _id3(data: bytes) -> tuple[int, list[tuple[bytes, bytes]], int]:
    """The version of the tag, its frames, and where the sound begins."""
    if data[:3] != b"ID3":
        if len(data) > 2 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
            return 4, [], 0
        raise refused("MP3", "its bytes are no MP3")
    version, flags = data[3], data[5]
    if version not in (3, 4) or flags:
        raise refused("MP3", "its ID3 tag is of a kind that is not written here")
    end = id3_end(data)
    return version, list(_frames(data[10:end], version)), end


def id3_end(data: bytes) -> int:
    """Where the ID3 tag at the start of a file ends."""
    return 10 + _size(data[6:10], 7)


def _frames(body: bytes, version: int) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 10 <= len(body) and body[at] != 0:
        length = _size(body[at + 4 : at + 8], 7 if version == 4 else 8)
        if at + 10 + length > len(body) or body[at + 9]:
            raise refused("MP3", "its ID3 tag is damaged or packed")
        yield body[at : at + 4], body[at + 10 : at + 10 + length]
        at += 10 + length


def _frame(name: bytes, content: bytes, version: int) -> bytes:
    size = _synchsafe(len(content)) if version == 4 else struct.pack(">I", len(content))
    return name + size + b"\0\0" + content


def _size(four: bytes, bits: int) -> int:
    return sum(byte << bits * (3 - n) for n, byte in enumerate(four))


def _synchsafe(number: int) -> bytes:
    return bytes(number >> 7 * n & 0x7F for n in (3, 2, 1, 0))


def _told(name: str, text: str) -> bytes:
    return b"\0" + name.encode("latin-1") + b"\0" + text.encode("latin-1")


def _heard(content: bytes) -> tuple[str, str]:
    coding = ("latin-1", "utf-16", "utf-16-be", "utf-8")[content[0] & 3] if content else "latin-1"
    name, _, text = content[1:].decode(coding, "replace").partition("\0")
    return name.lstrip("\ufeff"), text.strip("\0\ufeff")


def _ours(frame: tuple[bytes, bytes]) -> bool:
    name, content = frame
    return (name == b"TXXX" and _heard(content)[0] == "AIGC") or (name == b"PRIV" and content.startswith(_XMP_OWNER))


def _priv(frames: list[tuple[bytes, bytes]]) -> str:
    found = (content[4:] for name, content in frames if name == b"PRIV" and content.startswith(_XMP_OWNER))
    return next(found, b"").decode("utf-8", "replace")


# -- FLAC ---------------------------------------------------------------------------------------------------------------------------


def write_flac(data: bytes, marks: Marks) -> bytes:
    blocks, rest = flac_blocks(data)
    before = data[: id3_end(data)] if data[:3] == b"ID3" else b""  # credentials stand there
    vendor, comments = _comments(next((body for kind, body in blocks if kind == 4), b""))
    said = {"AIGC": marks.aigc.text(), SOURCE_TYPE: marks.source_type, "TITLE": marks.title, "COPYRIGHT": marks.rights}
    known = {name.upper() for name, _ in comments}
    kept = [(name, text) for name, text in comments if name.upper() not in ("AIGC", SOURCE_TYPE.upper())]
    added = [(name, text) for name, text in said.items() if text and (name in ("AIGC", SOURCE_TYPE) or name not in known)]
    lines = [f"{name}={text}".encode() for name, text in (*kept, *added)]
    own = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(lines))
    own += b"".join(struct.pack("<I", len(line)) + line for line in lines)
    whole = [blocks[0], (4, own), *(block for block in blocks[1:] if block[0] != 4)]
    return before + flac_joined(whole, rest)


def flac_joined(blocks: list[tuple[int, bytes]], rest: bytes) -> bytes:
    """A FLAC file of these blocks and the frames behind them."""
    packed = b"".join(
        bytes((kind | (0x80 if n == len(blocks) - 1 else 0),)) + len(body).to_bytes(3, "big") + body
        for n, (kind, body) in enumerate(blocks)
    )
    return b"fLaC" + packed + rest


def read_flac(data: bytes) -> Carried:
    blocks, _ = flac_blocks(data)
    _, comments = _comments(next((body for kind, body in blocks if kind == 4), b""))
    return from_fields(comments)


def from_fields(fields: list[tuple[str, str]]) -> Carried:
    """What fields of a name and a text say: Vorbis comments, tags of Matroska and Ogg, a front matter."""
    found = {name.casefold(): text for name, text in reversed(fields)}
    known = ("aigc", "digitalsourcetype", "title", "copyright")
    return Carried(
        aigc=tuple(text for name, text in fields if name.casefold() == "aigc"),
        source_type=found.get("digitalsourcetype", ""),
        title=found.get("title", ""),
        rights=found.get("copyright", ""),
        notes=tuple((name, text) for name, text in fields if name.casefold() not in known),
    )


def flac_blocks(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The blocks of metadata, each with its number, and the frames behind them. Raises LabelError."""
    at = id3_end(data) if data[:3] == b"ID3" else 0
    if data[at : at + 4] != b"fLaC":
        raise refused("FLAC", "its bytes are no FLAC")
    blocks, at, last = [], at + 4, False
    while not last:
        head = data[at : at + 4]
        body = data[at + 4 : at + 4 + int.from_bytes(head[1:], "big")]
        if len(head) < 4 or len(body) < int.from_bytes(head[1:], "big"):
            raise refused("FLAC", "it is cut off")
        last, at = bool(head[0] & 0x80), at + 4 + len(body)
        blocks.append((head[0] & 0x7F, body))
    return blocks, data[at:]


def _comments(body: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    if not body:
        return b"Maquette", []
    try:
        at = 4 + struct.unpack_from("<I", body)[0]
        vendor, (count,), at = body[4:at], struct.unpack_from("<I", body, at), at + 4
        found = []
        for _ in range(count):
            (length,) = struct.unpack_from("<I", body, at)
            name, _, text = body[at + 4 : at + 4 + length].decode("utf-8", "replace").partition("=")
            found.append((name, text))
            at += 4 + length
    except struct.error as error:
        raise refused("FLAC", "its comments are damaged") from error
    return vendor, found
