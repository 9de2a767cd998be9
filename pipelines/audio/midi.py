"""A standard MIDI file (format 1), written by hand. Source: The Complete MIDI 1.0 Detailed Specification, MIDI Association."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

TICKS_PER_BEAT = 480


@dataclass(frozen=True)
class Note:
    """start and length in beats, pitch 0..127, velocity 1..127."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Track:
    """channel 0..15; 9 is the drum channel."""

    name: str
    channel: int
    program: int
    notes: tuple[Note, ...]


def midi_bytes(tracks: Sequence[Track], tempo: float, title: str, key_signature: tuple[int, bool]) -> bytes:
    """tempo in beats per minute. key_signature: sharps (negative: flats), and whether it is minor."""
    sharps, minor = key_signature
    head = b"".join(
        (
            _meta(0x03, title.encode("utf-8")),
            _meta(0x51, round(60_000_000 / tempo).to_bytes(3, "big")),
            _meta(0x58, bytes((4, 2, 24, 8))),
            _meta(0x59, struct.pack("bB", sharps, minor)),
            _meta(0x2F, b""),
        )
    )
    chunks = [_chunk(b"MTrk", head), *(_chunk(b"MTrk", _track(track)) for track in tracks)]
    return _chunk(b"MThd", struct.pack(">HHH", 1, len(chunks), TICKS_PER_BEAT)) + b"".join(chunks)


def _track(track: Track) -> bytes:
    events: list[tuple[int, int, bytes]] = []
    for note in track.notes:
        start = max(0, round(note.start * TICKS_PER_BEAT))
        end = max(start + 1, round((note.start + note.length) * TICKS_PER_BEAT))
        events.append((start, 1, bytes((0x90 | track.channel, note.pitch, note.velocity))))
        # A release sorts before an attack at the same tick, or a repeated note would be cut at once.
        events.append((end, 0, bytes((0x80 | track.channel, note.pitch, 0))))
    data = [_meta(0x03, track.name.encode("utf-8")), b"\x00" + bytes((0xC0 | track.channel, track.program))]
    now = 0
    for tick, _, message in sorted(events):
        data.append(_variable(tick - now) + message)
        now = tick
    return b"".join((*data, _meta(0x2F, b"")))


def _meta(kind: int, data: bytes) -> bytes:
    return b"\x00\xff" + bytes((kind,)) + _variable(len(data)) + data


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">I", len(data)) + data


def _variable(value: int) -> bytes:
    """A variable-length quantity: seven bits a byte, the high bit set on all but the last."""
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
