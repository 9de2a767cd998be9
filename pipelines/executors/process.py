"""One living worker process as the studio holds it: started, talked to, watched, and ended."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import select
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.errors import MaquetteError
from pipelines.executors.call import Call
from pipelines.executors.channel import Channel, ChannelClosed, Frame
from pipelines.executors.child import Config, resident_bytes
from pipelines.executors.holding import Holding
from pipelines.executors.layout import visible
from pipelines.executors.spool import Spool
from pipelines.executors.wire import error_from_json, spooled
from pipelines.memory import Arbiter

log = logging.getLogger(__name__)

#: Seconds between looks at requests that stand still.
_LOOK: Final = 0.25
#: A worker that reads weights, or its own code, may be silent so many times longer.
_LOADING: Final = 4.0
#: Seconds within which no start is called hung: a busy machine reads code from disk.
_START: Final = 60.0
#: Seconds a write to a worker may take before it counts as hung: it reads all the time.
_PATIENCE: Final = 30.0
#: Seconds the kernel is given to end a killed process.
_END: Final = 5.0
_LOG_BYTES: Final = 8192
_LINE: Final = 160
#: What a worker has no use for.
_SECRETS: Final = ("MAQUETTE_PASSWORD", "MAQUETTE_CHAT_KEY", "MAQUETTE_DATABASE")


@dataclass(frozen=True)
class Limits:
    """Of every worker.

    stall: seconds of silence after which a request counts as hung. grace: seconds that a cancelled request may still take.
    memory: resident bytes at which a worker is ended before the kernel ends something, 0 for no bound.
    slack: resident bytes beyond its weights at which an idle worker is replaced.
    """

    stall: float
    grace: float
    memory: int
    slack: int


@dataclass(frozen=True)
class Order:
    """How a worker is started. device: see DeviceState.name. threads: of native code, 0 for its own choice."""

    config: Config
    device: str
    threads: int = 0


class WorkerProcess:
    """Starts at once. Thread-safe.

    ready: it has built its engine. lost: it is gone, and so are its leases. Both may become true at any moment.
    """

    def __init__(self, order: Order, arbiter: Arbiter, spool: Spool, limits: Limits, numbers: itertools.count[int]) -> None:
        self.ready = threading.Event()
        self.lost = threading.Event()
        self.broken: MaquetteError | None = None
        self.reason = ""
        self._told = 0
        self._retired = False
        self._name = order.config.name
        self._arbiter = arbiter
        self._spool = spool
        self._limits = limits
        self._numbers = numbers
        self._guard = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._started = time.monotonic()
        self._signs: dict[str, float] = {}
        self._tail = b""
        self._start(order)
        alias = {} if order.device == "cpu" else {"cuda": order.device, "cuda:0": order.device}
        self._holding = Holding(arbiter.holder(self._name, self._evict, alias), self._channel.send)
        self._reader = threading.Thread(target=self._read, name=f"worker {self._name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def doing(self) -> tuple[str, ...]:
        """What it was asked, and has not ended."""
        with self._guard:
            return tuple(call.doing for call in self._calls.values())

    @property
    def memory(self) -> int:
        """Resident bytes: as the kernel says now, else as it told last; 0 when it is gone."""
        return 0 if self.lost.is_set() else resident_bytes(self.pid) or self._told

    def retire(self) -> bool:
        """Ends it when it does nothing and holds far more than the weights it was given room for: something in it leaks."""
        holds = self.memory
        weights = sum(resident.footprint for resident in self._arbiter.residents() if resident.worker == self._name)
        if holds <= weights + self._limits.slack:
            return False
        with self._guard:
            if self._calls:
                return False
            self._retired = True
        self.kill(f"it was replaced because it held {holds / 1e9:.1f} GB while it did nothing")
        self._reader.join(_END * 2)
        return True

    @property
    def log(self) -> str:
        """The end of what it wrote to its error output, long lines cut."""
        return "\n".join(line[:_LINE] for line in self._tail.decode("utf-8", errors="replace").strip().splitlines())

    def begin(self, kind: str, frame: Mapping[str, Any], ended: Callable[[], None] = lambda: None) -> Call:
        """Send a request. The number of the call is added to it, and names its files in the spool.

        ended: called once, from any thread, when the worker is free of it. Raises ChannelClosed when the worker is gone (then
        `ended` is never called), and LimitError for a request that is too large.
        """
        call = Call(next(self._numbers), kind, _doing(frame), self._leave, ended)
        with self._guard:
            if self.lost.is_set() or self._retired:
                raise ChannelClosed("the worker is gone")
            self._calls[call.number] = call
        try:
            self._channel.send({**frame, "id": call.number, "attempt": str(call.number)})
        except ChannelClosed:
            pass  # the reader is about to find out, and tells every call
        except BaseException:
            with self._guard:
                self._calls.pop(call.number, None)
            raise
        return call

    def look(self, call: Call) -> None:
        """Say that somebody looks at what this call makes."""
        with contextlib.suppress(ChannelClosed):  # the call hears of it by itself
            self._channel.send({"do": "look", "id": call.number})

    def kill(self, reason: str) -> None:
        """End it now, whatever it does. Its calls hear of it."""
        self.reason = self.reason or reason
        self._process.kill()

    def ask_to_stop(self) -> None:
        self.reason = self.reason or "the studio stopped it"
        with contextlib.suppress(ChannelClosed):
            self._channel.send({"do": "stop"})

    def join(self, seconds: float) -> None:
        """Wait until it is gone, and kill it then."""
        self._reader.join(max(0.0, seconds))
        if self._reader.is_alive():
            self.kill("it did not stop when asked")
            self._reader.join(_END * 2)

    # starting

    def _start(self, order: Order) -> None:
        ours, theirs = Channel.pair()
        lifeline, self._life = os.pipe()
        self._output, output = os.pipe()
        os.set_blocking(self._output, False)
        command = [sys.executable, "-P", "-m", "pipelines.executors.child", str(theirs.fileno()), str(lifeline)]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(theirs.fileno(), lifeline),
                env=environment(os.environ, order.device, order.threads),
                start_new_session=True,
            )
        except OSError:
            ours.close()
            for descriptor in (self._life, self._output):
                os.close(descriptor)
            raise
        finally:
            theirs.close()
            os.close(lifeline)
            os.close(output)
        self._channel = Channel(ours, patience=_PATIENCE)
        with contextlib.suppress(ChannelClosed):  # it ended at once: the reader is about to find out
            self._channel.send(order.config.model_dump(mode="json"))

    # listening, in the reader's thread

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        poll.register(self._output, select.POLLIN)
        looked = 0.0
        try:
            while True:
                for descriptor, _ in poll.poll(_LOOK * 1000):
                    if descriptor != self._output:
                        self._heard(self._channel.receive())
                    elif not self._keep_log():
                        poll.unregister(self._output)
                if time.monotonic() - looked >= _LOOK:
                    looked = time.monotonic()
                    self._look(looked)
        except ChannelClosed:
            pass
        except Exception:  # a worker that says what we do not understand is no worker
            log.exception("worker %s cannot be understood", self._name)
            self.reason = self.reason or "it could not be understood"
        finally:
            self._ended()

    def _heard(self, frame: Frame) -> None:
        said = frame["is"]
        if said in ("progress", "piece", "preview"):
            with self._guard:
                call = self._calls.get(frame["id"])
            if call is not None:
                self._signs[call.kind] = time.monotonic()
                call.hear(frame)
        elif said in ("done", "failed"):
            self._answered(frame)
        elif said == "heartbeat":
            self._told = frame["memory"]
            if self._told > self._limits.memory > 0:
                self.kill(f"it took {self._told / 1e9:.1f} GB; {self._limits.memory / 1e9:.1f} are the most")
        elif said == "ready":
            self._touch()
            self.ready.set()
        elif said == "broken":
            self.broken = error_from_json(frame["error"])
            self.kill(f"it could not be set up: {self.broken.message}")
        elif self._holding.heard(frame):
            self._touch()

    def _answered(self, frame: Frame) -> None:
        _require_own(frame, self._spool.place)
        with self._guard:
            call = self._calls.pop(frame["id"])
            left = call.left is not None
            if not left:
                call.hear(frame)
        self._signs[call.kind] = time.monotonic()
        if left:
            _discard(frame)
        call.ended()

    def _leave(self, call: Call) -> None:
        """Nobody follows this call any more. Called in any thread, for calls that ended too."""
        with self._guard:
            under_way = call.number in self._calls
            if under_way:
                call.left = time.monotonic()
        if under_way:
            with contextlib.suppress(ChannelClosed):
                self._channel.send({"do": "cancel", "id": call.number})
        for frame in call.unread():
            _discard(frame)

    def _keep_log(self) -> bool:
        """Whether more may come."""
        try:
            piece = os.read(self._output, 65536)
        except BlockingIOError:
            return True
        self._tail = (self._tail + piece)[-_LOG_BYTES:]
        return bool(piece)

    # watching, in the reader's thread

    def _look(self, now: float) -> None:
        """Kill a worker that stands still, or does not obey."""
        if self._holding.waiting:  # it waits for others, who are watched themselves
            self._touch()
        limit = self._limits.stall * (_LOADING if self._holding.loading else 1.0)
        start = max(self._limits.stall * _LOADING, _START)
        if not self.ready.is_set() and now - self._started > start:
            self.kill(f"it was not ready after {start:.0f} s")
        with self._guard:
            calls = list(self._calls.values())
        for call in calls:
            if call.left is not None and now - call.left > self._limits.grace:
                self.kill(f"it did not stop within {self._limits.grace:g} s of being asked to")
            elif now - max(call.since, self._signs.get(call.kind, 0.0)) > limit:
                self.kill(f"it gave no sign of progress for {limit:g} s")

    def _touch(self) -> None:
        now = time.monotonic()
        with self._guard:
            kinds = {call.kind for call in self._calls.values()}
        self._signs.update(dict.fromkeys(kinds, now))

    # ending, in the reader's thread

    def _ended(self) -> None:
        self._process.kill()
        try:
            code: int | None = self._process.wait(_END)
        except subprocess.TimeoutExpired:  # stuck in the kernel; it will go when that lets it
            code = None
            log.warning("worker %s (process %d) was killed and is still there", self._name, self.pid)
        while self._tail_is_coming():
            pass
        self.reason = self.reason or _how(code)
        self._arbiter.lost(self._name)
        self._holding.end()
        with self._guard:
            self.lost.set()
            calls = list(self._calls.values())
            self._calls.clear()
        for call in calls:
            self._spool.forget(str(call.number))
            call.hear({"is": "lost", "message": f"The worker {self._name} was lost while it made this: {self.reason}."})
            call.ended()
        self._channel.close()
        os.close(self._output)
        os.close(self._life)

    def _tail_is_coming(self) -> bool:
        before = self._tail
        return self._keep_log() and self._tail != before

    # memory

    def _evict(self, key: str) -> bool:
        """The Arbiter asks this worker to unload something. Called in a thread of its own."""
        try:
            call = self.begin("memory", {"do": "evict", "key": key})
            for frame in call.events(lambda: None):
                if frame["is"] == "done":
                    return bool(frame["result"])
        except (ChannelClosed, MaquetteError) as error:
            log.info("worker %s did not unload %s: %s", self._name, key, error)
        return False


def environment(ours: Mapping[str, str], device: str, threads: int) -> dict[str, str]:
    """What a worker finds set: what we found, without secrets, with our own code on its path, and one GPU or none."""
    theirs = {name: value for name, value in ours.items() if name not in _SECRETS}
    code = str(Path(__file__).resolve().parent.parent.parent)
    if code != sysconfig.get_path("purelib"):  # installed packages are found anyway, and must not stand before Python's own
        theirs["PYTHONPATH"] = os.pathsep.join([code, *filter(None, [ours.get("PYTHONPATH")])])
    theirs["CUDA_VISIBLE_DEVICES"] = visible(device, ours.get("CUDA_VISIBLE_DEVICES"))
    if threads:
        theirs["OMP_NUM_THREADS"] = str(threads)
    return theirs


def _doing(frame: Mapping[str, Any]) -> str:
    what = frame.get("maker") or frame.get("model") or frame.get("key") or ""
    return f"{frame['do']} {what}".strip()


def _require_own(frame: Frame, spool: Path) -> None:
    """What is named here is taken over and then removed where it lies: only files that this call was to write may be.

    Raises ValueError for any other.
    """
    result = frame.get("result")
    for path in spooled(result) if isinstance(result, list) else ():
        if path.parent != spool or not path.name.startswith(f"{frame['id']}-"):
            raise ValueError(f"a result that is not its own: {path}")


def _discard(frame: Frame) -> None:
    """Remove the files of a result that nobody will take over."""
    result = frame.get("result")
    if isinstance(result, list):
        for path in spooled(result):
            path.unlink(missing_ok=True)


def _how(code: int | None) -> str:
    """In which way a process ended."""
    if code is None:
        return "it could not be ended"
    if code >= 0:
        return f"it ended by itself with exit code {code}"
    try:
        return f"it was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was ended by signal {-code}"
