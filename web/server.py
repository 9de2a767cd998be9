"""Puts the doors together: FastAPI routes, the Gradio pages, one login in front; and runs them on one port."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from agents.telling import templates
from domain.errors import HostingError, MaquetteError, PortInUse
from domain.settings import Settings
from studio.studio import Studio
from web.access import Access
from web.accounts import Accounts, is_loopback, read_accounts, require_password, require_protection, session_secret
from web.api.engine import Shared
from web.api.files import files_router
from web.api.health import health_router
from web.api.people import members_router, people_router
from web.api.session import session_router
from web.api.shared import shared_router
from web.api.single_sign_on import single_sign_on_router
from web.bodies import refused
from web.errors import Speaking, answer_of, words_of
from web.guard import Guard
from web.limits import Limits, Rates
from web.observed import Numbers, Observed
from web.single_sign_on import Provider, SingleSignOn
from web.traced import NO_TELEMETRY, Traced

START_SECONDS = 60.0
STOP_SECONDS = 10.0


def build(studio: Studio, settings: Settings, accounts: Accounts, assets: Path) -> FastAPI:
    """The whole application, ready for an ASGI server."""
    from web.ui.pages import mount_pages

    access = Access(studio.rights, studio.links, studio.people)
    app = FastAPI(title="Maquette", docs_url=None, redoc_url=None, openapi_url=None, telemetry=NO_TELEMETRY, dependencies=[Depends(access)])

    async def known(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, MaquetteError):
            raise error
        return answer_of(error, words_of(request))

    async def formless(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        return refused(error, words_of(request))

    app.add_exception_handler(MaquetteError, known)
    app.add_exception_handler(RequestValidationError, formless)
    sign_on = _single_sign_on(studio, settings)
    app.include_router(session_router(accounts, assets, secure=settings.share, single=sign_on is not None))
    app.include_router(single_sign_on_router(sign_on, accounts, studio.people, secure=settings.share))
    app.include_router(files_router(studio))
    app.include_router(people_router(studio, accounts))
    app.include_router(members_router(studio))
    app.include_router(shared_router(studio, secure=settings.share))
    # Anybody may ask whether the studio is ready: what that costs does not grow with how often.
    watched = Shared(studio.engine.state).read
    numbers = Numbers(watched)
    app.include_router(health_router(watched, numbers.registry, stall_seconds=settings.stall_seconds))
    mount_pages(app, studio, settings, assets, signed_in=accounts.required)
    app.add_middleware(Traced)
    local = is_loopback(settings.host) and not settings.share
    rates = Rates(settings.requests_per_minute, settings.writes_per_minute, settings.open_requests)
    app.add_middleware(Limits, rates=rates, local_only=local)
    app.add_middleware(Speaking, tables=templates(assets))
    app.add_middleware(Guard, accounts=accounts, local_only=local, frames=settings.frames)
    app.add_middleware(Observed, numbers=numbers)
    return app


def _single_sign_on(studio: Studio, settings: Settings) -> SingleSignOn | None:
    if not settings.oidc_issuer:
        return None
    provider = Provider(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret, settings.oidc_claim, settings.oidc_add)
    return SingleSignOn(provider, studio.people, session_secret(settings.home))


def open_socket(host: str, port: int) -> socket.socket:
    """Bind now, so that a port in use is told before anything is loaded. port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortInUse(
            "{host}:{port} cannot be used: {strerror}.",
            hint="Another program may be using it. Choose another with --port, or --port 0 for any free one.",
            field="port",
            host=host,
            port=port,
            strerror=error.strerror,
        ) from error
    return listener


class Server:
    """The running server. `with Server(...) as server:` serves in a thread until the block ends."""

    def __init__(self, app: FastAPI, listener: socket.socket, *, root_path: str = "", proxy: str = "") -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            root_path=root_path,
            # An X-Forwarded-For header is what the caller says of itself, unless a proxy wrote it that we were told of: the limits of
            # tries and requests go by the address.
            proxy_headers=bool(proxy),
            forwarded_allow_ips=proxy or None,
            timeout_graceful_shutdown=2,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._listener = listener
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)

    def _serve(self) -> None:
        # uvicorn closes what it serves on, so it gets a socket of its own.
        try:
            with contextlib.suppress(SystemExit), self._listener.dup() as own:
                self._server.run(sockets=[own])
        finally:
            self._ended.set()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Server:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise HostingError("The web server did not start.", hint="See the messages above.")
            time.sleep(0.02)
        return self

    def wait(self) -> None:
        """Serve until the thread ends or a person presses Ctrl-C."""
        # Not Thread.join: in Python 3.11 an interrupted join calls a running thread ended. Not Event.wait: an interrupt while it takes
        # its lock again ends in "release unlocked lock" instead of Ctrl-C.
        while not self._ended.is_set():
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._ended.wait(STOP_SECONDS):
            self._thread.join()
        self._listener.close()


def open_doors(settings: Settings) -> socket.socket:
    """The socket people come in by, bound before anything is started. Raises HostingError: a short password, a port in use."""
    require_password(settings.password)
    return open_socket(settings.host, settings.port)


def accounts_of(studio: Studio, settings: Settings) -> Accounts:
    """Who may come in, with the people of the accounts file brought into the library.

    Raises HostingError: exposed without sign-in, a broken accounts file.
    """
    if settings.accounts is not None:
        studio.people.take_file(read_accounts(settings.accounts))
    accounts = Accounts(settings.password, studio.people, session_secret(settings.home), single=bool(settings.oidc_issuer))
    require_protection(settings.host, settings.share, accounts)
    return accounts


@contextlib.contextmanager
def served(app: FastAPI, settings: Settings, listener: socket.socket, say: Callable[[str], None] = lambda _: None) -> Iterator[Server]:
    """Serve for the time of the block and say the address."""
    with Server(app, listener, root_path=settings.root_path, proxy=settings.proxy) as server:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
        say(f"Maquette is open at http://{f'[{host}]' if ':' in host else host}:{server.port}")
        with _tunnel(settings, server.port, say):
            yield server


@contextlib.contextmanager
def _tunnel(settings: Settings, port: int, say: Callable[[str], None]) -> Iterator[None]:
    if not settings.share:
        yield
        return
    from web.ui.tunnel import share

    # The studio stays open on this machine when the public link cannot be had: the reason is said, nothing is lost.
    opened: Any = None
    try:
        opened = share(port)
        say(f"Public link, for 72 hours at most: {opened.url}")
    except HostingError as error:
        say(f"No public link: {error}")
    try:
        yield
    finally:
        if opened is not None:
            opened.close()
