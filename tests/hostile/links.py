"""Tries every link of links.toml, with canaries that listen on this machine; counts what was reached.

Names resolve as they would on this machine where they are numbers in any writing, and to this machine itself otherwise: the worst case.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from domain.addresses import public
from domain.errors import MaquetteError
from studio.fetching import Fetcher, Guarded

CORPUS: dict[str, dict[str, list[Any]]] = tomllib.loads(Path(__file__).with_name("links.toml").read_text(encoding="utf-8"))
_WATCHED: list[list[str]] = []


@dataclass
class Tried:
    """What came of a corpus: how many were tried, which were not refused, which connections were made, and how long each took (ms)."""

    tried: int = 0
    taken: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)

    def fetch(self, fetcher: Fetcher, link: str, canary: Canary, may: frozenset[str] = frozenset()) -> None:
        """may: hosts that may be connected to."""
        self.tried += 1
        with connections() as made:
            begun = time.perf_counter()
            try:
                fetcher.picture(link)
                self.taken.append(link)
            except MaquetteError:
                pass
            self.milliseconds.append((time.perf_counter() - begun) * 1000)
        foreign = [host for host in made if host not in may] + canary.emptied()
        self.connected += [f"{link} -> {host}" for host in foreign]


class Canary:
    """Listens on every address of this machine; whoever connects is remembered."""

    def __init__(self) -> None:
        self._heard: list[str] = []
        self._closing = threading.Event()
        first = socket.create_server(("", 0))
        self.port: int = first.getsockname()[1]
        self._listeners = [first]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._listeners.append(socket.create_server(("::", self.port), family=socket.AF_INET6))
        self._threads = [threading.Thread(target=self._listen, args=(one,)) for one in self._listeners]
        for thread in self._threads:
            thread.start()

    def _listen(self, listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not self._closing.is_set():
            with contextlib.suppress(TimeoutError):
                connection, address = listener.accept()
                self._heard.append(f"canary by {address[0]}")
                connection.close()

    def emptied(self) -> list[str]:
        heard, self._heard = self._heard, []
        return heard

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()
        for listener in self._listeners:
            listener.close()


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.connect" and _WATCHED and isinstance(arguments[1], tuple):
        for made in _WATCHED:
            made.append(str(arguments[1][0]))


@contextlib.contextmanager
def connections() -> Iterator[list[str]]:
    """The hosts this process tries to connect to meanwhile, whether somebody listens there or not."""
    if not getattr(connections, "listening", False):
        sys.addaudithook(_hear)
        connections.listening = True  # type: ignore[attr-defined] - a hook cannot be taken away again
    made: list[str] = []
    _WATCHED.append(made)
    try:
        yield made
    finally:
        _WATCHED.remove(made)


def worst(host: str, port: int) -> list[str]:
    try:
        return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
    except (OSError, UnicodeError):
        return ["127.0.0.1"]


def straight(canary: Canary) -> Tried:
    """Every link as it stands, through the whole fetcher, and once more by the check of addresses alone."""
    tried = Tried()
    whole = Fetcher(Guarded(resolve=worst))
    any_port = Fetcher(Guarded(resolve=worst), ports=None)
    by_address = Fetcher(Guarded(resolve=worst), named=lambda host: True, ports=None)
    for name, part in CORPUS.items():
        for link in part.get("links", ()):
            for fetcher in (whole,) if name == "ports" else (whole, any_port, by_address):
                tried.fetch(fetcher, link.replace("{port}", str(canary.port)), canary)
    for fetcher in (whole, any_port, by_address):
        fetcher.close()
    return tried


def rebound(canary: Canary) -> Tried:
    tried = Tried()
    for answer in CORPUS["rebinding"]["answers"]:
        fetcher = Fetcher(Guarded(resolve=lambda host, port, said=answer: list(said)), ports=None)
        tried.fetch(fetcher, f"http://rebind.example.org:{canary.port}/x.png", canary)
        fetcher.close()
    return tried


def turning(canary: Canary) -> tuple[Tried, int]:
    """A name that is public when it is asked first and this machine afterwards: how often it was asked, beside what came of it.

    The one that may be asked stands for a public server: 127.0.0.9, where nobody listens.
    """
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.9"] if len(asked) == 1 else ["127.0.0.1"]

    tried = Tried()
    fetcher = Fetcher(Guarded(lambda address: address == "127.0.0.9", resolve), ports=None)
    tried.fetch(fetcher, f"http://rebind.example.org:{unused()}/x.png", canary, frozenset({"127.0.0.9"}))
    fetcher.close()
    return tried, len(asked)


def redirected(canary: Canary) -> Tried:
    """A server that may be asked (127.0.0.2, called public.example.org) sends on to each place."""
    tried = Tried()
    with answering(b"", "image/png") as server:
        for location in CORPUS["redirects"]["locations"]:
            for status in (301, 302, 303, 307, 308):
                server.status, server.location = status, location.replace("{port}", str(canary.port))
                fetcher = Fetcher(Guarded(lambda address: address == "127.0.0.2" or public(address), _public_server), ports=None)
                tried.fetch(fetcher, f"http://public.example.org:{server.port}/x.png", canary, frozenset({"127.0.0.2"}))
                fetcher.close()
    return tried


def _public_server(host: str, port: int) -> list[str]:
    return ["127.0.0.2"] if host == "public.example.org" else worst(host, port)


def unused() -> int:
    with socket.create_server(("127.0.0.9", 0)) as found:
        return int(found.getsockname()[1])


class Answering(ThreadingHTTPServer):
    """status, location, kind, data, head: what it answers with. asked: the paths and heads it was asked with."""

    def __init__(self, data: bytes, kind: str) -> None:
        super().__init__(("127.0.0.2", 0), _Handler)
        self.data, self.kind, self.status, self.location = data, kind, 200, ""
        self.head: dict[str, str] = {}
        self.drip = 0.0
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.port = self.server_port


class _Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_GET(self) -> None:
        told = self.server
        told.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(told.status)
        if told.location:
            self.send_header("location", told.location.encode().decode("latin-1"))
        self.send_header("content-type", told.kind)
        for name, value in {"content-length": str(len(told.data)), **told.head}.items():
            if value:
                self.send_header(name, value)
        with contextlib.suppress(OSError):  # whoever asked has hung up
            self.end_headers()
            if told.drip:
                for byte in told.data:
                    self.wfile.write(bytes([byte]))
                    time.sleep(told.drip)
            else:
                self.wfile.write(told.data)

    def log_message(self, *words: object) -> None: ...


@contextlib.contextmanager
def answering(data: bytes, kind: str) -> Iterator[Answering]:
    server = Answering(data, kind)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
