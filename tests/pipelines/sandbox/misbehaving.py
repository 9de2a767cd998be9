"""Tasks that do what a decoder does when a file has taken it over, or breaks it."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from domain.errors import EngineFailed, LabelError, LimitError
from domain.value import JsonValue
from pipelines.sandbox.child import Task

Said = tuple[JsonValue, bytes | memoryview]


def tasks() -> dict[str, Task]:
    return {
        "echo": lambda given, data: (dict(given), data[::-1]),
        "crash": _crash,
        "exit": lambda given, data: os._exit(0),
        "spin": _spin,
        "sleep": _sleep,
        "eat": _eat,
        "limit": _raise(LimitError("{name} is too long.", hint="Cut it.", name="x")),
        "label": _raise(LabelError("No label.")),
        "foreign": _raise(KeyError("secret")),
        "engine": _raise(EngineFailed("Not a file's fault.")),
        "large": lambda given, data: (None, bytes(3_000_000)),
        "tried": _tried,
        "limits": lambda given, data: ([resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)], b""),
        "environment": lambda given, data: (sorted(os.environ), b""),
    }


def _raise(error: Exception) -> Task:
    def task(given: Mapping[str, Any], data: bytes) -> Said:
        raise error

    return task


def _crash(given: Mapping[str, Any], data: bytes) -> Said:
    ctypes.string_at(0)
    raise AssertionError("unreachable")


def _spin(given: Mapping[str, Any], data: bytes) -> Said:
    signal.setitimer(signal.ITIMER_REAL, 0)
    while True:
        pass


def _sleep(given: Mapping[str, Any], data: bytes) -> Said:
    signal.setitimer(signal.ITIMER_REAL, 0)  # what was taken over would take away its own alarm
    time.sleep(600)
    return None, b""


def _eat(given: Mapping[str, Any], data: bytes) -> Said:
    return len(bytearray(given["bytes"])), b""


def _tried(given: Mapping[str, Any], data: bytes) -> Said:
    """What each attempt came to: "done", or the class of the refusal."""
    attempts: dict[str, Callable[[], object]] = {
        "read": lambda: Path(given["secret"]).read_bytes(),
        "write": lambda: Path(given["target"]).write_bytes(b"x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", given["port"]), timeout=2).close(),
        "signal": lambda: os.kill(given["parent"], 0),
        "run": lambda: os.execv("/bin/true", ["true"]),
    }
    return {name: _came_to(attempt) for name, attempt in attempts.items()}, b""


def _came_to(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "done"
