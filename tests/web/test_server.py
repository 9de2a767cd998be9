"""The server itself: whom it believes, and that it ends without a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from domain.errors import PortInUse
from web.server import Server, open_socket

ROOT = Path(__file__).resolve().parents[2]

SERVE_UNTIL_STOPPED = """
import os, signal, sys, threading, time
from fastapi import FastAPI
from web.server import Server, open_socket
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start with it ignored
try:
    with Server(FastAPI(), open_socket("127.0.0.1", 0)) as server:
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        server.wait()
except KeyboardInterrupt:
    time.sleep(1)  # the rest of the studio is closed now; a server thread that lost its socket would complain meanwhile
    sys.exit(130)
"""


def test_an_address_is_what_the_connection_says_not_what_a_header_claims() -> None:
    app = FastAPI()

    @app.get("/")
    def who(request: Request) -> dict[str, str]:
        return {"address": request.client.host if request.client is not None else ""}

    with Server(app, open_socket("127.0.0.1", 0)) as server:
        answer = httpx.get(f"http://127.0.0.1:{server.port}/", headers={"x-forwarded-for": "9.9.9.9"})
    assert answer.json() == {"address": "127.0.0.1"}


def test_an_interrupted_server_ends_without_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-c", SERVE_UNTIL_STOPPED], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_port_is_free_again_when_the_server_has_ended() -> None:
    with Server(FastAPI(), open_socket("127.0.0.1", 0)) as server:
        port = server.port
        with pytest.raises(PortInUse, match="--port"):
            open_socket("127.0.0.1", port)
    open_socket("127.0.0.1", port).close()


def test_signals_of_the_process_are_left_to_the_command_line() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with Server(FastAPI(), open_socket("127.0.0.1", 0)):
        assert {number: signal.getsignal(number) for number in before} == before
