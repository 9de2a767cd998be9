"""One worker process: `python -m pipelines.executors.child SOCKET LIFELINE`, both inherited file descriptors.

It builds its own engine, opens no database, and serves the studio's requests, each in a thread. It says every two seconds that
it lives, and ends with the studio, however that ends. What it is to be comes as the first frame, never by arguments or
environment, which other people of the machine can read.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import fcntl
import importlib
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from domain.chat import ChatRequest, Message
from domain.errors import EngineFailed, MaquetteError
from domain.progress import CancelToken, Progress
from domain.recipe import Output, Work
from domain.settings import Settings
from domain.tracing import TRACEPARENT, continued, span
from domain.value import Value
from pipelines.audio.recognition import Transcript
from pipelines.executors.channel import Channel, ChannelClosed, Frame
from pipelines.executors.remote import RemoteMemory
from pipelines.executors.wire import complete, error_to_json, outputs_to_json, works_from_json
from pipelines.telemetry import export_traces
from pipelines.text.chats import Answering, LocalChat

FACTORY = "pipelines.worker:build_child"

_HEARTBEAT = 2.0
#: Reports of one request are sent at most this often.
_REPORT = 0.05
#: Seconds after the studio last said that somebody looks, in which previews are made. It says so at a report, and on a CPU a large
#: picture reports every ten or twenty seconds.
_LOOK = 60.0


class Generator(Protocol):
    """A maker, as far as a worker needs one."""

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]: ...


class Recogniser(Protocol):
    def transcribe(self, source: Path | bytes, language: str = "", progress: Progress | None = None) -> Transcript: ...


class Weights(Protocol):
    """The worker's Devices, as far as the studio may ask something of it."""

    def evict(self, key: str) -> bool:
        """Unload these weights unless somebody uses them. Whether they are gone."""

    def release_idle(self) -> None: ...


class Served(Protocol):
    """What a factory builds: the Engine, in its own process."""

    @property
    def pipelines(self) -> Mapping[str, Generator]: ...

    @property
    def recogniser(self) -> Recogniser: ...

    @property
    def caption(self) -> Callable[[str, bytes, Progress], str]: ...

    @property
    def devices(self) -> Weights: ...

    def local_chat(self, model_id: str, /) -> LocalChat: ...


class Config(Value):
    """What a worker is to be.

    spool: where results are written.
    factory: "module:function" that builds what is served. It comes from the studio over an inherited socket that nobody else can
    write to; only tests name another than the default.
    """

    name: str
    settings: Settings
    assets: Path
    spool: Path
    factory: str = FACTORY


class Told:
    """Progress that is told to the studio."""

    def __init__(self, send: Callable[[Frame], None], number: int, token: CancelToken) -> None:
        self._send = send
        self._number = number
        self._token = token
        self._sent = 0.0
        self._looked = -_LOOK

    def report(self, fraction: float, note: str = "") -> None:
        self.check()
        now = time.monotonic()
        if now - self._sent >= _REPORT or fraction >= 1:
            self._sent = now
            self._send({"is": "progress", "id": self._number, "fraction": fraction, "note": note})

    def check(self) -> None:
        self._token.check()

    def looked(self) -> None:
        """Somebody looks at what is made here. From any thread."""
        self._looked = time.monotonic()

    def watched(self) -> bool:
        return time.monotonic() - self._looked < _LOOK

    def show(self, index: int, picture: bytes) -> None:
        self._send({"is": "preview", "id": self._number, "index": index, "picture": base64.b64encode(picture).decode("ascii")})


