from __future__ import annotations

import struct

from pipelines.audio.midi import Note, Track, midi_bytes


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while data:
        name, length = data[:4], struct.unpack(">I", data[4:8])[0]
        found.append((name, data[8 : 8 + length]))
        data = data[8 + length :]
    return found


def events(track: bytes) -> list[tuple[int, int, int, int]]:
    """(tick, status, first, second) of the note events of a track, read by the rules of the specification."""
    found, place, tick = [], 0, 0
    while place < len(track):
        delta = 0
        while True:
            byte = track[place]
            place += 1
            delta = delta << 7 | byte & 0x7F
            if byte < 0x80:
                break
        tick += delta
        status = track[place]
        if status == 0xFF:
            length = track[place + 2]
            place += 3 + length
        elif status & 0xF0 == 0xC0:
            place += 2
        else:
            found.append((tick, status, track[place + 1], track[place + 2]))
            place += 3
    return found


def test_the_file_is_read_back_note_by_note() -> None:
    notes = (Note(0.0, 1.0, 60, 90), Note(1.0, 0.5, 60, 80), Note(300.0, 2.0, 64, 70))
    data = midi_bytes([Track("lead", 3, 73, notes)], 120, "test", (-2, True))
    head, conductor, track = chunks(data)
    assert head == (b"MThd", struct.pack(">HHH", 1, 2, 480))
    assert b"\xff\x51\x03" + (500_000).to_bytes(3, "big") in conductor[1]
    assert b"\xff\x59\x02\xfe\x01" in conductor[1]
    assert b"\xc3\x49" in track[1]
    assert events(track[1]) == [
        (0, 0x93, 60, 90), (480, 0x83, 60, 0), (480, 0x93, 60, 80), (720, 0x83, 60, 0), (144_000, 0x93, 64, 70), (144_960, 0x83, 64, 0),
    ]  # fmt: skip
    assert track[1].endswith(b"\x00\xff\x2f\x00")
