"""What a process may use while it opens one file of somebody else, and how the kernel is told.

Knows nothing of files. Linux enforces all of it; elsewhere memory, files and the network are bounded as far as the platform can, and
`Shut` says what holds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000

#: Linux: a new network namespace holds no interface that is up; a user namespace is what a plain user needs for one.
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
#: Landlock (Linux 5.13 and later; the numbers are the same on every architecture), linux/landlock.h.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
#: Kinds of file access by the version that brought them: 13 at first, then linking elsewhere, truncating, device controls.
_FILE_ACCESS = {1: 13, 2: 14, 3: 15, 5: 16}
_TCP, _ABSTRACT_SOCKETS_AND_SIGNALS = 0b11, 0b11
_FOLDERS = ("/usr", "/lib", "/lib64", "/etc/fonts", "/etc/ssl")
_OWN = ("domain", "library", "pipelines", "agents", "studio", "assets", "_assets")
_OPEN_FILES = 64


@dataclass(frozen=True)
class Limits:
    """seconds: of waiting, and cpu: of computing. memory: bytes beyond what the process holds before it sees the file.

    answer: bytes that may come back.
    """

    seconds: int = 30
    cpu: int = 20
    memory: int = 1_000 * MB
    answer: int = 200 * MB


@dataclass(frozen=True)
class Shut:
    """What this machine enforces. network: taken away by the kernel. files: the version of Landlock that keeps files away, 0 for none."""

    network: bool
    files: int


def without_network() -> bool:
    """Take the network away from this process and all it starts. Whether the kernel did."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) == 0)
    except (AttributeError, OSError):
        return False


def landlock_version() -> int:
    """0 where the kernel has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(_CREATE_RULESET, None, 0, _VERSION)))


def confine(limits: Limits) -> None:
    """For the rest of its life this process has these limits. Raises OSError where one cannot be set."""
    _end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    # At the first the kernel says that it was too long, at the second it kills.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    if sys.platform.startswith("linux"):  # elsewhere the kernel does not keep it
        most = _mapped() + limits.memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # The default action of a signal needs nobody: native code that hangs ends all the same.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    keep_files_away()


def keep_files_away(folders: Iterable[str | Path] = ()) -> int:
    """Let this process read what programs are made of and these folders, and write, create, run and connect to nothing.

    Returns the version of Landlock that holds it, 0 for none.
    """
    version = landlock_version()
    if not version:
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    bits = next(bits for since, bits in sorted(_FILE_ACCESS.items(), reverse=True) if version >= since)
    fields = [(1 << bits) - 1, *([_TCP] if version >= 4 else []), *([_ABSTRACT_SOCKETS_AND_SIGNALS] if version >= 6 else [])]
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return 0
    try:
        for folder in (*_readable(), *folders):
            _allow_reading(libc, ruleset, str(folder))
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return version if libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0 else 0
    finally:
        os.close(ruleset)


def _readable() -> Iterable[str]:
    """Programs and their data: Python, libraries, fonts, the studio's own code and assets."""
    root = Path(__file__).resolve().parents[2]
    own = (str(root / name) for name in _OWN)
    return dict.fromkeys((sys.prefix, sys.base_prefix, *(p for p in sys.path if "-packages" in p), *_FOLDERS, *own))


def _allow_reading(libc: ctypes.CDLL, ruleset: int, folder: str) -> None:
    try:
        opened = os.open(folder, getattr(os, "O_PATH", os.O_RDONLY) | os.O_CLOEXEC)
    except OSError:  # not on this machine
        return
    try:
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", _READ_FILE | _READ_FOLDER, opened), 0)
    finally:
        os.close(opened)


def _end_with_parent() -> None:
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
