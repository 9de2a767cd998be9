"""Files that are small and would become large, or that break what opens them: pictures, sounds, films, documents, archives.

Made here byte by byte. None may be opened; the doors they are carried to are those of the studio.
"""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

PNG = b"\x89PNG\r\n\x1a\n"
GB = 1_000_000_000
MARK = b"<?xml version='1.0'?>"
SVG_SPACE = b"xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *more: bytes, depth: int = 8, colour: int = 2, packed: bytes | None = None) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = zlib.compress(bytes(1000)) if packed is None else packed
    return PNG + head + b"".join(more) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """A deflate stream of that many zeros, packed once more the size allows: a thousandth of it."""
    packer = zlib.compressobj(9)
    piece = bytes(10_000_000)
    return b"".join([*(packer.compress(piece) for _ in range(count // len(piece))), packer.flush()])


def jpeg(width: int, height: int, start: int = 0xC0) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 3) + bytes((1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0))
    table = b"\xff\xdb" + struct.pack(">H", 67) + b"\0" + bytes([1] * 64)
    return (
        b"\xff\xd8"
        + table
        + bytes((0xFF, start))
        + struct.pack(">H", len(frame) + 2)
        + frame
        + b"\xff\xda\0\x0c\3\1\0\2\x11\3\x11\0?\0"
        + bytes(50)
    )


def webp(width: int, height: int) -> bytes:
    extended = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    lossless = (
        b"VP8L" + struct.pack("<I", 6) + b"\x2f" + struct.pack("<I", ((width - 1) & 0x3FFF) | (((height - 1) & 0x3FFF) << 14)) + b"\0"
    )
    return b"RIFF" + struct.pack("<I", 4 + len(extended) + len(lossless)) + b"WEBP" + extended + lossless


def wav(channels: int = 1, rate: int = 16_000, bits: int = 16, form: int = 1, said: int = 900, data: bytes = bytes(900)) -> bytes:
    fields = struct.pack("<IHHIIHH", 16, form, channels, rate, rate * 2 & 0xFFFFFFFF, 2, bits)
    return b"RIFF" + struct.pack("<I", 36 + said & 0xFFFFFFFF) + b"WAVEfmt " + fields + b"data" + struct.pack("<I", said) + data


def box(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", len(body) + 8 if size is None else size) + kind + body


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


def zip_of(size: int, members: int = 1, name: str = "{}.bin") -> bytes:
    """A real archive of zeros, each member of the same packed bytes."""
    packed = zeros(size)[2:-4]  # a raw deflate stream, as archives hold it
    out, entries = io.BytesIO(), []
    check = zlib.crc32(bytes(0))
    for number in range(members):
        label = name.format(number).encode()
        at = out.tell()
        fields = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, check, len(packed), size, len(label), 0)
        out.write(b"PK\3\4" + fields + label + packed)
        entries.append(b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, at) + label)
    start = out.tell()
    directory = b"".join(entries)
    out.write(directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, members, members, len(directory), start, 0))
    return out.getvalue()


def overlapping(members: int, size: int) -> bytes:
    """Many entries that share one packed stream: what is called a zip bomb without nesting."""
    packed = zeros(size)[2:-4]
    head = b"PK\3\4" + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, 0, len(packed), size, 1, 0) + b"a"
    entries = b""
    for number in range(members):
        label = f"{number}".encode()
        entries += (
            b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0x21, 0, len(packed), size, len(label), 0, 0, 0, 0, 0, 0) + label
        )
    body = head + packed
    return body + entries + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, members, members, len(entries), len(body), 0)


def nested(depth: int) -> bytes:
    data = zipped({"0.bin": bytes(10_000_000)})
    for _ in range(depth):
        data = zipped({f"{n}.zip": data for n in range(10)})
    return data


def laughs(root: bytes) -> bytes:
    kinds = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    return MARK + b"<!DOCTYPE x [<!ENTITY l0 'lol'>" + kinds + b"]>" + root


def svg(inside: bytes, size: bytes = b"width='100' height='100'") -> bytes:
    return b"<svg " + SVG_SPACE + b" " + size + b">" + inside + b"</svg>"


def copies(depth: int) -> bytes:
    """Each group uses the one before it ten times."""
    groups = b"".join(b"<g id='g%d'>" % n + b"<use xlink:href='#g%d'/>" % (n - 1) * 10 + b"</g>" for n in range(1, depth))
    return svg(b"<defs><rect id='g0' width='9' height='9'/>" + groups + b"</defs><use xlink:href='#g%d'/>" % (depth - 1))