class Child:
    """Serves one channel until it ends."""

    def __init__(self, channel: Channel, config: Config) -> None:
        self._channel = channel
        self._config = config
        self._memory = RemoteMemory(self._send)
        self._served: Served | None = None
        self._end_traces: Callable[[], None] = lambda: None
        self._running: dict[int, CancelToken] = {}
        self._told: dict[int, Told] = {}
        self._guard = threading.Lock()
        self._requests: Mapping[str, Callable[[Frame, CancelToken], Any]] = {
            "generate": self._generate,
            "chat": self._chat,
            "warm": self._warm,
            "transcribe": self._transcribe,
            "caption": self._caption,
            "evict": lambda frame, _: self._engine.devices.evict(frame["key"]),
        }

    def serve(self) -> None:
        """Never returns: the process ends with the channel."""
        threading.Thread(target=self._build, name="build", daemon=True).start()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()
        with contextlib.suppress(ChannelClosed):
            while True:
                self._take(self._channel.receive())
        os._exit(0)

    def _take(self, frame: Frame) -> None:
        wanted = frame["do"]
        if wanted in self._requests:
            token = CancelToken()
            with self._guard:
                self._running[frame["id"]] = token
            threading.Thread(target=self._answer, args=(frame, token), name=wanted, daemon=True).start()
        elif wanted == "cancel":
            with self._guard:
                running = self._running.get(frame["id"])
            if running is not None:
                running.cancel()
        elif wanted == "look":
            with self._guard:
                told = self._told.get(frame["id"])
            if told is not None:
                told.looked()
        elif wanted == "admitted":
            self._memory.answered(frame)
        elif wanted == "stop":
            self._stop()

    def _build(self) -> None:
        module, _, function = self._config.factory.partition(":")
        try:
            build = getattr(importlib.import_module(module), function)
            self._end_traces = export_traces(self._config.settings.otlp, f"worker {self._config.name}")
            self._served = build(self._config.settings, self._config.assets, self._memory)
        except BaseException as error:  # told to the studio, whatever it was: without an engine this process is of no use
            traceback.print_exc()
            self._send({"is": "broken", "error": error_to_json(error)})
        else:
            self._send({"is": "ready"})

    def _answer(self, frame: Frame, token: CancelToken) -> None:
        number = frame["id"]
        try:
            named = {"maker": frame.get("maker", ""), "model": frame.get("model", "")}
            with continued(frame.get(TRACEPARENT, "")), span(f"worker.{frame['do']}", worker=self._config.name, **named):
                result = self._requests[frame["do"]](frame, token)
            told = {"is": "done", "id": number, "result": result}
        except BaseException as error:  # whatever it was, somebody waits for an answer
            if not isinstance(error, MaquetteError):
                traceback.print_exc()
            told = {"is": "failed", "id": number, "error": error_to_json(error)}
        with self._guard:
            del self._running[number]
            self._told.pop(number, None)
        try:
            self._send(told)
        except MaquetteError as error:  # a result larger than a frame
            self._send({"is": "failed", "id": number, "error": error_to_json(error)})

    def _generate(self, frame: Frame, token: CancelToken) -> list[dict[str, Any]]:
        maker, works = frame["maker"], works_from_json(frame["works"])
        pipeline = self._engine.pipelines.get(maker)
        if pipeline is None:
            raise EngineFailed(f"No pipeline here is called {maker!r}.", hint="Run the studio and its workers from the same version.")
        self._memory.load_seconds()
        told = Told(self._send, frame["id"], token)
        with self._guard:
            self._told[frame["id"]] = told
        outputs = complete(maker, works, pipeline.generate(works, told))
        spent = self._memory.load_seconds() / len(outputs) if outputs else 0.0
        token.check()
        return outputs_to_json([measured(output, spent) for output in outputs], self._config.spool, frame["attempt"])

    def _chat(self, frame: Frame, token: CancelToken) -> dict[str, Any] | None:
        """Sends pieces as they are decoded, and gives the whole reply where the model tells it."""
        chat = self._engine.local_chat(frame["model"])
        request = ChatRequest.model_validate(frame["request"])
        if not isinstance(chat, Answering):
            return chat.complete(request, token).model_dump(mode="json")
        for event in chat.answer(request, token):
            if not isinstance(event, str):
                return event.model_dump(mode="json")
            self._send({"is": "piece", "id": frame["id"], "text": event})
        return None

    def _warm(self, frame: Frame, token: CancelToken) -> int:
        messages = [Message.model_validate(message) for message in frame["messages"]]
        return self._engine.local_chat(frame["model"]).warm(messages, token)

    def _transcribe(self, frame: Frame, token: CancelToken) -> dict[str, Any]:
        progress = Told(self._send, frame["id"], token)
        return self._engine.recogniser.transcribe(Path(frame["path"]), progress=progress).model_dump(mode="json")

    def _caption(self, frame: Frame, token: CancelToken) -> str:
        progress = Told(self._send, frame["id"], token)
        return self._engine.caption(frame["model"], Path(frame["path"]).read_bytes(), progress)

    @property
    def _engine(self) -> Served:
        if self._served is None:
            raise EngineFailed("The worker is not ready.", hint="Run the step again.")
        return self._served

    def _beat(self) -> None:
        while True:
            self._send({"is": "heartbeat", "memory": resident_bytes()})
            time.sleep(_HEARTBEAT)

    def _send(self, frame: Frame) -> None:
        try:
            self._channel.send(frame)
        except ChannelClosed:  # the studio is gone, and nobody will ever read what is made here
            os._exit(0)

    def _stop(self) -> None:
        """Unloading removes what engines keep in temporary folders; a worker that is busy is killed by the studio in a moment."""
        try:
            if self._served is not None:
                self._served.devices.release_idle()
            self._end_traces()
        finally:
            os._exit(0)


def measured(output: Output, load_seconds: float) -> Output:
    """load_seconds: this output's share of loading weights."""
    trace = output.trace
    stages = {**trace.stages, **({"load": load_seconds} if load_seconds and "load" not in trace.stages else {})}
    return replace(output, trace=trace.model_copy(update={"stages": stages, "peak_bytes": trace.peak_bytes or peak_bytes()}))


def peak_bytes() -> int:
    """The largest resident size of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def resident_bytes(pid: int | str = "self") -> int:
    """The resident size of a process; where the kernel does not say, the largest so far of this one, and 0 for another."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return peak_bytes() if pid == "self" else 0


def end_with(lifeline: int) -> None:
    """Let the kernel end this process when nobody holds the other end of this pipe any more.

    A thread that waits for the end of the channel cannot run while native code keeps the interpreter; the default action of a
    signal needs nobody.
    """
    if not (hasattr(os, "O_ASYNC") and hasattr(fcntl, "F_SETOWN")):
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)


def go_first() -> None:
    """When the machine runs out of memory, the kernel ends a worker and not the studio."""
    with contextlib.suppress(OSError):  # not Linux, or not allowed
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def main(arguments: Sequence[str]) -> None:
    end_with(int(arguments[1]))
    # A person's Ctrl-C and a service's stop reach every process at once; what is stopped in which order is the studio's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    go_first()
    faulthandler.enable(all_threads=False)  # a native abort leaves a trace in the log that the studio keeps
    channel = Channel(socket.socket(fileno=int(arguments[0])))
    Child(channel, Config.model_validate(channel.receive())).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
