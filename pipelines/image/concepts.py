"""Textual inversion: a learnt word, as new rows of a text encoder's table while it is asked for.

The tokenizer that learns the word is a copy, and the encoder gets its own table back: nothing stays.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelUnusable
from domain.picture import Concept
from pipelines.image.headers import read_header
from pipelines.image.running import Loaded

#: One set of vectors, or one for each of SDXL's encoders, by the end of their component's name.
_VECTORS = {"clip_l": "", "clip_g": "_2"}
#: The first CLIP configurations named this number as the end of a text; the library then takes the highest number for it.
_WRONG_END = 2


@contextmanager
def learnt(loaded: Loaded, concept: Concept, path: Path) -> Iterator[None]:
    """The word means its vectors inside. Raises InputError for a concept of another family and for a word that exists already."""
    if loaded.family.words != "clip":
        raise ModelUnusable(
            "{family} takes no textual inversion.", hint="Choose another model.", field="concepts", family=loaded.family.name
        )
    pipe = loaded.words
    encoders = {end: getattr(pipe, f"text_encoder{end}", None) for end in ("", "_2")}
    needed = {end: encoder for end, encoder in encoders.items() if encoder is not None}
    sets = _read(path)
    if set(sets) != set(needed) or any(sets[end].shape[1] != encoder.config.hidden_size for end, encoder in needed.items()):
        raise InputError(
            "The textual inversion {model} is not for {family}: its vectors do not fit the text encoder.",
            hint="Choose one that was trained for this family.",
            field="concepts",
            model=concept.model,
            family=loaded.family.name,
        )
    before = [(end, getattr(pipe, f"tokenizer{end}"), encoder.get_input_embeddings()) for end, encoder in needed.items()]
    ends = [(part, part.eos_token_id) for encoder in needed.values() for part in encoder.modules() if hasattr(part, "eos_token_id")]
    try:
        for end, tokenizer, table in before:
            _teach(pipe, end, tokenizer, table, concept.word, sets[end])
        for part, number in ends:
            if number == _WRONG_END:
                part.eos_token_id = pipe.tokenizer.eos_token_id
        yield
    finally:
        for end, tokenizer, table in before:
            setattr(pipe, f"tokenizer{end}", tokenizer)
            needed[end].set_input_embeddings(table)
        for part, number in ends:
            part.eos_token_id = number


def _read(path: Path) -> dict[str, Any]:
    """Vectors by the end of their encoder's name, each a table of rows."""
    from safetensors.torch import load_file

    read_header(path)
    return {_VECTORS.get(name, ""): rows if rows.dim() == 2 else rows.reshape(1, -1) for name, rows in load_file(str(path)).items()}


def _teach(pipe: Any, end: str, tokenizer: Any, table: Any, word: str, rows: Any) -> None:
    """A copy of the tokenizer with the word, one token per vector; a table with their rows below its own."""
    import torch

    tokens = [word, *(f"{word}_{number}" for number in range(1, len(rows)))]
    if any(token in tokenizer.get_vocab() for token in tokens):
        raise InputError(
            "The word {word} means something already.", hint="Call the concept by another word.", field="concepts", word=repr(word)
        )
    learnt = copy.deepcopy(tokenizer)
    learnt.add_tokens(tokens)
    first = learnt.convert_tokens_to_ids(word)
    grown = torch.nn.Embedding(first + len(rows), table.weight.shape[1], device=table.weight.device, dtype=table.weight.dtype)
    with torch.no_grad():
        grown.weight.zero_()
        grown.weight[: len(table.weight)] = table.weight
        grown.weight[first:] = rows.to(grown.weight)
    grown.requires_grad_(False)
    setattr(pipe, f"tokenizer{end}", learnt)
    getattr(pipe, f"text_encoder{end}").set_input_embeddings(grown)
