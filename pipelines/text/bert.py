"""A BERT encoder for sentence embeddings, in numpy: small enough that importing torch would cost more than it saves.

Follows transformers' BertModel (post-norm, exact GELU), then mean pooling over the tokens of each text and unit length.
Knows nothing of file formats or tokenizers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.int64]

#: Tokens of one forward pass, padding included: bounds the memory of the activations (about 20 KB a token).
_BATCH_TOKENS: Final = 2048


class WordTable(Protocol):
    """Rows of the word embedding by token id: a plain array, or blocks unpacked on demand."""

    def rows(self, tokens: Tokens) -> Floats:
        """(n,) ids -> (n, width)."""


@dataclass(frozen=True)
class PlainWords:
    table: Floats

    def rows(self, tokens: Tokens) -> Floats:
        return self.table[tokens]


class BertEncoder:
    """words: the word embedding. tensors: float32 by transformers' BertModel names, without it. heads: attention heads.

    epsilon: of the layer norms. Linear weights are (out, in).
    """

    def __init__(self, words: WordTable, tensors: Mapping[str, Floats], heads: int, epsilon: float = 1e-12) -> None:
        self._words = words
        self._tensors = dict(tensors)
        self._heads = heads
        self._epsilon = np.float32(epsilon)
        self._layers = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layer."))
        self._position: Floats = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        self.width = int(self._position.shape[1])

    def encode(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Token ids per text, specials included -> (n, width) float32, unit length. Order is kept."""
        result = np.zeros((len(texts), self.width), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        batch: list[int] = []
        for index in order:
            length = len(texts[index])
            # Also break where lengths jump: a short text padded to a long one costs as much as the long one.
            if batch and ((len(batch) + 1) * length > _BATCH_TOKENS or length > 2 * len(texts[batch[0]]) + 8):
                result[batch] = self._batch([texts[i] for i in batch])
                batch = []
            batch.append(index)
        if batch:
            result[batch] = self._batch([texts[i] for i in batch])
        return result

    def _batch(self, texts: Sequence[Sequence[int]]) -> Floats:
        count, longest = len(texts), max(len(text) for text in texts)
        tokens = np.zeros((count, longest), dtype=np.int64)
        mask = np.zeros((count, longest), dtype=np.float32)
        for row, text in enumerate(texts):
            tokens[row, : len(text)] = text
            mask[row, : len(text)] = 1
        hidden = self._words.rows(tokens.reshape(-1)).reshape(count, longest, self.width) + self._position[:longest]
        hidden = self._norm(hidden, "embeddings.LayerNorm")
        bias = ((1 - mask) * np.float32(-1e9))[:, None, None, :]
        for layer in range(self._layers):
            hidden = self._layer(hidden, bias, f"encoder.layer.{layer}")
        pooled = (hidden * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12), dtype=np.float32)

    def _layer(self, hidden: Floats, bias: Floats, name: str) -> Floats:
        count, length, width = hidden.shape

        def split(part: str) -> Floats:
            projected = self._linear(hidden, f"{name}.attention.self.{part}")
            return projected.reshape(count, length, self._heads, width // self._heads).transpose(0, 2, 1, 3)

        query, key, value = split("query"), split("key"), split("value")
        scores = query @ key.transpose(0, 1, 3, 2) * np.float32((width // self._heads) ** -0.5) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        context = (scores @ value).transpose(0, 2, 1, 3).reshape(count, length, width)
        attended = self._norm(hidden + self._linear(context, f"{name}.attention.output.dense"), f"{name}.attention.output.LayerNorm")
        inner = gelu(self._linear(attended, f"{name}.intermediate.dense"))
        return self._norm(attended + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, values: Floats, name: str) -> Floats:
        # One flat product: numpy would multiply a stack of texts one text at a time.
        flat = values.reshape(-1, values.shape[-1]) @ self._tensors[f"{name}.weight"].T
        flat += self._tensors[f"{name}.bias"]
        return flat.reshape(*values.shape[:-1], -1)

    def _norm(self, values: Floats, name: str) -> Floats:
        centred = values - values.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + self._epsilon)
        return np.asarray(scaled * self._tensors[f"{name}.weight"] + self._tensors[f"{name}.bias"], dtype=np.float32)


def gelu(values: Floats) -> Floats:
    """x * Phi(x). erf by Abramowitz and Stegun 7.1.26, off by at most 1.5e-7: numpy has none of its own."""
    x = values * np.float32(2**-0.5)
    t = 1 / (1 + np.float32(0.3275911) * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * np.float32(1.061405429)))))
    erf = np.sign(x) * (1 - series * np.exp(-x * x))
    return np.asarray(0.5 * values * (1 + erf), dtype=np.float32)
