"""The ways a diffusion pipeline can lie in memory, as data: what each takes, and how a loaded pipeline is put that way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pipelines.devices import Mode, Weights
from pipelines.image.loading import Opened

T = TypeVar("T")

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
#: Of the largest component, what group offload has on the device at once: the layer that computes, and the next on its way. The
#: largest single layer, a text encoder's vocabulary, is 1/22 of Stable Diffusion 1.5's denoiser, 1/40 of SDXL's, 1/90 of FLUX's.
_SHARE = 4


@dataclass(frozen=True)
class Way:
    """One memory mode. share: what is on the device at once, of the largest component (0: all components). tiled: pixels are decoded
    tile by tile, so that the largest activation does not grow with the picture. devices: "" every kind. light: layers visit the device
    one by one, and so cannot be changed there."""

    name: str
    share: float = 0.0
    tiled: bool = False
    devices: str = ""
    light: bool = False


#: From fastest to smallest. The CPU has no second memory to lend weights to, and Apple's GPU shares its own.
WAYS = (
    Way("tiled", tiled=True),
    Way("model_offload", share=1.0, tiled=True, devices="cuda"),
    Way("group_offload", share=1 / _SHARE, tiled=True, devices="cuda", light=True),
)


def weights(
    key: str, opened: Opened, device: str, dtype: str, load: Callable[[str], T], unload: Callable[[T], None], light: bool = True
) -> Weights[T]:
    """The weights of a pipeline in all modes this device has. load is given the name of the mode.

    "full" has everything on the device; "tiled" too, but decodes in tiles. On CUDA "model_offload" keeps one component on the device at
    a time, "group_offload" a few layers; the rest stays in RAM. light: whether modes in which layers cannot be changed are offered.
    """
    whole = opened.elements * _BYTES[dtype]
    ways = [way for way in WAYS if device.startswith(way.devices) and (light or not way.light)]
    return Weights(
        key=key, footprint=whole, load=lambda: load("full"), unload=unload, device=device,
        modes=tuple(_mode(way, opened, dtype, load) for way in ways),
    )  # fmt: skip


def _mode(way: Way, opened: Opened, dtype: str, load: Callable[[str], T]) -> Mode[T]:
    whole = opened.elements * _BYTES[dtype]
    footprint = int(opened.component * way.share) * _BYTES[dtype] if way.share else whole
    return Mode(way.name, footprint, lambda: load(way.name), whole if way.share else 0)


def settle(pipe: Any, device: str, mode: str) -> None:
    """Put a diffusers pipeline, just loaded into RAM, on its device in this mode."""
    import torch

    if mode == "model_offload":
        pipe.enable_model_cpu_offload(device=device)
    elif mode == "group_offload":
        # Streams copy the next layer while this one computes; only CUDA has them.
        pipe.enable_group_offload(onload_device=torch.device(device), offload_type="leaf_level", use_stream=device.startswith("cuda"))
    else:
        pipe.to(device)
    if any(way.tiled for way in WAYS if way.name == mode) and hasattr(pipe.vae, "enable_tiling"):
        pipe.vae.enable_tiling()


def resettle(pipe: Any, device: str, mode: str) -> None:
    """The same for a second pipeline over the same components: what is hooked on the layers themselves holds for both."""
    if mode == "model_offload":
        settle(pipe, device, mode)
