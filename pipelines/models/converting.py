"""Pickled weights made into safetensors, in a process of its own that has no network and reads weights only.

There is no other way round: a file that weights alone do not explain is refused, and never loaded as the program it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from domain.errors import Conflict, InputError, ModelUnusable
from domain.value import Value
from pipelines.models.folders import elements

_CHILD = Path(__file__).with_name("convert_child.py")
_TAKEN = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
#: Seconds; the largest file of a model is a few gigabytes.
_LONGEST = 1800.0
_SAFE = "It is not converted: a pickle can run programs when it is opened. Ask its publisher for safetensors."


class Converted(Value):
    """left_out: names of what was no tensor. isolated: whether the kernel, and not only Python, kept the network away."""

    path: str
    tensors: int
    numbers: int
    left_out: tuple[str, ...] = ()
    isolated: bool = False


def convert(source: Path, target: Path | None = None) -> Converted:
    """source: a .bin, .pt, .pth, .ckpt or .pkl file. target: where the safetensors go; beside it when left out.

    Raises InputError for what is no such file, Conflict where the target exists, ModelUnusable for what weights alone do not explain.
    """
    if not source.is_file() or source.suffix.lower() not in _TAKEN:
        raise InputError(
            "{source} is not a file of pickled weights.",
            hint="Name one that ends in {known}.",
            field="file",
            source=source,
            known=", ".join(_TAKEN),
        )
    out = target or source.with_name(source.stem.replace("pytorch_model", "model", 1) + ".safetensors")
    if out.suffix != ".safetensors":
        raise InputError("{out} does not end in .safetensors.", hint="Name it so: that is what it will be.", field="out", out=out.name)
    if out.exists():
        raise Conflict("{out} is there already.", hint="Name another file with --out, or remove it.", out=out)
    aside = out.with_name(f"{out.name}.{os.getpid()}.part")
    try:
        said = _run(source.resolve(), aside.resolve())
        numbers = elements(aside)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return Converted.model_validate({"path": str(out), "numbers": numbers, **said})


def _run(source: Path, aside: Path) -> dict[str, object]:
    """What the process said. It gets nothing of this one's environment but where programs and libraries are."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    command = [sys.executable, "-I", str(_CHILD), str(source), str(aside)]
    try:
        done = subprocess.run(command, env=kept, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LONGEST, check=False)
        said = json.loads(done.stdout.strip().rpartition("\n")[2])
    except subprocess.TimeoutExpired as error:
        raise ModelUnusable("{source} was not read within half an hour.", hint=_SAFE, field="file", source=source.name) from error
    except ValueError as error:
        why = done.stderr.strip().rpartition("\n")[2][:200] or f"status {done.returncode}"
        raise ModelUnusable("{source} could not be read: {why}.", hint=_SAFE, field="file", source=source.name, why=why) from error
    if "error" in said:
        raise ModelUnusable(
            "{source} could not be read as weights alone: {said}.", hint=_SAFE, field="file", source=source.name, said=said["error"]
        )
    return dict(said)
