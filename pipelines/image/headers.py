"""Reads what one file of weights says of itself, by its content: names, shapes and sizes of its tensors. Loads none of them.

A pickle, an archive, a page or a damaged file is told apart by its first bytes, whatever it is called.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path

from domain.errors import ModelCorrupt, ModelUnusable
from pipelines.models import gguf
from pipelines.models.folders import elements, runs_code

_PAGES = (b"<!do", b"<htm", b"vers")  # an error page, or a pointer of Git LFS


@dataclass(frozen=True)
class Header:
    """The tensors of a file: shape by name. notes: what was written beside them ("ss_base_model_version"). gguf: it is such a file, and
    its numbers stay in memory as they are in it."""

    shapes: dict[str, tuple[int, ...]]
    notes: dict[str, str]
    gguf: bool = False

    @property
    def numbers(self) -> dict[str, int]:
        return {name: math.prod(shape) for name, shape in self.shapes.items()}


def read_weights(path: Path) -> Header:
    """A safetensors or GGUF file. Raises ModelUnusable for any other, ModelCorrupt for a damaged one."""
    if _head(path)[:4] == gguf.MAGIC:
        return _gguf(path)
    return read_header(path)


def read_header(path: Path) -> Header:
    """Raises ModelUnusable for what is no safetensors file, ModelCorrupt for a damaged one."""
    _refuse(path)
    elements(path)  # the header agrees with the file
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        entries = json.loads(file.read(length))
    notes = {str(name): str(value) for name, value in (entries.pop("__metadata__", None) or {}).items()}
    try:
        return Header({name: tuple(int(size) for size in entry["shape"]) for name, entry in entries.items()}, notes)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelCorrupt(
            "{path} is damaged: a tensor has no shape.", hint="Fetch the file again.", field=path.name, path=path.name
        ) from error


def _gguf(path: Path) -> Header:
    try:
        tensors = gguf.read_tensors(path)
    except (OSError, ValueError, EOFError, struct.error) as error:
        raise ModelCorrupt(
            "{path} is a damaged GGUF file: {error}.", hint="Fetch the file again.", field=path.name, path=path.name, error=error
        ) from error
    foreign = sorted({tensor.format for tensor in tensors.values()} - gguf.FORMATS.keys())
    if foreign:
        known = ", ".join(name for name, _, _ in gguf.FORMATS.values())
        raise ModelUnusable(
            "{path} has numbers in the GGUF format {foreign}, which is not read here.",
            hint="Known are {known}.",
            field="path",
            path=path.name,
            foreign=foreign[0],
            known=known,
        )
    return Header({name: tensor.shape for name, tensor in tensors.items()}, {}, gguf=True)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(9)
    except OSError as error:
        raise ModelUnusable(
            "{path} cannot be read: {error}.", hint="Check the path.", field="path", path=path.name, error=error.strerror
        ) from error


def _refuse(path: Path) -> None:
    head = _head(path)
    if runs_code(head):
        raise ModelUnusable(
            "{path} is a pickle or an archive: opening it could run code.",
            hint="Use the model's safetensors file.",
            field="path",
            path=path.name,
        )
    if head[:4] == gguf.MAGIC:
        raise ModelUnusable("{path} is a GGUF file.", hint="Use the safetensors file of this one.", field="path", path=path.name)
    if head[:4].lower() in _PAGES:
        raise ModelUnusable(
            "{path} is text, not weights: a web page or a pointer.", hint="Fetch the file itself.", field="path", path=path.name
        )
