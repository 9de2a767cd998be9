"""Reads what a GGUF file says of itself: its facts, and its tensors by name, shape and number format. Loads none of them.

Layout (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): magic "GGUF", version u32, tensor count u64, metadata
count u64, then key/value pairs and tensor infos, little-endian. Knows nothing of what the model is for.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

MAGIC: Final = b"GGUF"
_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING: Final = 8
_ARRAY: Final = 9

#: More than any real model has; a larger number is a damaged header, not a larger model.
_MOST_TENSORS: Final = 100_000
_MOST_PAIRS: Final = 10_000
_LONGEST_STRING: Final = 16 * 1024 * 1024
_LONGEST_ARRAY: Final = 4_000_000
_MOST_SIDES: Final = 8
_ALIGNMENT: Final = 32

#: Number formats by their number in the file (ggml.h, enum ggml_type): name, numbers in a block, bytes of a block.
FORMATS: Final = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 20: ("IQ4_NL", 32, 18), 23: ("IQ4_XS", 256, 136), 30: ("BF16", 1, 2),
}  # fmt: skip


@dataclass(frozen=True)
class GgufTensor:
    """One tensor: its sides, the slowest first, and its number format by its number in the file."""

    shape: tuple[int, ...]
    format: int
    offset: int

    @property
    def bytes(self) -> int:
        """0 for a format that is not known."""
        _, block, size = FORMATS.get(self.format, ("", 1, 0))
        return math.prod(self.shape) // block * size


def read_tensors(path: Path) -> dict[str, GgufTensor]:
    """Raises ValueError, EOFError or struct.error saying what is wrong with a file that is not a whole GGUF."""
    with path.open("rb") as file:
        count, facts = head(file)
        tensors = dict(_tensor(file) for _ in range(count))
        alignment = facts.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise ValueError("its alignment is no number")
        start = math.ceil(file.tell() / alignment) * alignment
    end = max(tensor.offset + tensor.bytes for tensor in tensors.values())
    if len(tensors) < count or start + end > path.stat().st_size:
        raise ValueError("the data are cut off, or a tensor is there twice")
    return tensors


def _tensor(file: BinaryIO) -> tuple[str, GgufTensor]:
    name = _string(file)
    (sides,) = struct.unpack("<I", _exactly(file, 4))
    if sides > _MOST_SIDES:
        raise ValueError(f"{name} has {sides} sides")
    shape = struct.unpack(f"<{sides}Q", _exactly(file, 8 * sides))
    kind, offset = struct.unpack("<IQ", _exactly(file, 12))
    # ggml writes the fastest side first
    return name, GgufTensor(tuple(reversed(shape)), kind, offset)


Scalar = int | float | bool | str


def head(file: BinaryIO) -> tuple[int, dict[str, Scalar | list[Scalar]]]:
    """How many tensors there are, and the facts by name. Raises as `read_tensors`; afterwards the file stands at the first tensor."""
    magic = file.read(4)
    if magic != MAGIC:
        raise ValueError(f"it starts with {magic!r} instead of {MAGIC!r}")
    version, tensors, pairs = struct.unpack("<IQQ", _exactly(file, 20))
    if version not in (2, 3):
        raise ValueError(f"its version is {version}; 2 and 3 are read")
    if not 0 < tensors <= _MOST_TENSORS or not 0 < pairs <= _MOST_PAIRS:
        raise ValueError(f"its header counts {tensors} tensors and {pairs} facts")
    facts: dict[str, Scalar | list[Scalar]] = {}
    for _ in range(pairs):
        key = _string(file)
        (kind,) = struct.unpack("<I", _exactly(file, 4))
        facts[key] = _array(file) if kind == _ARRAY else _scalar(file, kind)
    return tensors, facts


def _array(file: BinaryIO) -> list[Scalar]:
    kind, count = struct.unpack("<IQ", _exactly(file, 12))
    if count > _LONGEST_ARRAY or kind == _ARRAY:
        raise ValueError(f"it holds an array of {count} entries of kind {kind}")
    if kind == _STRING:
        return [_string(file, strict=False) for _ in range(count)]
    if kind not in _SCALARS:
        raise ValueError(f"it holds an array of unknown kind {kind}")
    letter = _SCALARS[kind][1]
    return list(struct.unpack(f"<{count}{letter}", _exactly(file, count * struct.calcsize(_SCALARS[kind]))))


def _scalar(file: BinaryIO, kind: int) -> Scalar:
    if kind == _STRING:
        return _string(file, strict=False)
    if kind not in _SCALARS:
        raise ValueError(f"it holds a fact of unknown kind {kind}")
    (value,) = struct.unpack(_SCALARS[kind], _exactly(file, struct.calcsize(_SCALARS[kind])))
    return value if isinstance(value, int | float) else bool(value)


def _string(file: BinaryIO, *, strict: bool = True) -> str:
    (length,) = struct.unpack("<Q", _exactly(file, 8))
    if length > _LONGEST_STRING:
        raise ValueError(f"it holds a text of {length} bytes")
    # Byte-level vocabularies hold pieces of characters, so entries need not be whole UTF-8.
    return _exactly(file, length).decode("utf-8", errors="strict" if strict else "replace")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise EOFError("it ends in the middle of its header")
    return data
