"""What decides the next token of each row of a batch: schema, penalty, and the request's own dice.

One `Rows` stands where transformers' continuous batching asks for logits processors. Before each step it is told which request
is in which row, and brings each request's grammar (llguidance, https://github.com/guidance-ai/llguidance) up to date with what
was decoded. The step itself, which may be a CUDA graph, takes the likeliest token of every row and leaves its logits here. While
the device works on it, the masks of the rows that are bounded are computed; then these rows, and those that roll dice, choose
again. Valid only where a step knows the tokens of the step before: asynchronous batching must be off.

Draws do not depend on what else is in the batch: a request's n-th token uses the n-th number of its own generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from domain.chat import Sampling
from domain.errors import EngineFailed

if TYPE_CHECKING:
    import torch

#: Tokens a draw considers, the likeliest first. min_p and top_p leave fewer than that with every setting people use.
_CANDIDATES: Final = 256

#: Tokens a repeat penalty looks back on (llama.cpp's default).
_LOOK_BACK: Final = 64

_WORD: Final = 32


@dataclass
class Row:
    """One request as the sampler sees it. matcher: an llguidance.LLMatcher, None for free text.

    cached: prompt tokens that were not evaluated for this request, -1 until its first step.
    fault: why its grammar could not go on, "" while it can.
    """

    prompt: Sequence[int]
    sampling: Sampling
    matcher: Any = None
    cached: int = -1
    fault: str = ""
    _dice: Any = None
    _seen: list[int] = field(default_factory=list)
    _consumed: int = 0

    def draw(self) -> float:
        """The next number in [0, 1) of this request's generator; 0 for a greedy one."""
        if self.sampling.temperature <= 0:
            return 0.0
        if self._dice is None:
            import numpy as np

            self._dice = np.random.default_rng(abs(self.sampling.seed))
        return float(self._dice.random())

    def advance(self, tokens: Sequence[int]) -> None:
        """Take note of everything decoded so far."""
        new = list(tokens[self._consumed :])
        self._consumed = len(tokens)
        if self.matcher is not None and new and not self.matcher.consume_tokens(new):
            self.fault = self.fault or self.matcher.get_error() or "a token outside of the schema"
        self._seen = [*self._seen, *new][-_LOOK_BACK:]

    @property
    def plain(self) -> bool:
        """Whether the likeliest token is its choice."""
        return self.matcher is None and self.sampling.temperature <= 0 and self.sampling.repeat_penalty == 1.0

    def repeated(self) -> set[int]:
        """The tokens its repeat penalty falls on."""
        recent = [*self.prompt[-_LOOK_BACK:], *self._seen][-_LOOK_BACK:]
        return set(recent) if self.sampling.repeat_penalty != 1.0 else set()


def matcher(tokenizer: Any, grammar: str) -> Any:
    """A compiled grammar over an llguidance.LLTokenizer. Raises EngineFailed when it does not compile: it is never ignored."""
    import llguidance

    made = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    if made.is_error():
        raise EngineFailed(f"The schema of a reply cannot be used: {made.get_error().strip().splitlines()[0]}")
    return made


