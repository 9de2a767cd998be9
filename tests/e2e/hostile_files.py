"""Files that a person may attach and the studio must refuse, made here byte by byte."""

from __future__ import annotations

import io
import random
import struct
import wave
import zipfile
import zlib

from PIL import Image

from domain.brief import ATTACHMENT_MAX_CHARACTERS

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def picture(form: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, form)
    return buffer.getvalue()


def wav(frames: bytes) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(frames)
    return buffer.getvalue()


def wav_header(channels: int, rate: int, bits: int, form: int = 1) -> bytes:
    fields = struct.pack("<IHHIIHH", 16, form, channels, rate, 0, 0, bits)
    return b"RIFF" + struct.pack("<I", 1000) + b"WAVEfmt " + fields + b"data" + struct.pack("<I", 900) + noise(900)


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("../../evil.sh", "rm -rf /")
    return buffer.getvalue()


def noise(count: int) -> bytes:
    return random.Random(1).randbytes(count)


def bomb(kind: bytes) -> bytes:
    """A small PNG whose text or profile chunk unpacks to 90 MB."""
    head = picture("PNG")
    payload = {b"zTXt": b"k\0\0", b"iCCP": b"k\0\0", b"iTXt": b"k\0\1\0\0\0"}[kind] + zlib.compress(bytes(90_000_000))
    return head[:33] + chunk(kind, payload) + head[33:]


REFUSED: dict[str, bytes] = {
    "empty.txt": b"",
    "blank.txt": b"  \n\n ",
    "26mb.txt": b"a" * (26 * 1024 * 1024),
    "200001.txt": b"a" * (ATTACHMENT_MAX_CHARACTERS + 1),
    "nul.txt": b"hello\0world",
    "escape.txt": b"\x1b[31mred",
    "41mp.png": png_header(6500, 6400),
    "10gp.png": png_header(100_000, 100_000),
    "0x0.png": png_header(0, 0),
    "signature.png": PNG,
    "truncated.png": picture("PNG")[:-30],
    "ztxt.png": bomb(b"zTXt"),
    "itxt.png": bomb(b"iTXt"),
    "iccp.png": bomb(b"iCCP"),
    "zip.jpg": archive(),
    "zip-behind-magic.jpg": b"\xff\xd8\xff" + archive(),
    "truncated.jpg": picture("JPEG")[:200],
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "commented.svg": b"<!-- c --><svg onload='alert(1)'/>",
    "page.html": b"<html><script>alert(1)</script></html>",
    "paper.pdf": b"%PDF-1.7\n1 0 obj\n",
    "program.exe": b"MZ\x90\0\3" + noise(200),
    "program": b"\x7fELF\2\1\1" + bytes(50),
    "animation.gif": b"GIF89a" + noise(50),
    "header-only.wav": wav(b""),
    "cut-header.wav": wav(bytes(3200))[:20],
    "no-channels.wav": wav_header(0, 16_000, 16),
    "many-channels.wav": wav_header(65_535, 16_000, 16),
    "no-rate.wav": wav_header(1, 0, 16),
    "not-a-number.wav": wav_header(1, 16_000, 32, 3)[:44] + struct.pack("<f", float("nan")) * 225,
    "garbage.mp3": b"ID3" + noise(3000),
    "garbage-frames.mp3": b"\xff\xfb" + noise(3000),
}
