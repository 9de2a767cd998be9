"""Regional compile: the blocks a denoiser repeats are compiled once, for all sizes, and what was compiled is kept on disk.

A picture of another shape finds the same code (the sizes in it are symbols). Where compiling fails the blocks run as they are, and
the picture says so. Whether it pays is a matter of the device: on CPUs it was measured not to (docs/benchmarks.md).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The compiler of torch, or "" for none.
AUTO = "auto"
INDUCTOR = "inductor"
#: Memory modes in which the layers stay where they are.
_WHOLE = frozenset({"full", "tiled"})
#: Graphs that one block may have: a batch of one is another than of many, and so is the first picture of a second task.
_GRAPHS = 32


@dataclass(frozen=True)
class Compiling:
    """backend: "auto" compiles on CUDA alone. folder: where compiled code is kept between starts; None only while this process lives."""

    backend: str = ""
    folder: Path | None = None

    def of(self, device: str, mode: str) -> str:
        """The compiler to use for weights in this memory mode."""
        wanted = (INDUCTOR if device.startswith("cuda") else "") if self.backend == AUTO else self.backend
        return wanted if mode in _WHOLE else ""


def prepare(pipe: Any, compiling: Compiling, key: str, device: str, mode: str) -> tuple[str, ...]:
    """Have the denoiser's repeated blocks compiled when they are first called. Notes for the trace; () where nothing is compiled.

    key: of the weights: model by content, family, number format, device. Code of another torch or device is in a folder of its own.
    """
    backend = compiling.of(device, mode)
    if not backend:
        return ()
    import torch
    from torch.fx.experimental import _config as symbols

    denoiser = denoiser_of(pipe)
    if not getattr(denoiser, "_repeated_blocks", None):
        return (f"not compiled: {type(denoiser).__name__} does not say which of its blocks repeat",)
    if compiling.folder is not None:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(folder_of(compiling.folder, key, device))
    # else a picture with as many tokens as a layer has channels is taken to have always as many
    symbols.use_duck_shape = False
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _GRAPHS)
    try:
        denoiser.compile_repeated_blocks(backend=backend, dynamic=True)
    except RuntimeError as error:
        if not failed(error):
            raise
        undo(pipe)
        return (f"not compiled: {type(error).__name__}",)
    return (f"blocks compiled by {backend}",)


def folder_of(root: Path, key: str, device: str) -> Path:
    """One folder per torch, device, model and number format."""
    import torch

    name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    parts = (torch.__version__, name, key)
    return root.joinpath("compiled", *(re.sub(r"[^A-Za-z0-9.@_+-]+", "-", part) for part in parts))


def undo(pipe: Any) -> bool:
    """Let the blocks run as they are again. Whether any was compiled."""
    compiled = [part for part in denoiser_of(pipe).modules() if getattr(part, "_compiled_call_impl", None) is not None]
    for part in compiled:
        part._compiled_call_impl = None
    return bool(compiled)


def failed(error: BaseException) -> bool:
    """Whether an error is of the compiler, not of what was compiled."""
    import torch

    return isinstance(error, torch._dynamo.exc.TorchDynamoException)


def denoiser_of(pipe: Any) -> Any:
    return getattr(pipe, "transformer", None) or pipe.unet
