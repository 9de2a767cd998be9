"""A small file of every format of the table, made by other libraries than those that label."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import docx
import numpy as np
import skia
from PIL import Image, PngImagePlugin

from domain.labels import TRAINED, AigcLabel, Marks

MARKS = Marks(
    aigc=AigcLabel(producer="001191440300715267263X00001", produce_id="a1b2", reserved1="f" * 64),
    source_type=TRAINED,
    title='Fox & "friends" 标题',
    rights="fox: Ann, MIT",
)
FOREIGN = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/" '
    'photoshop:Credit="Ann"><TC260:AIGC>{"Label":"2","ContentProducer":"old"}</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>'
)


def picture(form: str, **options: object) -> bytes:
    out = io.BytesIO()
    gradient = np.indices((96, 128)).sum(axis=0).astype(np.uint8)
    Image.fromarray(np.stack([gradient, gradient * 2, 255 - gradient], axis=-1)).save(out, form, **options)  # type: ignore[arg-type]
    return out.getvalue()


def png_with(**texts: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_itxt("XML:com.adobe.xmp" if name == "xmp" else name, text)
    return picture("PNG", pnginfo=info)


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes((np.sin(np.arange(8001) / 9) * 9000).astype("<i2").tobytes())
    return out.getvalue()


def sound(form: str, codec: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=form) as target:
        stream = target.add_stream(codec, rate=48_000)
        samples = (np.sin(np.arange(48_000) / 20) * 8000).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.rate = 48_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            target.mux(packet)
    return out.getvalue()


def film(form: str, codec: str, **options: str) -> bytes:
    """In a file of its own: FFmpeg reads again what it wrote when it moves the head of an MP4 to the start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        _filmed(path, form, codec, options)
        return path.read_bytes()


def _filmed(path: Path, form: str, codec: str, options: dict[str, str]) -> None:
    with av.open(str(path), "w", format=form, options=options) as target:
        stream = target.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for n in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), n * 20, np.uint8), format="rgb24")
            for packet in stream.encode(frame):
                target.mux(packet)
        for packet in stream.encode(None):
            target.mux(packet)


def pdf() -> bytes:
    stream = skia.DynamicMemoryWStream()
    document = skia.PDF.MakeDocument(stream)
    document.beginPage(200, 100).drawString("A page", 10, 50, skia.Font(skia.Typeface(""), 20), skia.Paint())
    document.endPage()
    document.close()
    return bytes(stream.detachAsData())


def word() -> bytes:
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Hello")
    document.save(out)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        bundle.writestr("a.txt", "hi")
    return out.getvalue()


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><title>t</title><rect width="20" height="20"/></svg>'
#: By the id of the format; what is made once is kept.
SAMPLES: dict[str, Callable[[], bytes]] = {
    name: functools.cache(make)
    for name, make in {
        "png": lambda: picture("PNG"),
        "jpeg": lambda: picture("JPEG"),
        "webp": lambda: picture("WEBP"),
        "gif": lambda: picture("GIF"),
        "svg": SVG.encode,
        "wav": wav,
        "mp3": lambda: sound("mp3", "libmp3lame"),
        "flac": lambda: sound("flac", "flac"),
        "ogg": lambda: sound("ogg", "libopus"),
        "mp4": lambda: film("mp4", "mpeg4", movflags="faststart"),
        "webm": lambda: film("webm", "libvpx"),
        "pdf": pdf,
        "ooxml": word,
        "markdown": "---\nlang: en\n---\n# Hi\n\ntext\n".encode,
        "html": b"<!doctype html><html><head><title>x</title></head><body><p>hi</p></body></html>".__bytes__,
        "data": lambda: json.dumps({"headline": "Wake up"}).encode(),
        "engine": b"-> start\n".__bytes__,
        "subtitles": b"WEBVTT\n\n00:00.000 --> 00:01.000\nHi\n".__bytes__,
        "midi": b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0".__bytes__,
        "zip": archive,
    }.items()
}
