"""Whether an error of the model libraries means that memory did not suffice. It frees nothing."""

from __future__ import annotations

#: torch has an error class for a GPU's memory only; for RAM its allocator raises a plain RuntimeError (c10/core/impl/alloc_cpu.cpp).
_RAM = "DefaultCPUAllocator"


def is_shortage(error: BaseException) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (type(error) is RuntimeError and _RAM in str(error))
