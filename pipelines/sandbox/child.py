"""The process that opens files, and the one it is copied from: `python -m pipelines.sandbox.child CONTROL TASKS`.

It imports what tasks need once, gives its network away, and then waits. For each file it copies itself; the copy takes its limits before
it sees a byte of the file, does one task and ends. The first process never sees a file.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any

from domain.errors import InputError, LabelError, LimitError
from domain.value import JsonValue
from pipelines.executors.wire import error_to_json
from pipelines.sandbox.limits import Limits, confine, landlock_version, without_network

#: What is done with a file: its arguments and bytes -> what is said of it, and bytes where there are some.
Task = Callable[[Mapping[str, Any], bytes], tuple[JsonValue, bytes | memoryview]]

#: On the control socket: what is wanted, and the number of the piece of work.
ORDER = struct.Struct(">BQ")
OPEN, END = 0, 1
#: How a piece of work ended: exit code or minus the signal, and the bytes its memory grew by.
ENDED = struct.Struct(">iQ")
#: Lengths of the header, as JSON, and of the bytes after it.
LENGTHS = struct.Struct(">IQ")


class Copies:
    """The copies that are at work. Only their parent ends them, so a number is never somebody else's."""

    def __init__(self) -> None:
        self._running: dict[int, tuple[int, int, int]] = {}

    def add(self, number: int, pid: int, report: int) -> None:
        self._running[pid] = (number, report, _resident(pid))

    def end(self, number: int) -> None:
        for pid in [pid for pid, (known, _, _) in self._running.items() if known == number]:
            os.kill(pid, signal.SIGKILL)

    def end_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        """Tell how each that ended did."""
        for pid in list(self._running):
            ended, status, used = os.wait4(pid, os.WNOHANG)
            if not ended:
                continue
            _, report, before = self._running.pop(pid)
            peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            try:
                os.write(report, ENDED.pack(os.waitstatus_to_exitcode(status), max(0, peak - before)))
            except OSError:  # nobody waits for it any more
                pass
            finally:
                os.close(report)


def serve(control: socket.socket, tasks: Mapping[str, Task]) -> None:
    """Until the studio hangs up."""
    copies = Copies()
    wake, woken = os.pipe()
    for end in (wake, woken):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    try:
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if wake in ready:
                os.read(wake, 4096)
                copies.reap()
            if control.fileno() in ready:
                order, ends, _, _ = socket.recv_fds(control, ORDER.size, 2, socket.MSG_WAITALL)
                if len(order) < ORDER.size:
                    return
                wanted, number = ORDER.unpack(order)
                if wanted == END:
                    copies.end(number)
                else:
                    _copy(control, tasks, copies, number, ends)
    finally:
        copies.end_all()


def _copy(control: socket.socket, tasks: Mapping[str, Task], copies: Copies, number: int, ends: list[int]) -> None:
    work, report = ends
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            control.close()
            os.close(report)
            _work(socket.socket(fileno=work), tasks)
            code = 0
        finally:  # whatever it was: a copy never goes on as the first process
            os._exit(code)
    os.close(work)
    copies.add(number, pid, report)


def _work(end: socket.socket, tasks: Mapping[str, Task]) -> None:
    header_size, size = LENGTHS.unpack(_exactly(end, LENGTHS.size))
    header = json.loads(_exactly(end, header_size))
    confine(Limits(**header["limits"]))
    held: bytes | memoryview = b""
    try:
        said, held = tasks[header["task"]](header["arguments"], _whole(end, size))
        answer: dict[str, JsonValue] = {"said": said}
    except (InputError, LabelError) as error:
        answer = {"error": error_to_json(error)}
    except MemoryError:
        answer = {"error": error_to_json(too_large(str(header["name"])))}
    except Exception as error:  # a file that makes a reader stumble is a damaged file
        answer = {"failed": type(error).__name__}
    told = json.dumps(answer).encode("ascii")
    end.sendall(LENGTHS.pack(len(told), len(held)) + told)
    end.sendall(held)


def too_large(name: str) -> LimitError:
    return LimitError("{name} needs more memory to open than a file may have.", hint="Save it smaller.", field=name, name=name)


def _whole(end: socket.socket, count: int) -> bytes:
    """The file, held once."""
    data = end.recv(count, socket.MSG_WAITALL) if count else b""
    return data if len(data) == count else data + bytes(_exactly(end, count - len(data)))


def _exactly(end: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        got = end.recv_into(view, min(len(view), 1 << 20))
        if not got:
            raise EOFError("the studio hung up")
        view = view[got:]
    return data


def _resident(pid: int) -> int:
    """What a copy that has just begun holds of the first process."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as told:  # noqa: PTH123 - once a file, and nothing else is needed
            return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def main(arguments: list[str]) -> None:
    # A person's Ctrl-C reaches every process at once; this one ends when the studio hangs up.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(arguments[0]))
    module, _, name = arguments[1].partition(":")
    tasks = getattr(importlib.import_module(module), name)()
    shut = {"network": without_network(), "files": landlock_version()}
    told = json.dumps(shut).encode("ascii")
    control.sendall(LENGTHS.pack(len(told), 0) + told)
    # What libraries print about somebody's file is not for our log.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    serve(control, tasks)


if __name__ == "__main__":
    main(sys.argv[1:])
