"""Reads the head of a GGUF file: enough to refuse a broken one before the engine sees it, and to know what it will cost.

Knows nothing of inference. The layout of the file: pipelines/models/gguf.py.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from domain.errors import ModelCorrupt, ModelMissing
from pipelines.models import gguf

_CONTROL_TOKEN: Final = 3


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
            _, facts = gguf.head(file)
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
