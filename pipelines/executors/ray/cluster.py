"""What every process of a Ray cluster agrees on: the token, the code it runs, and what a node is started with.

Ray runs whatever it is sent, so a cluster without a token belongs to everybody who reaches its ports: nothing here starts or
joins one. Knows nothing of pipelines or of what is made.
"""

from __future__ import annotations

import hashlib
import os
import platform
import secrets
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from domain.errors import HostingError, InputError
from domain.value import Value

#: Node labels, read by Ray's scheduler: a replica is only ever placed where its own code lies.
CODE_LABEL = "maquette-code"
VERSION_LABEL = "maquette-version"
NAMESPACE = "maquette"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT_PORT = 6380
#: Objects that cross nodes are JSON texts of a few KB; files go through the shared store.
OBJECT_STORE_BYTES = 200 * 1024 * 1024
TOKEN_CHARACTERS = 32
CONNECT_SECONDS = 5.0
#: The floors a replica runs. A change elsewhere (a page, a migration) needs no restart of the cluster.
FLOORS = ("domain", "pipelines")


class Code(Value):
    """What a process runs. Two of these that differ must not work for each other."""

    version: str
    sha256: str

    @property
    def label(self) -> str:
        return self.sha256[:40]


@cache
def own_code() -> Code:
    """The code on this machine's disk as this process would import it: every module of FLOORS, model list, Python and Ray."""
    root = Path(__file__).resolve().parents[3]
    digest = hashlib.sha256(f"python {platform.python_version_tuple()[:2]} ray {release('ray')}".encode())
    files = [path for floor in FLOORS for path in sorted((root / floor).rglob("*.py"))]
    for path in [*files, assets_folder() / "models.toml"]:
        digest.update(f"\n{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return Code(version=release("maquette") or "source", sha256=digest.hexdigest())


def assets_folder() -> Path:
    """The shipped data beside the code of this machine: `_assets` when installed, `assets` in the repository."""
    root = Path(__file__).resolve().parents[3]
    return root / "_assets" if (root / "_assets").is_dir() else root / "assets"


def release(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def read_token(file: Path) -> str:
    """The shared secret of the cluster. Raises InputError when the file is missing, short, or readable by others."""
    try:
        token = file.read_text(encoding="ascii").strip()
        mode = file.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The cluster's token cannot be read from {file}: {error}.",
            hint="`python app.py cluster head` writes one; copy it to every machine and name it with MAQUETTE_RAY_TOKEN_FILE.",
            field="MAQUETTE_RAY_TOKEN_FILE",
        ) from error
    if len(token) < TOKEN_CHARACTERS:
        raise InputError(
            f"The token in {file} has {len(token)} characters; {TOKEN_CHARACTERS} are the least.",
            hint="Remove the file and let `python app.py cluster head` write a new one.",
            field="MAQUETTE_RAY_TOKEN_FILE",
        )
    if mode & 0o077:
        raise InputError(
            f"{file} can be read by other people of this machine.", hint=f"Run: chmod 600 {file}", field="MAQUETTE_RAY_TOKEN_FILE"
        )
    return token


def write_token(file: Path) -> bool:
    """Make a token where there is none. Returns whether one was made. Raises HostingError when it cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise HostingError(f"The cluster's token cannot be written to {file}: {error.strerror}.", hint="Name another file.") from error
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(secrets.token_hex(32) + "\n")
    return True


def ray_environment(token_file: Path, host: str) -> dict[str, str]:
    """What Ray reads from the environment, in the studio and on every node. Raises InputError for a token nobody may use.

    host: by which the head is reached.
    """
    read_token(token_file)
    # Ray takes 127.0.0.1 for the machine's outer address, where nobody listens, unless it is told that there is no network.
    alone = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"} if host in LOOPBACK else {}
    return {
        **alone,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token_file.resolve()),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_DISABLE_IMPORT_WARNING": "1",
    }


def node_environment(token_file: Path, host: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a node: this one, Ray's own settings, and where our code lies."""
    root = str(Path(__file__).resolve().parents[3])
    path = [root, *[p for p in environment.get("PYTHONPATH", "").split(os.pathsep) if p and p != root]]
    inherited = {name: value for name, value in environment.items() if name not in ("RAY_AUTH_TOKEN", "RAY_ADDRESS")}
    return {**inherited, **ray_environment(token_file, host), "PYTHONPATH": os.pathsep.join(path)}


def node_labels() -> dict[str, str]:
    """What a node says of itself when it joins."""
    code = own_code()
    return {CODE_LABEL: code.label, VERSION_LABEL: code.version}


def require_somebody(address: str) -> tuple[str, int]:
    """Host and port of a head that takes connections. Ray itself would try for two minutes. Raises InputError."""
    host, colon, port = address.rpartition(":")
    try:
        if not (colon and host and port.isdecimal()):
            raise ValueError("it is not HOST:PORT")
        socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS).close()
    except (OSError, ValueError, OverflowError) as error:
        raise InputError(
            f"There is no cluster at {address!r}: {error}.",
            hint="Start one with `python app.py cluster head`; it says its address.",
            field="MAQUETTE_RAY_ADDRESS",
        ) from error
    return host, int(port)


def require_ray() -> None:
    """Raises HostingError where the extra is not installed."""
    if not release("ray"):
        raise HostingError("Ray is not installed.", hint="Install it with: pip install 'maquette[ray]'")


def require_token() -> None:
    """In a process of the cluster. Raises HostingError where Ray does not ask for the token."""
    import ray

    raylet: Any = ray._raylet
    if raylet.get_authentication_mode() != raylet.AuthenticationMode.TOKEN:
        raise HostingError(
            "This node was started without token authentication: whoever reaches its ports could run anything on it.",
            hint="Start it with `python app.py cluster head` or `python app.py cluster join`.",
        )


@contextmanager
def signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself when a driver connects; the studio's own handler comes back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
