"""The chat LLM in this process: a GGUF file run by llama.cpp through xllamacpp.

The weights are an `_Engine`, loaded by pipelines/devices.py and used by several requests at once, one slot each. Which slot
runs what is decided in slots.py. Knows nothing of prompts or of who asks.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from domain.chat import ChatReply, ChatRequest, Message
from domain.errors import EngineFailed, LimitError, MaquetteError
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.devices import Devices, Weights
from pipelines.text.answering import AnsweringChat, Emit
from pipelines.text.gguf import GgufHead, read_head
from pipelines.text.grammar import check_json, json_grammar
from pipelines.text.slots import Slot, SlotTable, alike, rendered
from pipelines.text.template import Neutralise

if TYPE_CHECKING:
    import httpx

#: Prompt tokens per forward pass. The engine can stop between passes only, so this bounds how long a cancel takes.
_BATCH: Final = 128

#: Shorter prefixes (characters) cost less to evaluate again than to look after.
_SHORTEST_PREFIX: Final = 400

#: Bytes of evaluated prefixes kept in the temporary folder.
_PREFIX_ROOM: Final = 256 * 1024 * 1024

#: Buffers of one forward pass, beyond weights and cache (measured: 0.1 GB at 135M, 0.3 GB at 1.5B).
_WORKSPACE: Final = 320 * 1024 * 1024


class LlamaCppChat(AnsweringChat["_Engine"]):
    """A ChatModel over one GGUF file.

    gguf: the file. context_tokens: prompt plus completion of one request; lowered to what the model was trained for.
    slots: requests decoded at once, each with its own context. threads: 0 takes the physical cores this process may use.
    strong: see ChatModel. reproduce: one slot and no prefix cache, so the same request always gives the same text.
    Raises ModelMissing or ModelCorrupt when the file cannot be read as a GGUF.
    """

    def __init__(
        self,
        gguf: Path,
        model: ModelRef,
        devices: Devices,
        *,
        context_tokens: int = 4096,
        slots: int = 4,
        threads: int = 0,
        strong: bool = False,
        reproduce: bool = False,
    ) -> None:
        self._gguf = gguf
        self._head = read_head(gguf)
        super().__init__(model, devices, min(context_tokens, self._head.trained_context or context_tokens), strong=strong)
        self._slots = 1 if reproduce else slots
        self._threads = threads or physical_cores()
        self._reproduce = reproduce

    def _weights(self) -> Weights[_Engine]:
        cache = self._head.cache_bytes_per_token * self._context_tokens * self._slots
        form = f"{self._context_tokens}x{self._slots}{'/reproduce' if self._reproduce else ''}"
        return Weights(
            key=f"llamacpp/{self._model.sha256 or self._model.id}/{form}",
            footprint=self._head.file_bytes + cache + _WORKSPACE,
            load=lambda: _Engine(self._gguf, self._head, self._context_tokens, self._slots, self._threads, self._reproduce),
            unload=lambda engine: engine.close(),
            exclusive=False,
        )


class _Engine:
    """A loaded GGUF. Thread-safe."""

    def __init__(self, gguf: Path, head: GgufHead, context_tokens: int, slots: int, threads: int, reproduce: bool) -> None:
        import httpx
        import xllamacpp

        self._gguf = gguf
        self._context_tokens = context_tokens
        self._reproduce = reproduce
        self._neutralise = Neutralise(head.control_tokens)
        self._table = SlotTable(slots, _PREFIX_ROOM)
        self._states = _states_folder(Path(tempfile.gettempdir()))
        self._forget = weakref.finalize(self, shutil.rmtree, self._states, True)
        key = secrets.token_urlsafe(32)
        parameters = _parameters(xllamacpp.CommonParams(), gguf, context_tokens, slots, threads)
        # Mapped from disk the weights would stay in memory twice: as they are, and as the engine lays them out for the CPU.
        parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        # The engine cannot run without a listener of its own; it answers on loopback, to this key only.
        parameters.api_keys = [key]
        parameters.slot_save_path = f"{self._states}{os.sep}"
        try:
            self._server: Any = xllamacpp.Server(parameters)
        except RuntimeError as error:
            self._forget()
            raise EngineFailed(
                f"{gguf.name} could not be loaded: {error}",
                hint="Check it with `python app.py models verify`, or choose another chat model on the Models page.",
            ) from error
        self._http: httpx.Client = httpx.Client(
            base_url=self._server.listening_address,
            # A kept-alive connection would hold one of the engine's few listener threads for five seconds.
            headers={"Authorization": f"Bearer {key}", "Connection": "close"},
            timeout=30,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        self._http.close()
        self._server = None
        self._forget()

    def run(self, request: ChatRequest, emit: Emit, stop: CancelToken) -> ChatReply:
        messages = [Message(role=m.role, content=self._neutralise(m.content)) for m in request.messages]
        text, prefix = rendered(messages), self._shareable(messages[:-1])
        with self._table.take(text, prefix, stop) as slot:
            self._prepare(slot, messages[:-1], text, prefix, emit, stop)
            slot.held = prefix  # all that is certain if this request is stopped half-way
            reply = self._decode(self._payload(request, messages, slot), emit, stop)
            slot.held = rendered([*messages, Message(role="assistant", content=reply.text)])
        if request.json_schema is not None:
            check_json(reply, request.max_tokens, self._gguf.name)
        return reply

    def warm(self, messages: Sequence[Message], stop: CancelToken) -> ChatReply:
        clean = [Message(role=m.role, content=self._neutralise(m.content)) for m in messages]
        text = rendered(clean)
        if self._reproduce:
            return ChatReply(text="", finish="stop")
        with self._table.take(text, text, stop) as slot:
            if self._table.claim(text, stop) is not None:
                return ChatReply(text="", finish="stop", prompt_tokens=0)
            return self._evaluate(slot, clean, text, lambda _piece: None, stop)

    def _shareable(self, messages: Sequence[Message]) -> str:
        """The first messages as text when they are worth keeping for other slots, else ""."""
        text = rendered(messages)
        return "" if self._reproduce or len(text) < _SHORTEST_PREFIX else text

    def _prepare(self, slot: Slot, first: Sequence[Message], text: str, prefix: str, emit: Emit, stop: CancelToken) -> None:
        """Bring the evaluated prefix into the slot: it is there already, or saved, or evaluated and saved now."""
        if not prefix or alike(slot.held, text) >= len(prefix):
            return
        if self._table.claim(prefix, stop) is not None:
            self._restore(slot, prefix)
            return
        nearest = self._table.longest(prefix)
        if len(nearest) > alike(slot.held, text):
            self._restore(slot, nearest)
        self._evaluate(slot, first, prefix, emit, stop)

    def _evaluate(self, slot: Slot, messages: Sequence[Message], prefix: str, emit: Emit, stop: CancelToken) -> ChatReply:
        """Evaluate a claimed prefix in a slot and save it. A prefix that cannot be had alone is left to the request."""
        kept = False
        slot.held = ""
        try:
            payload = self._payload(ChatRequest(messages=tuple(messages), max_tokens=1), messages, slot)
            reply = self._decode({**payload, "add_generation_prompt": False}, lambda _piece: emit(""), stop)
            slot.held = prefix
            kept = self._save(slot, prefix)
            return reply
        except (EngineFailed, LimitError):
            return ChatReply(text="", finish="stop")
        finally:
            if not kept:
                self._table.abandon(prefix)

    def _save(self, slot: Slot, prefix: str) -> bool:
        """False when the disk would not take it: then later requests evaluate the prefix again, and nothing else changes."""
        name = self._table.name(prefix)
        answer = self._http.post(f"/slots/{slot.number}", params={"action": "save"}, json={"filename": name})
        if answer.status_code != 200:
            return False
        for old in self._table.keep(prefix, int(answer.json()["n_written"])):
            (self._states / old).unlink(missing_ok=True)
        return True

    def _restore(self, slot: Slot, prefix: str) -> None:
        """Copy a saved prefix into the slot. When its file was dropped meanwhile the engine evaluates the words instead."""
        try:
            name = self._table.name(prefix)
        except KeyError:
            return
        answer = self._http.post(f"/slots/{slot.number}", params={"action": "restore"}, json={"filename": name})
        if answer.status_code == 200:
            slot.held = prefix
        else:
            slot.held = ""
            self._table.abandon(prefix)

    def _payload(self, request: ChatRequest, messages: Sequence[Message], slot: Slot) -> dict[str, Any]:
        sampling = request.sampling
        payload: dict[str, Any] = {
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": request.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "min_p": sampling.min_p,
            "repeat_penalty": sampling.repeat_penalty,
            "seed": sampling.seed,
            "id_slot": slot.number,
            "cache_prompt": not self._reproduce,
            "stream": True,
            # A progress event per batch is what lets a cancel reach the engine during a long prompt.
            "return_progress": True,
            "stream_options": {"include_usage": True},
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if request.stop:
            payload["stop"] = list(request.stop)
        if request.json_schema is not None:
            payload["grammar"] = json_grammar(request.json_schema)
        return payload

    def _decode(self, payload: Mapping[str, Any], emit: Emit, stop: CancelToken) -> ChatReply:
        """Raises Cancelled, InputError, LimitError, EngineFailed."""
        seen = _Seen()

        def on_event(event: Mapping[str, Any]) -> bool:
            emit(seen.add(event))  # empty while it reads the prompt: a sign that it does not stand still
            return stop.cancelled

        try:
            answer = self._server.handle_chat_completions(payload, on_event)
        except (TypeError, ValueError, RuntimeError) as error:
            raise EngineFailed(f"{self._gguf.name} could not take the request: {error}") from error
        problem = seen.error or (answer.get("error") if isinstance(answer, dict) else None)
        if problem:
            raise self._mapped(problem, int(payload["max_tokens"]))
        stop.check()
        return seen.reply()

    def _mapped(self, error: Mapping[str, Any], max_tokens: int) -> MaquetteError:
        if error.get("type") == "exceed_context_size_error":
            return LimitError(
                f"The prompt has {error.get('n_prompt_tokens')} tokens; {self._gguf.name} takes {self._context_tokens}, "
                f"{max_tokens} of them for the reply.",
                hint="Shorten the brief or its attachments, or choose a chat model with a longer context.",
            )
        return EngineFailed(f"{self._gguf.name}: {error.get('message', error)}")


class _Seen:
    """What the events of one request add up to."""

    def __init__(self) -> None:
        self.error: Mapping[str, Any] | None = None
        self._pieces: list[str] = []
        self._finish = ""
        self._usage: Mapping[str, Any] = {}

    def add(self, event: Mapping[str, Any]) -> str:
        """The new text of this event, or ""."""
        self.error = event.get("error") or self.error
        self._usage = event.get("usage") or self._usage
        piece = ""
        for choice in event.get("choices", ()):
            self._finish = choice.get("finish_reason") or self._finish
            piece += choice.get("delta", {}).get("content") or ""
        if piece:
            self._pieces.append(piece)
        return piece

    def reply(self) -> ChatReply:
        if self._finish not in ("stop", "length"):
            raise EngineFailed(f"The engine ended a reply with {self._finish!r}.", hint="Try again.")
        details = self._usage.get("prompt_tokens_details") or {}
        return ChatReply(
            text="".join(self._pieces),
            finish="length" if self._finish == "length" else "stop",
            prompt_tokens=int(self._usage.get("prompt_tokens", 0)),
            cached_tokens=int(details.get("cached_tokens", 0)),
            completion_tokens=int(self._usage.get("completion_tokens", 0)),
        )


def _parameters(parameters: Any, gguf: Path, context_tokens: int, slots: int, threads: int) -> Any:
    """xllamacpp's CommonParams for one file. Each slot has its own context, so no request can starve another of it."""
    parameters.model.path = str(gguf)
    parameters.n_ctx = context_tokens * slots
    parameters.n_parallel = slots
    parameters.kv_unified = False
    parameters.n_batch = _BATCH
    parameters.n_ubatch = _BATCH
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    parameters.cpuparams.poll = 0
    parameters.cpuparams_batch.poll = 0
    parameters.n_threads_http = slots
    parameters.fit_params = False
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.ui = False
    parameters.endpoint_slots = True
    parameters.prefill_assistant = False
    # slots.py keeps the prefixes; the engine's own cache would take up to 8 GB.
    parameters.cache_ram_mib = 0
    parameters.cache_idle_slots = False
    return parameters


def _states_folder(base: Path) -> Path:
    """A private folder for evaluated prefixes. Those of processes that were killed are removed on the way."""
    for left in base.glob("maquette-prefixes-*-*"):
        owner = left.name.split("-")[2]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"maquette-prefixes-{os.getpid()}-", dir=base))


def physical_cores() -> int:
    """Physical cores this process may run on: two hardware threads of one core share the arithmetic that decoding needs."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    cores: set[str] = set()
    for cpu in allowed:
        siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
        cores.add(siblings.read_text().strip() if siblings.is_file() else str(cpu))
    return max(1, len(cores))
