"""Run by itself in a process without a network: reads pickled weights as weights only and writes them as safetensors.

python -I convert_child.py SOURCE TARGET    prints one JSON object; exit status 1 with {"error": ...} when it could not

Imports nothing of the studio, so that the process holds nothing worth stealing. What is not a tensor is left out and named.
"""

from __future__ import annotations

import ctypes
import json
import sys
import zipfile
from typing import Any

#: Linux: a new network namespace holds no interface that is up; a user namespace is what a plain user needs for one.
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.spawn", "os.posix_spawn", "urllib.", "ftplib.", "http.")
#: Where training scripts keep the weights inside what they save.
_NESTED = ("state_dict", "model_state_dict", "model", "module")
_NAMED = 20


def isolated() -> bool:
    """Whether the kernel took the network away. Without it the hook below still refuses every socket Python opens."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return bool(libc.unshare(_NEW_NETWORK) == 0 or libc.unshare(_NEW_USER | _NEW_NETWORK) == 0)
    except (AttributeError, OSError):
        return False


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is not allowed while weights are converted")


def converted(source: str, target: str) -> dict[str, Any]:
    import torch
    from safetensors.torch import save_file

    sys.addaudithook(refuse)
    held = torch.load(source, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(source))
    tensors, left_out = _tensors(held)
    if not tensors:
        raise ValueError("there is no tensor in it")
    save_file(_apart(tensors), target, metadata={"format": "pt"})
    return {"tensors": len(tensors), "left_out": left_out}


def _tensors(held: Any) -> tuple[dict[str, Any], list[str]]:
    import torch

    if not isinstance(held, dict):
        raise ValueError(f"it holds a {type(held).__name__}, and no table of weights")
    if not any(isinstance(value, torch.Tensor) for value in held.values()):
        inner = [name for name in _NESTED if isinstance(held.get(name), dict)]
        if inner:
            return _tensors(held[inner[0]])
    tensors = {str(name): value for name, value in held.items() if isinstance(value, torch.Tensor)}
    return tensors, [str(name) for name in held if str(name) not in tensors][:_NAMED]


def _apart(tensors: dict[str, Any]) -> dict[str, Any]:
    """Each with numbers of its own: safetensors stores no two that share them."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        found[name] = tensor.clone().contiguous() if place in seen else tensor.contiguous()
        seen.add(place)
    return found


def main() -> int:
    cut_off = isolated()
    try:
        made = converted(*sys.argv[1:3])
    except Exception as error:  # whatever a broken or hostile file provokes is one sentence to the parent
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:600]}))
        return 1
    print(json.dumps({**made, "isolated": cut_off}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
