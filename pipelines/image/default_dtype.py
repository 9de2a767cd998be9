"""Keeps torch's default type of number as it was while diffusers loads a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def default_dtype_kept() -> Iterator[None]:
    """Use it around every load of diffusers.

    `from_pretrained` of diffusers sets the default to the type it is asked for while it builds a model, and does not set it back when
    building fails; every model loaded afterwards in the process would then be built of a type nobody asked for.
    """
    import torch

    before = torch.get_default_dtype()
    try:
        yield
    finally:
        torch.set_default_dtype(before)
