"""A chat LLM in memory whose requests are decoded together: transformers' continuous batching (5.24), one thread.

Paged attention, shared prefixes, CUDA graphs on CUDA. What each request may say next is decided in constrained.py. The thread
belongs to the library; this file starts it, feeds it, ends it, and starts it anew after an error that ended it. Knows nothing
of chat templates.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from domain.chat import Sampling
from domain.errors import EngineFailed, MaquetteError, OutOfMemory
from domain.progress import CancelToken
from pipelines.text import attention
from pipelines.text.constrained import Row, Rows

#: Tokens of one page of the cache. Requests share whole pages, so a small page shares more of a brief.
PAGE: Final = 32

#: Tokens of one step. The engine stops between steps only, so this bounds how long a cancel takes.
STEP_TOKENS: Final = {"cuda": 512, "cpu": 128}

#: More pages than are needed: with less than 15% free the library forgets the prefixes it keeps.
_SPARE: Final = 1.25

#: A prompt waits for another that is being read when they begin with this many equal tokens.
_SHORTEST_SHARED: Final = 2 * PAGE

#: CUDA graphs are captured for multiples of these: rows of a step, and tokens it looks back on.
_GRAPH_ROWS: Final = 64
_GRAPH_TOKENS: Final = 4096

#: Seconds between looks at the cancel token while the engine works.
_POLL: Final = 0.05

#: Seconds that ending the thread may take; it ends between two steps.
_ENDING: Final = 60.0


def pages(context_tokens: int, slots: int) -> int:
    """Pages of the cache: for a quarter of what full slots would take, and for two full ones.

    Few requests fill their context, and they share what their prompts have in common. When the pages are short all the same, the
    library puts a request back and reads it again later.
    """
    tokens = max(min(slots, 2) * context_tokens, slots * context_tokens // 4)
    return int(-(-tokens // PAGE) * _SPARE) + 1


@dataclass(frozen=True)
class Job:
    """One request in tokens. most: new tokens at most. matcher: its grammar, see constrained.matcher."""

    prompt: tuple[int, ...]
    most: int
    sampling: Sampling
    matcher: Any = None


@dataclass(frozen=True)
class Step:
    """What one step brought a job: its new tokens, whether it is over, and how much of its prompt was kept from others."""

    tokens: tuple[int, ...]
    over: bool
    cached: int


class Batch:
    """A loaded model and its engine thread. Thread-safe.

    model: a transformers causal LM in evaluation mode, on its device. name: for messages. ends: ids that end a reply, at least one.
    share: whether requests share what their prompts have in common. threads: of the CPU, 0 for torch's choice. Raises OutOfMemory.
    """

    def __init__(
        self, model: Any, name: str, ends: tuple[int, ...], *, context_tokens: int, slots: int, share: bool = True, threads: int = 0
    ) -> None:
        self._model = model
        self._name = name
        self._ends = ends
        self._attention: str = model.config._attn_implementation
        self._context_tokens = context_tokens
        self._slots = slots
        self._share = share
        self._threads = threads
        self._numbers = itertools.count()
        self._guard = threading.Lock()
        self._reading: dict[str, tuple[tuple[int, ...], threading.Event]] = {}
        self._closed = False
        self._manager: Any = None
        self._start()

    def close(self) -> None:
        """End the thread and let go of the model. Jobs still running fail."""
        with self._guard:
            self._closed = True
            self._end()
            self._model = None

    def run(self, job: Job, stop: CancelToken) -> Generator[Step, None, None]:
        """Decode one job. Leaving the iterator frees its slot before the next step.

        Raises Cancelled, OutOfMemory, EngineFailed.
        """
        row = Row(job.prompt, job.sampling, job.matcher)
        with self._turn(job.prompt, stop) as (request, read):
            yield from self._decode(request, job, row, read, stop)

    def evaluate(self, prompt: tuple[int, ...], stop: CancelToken) -> int:
        """Read a prompt, so that jobs beginning with it start at once. Returns the tokens that had to be read; 0: it was kept."""
        row = Row(prompt, Sampling())
        with self._turn(prompt, stop) as (request, read):
            # Two tokens: the pages of the step that ends a request are not kept.
            for _ in self._decode(request, Job(prompt, 2, Sampling()), row, read, stop):
                pass
        fresh = len(prompt) - max(row.cached, 0)
        return fresh if fresh > PAGE else 0

    @property
    def running(self) -> int:
        """Requests that hold a slot or wait for one."""
        with self._guard:
            scheduler = self._manager.batch_processor.scheduler
            return len(scheduler.active_requests) + len(scheduler.waiting_requests)

    def _decode(self, request: str, job: Job, row: Row, read: threading.Event, stop: CancelToken) -> Generator[Step, None, None]:
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        manager, rows, router = self._ready()
        rows.enter(request, row)
        router.enter(request, events.put)
        over, told = False, 0
        try:
            stop.check()
            manager.add_request(
                list(job.prompt), request_id=request, max_new_tokens=job.most, streaming=True, eos_token_id=list(self._ends)
            )
            while not over:
                event = _next(events, manager, stop, self._name)
                if isinstance(event, Exception):
                    raise _mapped(event, self._name) from event
                read.set()
                over = event.is_finished()
                tokens = event.generated_tokens[told:]
                told = len(event.generated_tokens)
                if row.fault:
                    raise EngineFailed(f"{self._name} could not go on inside the schema: {row.fault}")
                yield Step(tuple(tokens), over, max(row.cached, 0))
        finally:
            if not over:
                manager.cancel_request(request)
            router.leave(request)
            rows.leave(request)

    @contextmanager
    def _turn(self, prompt: tuple[int, ...], stop: CancelToken) -> Iterator[tuple[str, threading.Event]]:
        """Wait while another job reads what this prompt begins with: then its pages are shared instead of read again."""
        request, read, have = f"r{next(self._numbers)}", threading.Event(), 0
        while True:
            with self._guard:
                ahead = [(alike(prompt, other), event) for other, event in self._reading.values() if not event.is_set()]
                most, wait = max(ahead, key=lambda found: found[0], default=(0, None))
                if wait is None or not self._share or most < max(_SHORTEST_SHARED, have + PAGE):
                    self._reading[request] = (prompt, read)
                    break
            have = most
            while not wait.wait(_POLL):
                stop.check()
        try:
            yield request, read
        finally:
            with self._guard:
                del self._reading[request]
            read.set()

    def _ready(self) -> tuple[Any, Rows, _Router]:
        """The engine, started anew when an error ended it."""
        with self._guard:
            if self._closed:
                raise EngineFailed(f"{self._name} was unloaded.", hint="Try again.")
            if not self._thread.is_alive():
                self._end()
                self._start()
            return self._manager, self._rows, self._router

    def _start(self) -> None:
        import torch
        from transformers import GenerationConfig
        from transformers.generation.configuration_utils import ContinuousBatchingConfig

        kind = self._model.device.type
        graphs = kind == "cuda"
        config = ContinuousBatchingConfig(
            page_size=PAGE,
            num_blocks=pages(self._context_tokens, self._slots),
            max_batch_tokens=max(STEP_TOKENS.get(kind, STEP_TOKENS["cpu"]), self._slots),
            max_requests_per_batch=self._slots,
            max_memory_percent=1.0,
            allow_block_sharing=self._share,
            # A grammar must see each token before the next step; and flash kernels would be fetched from a hub.
            use_async_batching=False,
            auto_switch_to_flash=False,
            use_cuda_graph=graphs,
            q_padding_interval_size=_GRAPH_ROWS if graphs else 0,
            kv_padding_interval_size=_GRAPH_TOKENS if graphs else 0,
        )
        # The library only begins with an attention it knows; a restart comes here with ours.
        self._model.set_attn_implementation(self._attention)
        choices = GenerationConfig(do_sample=False, eos_token_id=-1, max_new_tokens=1)
        try:
            self._manager = self._model.init_continuous_batching(generation_config=choices, continuous_batching_config=config)
            self._rows = Rows(self._vocabulary(), self._ends[0], self._slots, str(self._model.device))
            self._router = _Router()
            self._manager.logit_processor = self._rows
            self._manager.output_router = self._router
            self._manager.warmup()
            if kind == "cpu":
                # Pages nobody wrote to are not in memory yet: what loading took would be measured too small.
                self._manager.batch_processor.cache.cache_tensor.zero_()
        except (MemoryError, RuntimeError) as error:
            raise _mapped(error, self._name) from error
        if attention.suits(self._model):
            attention.use(self._model)
        inputs_and_outputs = self._manager.batch_processor.inputs_and_outputs
        inputs_and_outputs.retrieve_device_outputs = _choosing(self._rows, inputs_and_outputs)
        stream = inputs_and_outputs.compute_stream
        target = self._manager._run_generation_loop

        def loop() -> None:
            if self._threads:
                # For this thread, and those that compute for the first time later: a chat worker does nothing else.
                torch.set_num_threads(self._threads)
            # Inputs are laid out on the stream that reads them: on another one a step could begin before they are there.
            with torch.cuda.stream(stream) if stream is not None else nullcontext():
                target(use_inference_mode=True)

        # The library's own thread would keep a process alive that wants to end.
        self._thread = threading.Thread(target=loop, name=f"engine {self._name}", daemon=True)
        self._manager._generation_thread = self._thread
        self._manager.background_thread_status.clear()
        self._thread.start()

    def _end(self) -> None:
        """Stop the thread and free the cache."""
        manager, self._manager = self._manager, None
        if manager is not None:  # a start that failed left none
            manager.stop(block=True, timeout=_ENDING, hard_stop=True)
            manager.destroy()

    def _vocabulary(self) -> int:
        return int(self._model.get_output_embeddings().weight.shape[0])


def _choosing(rows: Rows, inputs_and_outputs: Any) -> Callable[[], None]:
    """What continuous batching calls to wait for a step that it has begun: first the rows choose."""
    wait = inputs_and_outputs.retrieve_device_outputs

    def choose_then_wait() -> None:
        rows.choose(inputs_and_outputs.output_ids[0])
        wait()

    return choose_then_wait


class _Router:
    """Stands in for continuous batching's OutputRouter: each request has a place of its own, and errors keep their class."""

    def __init__(self) -> None:
        self._places: dict[str, Callable[[Any], None]] = {}

    def enter(self, request: str, put: Callable[[Any], None]) -> None:
        self._places[request] = put

    def leave(self, request: str) -> None:
        self._places.pop(request, None)

    def deliver(self, output: Any) -> None:
        put = self._places.get(output.request_id)
        if put is not None:
            put(output)

    def deliver_batch(self, outputs: Sequence[Any]) -> None:
        for output in outputs:
            self.deliver(output)

    def fail_and_deliver(self, state: Any, error: Exception) -> None:
        put = self._places.get(state.request_id)
        if put is not None:
            put(error)


def alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two prompts have in common from their beginning."""
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return length
    low, high = 0, length
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle)
    return low


def _next(events: queue.SimpleQueue[Any], manager: Any, stop: CancelToken, name: str) -> Any:
    while True:
        stop.check()
        try:
            return events.get(timeout=_POLL)
        except queue.Empty:
            if not manager.is_running() and events.empty():
                return manager.background_thread_status.fatal_error or EngineFailed(f"{name}: its engine ended.", hint="Try again.")


def _mapped(error: BaseException, name: str) -> MaquetteError:
    import torch

    if isinstance(error, MaquetteError):
        return error
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return OutOfMemory(f"{name} ran out of memory.", hint="Choose a smaller chat model, or a shorter context.")
    if isinstance(error, torch.AcceleratorError):
        return EngineFailed(f"The device that runs {name} failed: {error}.", hint="Try again; if it repeats, look at the device.")
    return EngineFailed(f"{name} failed: {error}.", hint="Try again.")
