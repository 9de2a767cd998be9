"""Makers in processes of their own on this machine: a crash, a leak or a hang costs one job, never the studio.

See docs/decisions/0015-the-engine.md. Knows which worker does what; how one is held is in process.py.
"""

from __future__ import annotations

import base64
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from domain.engine import ExecutorState
from domain.errors import EngineFailed
from domain.progress import Previewed, Progress
from domain.recipe import Output, Work
from domain.settings import Settings
from domain.tracing import TRACEPARENT, carry, span
from pipelines.audio.recognition import Transcript
from pipelines.energy import Energy, Reading
from pipelines.executors.call import Call
from pipelines.executors.channel import ChannelClosed, Frame
from pipelines.executors.child import FACTORY, Config
from pipelines.executors.layout import CPU, Lanes, Post, kind_of_chat, kind_of_maker, posts
from pipelines.executors.process import Limits, Order, WorkerProcess
from pipelines.executors.spool import Spool
from pipelines.executors.staff import Staff, Station
from pipelines.executors.wire import complete, outputs_from_json, works_to_json
from pipelines.executors.worker_chat import WorkerChat
from pipelines.memory import Arbiter
from pipelines.models.profiles import Hardware
from pipelines.text.chats import LocalChat

#: What a worker does not need to know, and other processes need not see.
_KEPT: Final = {"password", "chat_key", "database", "accounts"}
#: The code of torch and diffusers takes one, what the allocators keep another, pinned memory of a GPU more.
SLACK: Final = 4_000_000_000
#: Share of this machine's RAM that one worker may take.
_MOST: Final = 0.9
#: Seconds between two words to a worker that somebody looks at what it makes.
_LOOK: Final = 2.0
#: Seconds workers are given to stop by themselves.
_STOP: Final = 3.0


@dataclass(frozen=True)
class _Asked:
    """A request under way: its answers, the device it runs on, and what energy that took, known when it has ended."""

    frames: Iterator[Frame]
    device: str
    reading: Reading
    look: Callable[[], None]


def _placed(output: Output, asked: _Asked, together: int) -> Output:
    """The output with the device as the studio counts them (a worker sees its own card as the first) and its share of the energy."""
    joules = asked.reading.joules / together if asked.reading.joules is not None else None
    device = asked.device if output.trace.device.startswith("cuda") else output.trace.device
    return replace(output, trace=output.trace.model_copy(update={"joules": joules, "device": device}))


