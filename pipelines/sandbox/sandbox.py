"""Has one file opened in a process of its own and takes what is said of it: whatever the file does there, the studio goes on.

    sandbox.run("picture", {}, data, name="fox.png", limits=Limits(seconds=30))   -> (what is said, bytes)

Knows nothing of files. What comes back was said by a process that read somebody's file: lengths are bounded here, the caller checks values.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict

from domain.errors import AttachmentError, EngineFailed, InputError, LabelError, LimitError, MaquetteError
from domain.value import JsonValue
from pipelines.executors.wire import error_from_json
from pipelines.sandbox.child import END, ENDED, LENGTHS, OPEN, ORDER
from pipelines.sandbox.limits import Limits, Shut

log = logging.getLogger("maquette")

#: Files that are opened at the same time; more wait.
AT_ONCE = 2
_START_SECONDS = 60.0
#: Bytes of what is said of a file, without the bytes it became.
_SAID_MAX = 16_000_000
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "SYSTEMROOT", "LANG", "LC_ALL")
_TOO_LONG = (-signal.SIGALRM, -signal.SIGXCPU)


class Sandbox:
    """Thread-safe. tasks: "module:function" that gives the table of tasks; it is imported in the other process alone."""

    def __init__(self, tasks: str) -> None:
        self._tasks = tasks
        self._starting = threading.Lock()
        self._places = threading.BoundedSemaphore(AT_ONCE)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._number = 0
        #: What is enforced here; None before the first start.
        self.shut: Shut | None = None
        #: Files that were opened, and the bytes the process of the last one grew by.
        self.opened = 0
        self.grew = 0

    def start(self) -> None:
        """Have a process ready. Raises EngineFailed. Called by `run`; before it, so that the first file does not wait."""
        with self._starting:
            if self._process is None or self._process.poll() is not None:
                self._start()

    def run(
        self, task: str, arguments: Mapping[str, JsonValue], data: bytes, *, name: str, limits: Limits | None = None
    ) -> tuple[JsonValue, bytearray]:
        """name: of the file, for what is said when it is refused.

        Raises what the task raises of InputError and LabelError; AttachmentError for a file that ends its process or cannot be read,
        LimitError for one that takes too long or too much memory; EngineFailed when no process can be had.
        """
        bounds = limits or Limits()
        with self._places:
            number, ours, report = self._order()
            try:
                said, held = self._asked(number, ours, report, task, arguments, data, name, bounds)
            finally:
                ours.close()
                os.close(report)
        self.opened += 1
        if "error" in said:
            raise _taken(said["error"], name)
        if "failed" in said:
            raise _damaged(name)
        return said.get("said"), held

    def close(self) -> None:
        """Idempotent; what is being opened ends."""
        with self._starting:
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._process is not None:
                self._end(self._process)
                self._process = None

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # it is ours, and it was told
            process.kill()
            process.wait()

    def _start(self) -> None:
        if self._control is not None:
            self._control.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        command = [sys.executable, "-P", "-m", "pipelines.sandbox.child", str(theirs.fileno()), self._tasks]
        # Nothing of the studio's secrets; and no threads in it, because a process is copied without them.
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        kept |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),), env=kept, start_new_session=True
            )
            theirs.close()
            ours.settimeout(_START_SECONDS)
            length, _ = LENGTHS.unpack(_exactly(ours, LENGTHS.size))
            told = json.loads(_exactly(ours, min(length, 1000)))
            ours.settimeout(None)
        except (OSError, EOFError, ValueError) as error:
            ours.close()
            theirs.close()
            if self._process is not None:
                self._process.kill()
                self._process.wait()
                self._process = None
            raise EngineFailed(
                "The process that opens files did not start.", hint="Look into the studio's log; no file is opened without it."
            ) from error
        self._control = ours
        self.shut = Shut(network=bool(told["network"]), files=int(told["files"]))

    def _order(self) -> tuple[int, socket.socket, int]:
        """A copy that waits for its file: its number, our end of its socket, and where is told how it ended."""
        for last in (False, True):
            self.start()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            report, reported = os.pipe()
            try:
                with self._starting:
                    self._number += 1
                    number = self._number
                    if self._control is None:
                        raise BrokenPipeError("closed")
                    socket.send_fds(self._control, [ORDER.pack(OPEN, number)], [theirs.fileno(), reported])
                return number, ours, report
            except OSError as error:  # the process died between two files
                ours.close()
                os.close(report)
                if last:
                    raise EngineFailed("The process that opens files ended.", hint="Try again.") from error
            finally:
                theirs.close()
                os.close(reported)
        raise AssertionError("unreachable")

    def _asked(
        self, number: int, ours: socket.socket, report: int, task: str, arguments: Mapping[str, JsonValue], data: bytes, name: str,
        limits: Limits,
    ) -> tuple[dict[str, JsonValue], bytearray]:  # fmt: skip
        until = time.monotonic() + limits.seconds
        header = json.dumps({"task": task, "arguments": arguments, "name": name, "limits": asdict(limits)}).encode("ascii")
        answered: tuple[dict[str, JsonValue], bytearray] | None = None
        late = False
        try:
            ours.settimeout(limits.seconds)
            with suppress(BrokenPipeError, ConnectionResetError):  # it ended before it had read all: how is told below
                ours.sendall(LENGTHS.pack(len(header), len(data)) + header)
                ours.sendall(data)
            answered = _answer(ours, until, limits)
        except TimeoutError:
            late = True
        except (EOFError, ConnectionError):
            pass
        except ValueError as error:
            log.warning("a process that opened a file said what is not understood: %s", error)
        finally:
            # Also one that answered: whatever read a file does not stay.
            self._kill(number)
            code, self.grew = _ended(report)
        if answered is None and (late or code in _TOO_LONG):
            raise LimitError(
                "{name} took longer to open than a file may: {seconds} s.", hint="Save it smaller or simpler.", field=name, name=name,
                seconds=limits.seconds,
            )  # fmt: skip
        if answered is None:
            log.warning("a process that opened a file ended with %d", code)
            raise _damaged(name)
        return answered

    def _kill(self, number: int) -> None:
        with self._starting, suppress(OSError):
            if self._control is not None:
                self._control.sendall(ORDER.pack(END, number))


def _answer(ours: socket.socket, until: float, limits: Limits) -> tuple[dict[str, JsonValue], bytearray]:
    said_size, size = LENGTHS.unpack(_exactly(ours, LENGTHS.size, until))
    if said_size > _SAID_MAX or size > limits.answer:
        raise ValueError(f"an answer of {said_size} and {size} bytes")
    try:
        said = json.loads(_exactly(ours, said_size, until))
    except RecursionError as error:
        raise ValueError("an answer nested too deeply") from error
    if not isinstance(said, dict):
        raise ValueError("an answer that is no object")
    return said, _exactly(ours, size, until)


def _exactly(end: socket.socket, count: int, until: float = 0.0) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        if until:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            end.settimeout(left)
        got = end.recv_into(view)
        if not got:
            raise EOFError("ended")
        view = view[got:]
    return data


def _ended(report: int) -> tuple[int, int]:
    """How the process ended, once it did; 0 when nobody can tell any more."""
    told = os.read(report, ENDED.size)
    code, grew = ENDED.unpack(told) if len(told) == ENDED.size else (0, 0)
    return code, grew


def _taken(told: JsonValue, name: str) -> MaquetteError:
    """Of what a task raises only what can be said of a file."""
    try:
        error = error_from_json(told) if isinstance(told, dict) else _damaged(name)
    except (KeyError, ValueError, TypeError, AttributeError):
        return _damaged(name)
    return error if isinstance(error, InputError | LabelError) else _damaged(name)


def _damaged(name: str) -> AttachmentError:
    return AttachmentError("{name} cannot be opened: it is damaged.", hint="Save it again and retry.", field=name, name=name)
