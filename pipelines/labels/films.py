"""Where films and Ogg sound keep marks: moov.udta.meta keys of MP4 and MOV, tags of Matroska and WebM, comments of Ogg. Frames are copied.

MP4: ISO 14496-12, QuickTime metadata keys; Matroska: RFC 9559, SimpleTag; Ogg: RFC 7845. Matroska and Ogg are rewritten by FFmpeg.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

from domain.labels import Carried, Marks
from pipelines.labels.pictures import refused
from pipelines.labels.sounds import SOURCE_TYPE, from_fields

_HANDLER = b"\0\0\0\0" + b"\0\0\0\0mdta" + b"\0" * 12 + b"\0"
_OFFSETS = {b"stco": ">I", b"co64": ">Q"}
_NESTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def write_mp4(data: bytes, marks: Marks) -> bytes:
    boxes = list(_boxes(data, 0, len(data)))
    at, moov = next(((start, data[start:end]) for kind, start, end in boxes if kind == b"moov"), (0, b""))
    if not moov or boxes[0][0] not in (b"ftyp", b"styp"):
        raise refused("MP4", "its bytes are no MP4")
    pairs = [(name, text) for name, text in _keys(moov) if name not in ("AIGC", SOURCE_TYPE)]
    said = [*pairs, ("AIGC", marks.aigc.text()), (SOURCE_TYPE, marks.source_type)]
    kept = b"".join(moov[start:end] for kind, start, end in _boxes(moov, 8, len(moov)) if kind != b"udta")
    old = next((moov[start + 8 : end] for kind, start, end in _boxes(moov, 8, len(moov)) if kind == b"udta"), b"")
    others = b"".join(old[start:end] for kind, start, end in _boxes(old, 0, len(old)) if kind != b"meta" or not _is_keys(old[start:end]))
    new = _box(b"moov", kept + _box(b"udta", others + _meta(said)))
    grown = len(new) - len(moov)
    media = [start for kind, start, _ in boxes if kind == b"mdat"]
    if any(start > at for start in media):
        new = _shifted(new, grown, at)
    return data[:at] + new + data[at + len(moov) :]


def read_mp4(data: bytes) -> Carried:
    found = [data[start:end] for kind, start, end in _boxes(data, 0, len(data)) if kind == b"moov"]
    if not found:
        raise refused("MP4", "its bytes are no MP4")
    return from_fields(_keys(found[0]))


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = start
    while at + 8 <= end:
        (size,), kind = struct.unpack_from(">I", data, at), data[at + 4 : at + 8]
        size = struct.unpack_from(">Q", data, at + 8)[0] if size == 1 and at + 16 <= end else (end - at if size == 0 else size)
        if size < 8 or at + size > end:
            if kind == b"\0\0\0\0" or end - at < 8:
                return
            raise refused("MP4", "it is cut off or damaged")
        yield kind, at, at + size
        at += size


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _meta(pairs: list[tuple[str, str]]) -> bytes:
    keys = b"".join(_box(b"mdta", name.encode()) for name, _ in pairs)
    items = b"".join(
        struct.pack(">II", len(text.encode()) + 24, n) + _box(b"data", struct.pack(">II", 1, 0) + text.encode())
        for n, (_, text) in enumerate(pairs, start=1)
    )
    body = _box(b"hdlr", _HANDLER) + _box(b"keys", struct.pack(">II", 0, len(pairs)) + keys) + _box(b"ilst", items)
    return _box(b"meta", b"\0\0\0\0" + body)


def _is_keys(meta: bytes) -> bool:
    return any(kind == b"keys" for kind, _, _ in _boxes(meta, 12, len(meta)))


def _keys(moov: bytes) -> list[tuple[str, str]]:
    """Names and texts of moov.udta.meta and moov.meta."""
    places = [(moov, start, end) for kind, start, end in _boxes(moov, 8, len(moov)) if kind == b"meta"]
    for kind, start, end in _boxes(moov, 8, len(moov)):
        if kind == b"udta":
            places += [(moov, s, e) for k, s, e in _boxes(moov, start + 8, end) if k == b"meta"]
    found: list[tuple[str, str]] = []
    for data, start, end in places:
        head = 12 if data[start + 12 : start + 16] != b"hdlr" else 8  # QuickTime's own meta has no version
        parts = {kind: (s, e) for kind, s, e in _boxes(data, start + head, end)}
        if b"keys" not in parts or b"ilst" not in parts:
            continue
        names = [data[s + 8 : e].decode("utf-8", "replace") for _, s, e in _boxes(data, parts[b"keys"][0] + 16, parts[b"keys"][1])]
        for index, s, e in _boxes(data, parts[b"ilst"][0] + 8, parts[b"ilst"][1]):
            number = int.from_bytes(index, "big") - 1
            if 0 <= number < len(names) and e - s > 24:
                found.append((names[number].split(".")[-1], data[s + 24 : e].decode("utf-8", "replace")))
    return found


def _shifted(moov: bytes, grown: int, behind: int) -> bytes:
    """The tables of where samples lie, for what lies behind the moov moved by the bytes it grew."""
    whole = bytearray(moov)

    def walk(start: int, end: int) -> None:
        for kind, s, e in _boxes(moov, start, end):
            if kind in _NESTS:
                walk(s + 8, e)
            elif kind in _OFFSETS:
                form, count = _OFFSETS[kind], struct.unpack_from(">I", moov, s + 12)[0]
                for n in range(count):
                    place = s + 16 + n * struct.calcsize(form)
                    (value,) = struct.unpack_from(form, moov, place)
                    struct.pack_into(form, whole, place, value + grown if value > behind else value)

    walk(8, len(moov))
    return bytes(whole)


# -- by FFmpeg ----------------------------------------------------------------------------------------------------------------------


def write_webm(data: bytes, marks: Marks) -> bytes:
    return _remuxed(data, "webm" if b"webm" in data[:64] else "matroska", "matroska", marks)


def write_ogg(data: bytes, marks: Marks) -> bytes:
    return _remuxed(data, "ogg", "ogg", marks)


def read_webm(data: bytes) -> Carried:
    return _tags(data, "matroska", "WebM")


def read_ogg(data: bytes) -> Carried:
    return _tags(data, "ogg", "Ogg")


def _remuxed(data: bytes, into: str, form: str, marks: Marks) -> bytes:
    import av
    import av.error

    out = io.BytesIO()
    said = {"AIGC": marks.aigc.text(), SOURCE_TYPE: marks.source_type}
    try:
        with (
            av.open(io.BytesIO(data), format=form, metadata_errors="ignore") as source,
            av.open(out, "w", format=into, container_options={"fflags": "+bitexact"}) as target,
        ):
            streams = {one.index: target.add_stream_from_template(one) for one in source.streams if one.type in ("audio", "video")}
            kept = {**source.metadata, **(source.streams[0].metadata if form == "ogg" else {})}
            kept = {name: text for name, text in kept.items() if name.casefold() not in ("aigc", SOURCE_TYPE.casefold())}
            first = streams[min(streams)]
            (first.metadata if form == "ogg" else target.metadata).update({**kept, **said})
            for given in source.demux(*(source.streams[n] for n in streams)):
                if given.dts is not None:
                    given.stream = streams[given.stream.index]
                    target.mux(given)
    except (av.error.FFmpegError, ValueError) as error:
        raise refused(into, str(error)) from error
    return out.getvalue()


def _tags(data: bytes, form: str, name: str) -> Carried:
    import av
    import av.error

    try:
        with av.open(io.BytesIO(data), format=form, metadata_errors="ignore") as source:
            found = {**source.metadata, **{k: v for stream in source.streams for k, v in stream.metadata.items()}}
    except (av.error.FFmpegError, ValueError) as error:
        raise refused(name, str(error)) from error
    return from_fields(list(found.items()))