class WorkerExecutor:
    """An Executor (executor.py). Starts nothing until something is asked of it. Thread-safe.

    Args:
        arbiter: the owner of memory; its devices besides "cpu" are the GPUs, and each gets a worker.
        described: a chat model of the catalogue as this process would build it; it is asked what it is, and never run.
        accelerated: whether a chat model runs on a GPU where there is one; "" asks of the one that answers now.
        factory: builds what a worker serves (child.Config); tests name their own.
        energy: what reads the meters of this machine; None reads none. hardware: this machine; None asks it.
        grace: seconds a cancelled request may take to stop before its worker is killed.
        slack: bytes a worker may hold beyond its weights, between two requests; one that holds more leaks, and is replaced.
    """

    def __init__(
        self,
        settings: Settings,
        assets: Path,
        arbiter: Arbiter,
        described: Callable[[str], LocalChat],
        accelerated: Callable[[str], bool] = lambda model_id: False,
        energy: Energy | None = None,
        hardware: Hardware | None = None,
        *,
        factory: str = FACTORY,
        grace: float = 10.0,
        slack: int = SLACK,
    ) -> None:
        self._settings = settings
        self._assets = assets
        self._arbiter = arbiter
        self._described = described
        self._accelerated = accelerated
        self._factory = factory
        self._energy = energy or Energy({})
        hardware = hardware or Hardware.detect()
        self._limits = Limits(settings.stall_seconds, grace, int(hardware.ram * _MOST), slack)
        self._numbers = itertools.count(1)
        self._gpus = tuple(device.name for device in arbiter.devices() if device.name.startswith("cuda"))
        self._spool = Spool(settings.home / "spool")
        made = posts(hardware.cores, self._gpus, settings.workers)
        self._staff = Staff([Station(post, self._start) for post in made])
        self._lanes = Lanes(made, lambda: accelerated(""))

    @property
    def lanes(self) -> Mapping[str, int]:
        """See Executor.lanes."""
        return self._lanes

    def generate(self, maker: str, works: Sequence[Work], progress: Progress) -> list[Output]:
        """See Executor.generate. Waits for a worker; cancellable meanwhile."""
        kind = kind_of_maker(maker, self._gpus)
        frame = {"do": "generate", "maker": maker, "works": works_to_json(works)}
        result: Any = None
        seen = progress if isinstance(progress, Previewed) else None
        looked = -_LOOK
        with span("executor.generate", maker=maker, works=len(works)), self._asked(kind, maker, frame, progress.check) as asked:
            for answer in asked.frames:
                if seen is not None and time.monotonic() - looked >= _LOOK and seen.watched():
                    looked = time.monotonic()
                    asked.look()
                if answer["is"] == "progress":
                    progress.report(answer["fraction"], answer["note"])
                elif answer["is"] == "preview" and seen is not None:
                    seen.show(answer["index"], base64.b64decode(answer["picture"]))
                elif answer["is"] == "done":
                    result = answer["result"]
        if result is None:
            raise EngineFailed(f"{maker} ended without a result.", hint="Run the step again.")
        return complete(maker, works, [_placed(output, asked, len(works)) for output in outputs_from_json(result)])

    def chat(self, model_id: str) -> WorkerChat:
        """See Executor.chat."""
        self._described(model_id)

        @contextmanager
        def ask(frame: Mapping[str, Any], check: Callable[[], None]) -> Iterator[Iterator[Frame]]:
            kind = kind_of_chat(self._accelerated(model_id), self._gpus)
            with self._asked(kind, model_id, frame, check) as asked:
                yield asked.frames

        return WorkerChat(model_id, lambda: self._described(model_id), ask)

    def transcribe(self, data: bytes) -> Transcript:
        """See Executor.transcribe."""
        return Transcript.model_validate(self._read(CPU, {"do": "transcribe"}, data))

    def caption(self, model_id: str, picture: bytes) -> str:
        """See Executor.caption."""
        return str(self._read(kind_of_chat(True, self._gpus) if self._gpus else CPU, {"do": "caption", "model": model_id}, picture))

    def _read(self, kind: str, frame: Mapping[str, Any], data: bytes) -> Any:
        """What a reader says of an upload; its bytes travel as a file of the spool."""
        what = str(frame["do"])
        path = self._spool.keep(f"{what}-{next(self._numbers)}", data)
        try:
            with self._asked(kind, what, {**frame, "path": str(path)}, lambda: None) as asked:
                for answer in asked.frames:
                    if answer["is"] == "done":
                        return answer["result"]
        finally:
            path.unlink(missing_ok=True)
        raise EngineFailed(f"The worker ended its {what} without a result.", hint="Try again.")

    def state(self) -> ExecutorState:
        workers = tuple(station.state() for station in self._staff.stations)
        devices = tuple(d.model_copy(update={"watts": self._energy.watts(d.name)}) for d in self._arbiter.devices())
        return ExecutorState(name="process", devices=devices, workers=workers, residents=self._arbiter.residents())

    def release_idle(self) -> None:
        self._arbiter.release_idle()

    def close(self) -> None:
        self._staff.close(_STOP)
        self._spool.close()

    @contextmanager
    def _asked(self, kind: str, what: str, frame: Mapping[str, Any], check: Callable[[], None]) -> Iterator[_Asked]:
        """The frames that answer a request. Leaving the context early stops it."""
        call, process, device = self._begin(kind, what, {**frame, TRACEPARENT: carry()}, check)
        with self._energy.measure(device) as reading, closing(call.events(check)) as frames:
            yield _Asked(frames, device, reading, partial(process.look, call))

    def _begin(self, kind: str, what: str, frame: Mapping[str, Any], check: Callable[[], None]) -> tuple[Call, WorkerProcess, str]:
        while True:
            station = self._staff.take(kind, what, check)
            try:
                process = station.process(check)
                call = process.begin(kind, frame, ended=partial(self._staff.free, station, kind))
            except ChannelClosed:  # it ended between two jobs: the next look finds it so, and another is started
                self._staff.free(station, kind)
                continue
            except BaseException:
                self._staff.free(station, kind)
                raise
            station.known.add(what)
            return call, process, station.post.device

    def _start(self, post: Post) -> WorkerProcess:
        settings = self._settings.model_copy(update={name: Settings.model_fields[name].default for name in _KEPT})
        config = Config(name=post.name, settings=settings, assets=self._assets, spool=self._spool.place, factory=self._factory)
        order = Order(config, post.device, self._settings.threads)
        try:
            return WorkerProcess(order, self._arbiter, self._spool, self._limits, self._numbers)
        except OSError as error:
            raise EngineFailed(f"A worker cannot be started: {error}.", hint="Free memory and processes on this machine.") from error
