"""Reads the head of a GGUF file: enough to refuse a broken one before the engine sees it, and to know what it will cost.

Layout (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): magic "GGUF", version u32, tensor count u64, metadata
count u64, then key/value pairs, little-endian. Knows nothing of inference.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from domain.errors import ModelCorrupt, ModelMissing

_SCALARS: Final = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING: Final = 8
_ARRAY: Final = 9
_CONTROL_TOKEN: Final = 3

#: More than any real model has; a larger number is a damaged header, not a larger model.
_MOST_TENSORS: Final = 100_000
_MOST_PAIRS: Final = 10_000
_LONGEST_STRING: Final = 16 * 1024 * 1024
_LONGEST_ARRAY: Final = 4_000_000


@dataclass(frozen=True)
class GgufHead:
    """What the head of a GGUF says.

    trained_context: tokens the model was trained for, 0 when not said. cache_bytes_per_token: keys and values of one token
    at 16 bits, all layers. control_tokens: vocabulary entries that steer the chat template ("<|im_end|>").
    """

    architecture: str
    file_bytes: int
    trained_context: int
    cache_bytes_per_token: int
    control_tokens: tuple[str, ...]


def read_head(path: Path) -> GgufHead:
    """Raises ModelMissing when there is no file, ModelCorrupt naming it when it is not a whole GGUF head."""
    if not path.is_file():
        raise ModelMissing(f"{path.name} is not there ({path}).", hint="Pull it on the Models page or with `python app.py models pull`.")
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            facts = _metadata(file)
    except (struct.error, ValueError, UnicodeDecodeError, EOFError) as error:
        raise ModelCorrupt(
            f"{path.name} is not a usable GGUF file: {error}.",
            hint="Remove and pull it again on the Models page.",
        ) from error
    architecture = str(facts.get("general.architecture", ""))

    def number(key: str) -> int:
        value = facts.get(f"{architecture}.{key}", 0)
        return value if isinstance(value, int) else 0

    heads = number("attention.head_count") or 1
    width = number("embedding_length") // heads
    per_head = (number("attention.key_length") or width) + (number("attention.value_length") or width)
    cached_heads = number("attention.head_count_kv") or heads
    tokens, kinds = facts.get("tokenizer.ggml.tokens", []), facts.get("tokenizer.ggml.token_type", [])
    control: list[str] = []
    if isinstance(tokens, list) and isinstance(kinds, list):
        control = [str(token) for token, kind in zip(tokens, kinds, strict=False) if kind == _CONTROL_TOKEN and len(str(token)) > 2]
    return GgufHead(
        architecture=architecture,
        file_bytes=size,
        trained_context=number("context_length"),
        cache_bytes_per_token=number("block_count") * cached_heads * per_head * 2,
        control_tokens=tuple(control),
    )


Scalar = int | float | bool | str


def _metadata(file: BinaryIO) -> dict[str, Scalar | list[Scalar]]:
    magic = file.read(4)
    if magic != b"GGUF":
        raise ValueError(f"it starts with {magic!r} instead of b'GGUF'")
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
    return facts


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
