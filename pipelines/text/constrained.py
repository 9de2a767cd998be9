"""What decides the next token of each row of a batch: schema, penalty, and the request's own dice.

One `Rows` stands where transformers' continuous batching asks for logits processors. Before each step it is told which request
is in which row; it brings each request's grammar (llguidance, https://github.com/guidance-ai/llguidance) up to date with what
was decoded, and lays out masks and dice as tensors whose addresses never change, so that a step can be a CUDA graph. The
chosen token is raised to infinity, so the greedy choice that follows takes it. Valid only where a step knows the token of the
step before: asynchronous batching must be off.

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
_ALL: Final = -1


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

    def recent(self) -> list[int]:
        """The tokens a repeat penalty falls on."""
        return [*self.prompt[-_LOOK_BACK:], *self._seen][-_LOOK_BACK:]


def matcher(tokenizer: Any, grammar: str) -> Any:
    """A compiled grammar over an llguidance.LLTokenizer. Raises EngineFailed when it does not compile: it is never ignored."""
    import llguidance

    made = llguidance.LLMatcher(tokenizer, grammar, log_level=0)
    if made.is_error():
        raise EngineFailed(f"The schema of a reply cannot be used: {made.get_error().strip().splitlines()[0]}")
    return made


class Rows:
    """Stands in for ContinuousBatchingLogitsProcessorList (transformers 5.23). Used by the engine thread; `enter` and `leave` by any.

    vocabulary: width of the logits. eos: the token that ends a request whose grammar failed. rows: requests per step at most.
    static: True when steps are captured as graphs, so that every step must do the same work.
    """

    do_processing = True
    tensors_required = 0

    def __init__(self, vocabulary: int, eos: int, rows: int, device: str, static: bool) -> None:
        import llguidance
        import torch

        self._eos = eos
        self._vocabulary = vocabulary
        self._static = static
        self._rows: dict[str, Row] = {}
        self._executor = llguidance.LLExecutor()
        words = (vocabulary + _WORD - 1) // _WORD
        self._masks = torch.full((rows, words), _ALL, dtype=torch.int32)
        self._repeated = torch.zeros((rows, words), dtype=torch.int32)
        # temperature, top_p, min_p, penalty, draw
        self._numbers = torch.zeros((5, rows), dtype=torch.float32)
        self._on_device = tuple(tensor.to(device) if device != "cpu" else tensor for tensor in (self._masks, self._repeated, self._numbers))
        self._bits = torch.arange(_WORD, dtype=torch.int32, device=device)
        self._masked = self._penalised = self._drawn = False

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
        """Lay out the next step. requests_in_batch: its FutureRequestStates; those with a new token are its rows, in order."""
        rows: list[Row | None] = []
        for future in requests_in_batch:
            state = future.state
            row = self._rows.get(state.request_id)
            if row is not None and row.cached < 0:
                row.cached = state.position_offset - future.query_length
            if future.has_new_token:
                rows.append(row)
                if row is not None:
                    row.advance((state.initial_tokens + state.generated_tokens)[len(row.prompt) :])
        self._lay_out_numbers(rows)
        self._lay_out_masks(rows)
        self._lay_out_repeated(rows)
        return arg_storage

    def __call__(self, _input_ids: torch.Tensor, scores: torch.Tensor, _arguments: torch.Tensor) -> torch.Tensor:
        """scores: [rows, vocabulary], float32. The same, with what a grammar forbids at -inf and what the dice chose at +inf."""
        count = scores.shape[0]
        masks, repeated, numbers = (tensor[..., :count, :] for tensor in (*self._on_device[:2], self._on_device[2].unsqueeze(-1)))
        temperature, top_p, min_p, penalty, draw = numbers.unbind(0)
        if self._static or self._penalised:
            lowered = scores.where(scores < 0, scores / penalty).where(scores >= 0, scores * penalty)
            scores = lowered.where(self._expanded(repeated), scores)
        if self._static or self._masked:
            scores = scores.masked_fill(~self._expanded(masks), float("-inf"))
        if self._static or self._drawn:
            scores = _drawn(scores, temperature, top_p, min_p, draw)
        return scores

    # ---- one step's tensors ----

    def _expanded(self, words: torch.Tensor) -> torch.Tensor:
        """[rows, words] of bits to [rows, vocabulary] of booleans."""
        bits = (words.unsqueeze(-1) >> self._bits) & 1
        return bits.flatten(1)[:, : self._vocabulary].bool()

    def _lay_out_numbers(self, rows: Sequence[Row | None]) -> None:
        import torch

        settings = [(0.0, 1.0, 0.0, 1.0, 0.0)] * len(rows)
        for index, row in enumerate(rows):
            if row is not None:
                s = row.sampling
                settings[index] = (s.temperature, s.top_p, s.min_p, s.repeat_penalty, row.draw())
        self._drawn = any(entry[0] > 0 for entry in settings)
        self._penalised = any(entry[3] != 1.0 for entry in settings)
        if settings:
            self._numbers[:, : len(rows)] = torch.tensor(settings, dtype=torch.float32).T
            self._upload(2)

    def _lay_out_masks(self, rows: Sequence[Row | None]) -> None:
        bounded = [(row.matcher, index) for index, row in enumerate(rows) if row is not None and row.matcher is not None and not row.fault]
        faulty = [index for index, row in enumerate(rows) if row is not None and row.fault]
        was, self._masked = self._masked, bool(bounded or faulty)
        if not (was or self._masked):
            return
        self._masks.fill_(_ALL)
        if bounded:
            words = self._masks.shape[1]
            self._executor.unsafe_compute_mask_ptr(bounded, self._masks.data_ptr(), words * 4, self._masks.shape[0])
        for matched, index in bounded:
            row = rows[index]
            if row is not None and matched.is_error():
                row.fault = matched.get_error()
                faulty.append(index)
        for index in faulty:
            self._masks[index] = 0
            self._masks[index, self._eos // _WORD] = _bit(self._eos)
        self._upload(0)

    def _lay_out_repeated(self, rows: Sequence[Row | None]) -> None:
        if not self._penalised:
            return
        self._repeated.zero_()
        for index, row in enumerate(rows):
            if row is not None and row.sampling.repeat_penalty != 1.0:
                for token in set(row.recent()):
                    self._repeated[index, token // _WORD] |= _bit(token)
        self._upload(1)

    def _upload(self, which: int) -> None:
        """Host to device, in place. The step runs on the same stream, after it."""
        source = (self._masks, self._repeated, self._numbers)[which]
        if self._on_device[which] is not source:
            self._on_device[which].copy_(source)


def _bit(token: int) -> int:
    """The bit of a token in its word, as a signed 32-bit number."""
    bit = 1 << (token % _WORD)
    return bit - (1 << _WORD) if bit >= 1 << (_WORD - 1) else bit


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
