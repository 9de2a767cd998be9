"""The chat LLM in this process: a folder of safetensors run by transformers, on CUDA or on the CPU.

Requests of several threads are decoded in one batch (batching.py), bounded by their schemas (constrained.py). This file reads
the folder, renders messages with the model's own template, and turns tokens into text. Knows nothing of prompts or of who asks.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.chat import ChatReply, ChatRequest, Message
from domain.errors import LimitError, ModelUnusable, OutOfMemory
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.devices import Devices, Weights
from pipelines.models.folders import elements, read_object, refuse_own_code, weight_files
from pipelines.packing import pack
from pipelines.placement import placed
from pipelines.text.answering import AnsweringChat, Emit
from pipelines.text.batching import PAGE, STEP_TOKENS, Batch, Job, pages
from pipelines.text.constrained import matcher
from pipelines.text.grammar import check_json, json_grammar
from pipelines.text.pieces import Pieces
from pipelines.text.template import Neutralise

#: Requests decoded at once when nobody says otherwise. On a CPU: the eight texts of a brief, and one for who waits at the screen.
SLOTS: Final = {"cuda": 16, "cpu": 9}

_BYTES: Final = {"bfloat16": 2, "float16": 2, "float32": 4}

#: Compiled grammars that are kept.
_GRAMMARS: Final = 32

#: Weights below this many numbers are decoded by one thread: a step is hundreds of small products, and to hand each to a second
#: core takes longer than half of it.
_ONE_THREAD: Final = 400_000_000

#: Activations, logits and index tensors of one step, beyond weights, cache and attention mask.
_WORKSPACE: Final = {"cuda": 1024**3, "cpu": 256 * 1024**2}


@dataclass(frozen=True)
class Head:
    """What a folder says of itself. elements: numbers in the weights. cached: numbers of one token in the cache. tied: numbers of the
    output layer, where it shares its weight with the embedding."""

    elements: int
    cached: int
    trained_context: int
    tied: int


def read_head(folder: Path) -> Head:
    """Inspect a folder without loading it. Raises ModelCorrupt, and ModelUnusable for code, pickles and what has no chat template."""
    files = weight_files(folder)
    config = read_object(folder / "config.json")
    refuse_own_code(folder, config)
    text: Mapping[str, Any] = config.get("text_config") or config
    try:
        layers, heads = int(text["num_hidden_layers"]), int(text["num_attention_heads"])
        keys = int(text.get("num_key_value_heads") or heads)
        width = int(text.get("head_dim") or int(text["hidden_size"]) // heads)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnusable(
            f"{folder.name} is not a chat model that this studio runs: its config.json lacks {error}.",
            hint="Choose another chat model on the Models page.",
        ) from error
    if not (folder / "tokenizer.json").is_file():
        raise ModelUnusable(f"{folder.name} has no tokenizer.json.", hint="Choose another chat model on the Models page.")
    trained = int(text.get("max_position_embeddings") or 0)
    tied = bool(text.get("tie_word_embeddings", config.get("tie_word_embeddings", False)))
    output = int(text.get("vocab_size") or 0) * int(text.get("hidden_size") or 0) if tied else 0
    return Head(sum(elements(path) for path in files), 2 * layers * keys * width, trained, output)


class TransformersChat(AnsweringChat["_Engine"]):
    """A ChatModel over one folder of safetensors.

    folder: weights, config.json, tokenizer.json, and a chat template. context_tokens: prompt plus completion of one request;
    lowered to what the model was trained for. slots: requests decoded at once, 0 for what suits the device. device: "auto", "cpu",
    "cuda", "cuda:1". strong: see ChatModel. reproduce: one slot and no shared prefixes, so the same request always gives the same
    text; otherwise rounding may depend on what is in the batch. dtype: "auto" is bfloat16 where the device has it, else what it has;
    or a number format of torch. Raises ModelCorrupt and ModelUnusable for the folder.
    """

    def __init__(
        self,
        folder: Path,
        model: ModelRef,
        devices: Devices,
        *,
        context_tokens: int = 4096,
        slots: int = 0,
        device: str = "auto",
        strong: bool = False,
        reproduce: bool = False,
        dtype: str = "auto",
    ) -> None:
        self._folder = folder
        self._head = read_head(folder)
        super().__init__(model, devices, min(context_tokens, self._head.trained_context or context_tokens), strong=strong)
        self._slots = 1 if reproduce else slots
        self._device = device
        self._reproduce = reproduce
        self._dtype = dtype

    def _weights(self) -> Weights[_Engine]:
        device, own = placed(self._device, bfloat16_on_cpu=True)
        dtype = own if self._dtype == "auto" else self._dtype
        kind = device.partition(":")[0]
        slots = self._slots or SLOTS[kind]
        tokens, step = pages(self._context_tokens, slots) * PAGE, STEP_TOKENS[kind]
        packed = self._head.tied if kind == "cpu" else 0  # the output, packed beside the embedding that it is tied to
        numbers = self._head.elements + packed + tokens * self._head.cached + step * (tokens + step)
        form = f"{device}/{dtype}/{self._context_tokens}x{slots}{'/reproduce' if self._reproduce else ''}"
        return Weights(
            key=f"transformers/{self._model.sha256 or self._model.id}/{form}",
            footprint=numbers * _BYTES[dtype] + _WORKSPACE[kind],
            load=lambda: _Engine(self._folder, self._model.id, device, dtype, self._context_tokens, slots, share=not self._reproduce),
            unload=lambda engine: engine.close(),
            exclusive=False,
            device=device,
        )


class _Engine:
    """A loaded folder. Thread-safe."""

    def __init__(self, folder: Path, name: str, device: str, dtype: str, context_tokens: int, slots: int, *, share: bool) -> None:
        self._name = name
        self._context_tokens = context_tokens
        self._share = share
        self._tokenizer = _tokenizer(folder)
        control = {token.content for token in self._tokenizer.added_tokens_decoder.values() if token.special}
        self._neutralise = Neutralise(sorted(control | set(self._tokenizer.all_special_tokens)))
        model = _model(folder, device, dtype)
        self._ends = _ends(model, self._tokenizer, name)
        self._vocabulary = int(model.get_output_embeddings().weight.shape[0])
        count = sum(parameter.numel() for parameter in model.parameters())
        threads = 1 if device == "cpu" and count < _ONE_THREAD else 0
        self._batch = Batch(model, name, self._ends, context_tokens=context_tokens, slots=slots, share=share, threads=threads)
        self._grammar_guard = threading.Lock()
        self._grammar_tokens: Any = None
        self._compiled: dict[str, Any] = {}

    def close(self) -> None:
        self._batch.close()

    def run(self, request: ChatRequest, emit: Emit, stop: CancelToken) -> ChatReply:
        prompt = self._prompt(request.messages, answer=True)
        if len(prompt) >= self._context_tokens:
            raise LimitError(
                f"The prompt has {len(prompt)} tokens; {self._name} takes {self._context_tokens} here, with its answer.",
                hint="Shorten the brief or its attachments.",
            )
        bounds = None if request.json_schema is None else self._bounds(json_grammar(request.json_schema))
        most = min(request.max_tokens, self._context_tokens - len(prompt))
        pieces = Pieces(self._tokenizer.backend_tokenizer, request.stop)
        ended, count, cached = False, 0, 0
        with closing(self._batch.run(Job(prompt, most, request.sampling, bounds), stop)) as steps:
            for step in steps:
                count += len(step.tokens)
                ended = any(token in self._ends for token in step.tokens)
                piece = pieces.add([token for token in step.tokens if token not in self._ends])
                if piece:
                    emit(piece)
                cached = step.cached
                if pieces.stopped:
                    break
        rest = pieces.finish()
        if rest:
            emit(rest)
        finish = "stop" if ended or pieces.stopped else "length"
        reply = ChatReply(text=pieces.text, finish=finish, prompt_tokens=len(prompt), cached_tokens=cached, completion_tokens=count)
        if request.json_schema is not None:
            check_json(reply, request.max_tokens, self._name)
        return reply

    def warm(self, messages: Sequence[Message], stop: CancelToken) -> ChatReply:
        if not self._share:
            return ChatReply(text="", finish="stop")
        prompt = self._prompt(messages, answer=False)[: self._context_tokens - 1]
        return ChatReply(text="", finish="stop", prompt_tokens=self._batch.evaluate(prompt, stop))

    def _prompt(self, messages: Sequence[Message], *, answer: bool) -> tuple[int, ...]:
        """Messages in the model's own template, as tokens. answer: whether the turn of the assistant is opened."""
        from jinja2 import TemplateError

        turns = [{"role": m.role, "content": self._neutralise(m.content)} for m in messages]
        try:
            text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=answer, enable_thinking=False)
        except (TemplateError, TypeError, ValueError) as error:
            raise ModelUnusable(
                f"The chat template of {self._name} cannot render this conversation: {error}.",
                hint="Choose another chat model on the Models page.",
            ) from error
        return tuple(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _bounds(self, grammar: str) -> Any:
        """A matcher at its beginning. Grammars are compiled once: texts of one brief come with the same schema, together."""
        with self._grammar_guard:
            if grammar not in self._compiled:
                if len(self._compiled) >= _GRAMMARS:
                    del self._compiled[next(iter(self._compiled))]
                self._compiled[grammar] = matcher(self._grammar_tokenizer(), grammar)
            return self._compiled[grammar].deep_copy()

    def _grammar_tokenizer(self) -> Any:
        """The vocabulary as llguidance reads it; about a second for a large one, so at the first schema only."""
        if self._grammar_tokens is None:
            from llguidance import LLTokenizer
            from llguidance.hf import from_tokenizer

            slices = LLTokenizer.json_slices()
            self._grammar_tokens = from_tokenizer(self._tokenizer, n_vocab=self._vocabulary, eos_token=list(self._ends), slices=slices)
        return self._grammar_tokens


def _tokenizer(folder: Path) -> Any:
    """Raises ModelUnusable for a tokenizer without chat template, or without a fast form."""
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnusable(f"The tokenizer of {folder.name} cannot be read: {error}.", hint="Pull the model again.") from error
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise ModelUnusable(f"The tokenizer of {folder.name} is of a kind that cannot bound replies.", hint="Choose another chat model.")
    if not tokenizer.chat_template:
        raise ModelUnusable(f"{folder.name} has no chat template: it is not a chat model.", hint="Choose another chat model.")
    return tokenizer


def _model(folder: Path, device: str, dtype: str) -> Any:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    # Its bar is for terminals, and brings a thread that stays.
    logging.disable_progress_bar()
    asked = {"dtype": getattr(torch, dtype), "use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    try:
        try:
            model = AutoModelForCausalLM.from_pretrained(str(folder), attn_implementation="sdpa", **asked)
        except ValueError:  # a family without that attention; if it was anything else, it is raised again here
            model = AutoModelForCausalLM.from_pretrained(str(folder), attn_implementation="eager", **asked)
        model = model.to(device).eval()
        if device == "cpu":
            pack(model)
        return model
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"{folder.name} does not fit into memory.", hint="Choose a smaller chat model on the Models page.") from error
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelUnusable(f"{folder.name} could not be loaded: {error}.", hint="Choose another chat model on the Models page.") from error


def _ends(model: Any, tokenizer: Any, name: str) -> tuple[int, ...]:
    """The tokens that end a reply, the tokenizer's own first. Raises ModelUnusable when there is none."""
    listed = model.generation_config.eos_token_id
    found = [tokenizer.eos_token_id, *(listed if isinstance(listed, list) else [listed])]
    ends = tuple(dict.fromkeys(int(token) for token in found if token is not None))
    if not ends:
        raise ModelUnusable(f"{name} names no token that ends a reply.", hint="Choose another chat model on the Models page.")
    return ends
