"""What a pipeline's call is told in words: embeddings for CLIP families, texts for all others, each prompt encoded once.

Embeddings are kept for as long as the weights are loaded; a LoRA or a concept that changes an encoder has entries of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipelines.image import clip_words
from pipelines.image.clip_words import Words
from pipelines.image.families import Family

#: Prompts kept: about 0.3 MB each for CLIP in half precision, up to some MB for a T5 or a language model.
_MOST = 64


class Remembered:
    """Embeddings by what made them. The least recently used goes first."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self.hits = 0
        #: What is laid on the encoders now; part of every key.
        self.adapters: tuple[str, ...] = ()

    def get(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        whole = (self.adapters, *key)
        if whole in self._kept:
            self.hits += 1
            self._kept.move_to_end(whole)
            return self._kept[whole]
        made = make()
        self._kept[whole] = made
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made

    def watch(self, pipe: Any) -> None:
        """Have the pipeline's own `encode_prompt` asked once for the same texts."""
        inner = getattr(pipe, "encode_prompt", None)
        if inner is None or getattr(inner, "remembered", False):
            return

        def encode_prompt(*args: Any, **values: Any) -> Any:
            key = _key(type(pipe).__name__, args, values)
            if key is None:
                return inner(*args, **values)
            made = self.get(key, lambda: inner(*args, **values))
            # lists are the pipeline's to change, their tensors are not
            return tuple(list(one) if isinstance(one, list) else one for one in made) if isinstance(made, tuple) else made

        encode_prompt.remembered = True  # type: ignore[attr-defined]
        pipe.encode_prompt = encode_prompt


def _key(name: str, args: Sequence[Any], values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """None where a tensor or a picture is given: the first needs no encoding, and the second no key tells from another."""
    if not all(_has_a_key(one) for one in (*args, *values.values())):
        return None
    return name, repr(args), repr(sorted(values.items()))


def _has_a_key(value: Any) -> bool:
    """Whether what it says of itself is all it is: repr() of an object that has none names a place in memory."""
    import torch

    if isinstance(value, list | tuple):
        return all(_has_a_key(one) for one in value)
    return value is None or isinstance(value, str | int | float | bool | torch.device | torch.dtype)


def clip_arguments(pipe: Any, kept: Remembered, prompts: Sequence[str], negatives: Sequence[str], guided: bool) -> dict[str, Any]:
    """Embeddings for one batch, padded to the longest of it by empty parts. An empty negative prompt is what the family's own is."""
    import torch

    zeros = bool(getattr(pipe.config, "force_zeros_for_empty_prompt", False))
    texts = [*prompts, *(negatives if guided else ())]
    count = max(part_count(pipe, text) for text in texts)

    def encoded(text: str) -> Words:
        made: Words = kept.get(("clip", text, count), lambda: clip_words.encode(pipe, text, count))
        return made

    positive = [encoded(text) for text in prompts]
    values = {"prompt_embeds": torch.cat([one.embeds for one in positive])}
    if positive[0].pooled is not None:
        values["pooled_prompt_embeds"] = torch.cat([one.pooled for one in positive])
    if guided:
        against = [
            Words(torch.zeros_like(one.embeds), None if one.pooled is None else torch.zeros_like(one.pooled)) if zeros and not text else one
            for text, one in ((text, encoded(text)) for text in negatives)
        ]
        values["negative_prompt_embeds"] = torch.cat([one.embeds for one in against])
        if against[0].pooled is not None:
            values["negative_pooled_prompt_embeds"] = torch.cat([one.pooled for one in against])
    return values


def part_count(pipe: Any, text: str) -> int:
    """Parts of 75 tokens that a prompt takes: pictures of one batch must take equally many, or they would see one another's length."""
    names = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
    return max(len(clip_words.parts(pipe, getattr(pipe, words), text)) for words, model in names if getattr(pipe, model, None) is not None)


def unread(pipe: Any, family: Family, prompt: str) -> tuple[str, ...]:
    """A note when a plain family does not read all of a prompt."""
    tokenizer = getattr(pipe, "tokenizer_2", None) or getattr(pipe, "tokenizer", None)
    if family.words == "clip" or not family.tokens or tokenizer is None:
        return ()
    count = len(tokenizer.tokenize(prompt))
    return (f"only the first {family.tokens} of the prompt's {count} tokens were read",) if count > family.tokens else ()
