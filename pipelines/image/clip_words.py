"""Prompts of CLIP families as embeddings: words with weights, prompts of any length, and every prompt encoded by itself.

`(fox)` counts 1.1 times, `((fox))` 1.21 times, `[fox]` a tenth less, `(fox:1.4)` 1.4 times; `\\(` is a bracket. `BREAK` starts a new
part. A part has 75 tokens; parts are encoded one by one and joined. Without weights, up to 75 tokens give what diffusers gives.
Weights as in AUTOMATIC1111's web UI: the embedding is scaled, then its mean restored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_PIECE = re.compile(r"\\[()\[\]\\]|\(|\[|:\s*([+-]?\d*\.?\d+)\s*\)|\)|\]|\bBREAK\b|[^\\()\[\]:B]+|[:B\\]")
_MORE = 1.1
_MOST = 8.0
#: Tokens of one part, between its start and its end.
PART = 75


@dataclass(frozen=True)
class Piece:
    """Some words and their weight. new_part: they begin a part of their own."""

    text: str
    weight: float = 1.0
    new_part: bool = False


@dataclass(frozen=True)
class Words:
    """One prompt for one picture. Tensors of batch size 1; pooled only where the family takes one."""

    embeds: Any
    pooled: Any = None


def pieces(prompt: str) -> list[Piece]:
    """A prompt cut by weight. A bracket that is never closed counts as if it closed at the end."""
    found: list[list[Any]] = []  # text, weight, new part
    round_, square = [], []  # where open brackets began
    for match in _PIECE.finditer(prompt):
        sign = match.group(0)
        if sign[0] == "\\" and len(sign) == 2:
            found.append([sign[1], 1.0, False])
        elif sign == "(":
            round_.append(len(found))
        elif sign == "[":
            square.append(len(found))
        elif match.group(1) is not None and round_:
            _scale(found, round_.pop(), float(match.group(1)))
        elif sign == ")" and round_:
            _scale(found, round_.pop(), _MORE)
        elif sign == "]" and square:
            _scale(found, square.pop(), 1 / _MORE)
        elif sign == "BREAK":
            found.append(["", 1.0, True])
        else:
            found.append([sign, 1.0, False])
    for start in round_:
        _scale(found, start, _MORE)
    for start in square:
        _scale(found, start, 1 / _MORE)
    return _joined(found)


def _scale(found: list[list[Any]], start: int, factor: float) -> None:
    for piece in found[start:]:
        piece[1] = max(-_MOST, min(_MOST, piece[1] * factor))


def _joined(found: list[list[Any]]) -> list[Piece]:
    """Neighbours of one weight as one piece, so that a word is not cut into several."""
    joined: list[Piece] = []
    for text, weight, new_part in found:
        if joined and joined[-1].weight == weight and not new_part:
            joined[-1] = Piece(joined[-1].text + text, weight, joined[-1].new_part)
        else:
            joined.append(Piece(text, weight, new_part))
    return [piece for piece in joined if piece.text or piece.new_part] or [Piece("")]


def parts(pipe: Any, tokenizer: Any, prompt: str) -> list[tuple[list[int], list[float]]]:
    """Token ids and weights of each part. Concepts (textual inversions) are replaced by their tokens first."""
    found: list[tuple[list[int], list[float]]] = [([], [])]
    for piece in pieces(prompt):
        if piece.new_part and found[-1][0]:
            found.append(([], []))
        text = pipe.maybe_convert_prompt(piece.text, tokenizer) if hasattr(pipe, "maybe_convert_prompt") else piece.text
        for token in tokenizer.convert_tokens_to_ids(tokenizer.tokenize(text)):
            if len(found[-1][0]) == PART:
                found.append(([], []))
            found[-1][0].append(token)
            found[-1][1].append(piece.weight)
    return found


def encode(pipe: Any, prompt: str, least_parts: int = 1) -> Words:
    """One prompt, by each text encoder of the pipeline; at least so many parts, the last ones empty.

    One encoder gives its last state; of two, each gives the state before its last, and the second one the pooled embedding.
    """
    import torch

    names = [("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")]
    encoders = [(getattr(pipe, words), getattr(pipe, model)) for words, model in names if getattr(pipe, model, None) is not None]
    cut = [parts(pipe, tokenizer, prompt) for tokenizer, _ in encoders]
    count = max(least_parts, *(len(one) for one in cut))
    embeds, pooled = [], None
    with torch.no_grad():
        for (tokenizer, model), found in zip(encoders, cut, strict=True):
            padded = [*found, *[([], [])] * (count - len(found))]
            made = [_part(model, tokenizer, ids, weights, pipe._execution_device, len(encoders) > 1) for ids, weights in padded]
            embeds.append(torch.cat([state for state, _ in made], dim=1))
            pooled = made[0][1]
    return Words(torch.cat(embeds, dim=-1), pooled if len(encoders) > 1 else None)


def _part(model: Any, tokenizer: Any, ids: list[int], weights: list[float], device: Any, two: bool) -> tuple[Any, Any]:
    """State and pooled embedding of one part: start, its tokens, end, filled up as the tokenizer fills up."""
    import torch

    room = PART - len(ids)
    filled = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * room]
    given = torch.tensor([filled], device=device)
    output = model(given, output_hidden_states=two)
    state = output.hidden_states[-2] if two else output[0]
    if any(weight != 1.0 for weight in weights):
        scale = torch.tensor([1.0, *weights, 1.0, *[1.0] * room], device=state.device, dtype=state.dtype)
        before = state.float().mean()
        state = state * scale[None, :, None]
        after = state.float().mean()
        state = state * (before / after).to(state.dtype) if after != 0 else state
    return state, output[0]
