"""The one place where a link that a person gives is fetched: a picture, over http(s), from the public internet, within bounds.

    Fetcher().picture("https://example.org/fox.png")   -> Fetched(name, data)

Every name is resolved once and the connection goes to the address that was checked, so that a name cannot mean another one in between;
each redirect is a new link. No cookies, no passwords, no proxy, no packed answers. `Guarded` is that transport alone; webhooks use it too.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import httpx

from domain.addresses import Judge, public, public_name
from domain.brief import ATTACHMENT_MAX_BYTES
from domain.errors import AttachmentError, InputError, LimitError
from pipelines.media.picture import sniff

#: Name and port -> addresses; raises OSError.
Resolve = Callable[[str, int], list[str]]

PORTS = (80, 443)
URL_MAX = 2000
HOPS = 3
SECONDS = 20.0
_RESOLVE_SECONDS, _SILENCE_SECONDS = 5.0, 5.0
_PICTURES = ("image/png", "image/jpeg", "image/webp")
#: What stores of files call anything.
_UNSAID = ("application/octet-stream", "binary/octet-stream")
_AT_ONCE = 4


class AddressRefused(httpx.ConnectError):
    """The name leads to an address that may not be asked. Nothing was connected to."""


@dataclass(frozen=True)
class Fetched:
    """name: the last part of the link's path; data of somebody else, as the bytes are."""

    name: str
    data: bytes


def resolved(host: str, port: int) -> list[str]:
    """All addresses of a name, or the one it is. Raises OSError, also after five seconds."""
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found.put([str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    # The system's resolver knows no time limit.
    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = found.get(timeout=_RESOLVE_SECONDS)
    except queue.Empty as error:
        raise TimeoutError("the name was not resolved in time") from error
    if isinstance(answer, OSError):
        raise answer
    return answer


class Guarded(httpx.BaseTransport):
    """Connects to addresses that were judged, and to no other. Every connection is new, so that none serves another name.

    Raises AddressRefused when any address of a name may not be asked: which of them is used is not left to chance.
    """

    def __init__(self, judge: Judge = public, resolve: Resolve = resolved) -> None:
        self._judge = judge
        self._resolve = resolve
        self._inner = httpx.HTTPTransport(trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        port = request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        try:
            addresses = self._resolve(host, port)
        except OSError as error:
            raise httpx.ConnectError("the name is not known", request=request) from error
        if not addresses or not all(self._judge(address) for address in addresses):
            raise AddressRefused("an address that may not be asked", request=request)
        # The Host header and the name in the certificate stay those of the link.
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=addresses[0]),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        self._inner.close()


class _Deadline:
    """Cuts the connection when the time is up, also one that drips a byte now and then."""

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._until = time.monotonic() + seconds
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> _Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpx's trace of a request, which tells the connection."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            found = info["return_value"].get_extra_info("socket")
            self._socket = found if isinstance(found, socket.socket) else None
            if time.monotonic() >= self._until:
                self._cut()

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it may have ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)


class Fetcher:
    """transport: Guarded, for tests one with another resolver. ports: of links; None for any."""

    def __init__(
        self,
        transport: httpx.BaseTransport | None = None,
        *,
        named: Callable[[str], bool] = public_name,
        ports: tuple[int, ...] | None = PORTS,
        seconds: float = SECONDS,
    ) -> None:
        self._transport = transport or Guarded()
        self._named = named
        self._ports = ports
        self._seconds = seconds
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def picture(self, url: str) -> Fetched:
        """A PNG, JPEG or WebP of at most 25 MB.

        Raises InputError for a link that is not fetched (its form, where it or a redirect leads, no answer), LimitError for one that is
        too large or too slow, AttachmentError for what is no picture or not the kind that it is called.
        """
        with self._places, _Deadline(self._seconds) as deadline:
            link = self._link(url)
            for _ in range(HOPS + 1):
                with self._answer(link, deadline) as answer:
                    if answer.is_redirect and "location" in answer.headers:
                        link = self._redirected(link, answer.headers["location"])
                        continue
                    return Fetched(_name_of(link), _picture(answer, deadline))
        raise InputError("The link leads on and on.", hint="Give the address of the picture itself.", field="url")

    def close(self) -> None:
        self._transport.close()

    def _link(self, text: str) -> httpx.URL:
        try:
            link = httpx.URL(text.strip()) if len(text) <= URL_MAX else None
        except (httpx.InvalidURL, ValueError, UnicodeError):
            link = None
        if link is None or link.scheme not in ("http", "https") or not link.host or link.userinfo:
            raise InputError(
                "This is not a link that can be fetched.", hint="Give an http(s) address without a user name in it.", field="url"
            )
        if not self._named(link.raw_host.decode("ascii")) or (self._ports is not None and link.port not in (None, *self._ports)):
            raise _elsewhere()
        return link.copy_with(fragment=None)

    def _redirected(self, link: httpx.URL, location: str) -> httpx.URL:
        try:
            target = str(link.join(location))
        except (httpx.InvalidURL, ValueError, UnicodeError) as error:
            raise _elsewhere() from error
        following = self._link(target)
        if link.scheme == "https" and following.scheme != "https":
            raise _elsewhere()
        return following

    @contextlib.contextmanager
    def _answer(self, link: httpx.URL, deadline: _Deadline) -> Iterator[httpx.Response]:
        timeout = httpx.Timeout(_SILENCE_SECONDS).as_dict()
        headers = {"accept": ", ".join(_PICTURES), "accept-encoding": "identity", "user-agent": "Maquette"}
        request = httpx.Request("GET", link, headers=headers, extensions={"timeout": timeout, "trace": deadline.trace})
        try:
            answer = self._transport.handle_request(request)
            answer.request = request
            try:
                yield answer
            finally:
                answer.close()
        except AddressRefused as error:
            raise _elsewhere() from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if deadline.over or isinstance(error, httpx.TimeoutException):
                raise _slow() from error
            raise InputError(
                "Nothing answered at this link.", hint="Check it, or save the picture and choose the file.", field="url"
            ) from error


def _picture(answer: httpx.Response, deadline: _Deadline) -> bytes:
    if answer.status_code != 200:
        raise InputError(
            "The link was answered with {status}.", hint="Check it, or save the picture and choose the file.", field="url",
            status=answer.status_code,
        )  # fmt: skip
    called = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if called not in (*_PICTURES, *_UNSAID) or answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise _no_picture()
    length = answer.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 20 and int(length) > ATTACHMENT_MAX_BYTES:
        raise _large()
    data = bytearray()
    for piece in answer.iter_raw():
        data += piece
        if len(data) > ATTACHMENT_MAX_BYTES:
            raise _large()
        if deadline.over:
            raise _slow()
    found = sniff(bytes(data[:4096]))
    if found not in _PICTURES or (called in _PICTURES and called != found):
        raise _no_picture()
    return bytes(data)


def _name_of(link: httpx.URL) -> str:
    return PurePosixPath(unquote(link.path)).name[:120] or link.host[:120]


def _elsewhere() -> InputError:
    """The same for every place, so that nobody learns what stands in our network."""
    return InputError("This link leads where pictures are not fetched from.", hint="Save the picture and choose the file.", field="url")


def _no_picture() -> AttachmentError:
    return AttachmentError("At this link is no picture.", hint="Give the address of a PNG, JPEG or WebP itself.", field="url")


def _large() -> LimitError:
    return LimitError("The picture at this link is larger than 25 MB.", hint="Save it smaller and choose the file.", field="url")


def _slow() -> LimitError:
    return LimitError("The link took too long to answer.", hint="Save the picture and choose the file.", field="url")