def pdf(stream: bytes) -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Metadata 2 0 R>>\nendobj\n2 0 obj\n<</Type/Metadata/Filter/FlateDecode/Length "
    body += b"%d>>stream\n" % len(stream) + stream + b"\nendstream\nendobj\n"
    return body + b"trailer\n<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def word(custom: bytes) -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "_rels/.rels": b"<Relationships/>", "docProps/custom.xml": custom})


def flac(samples: int, rate: int = 44_100) -> bytes:
    head = struct.pack(">HH", 4096, 4096) + bytes(6) + ((rate << 44) | (1 << 41) | (15 << 36) | samples).to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80" + len(head).to_bytes(3, "big") + head + random.Random(3).randbytes(400)


#: Name -> how it is made. Made when it is asked for: some are megabytes.
BOMBS: dict[str, Callable[[], bytes]] = {
    # Pictures: large by what they announce
    "png 100000x100000": lambda: png(100_000, 100_000),
    "png 6500x6400": lambda: png(6500, 6400),
    "png 2147483647x1": lambda: png(2**31 - 1, 1),
    "png 4294967295x4294967295": lambda: png(2**32 - 1, 2**32 - 1),
    "png 1x2147483647, 16 bits": lambda: png(1, 2**31 - 1, depth=16, colour=6),
    "png 0x0": lambda: png(0, 0),
    "png of 1 GB of zeros for 8 pixels": lambda: png(40_000, 40_000, packed=zeros(GB)),
    "png zTXt of 1 GB": lambda: png(30, 30, chunk(b"zTXt", b"k\0\0" + zeros(GB))),
    "png iTXt of 1 GB": lambda: png(30, 30, chunk(b"iTXt", b"k\0\1\0\0\0" + zeros(GB))),
    "png iCCP of 1 GB": lambda: png(30, 30, chunk(b"iCCP", b"k\0\0" + zeros(GB))),
    "png of 30000 text chunks": lambda: png(
        30, 30, *(chunk(b"zTXt", b"k%d\0\0" % n + zlib.compress(bytes(60_000))) for n in range(30_000))
    ),
    "png whose chunk claims 4 GB": lambda: PNG + struct.pack(">I", 2**32 - 1) + b"IHDR" + bytes(40),
    "png cut in its header": lambda: png(30, 30)[:20],
    "jpeg 65500x65500": lambda: jpeg(65_500, 65_500),
    "jpeg 65500x65500, progressive": lambda: jpeg(65_500, 65_500, 0xC2),
    "jpeg 0x0": lambda: jpeg(0, 0),
    "jpeg of markers": lambda: b"\xff\xd8" + b"\xff\xe1\0\2" * 2_000_000,
    "webp 16384x16384": lambda: webp(16_384, 16_384),
    "gif 65535x65535": lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0xF7, 0, 0) + bytes(900),
    "bmp 2147483647x2147483647": lambda: (
        b"BM" + struct.pack("<IHHIIiiHHIIiiII", 100, 0, 0, 54, 40, 2**31 - 1, 2**31 - 1, 1, 24, 0, 0, 0, 0, 0, 0)
    ),
    "tiff 4294967295 wide": lambda: b"II*\0\x08\0\0\0\x02\0\0\1\4\0\1\0\0\0\xff\xff\xff\xff\1\1\4\0\1\0\0\0\xff\xff\xff\xff\0\0\0\0",
    "avif head": lambda: box(b"ftyp", b"avif\0\0\0\0avifmif1") + box(b"meta", bytes(40), size=2**32 - 1),
    # Drawings
    "svg of a billion laughs": lambda: laughs(svg(b"<text>&l9;</text>")),
    "svg of a billion copies": lambda: copies(10),
    "svg 1000000000 wide": lambda: svg(b"<rect width='9' height='9'/>", b"width='1000000000' height='1000000000'"),
    "svg with a huge blur": lambda: svg(
        b"<filter id='f'><feGaussianBlur stdDeviation='100000'/></filter>" + b"<rect width='1' height='1' filter='url(#f)'/>"
    ),
    "svg with a picture from elsewhere": lambda: svg(b"<image xlink:href='http://127.0.0.1:9/x.png' width='9' height='9'/>"),
    "svg with a file of this machine": lambda: svg(b"<image xlink:href='file:///etc/passwd' width='9' height='9'/>"),
    "svg with an entity of this machine": lambda: (
        MARK + b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + svg(b"<text>&e;</text>")
    ),
    "svg nested 100000 deep": lambda: svg(b"<g>" * 100_000 + b"</g>" * 100_000),
    "svg that runs": lambda: svg(b"<script>alert(1)</script>"),
    # Packed
    "gzip of 1 GB": lambda: gzip.compress(b"", 9)[:10] + zeros(GB)[2:],
    "zip of 1 GB": lambda: zip_of(GB),
    "zip of 100 x 1 GB": lambda: zip_of(GB, 3),
    "zip of a pack of 1 GB": lambda: zip_of(GB, name="manifest.json"),
    "zip of 4000 entries over one stream": lambda: overlapping(4000, 100_000_000),
    "zip in zip in zip": lambda: nested(4),
    "zip of 60000 names": lambda: zipped({f"{n}": b"" for n in range(60_000)}, zipfile.ZIP_STORED),
    "zip that claims 4 GB": lambda: zipped({"manifest.json": b"{}"}).replace(struct.pack("<II", 2, 2), struct.pack("<II", 2, 2**32 - 2)),
    "word of 1 GB": lambda: word(bytes(30_000_000)),
    "word of a billion laughs": lambda: word(laughs(b"<x>&l9;</x>")),
    "pdf stream of 1 GB": lambda: pdf(zeros(GB)),
    "pdf of open brackets": lambda: b"%PDF-1.7\n" + b"<<" * 200_000 + b"startxref\n9\n%%EOF",
    # Sounds
    "wav that claims 4 GB": lambda: wav(said=2**32 - 1),
    "wav of 65535 channels": lambda: wav(channels=65_535),
    "wav of no channels": lambda: wav(channels=0),
    "wav at 1 Hz, 25 MB": lambda: wav(rate=1, bits=8, said=25_000_000, data=bytes(25_000_000)),
    "wav at 4294967295 Hz": lambda: wav(rate=2**32 - 1),
    "wav at 0 Hz": lambda: wav(rate=0),
    "wav of chunks within chunks": lambda: (
        b"RIFF" + struct.pack("<I", 9000) + b"WAVE" + (b"LIST" + struct.pack("<I", 2**31 - 1) + b"INFO") * 700
    ),
    "wav of not a number": lambda: wav(bits=32, form=3, data=struct.pack("<f", float("nan")) * 225),
    "wav of a film codec": lambda: wav(form=0x0050),
    "flac that claims 68 billion samples": lambda: flac(2**36 - 1),
    "mp3 of an id3 tag of 256 MB": lambda: b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(3000),
    "mp3 of noise": lambda: b"\xff\xfb\x90\x64" + random.Random(5).randbytes(60_000),
    "ogg that claims to begin at the end": lambda: (
        b"OggS\0\2" + b"\xff" * 20 + b"\1\x1e\1vorbis" + bytes(22) + random.Random(4).randbytes(300)
    ),
    "playlist as a recording": lambda: b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
    "playlist behind an id3 tag": lambda: b"ID3\3\0\0\0\0\0\0#EXTM3U\nhttp://127.0.0.1:9/x.ts\n",
    # Films
    "mp4 whose box claims 4 GB": lambda: box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", bytes(90), size=2**32 - 1),
    "mp4 of a box of 2^63 bytes": lambda: (
        box(b"ftyp", b"isom\0\0\2\0isom") + struct.pack(">I", 1) + b"moov" + struct.pack(">Q", 2**63) + bytes(90)
    ),
    "mp4 of a million samples that are not there": lambda: (
        box(b"ftyp", b"isom\0\0\2\0isom") + box(b"moov", box(b"trak", box(b"stsz", struct.pack(">III", 0, 0, 2**32 - 1))))
    ),
    "mp4 of boxes within boxes": lambda: box(b"ftyp", b"isom\0\0\2\0isom") + _deep(2000),
    "m4a whose keys claim 4 billion": lambda: (
        box(b"ftyp", b"M4A \0\0\2\0M4A ")
        + box(b"moov", box(b"udta", box(b"meta", bytes(4) + box(b"keys", struct.pack(">II", 0, 2**32 - 1)))))
    ),
    "matroska of an endless size": lambda: b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(500),
    "midi of a track of 4 GB": lambda: b"MThd\0\0\0\6\0\1\xff\xff\1\xe0MTrk\xff\xff\xff\xff" + bytes(90),
    # What runs, or pretends to
    "a pickle": lambda: b"\x80\4\x95\x1d\0\0\0\0\0\0\0\x8c\5posix\x94\x8c\6system\x94\x93\x94\x8c\4true\x94\x85\x94R\x94.",
    "a program": lambda: b"\x7fELF\2\1\1" + bytes(200),
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
}


def _deep(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(b"moov", body)
    return body
