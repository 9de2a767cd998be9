"""What files say of themselves in their first bytes, read without any decoder: sizes, seconds, how many parts.

PNG specification 5.3; JPEG (ITU-T T.81, B.1 and B.2); WebP (RFC 9649); RIFF WAVE; ZIP (APPNOTE 4.3.12 to 4.3.16). What is read here is
bounded, so that it can be asked in the studio's own process, before anything opens a file.
"""

from __future__ import annotations

import struct

from domain.errors import LimitError

#: Parts of a picture beside its pixels. Programs write some dozens; decoders keep something of each.
PARTS_MAX = 2_000
_CHUNKS_MAX = 50_000
_FILL_MAX = 16
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_END_MAX = 65_557


class Damaged(ValueError):
    """The bytes are not what their first ones promise."""


def size_of(data: bytes, media_type: str, name: str) -> tuple[int, int]:
    """Width and height in pixels that a PNG, JPEG or WebP announces. Raises Damaged, and LimitError for one of too many parts."""
    require_few_parts(data, media_type, name)
    try:
        found = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}[media_type](data)
    except (struct.error, IndexError) as error:
        raise Damaged("cut off") from error
    if not all(found):
        raise Damaged("without pixels")
    return found


def require_few_parts(data: bytes, media_type: str, name: str) -> None:
    """Raises LimitError. Any other media type has parts enough."""
    count = {"image/png": _chunks, "image/jpeg": _segments}.get(media_type)
    if count is not None and count(data) > PARTS_MAX:
        raise LimitError(
            "{name} has more parts than a picture has: {most} are the most.",
            hint="Save it again with another program.",
            field=name,
            name=name,
            most=f"{PARTS_MAX:,}",
        )


def wave_seconds(data: bytes) -> float:
    """How long a WAV of plain samples lasts by its format and its bytes; 0 where its header does not say."""
    at = 12
    for _ in range(100):
        kind, size = data[at : at + 4], data[at + 4 : at + 8]
        if len(size) < 4:
            return 0.0
        (length,) = struct.unpack("<I", size)
        if kind == b"fmt " and len(data) >= at + 24:
            form, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at + 8)
            second = rate * channels * bits / 8
            return len(data) / second if form in (1, 3, 0xFFFE) and second else 0.0
        at += 8 + length + length % 2
    return 0.0


def members(data: bytes) -> tuple[int, int]:
    """How many files a ZIP archive says it holds, and the bytes of its list of them; (0, 0) for what has no end."""
    end = data.rfind(b"PK\5\6", max(0, len(data) - _END_MAX))
    if end < 0 or end + 22 > len(data):
        return 0, 0
    count, size = struct.unpack_from("<HI", data, end + 10)
    if data[end - 20 : end - 16] == b"PK\6\7":
        (large,) = struct.unpack_from("<Q", data, end - 12)
        if data[large : large + 4] == b"PK\6\6" and large + 56 <= len(data):
            count, size = struct.unpack_from("<QQ", data, large + 32)
    return count, size


def _png(data: bytes) -> tuple[int, int]:
    length, kind, width, height = struct.unpack_from(">I4sII", data, 8)
    if kind != b"IHDR" or length != 13:
        raise Damaged("without a header")
    return width, height


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(PARTS_MAX + 1):
        at, marker = _marker(data, at)
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker in (0xD9, 0xDA):
            break
        if marker not in _ALONE:
            at += struct.unpack_from(">H", data, at)[0]
    raise Damaged("without a frame")


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The next marker of a JPEG and where it goes on behind it."""
    if data[at] != 0xFF:
        raise Damaged("without a marker")
    for fill in range(1, _FILL_MAX):
        if data[at + fill] != 0xFF:
            return at + fill + 1, data[at + fill]
    raise Damaged("filled up")


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        wide = data[24:30]
        if len(wide) < 6:
            raise Damaged("cut off")
        return int.from_bytes(wide[:3], "little") + 1, int.from_bytes(wide[3:], "little") + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise Damaged("without a frame")


def _chunks(data: bytes) -> int:
    """Chunks of a PNG beside those of pixels; more than are allowed when it has very many of either."""
    at, others = 8, 0
    for _ in range(_CHUNKS_MAX):
        if at + 12 > len(data) or others > PARTS_MAX:
            return others
        (length,) = struct.unpack_from(">I", data, at)
        others += data[at + 4 : at + 8] != b"IDAT"
        at += 12 + length
    return PARTS_MAX + 1


def _segments(data: bytes) -> int:
    """Segments of a JPEG before its first scan."""
    at, count = 2, 0
    try:
        while count <= PARTS_MAX:
            at, marker = _marker(data, at)
            if marker in (0xD9, 0xDA):
                break
            count += 1
            if marker not in _ALONE:
                at += struct.unpack_from(">H", data, at)[0]
    except (Damaged, struct.error, IndexError):
        pass
    return count