class Rows:
    """Stands in for ContinuousBatchingLogitsProcessorList (transformers 5.24). Used by the engine thread; `enter` and `leave` by any.

    vocabulary: width of the logits. eos: the token that ends a request whose grammar failed. rows: requests per step at most.
    device: where the logits are.
    """

    do_processing = True
    tensors_required = 0

    def __init__(self, vocabulary: int, eos: int, rows: int, device: str) -> None:
        import llguidance
        import torch

        self._eos = eos
        self._vocabulary = vocabulary
        self._rows: dict[str, Row] = {}
        self._step: list[Row | None] = []
        self._executor = llguidance.LLExecutor()
        self._masks = torch.zeros((rows, (vocabulary + _WORD - 1) // _WORD), dtype=torch.int32)
        # A graph writes to the addresses it was captured with.
        self._kept = torch.zeros((rows, vocabulary), dtype=torch.float32, device=device) if device != "cpu" else None
        self._logits = self._kept
        self._bits = torch.arange(_WORD, dtype=torch.int32, device=device)

    def enter(self, request: str, row: Row) -> None:
        self._rows[request] = row

    def leave(self, request: str) -> None:
        self._rows.pop(request, None)

    # ---- what continuous batching calls ----

    def fill_defaults(self, _storage: torch.Tensor) -> None:
        """Nothing is kept in the batch's own tensors."""

    def check_kwargs(self, _given: dict[str, Any]) -> None:
        """Requests carry no settings of their own; a Row does."""

    def prepare_tensor_args(self, requests_in_batch: Sequence[Any], arg_storage: torch.Tensor) -> torch.Tensor:
        """Before a step. requests_in_batch: its FutureRequestStates; those with a new token are the rows of its logits, in order."""
        self._step = []
        for future in requests_in_batch:
            state = future.state
            row = self._rows.get(state.request_id)
            if row is not None and row.cached < 0:
                row.cached = state.position_offset - future.query_length
            if future.has_new_token:
                self._step.append(row)
                if row is not None:
                    row.advance((state.initial_tokens + state.generated_tokens)[len(row.prompt) :])
        return arg_storage

    def __call__(self, _input_ids: torch.Tensor, scores: torch.Tensor, _arguments: torch.Tensor) -> torch.Tensor:
        """Inside a step, maybe while a graph is captured. scores: [rows, vocabulary], float32; left as they are."""
        if self._kept is None:
            self._logits = scores
        else:
            self._kept[: scores.shape[0]].copy_(scores)
        return scores

    # ---- after a step was begun ----

    def choose(self, tokens: torch.Tensor) -> None:
        """Let the rows that are not plain choose again. tokens: [rows], int32, on the device; theirs are replaced."""
        import torch

        chosen = [(index, row) for index, row in enumerate(self._step) if row is not None and not row.plain]
        if not chosen or self._logits is None:
            return
        rows = [row for _, row in chosen]
        bounded = self._bounds(rows)
        index = torch.tensor([index for index, _ in chosen], device=tokens.device)
        # All rows: no copy. These logits are not asked for again, so they may be changed in place.
        scores = self._logits[: len(rows)] if len(rows) == len(self._step) else self._logits[index]
        scores = self._penalised(scores, rows)
        if bounded:
            scores.masked_fill_(self._forbidden(len(rows)), float("-inf"))
        if any(row.sampling.temperature > 0 for row in rows):
            numbers = [(s.temperature, s.top_p, s.min_p, row.draw()) for row in rows for s in (row.sampling,)]
            columns = torch.tensor(numbers, dtype=torch.float32, device=scores.device).T.unsqueeze(-1)
            scores = _drawn(scores, *columns.unbind(0))
        tokens[index] = scores.argmax(-1).to(tokens.dtype)

    def _bounds(self, rows: Sequence[Row]) -> bool:
        """Compute what each grammar allows. False when none of the rows has one."""
        pairs = [(row.matcher, place) for place, row in enumerate(rows) if row.matcher is not None and not row.fault]
        if not any(row.matcher is not None for row in rows):
            return False
        self._masks[: len(rows)] = -1
        width = self._masks.shape[1] * 4
        if len(pairs) == 1:
            pairs[0][0].unsafe_compute_mask_ptr(self._masks[pairs[0][1]].data_ptr(), width)
        elif pairs:
            self._executor.unsafe_compute_mask_ptr(pairs, self._masks.data_ptr(), width, self._masks.shape[0])
        for place, row in enumerate(rows):
            if row.matcher is not None and row.matcher.is_error():
                row.fault = row.fault or row.matcher.get_error()
            if row.fault:
                bit = 1 << (self._eos % _WORD)
                self._masks[place] = 0
                self._masks[place, self._eos // _WORD] = bit - (1 << _WORD) if bit >= 1 << (_WORD - 1) else bit
        return True

    def _forbidden(self, rows: int) -> torch.Tensor:
        """[rows, vocabulary] of booleans, on the device of the logits."""
        import numpy as np
        import torch

        words = self._masks[:rows]
        if self._kept is None:
            bits = np.unpackbits(words.numpy().view(np.uint8), axis=1, count=self._vocabulary, bitorder="little")
            return torch.from_numpy(bits) == 0
        spread = (words.to(self._kept.device).unsqueeze(-1) >> self._bits) & 1
        return spread.flatten(1)[:, : self._vocabulary] == 0

    def _penalised(self, scores: torch.Tensor, rows: Sequence[Row]) -> torch.Tensor:
        """Lower what a row said lately, as llama.cpp does: positive scores are divided, negative ones multiplied."""
        import torch

        said = [(place, token, row.sampling.repeat_penalty) for place, row in enumerate(rows) for token in row.repeated()]
        if not said:
            return scores
        places, tokens, penalties = (torch.tensor(list(column), device=scores.device) for column in zip(*said, strict=True))
        before = scores[places, tokens]
        scores[places, tokens] = torch.where(before < 0, before * penalties, before / penalties)
        return scores


def _drawn(scores: torch.Tensor, temperature: torch.Tensor, top_p: torch.Tensor, min_p: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
    """Raise the token each row draws to +inf; rows of temperature 0 stay as they are.

    scores: [rows, vocabulary]; the rest [rows, 1]. Order as in llama.cpp: top_p and min_p on the model's own distribution, then
    temperature, then one draw by inversion of the cumulated probabilities.
    """
    import torch

    best, tokens = scores.topk(min(_CANDIDATES, scores.shape[1]), dim=-1)
    chances = (best - scores.logsumexp(-1, keepdim=True)).exp()
    before = chances.cumsum(-1) - chances
    kept = (before < top_p) & (chances >= min_p * chances[:, :1]) & (chances > 0)
    kept[:, 0] = True
    weights = (best / temperature.clamp(min=1e-4)).masked_fill(~kept, float("-inf")).softmax(-1)
    picked = (weights.cumsum(-1) <= draw).sum(-1, keepdim=True).minimum(kept.sum(-1, keepdim=True) - 1)
    chosen = tokens.gather(-1, picked)
    lifted = torch.where(temperature > 0, torch.full_like(draw, float("inf")), scores.gather(-1, chosen))
    return scores.scatter(-1, chosen, lifted)
