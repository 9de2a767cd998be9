"""Pictures that repeat without a seam: the convolutions of denoiser and decoder see the opposite edge beyond an edge.

Of denoisers made of convolutions only; a transformer has no edges to join. It changes no weights, and takes its change off again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from domain.errors import ModelUnusable
from pipelines.image.families import Family


def can(family: Family) -> bool:
    return family.words == "clip"


def require(family: Family) -> None:
    """Raises ModelUnusable at the field for a family whose denoiser is a transformer."""
    if not can(family):
        raise ModelUnusable(
            "{family} makes no seamless tiles: its denoiser is a transformer.", hint="Use Stable Diffusion 1.5 or SDXL.",
            field="seamless", family=family.name
        )  # fmt: skip


@contextmanager
def wrapped(pipe: Any, wanted: bool) -> Iterator[None]:
    """For one call of the pipeline. Decoding in tiles is left meanwhile: a tile of it would meet its own other side."""
    if not wanted:
        yield
        return
    import torch

    layers = [layer for part in (pipe.unet, pipe.vae) for layer in part.modules() if isinstance(layer, torch.nn.Conv2d)]
    before = [layer.padding_mode for layer in layers]
    tiled = bool(getattr(pipe.vae, "use_tiling", False))
    try:
        for layer in layers:
            layer.padding_mode = "circular"
        pipe.vae.use_tiling = False
        yield
    finally:
        for layer, mode in zip(layers, before, strict=True):
            layer.padding_mode = mode
        pipe.vae.use_tiling = tiled
