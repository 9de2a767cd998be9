"""Looks into a folder of weights without loading any: safetensors only, judged by content, and no code.

Used before a model library opens the folder, so that nothing downloaded is executed. Knows nothing of what the weights are.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from domain.errors import ModelCorrupt, ModelUnusable

#: Longest safetensors header that is read; a real one is well below (safetensors itself allows 100 MB).
_HEADER_MAX = 100_000_000
_CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".sh", ".ipynb")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5")
_ARCHIVES = (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1}


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files. Raises ModelUnusable for code and for weights in any other format, whatever they are called,
    and ModelCorrupt where there are none."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in _CODE:
            raise ModelUnusable(
                "{name} is program code; a model folder may not bring any.", hint="Remove it, or use another model.", name=name
            )
        if path.suffix.lower() not in _WEIGHTS:
            continue
        with path.open("rb") as file:
            head = file.read(9)
        if path.suffix.lower() != ".safetensors" or runs_code(head):
            raise ModelUnusable(
                "{name} is not in the safetensors format: it could run code when it is opened.",
                hint="Use the model's safetensors files.",
                name=name,
            )
        found.append(path)
    if not found:
        raise ModelCorrupt("{folder} has no safetensors file.", hint="Pull the model again.", folder=folder.name)
    return found


def runs_code(head: bytes) -> bool:
    """Whether a file that begins like this is a pickle or an archive. head: its first nine bytes.

    A safetensors file begins with the length of its header, which may look like a pickle's first two bytes; then come the brace of a
    JSON object and, before it, zeros that no pickle has there.
    """
    return head[:2] in _ARCHIVES and not (head[8:9] == b"{" and head[4:8] == bytes(4))


def elements(path: Path) -> int:
    """Numbers in a safetensors file, from its header. Raises ModelCorrupt when header and file do not agree."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 2 <= length <= min(_HEADER_MAX, size - 8):
                raise ValueError("the header is longer than the file")
            header = json.loads(file.read(length))
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        if end != size - 8 - length:
            raise ValueError("the data are cut off")
        return sum((e["data_offsets"][1] - e["data_offsets"][0]) // _WIDTHS[e["dtype"]] for e in tensors.values())
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error) as error:
        raise ModelCorrupt(
            "{path} is damaged: {error}.", hint="Pull the model again.", field=path.name, path=path.name, error=error
        ) from error


def read_object(path: Path, needed: bool = True) -> dict[str, Any]:
    """A JSON object of the folder; {} where the file is absent and not needed. Raises ModelCorrupt."""
    if not needed and not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelCorrupt(
            "{path} of {parent} cannot be read.", hint="Pull the model again.", field=path.name, path=path.name, parent=path.parent.name
        ) from error
    if not isinstance(value, dict):
        raise ModelCorrupt(
            "{path} of {parent} is not a JSON object.",
            hint="Pull the model again.",
            field=path.name,
            path=path.name,
            parent=path.parent.name,
        )
    return value


def refuse_own_code(folder: Path, config: dict[str, Any]) -> None:
    """Raises ModelUnusable for a config that asks for classes the folder or a hub would bring (`auto_map`)."""
    if config.get("auto_map"):
        raise ModelUnusable(
            "{folder} wants code of its own (auto_map in its config.json); that is never run.",
            hint="Use a model that the transformers library knows by itself.",
            field="auto_map",
            folder=folder.name,
        )
