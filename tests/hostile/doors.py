"""Every door of the studio that takes a file, and what comes of carrying one to it: refused or taken, how long, how much memory."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import MaquetteError
from domain.labels import Inspection
from studio.studio import Studio
from tests.hostile.links import connections

_WRITTEN: list[list[str]] = []


@dataclass(frozen=True)
class Carried:
    """came: "refused", "taken", "told" (the Check page says what it is), or the class of an error that is not for people.

    megabytes: what the studio grew by at most, and what the process that opened the file did; 0 where none was asked.
    """

    file: str
    door: str
    came: str
    said: str
    milliseconds: float
    megabytes: float
    megabytes_apart: float
    written: tuple[str, ...] = ()
    connected: tuple[str, ...] = ()


def doors(studio: Studio, project: str, picture: str) -> dict[str, Callable[[str, bytes], object]]:
    """picture: an asset of the project that a mask can be given for."""
    return {
        "attachment": studio.attachments.add,
        "palette": studio.attachments.palette,
        "picture": lambda name, data: studio.easel.take_in(project, name, data),
        "mask": lambda name, data: studio.easel.add_mask(picture, data),
        "logo": lambda name, data: studio.projects.set_logo(project, name, data),
        "transcript": lambda name, data: studio.sound.transcripts.keep(project, name, data),
        "trimming": studio.recordings.trimmed,
        "consent": lambda name, data: studio.consents.add("Ada", "signed", data, keep=True),
        "check": lambda name, data: studio.inspecting.inspect(data, name),
    }


def carry(studio: Studio, door: str, enter: Callable[[str, bytes], object], file: str, data: bytes) -> Carried:
    sandbox = studio.opening.sandbox
    before, opened = _resident("VmRSS"), sandbox.opened
    sandbox.grew = 0
    _forget_peak()
    with connections() as connected, writes() as written:
        begun = time.perf_counter()
        try:
            result = enter(file, data)
            came, said = ("told", " ".join(str(one) for one in result.said)) if isinstance(result, Inspection) else ("taken", "")
        except MaquetteError as error:
            came, said = "refused", str(error)
        except Exception as error:
            came, said = type(error).__name__, str(error)
        spent = (time.perf_counter() - begun) * 1000
    grew = max(0, _resident("VmHWM") - before)
    asked = sandbox.opened > opened or sandbox.grew > 0
    apart = sandbox.grew if asked else 0
    return Carried(file, door, came, said[:200], spent, grew / 1e6, apart / 1e6, tuple(written), tuple(connected))


def _resident(field: str) -> int:
    """Bytes; 0 where the kernel does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "open" or not _WRITTEN:
        return
    path, mode, flags = arguments
    if isinstance(path, str | bytes) and (set(mode or "") & set("wax+") or (isinstance(flags, int) and flags & 3)):
        for made in _WRITTEN:
            made.append(path if isinstance(path, str) else path.decode("utf-8", "replace"))


@contextmanager
def writes() -> Iterator[list[str]]:
    """The paths that this process opens for writing meanwhile."""
    if not getattr(writes, "listening", False):
        sys.addaudithook(_hear)
        writes.listening = True  # type: ignore[attr-defined] - a hook cannot be taken away again
    made: list[str] = []
    _WRITTEN.append(made)
    try:
        yield made
    finally:
        _WRITTEN.remove(made)
