"""Frames of JSON over a socket pair: how the studio and a worker talk. No pickles; bytes travel as files, by path.

A frame is its length in four bytes, big-endian, then UTF-8 JSON: one object. The end of the other process is the end of the
stream, whatever it died of. Knows nothing of what is said.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import threading
from collections.abc import Mapping
from typing import Any, Final

from domain.errors import LimitError

#: A larger frame is a mistake: what is large lies in the spool.
LARGEST: Final = 32 * 1024 * 1024

_LENGTH: Final = struct.Struct(">I")

Frame = dict[str, Any]


class ChannelClosed(Exception):
    """The other side is gone, or what came from it is not a frame. Never shown to people: it becomes WorkerLost, or an end."""


class Channel:
    """One end. `send` may be called from any thread; `receive` from one.

    patience: seconds a send may wait for the other side to read, and a frame may pause in its middle, 0 for as long as it takes.
    With a patience, `wait` before `receive`.
    """

    def __init__(self, end: socket.socket, *, patience: float = 0.0) -> None:
        self._socket = end
        self._turn = threading.Lock()
        if patience:
            whole = int(patience)
            value = struct.pack("@ll", whole, int((patience - whole) * 1e6))
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
            # `receive` begins when something is there: only a frame that stops in its middle is ever waited for so long.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)

    @staticmethod
    def pair() -> tuple[socket.socket, socket.socket]:
        """Two connected ends; the second is for a child, which inherits it."""
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, frame: Mapping[str, Any]) -> None:
        """Raises ChannelClosed, and LimitError for a frame over 32 MiB, of which nothing is sent."""
        data = json.dumps(frame, ensure_ascii=True, separators=(",", ":")).encode("ascii")
        if len(data) > LARGEST:
            raise LimitError(
                f"A request to a worker has {len(data)} bytes; {LARGEST} are the most.", hint="Shorten the text or split the step."
            )
        with self._turn:
            try:
                self._socket.sendall(_LENGTH.pack(len(data)) + data)
            except OSError as error:
                # Half a frame may be out: nothing that follows would be understood.
                self._hang_up()
                raise ChannelClosed(f"cannot be written to: {error}") from error

    def wait(self, seconds: float) -> bool:
        """Whether a frame, or the end, can be received now, within so many seconds."""
        try:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        except (OSError, ValueError) as error:
            raise ChannelClosed(f"closed: {error}") from error

    def receive(self) -> Frame:
        """The next frame; waits for it. Raises ChannelClosed at the end of the stream and for anything that is not a frame."""
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        if length > LARGEST:
            raise ChannelClosed(f"announced a frame of {length} bytes")
        try:
            frame = json.loads(self._exactly(length))
        except ValueError as error:
            raise ChannelClosed(f"sent something that is not JSON: {error}") from error
        if not isinstance(frame, dict):
            raise ChannelClosed(f"sent a {type(frame).__name__} instead of an object")
        return frame

    def close(self) -> None:
        """Ends `receive` on both sides. Idempotent."""
        self._hang_up()
        self._socket.close()

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):  # it may be gone already
            self._socket.shutdown(socket.SHUT_RDWR)

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            try:
                piece = self._socket.recv(min(count - len(parts), 1 << 20))
            except OSError as error:
                raise ChannelClosed(f"cannot be read: {error}") from error
            if not piece:
                raise ChannelClosed("ended")
            parts += piece
        return bytes(parts)
