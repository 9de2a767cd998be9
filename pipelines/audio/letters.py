"""The letters of a SentencePiece model of characters (`spm_char.model`), read without the package sentencepiece.

Only such models: every piece is one character, so that a text has one reading. The file is a protocol buffer of which the list of
pieces is read and nothing else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

#: SentencePiece writes a space so.
SPACE = "\u2581"
_UNKNOWN = 2  # the type of the piece that stands for what is not in the list
_CONTROL = (3, 4)
_MAX_BYTES = 10_000_000


class Letters:
    """pieces: (piece, type) in the order of their ids."""

    def __init__(self, pieces: tuple[tuple[str, int], ...]) -> None:
        plain = {piece: number for number, (piece, kind) in enumerate(pieces) if kind not in (_UNKNOWN, *_CONTROL)}
        unknown = [number for number, (_, kind) in enumerate(pieces) if kind == _UNKNOWN]
        if len(unknown) != 1 or SPACE not in plain or any(len(piece) != 1 for piece in plain):
            raise ValueError("it is no SentencePiece model of characters")
        self._ids = plain
        self._unknown = unknown[0]

    @staticmethod
    def read(file: Path) -> Letters:
        """Raises OSError, ValueError."""
        if file.stat().st_size > _MAX_BYTES:
            raise ValueError(f"{file.name} is too large for a list of characters")
        found = []
        for number, value in _fields(file.read_bytes()):
            if number == 1 and isinstance(value, bytes):
                piece, kind = "", 1
                for inner, given in _fields(value):
                    piece = given.decode("utf-8") if inner == 1 and isinstance(given, bytes) else piece
                    kind = given if inner == 3 and isinstance(given, int) else kind
                found.append((piece, kind))
        return Letters(tuple(found))

    def ids(self, text: str) -> list[int]:
        """As SentencePiece gives them: normalised, a space before the first word, one unknown for a run of them. [] for no letter."""
        words = unicodedata.normalize("NFKC", text).split()
        found: list[int] = []
        for letter in SPACE + SPACE.join(words) if words else "":
            number = self._ids.get(letter, self._unknown)
            if number != self._unknown or not found or found[-1] != self._unknown:
                found.append(number)
        known = any(number not in (self._unknown, self._ids[SPACE]) for number in found)
        return found if known else []


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(number, value) of every field of a message; floats are skipped. Raises ValueError for what is no message."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield number, value
        elif wire == 2:
            length, place = _varint(data, place)
            if place + length > len(data):
                raise ValueError("the list of characters is cut off")
            yield number, data[place : place + length]
            place += length
        elif wire in (1, 5):
            place += 8 if wire == 1 else 4
        else:
            raise ValueError("it is no SentencePiece model")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        value |= (data[place] & 127) << shift
        place, shift = place + 1, shift + 7
        if not data[place - 1] & 128:
            return value, place
    raise ValueError("the list of characters is cut off")
