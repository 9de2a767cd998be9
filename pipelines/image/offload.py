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
    tile by tile, so that the largest activation does not grow with the picture. devices: "" every kind. light: layers cannot be changed:
    they visit the device one by one, or are packed. eight: the denoiser's layers are held in 8 bits, which changes pictures a little."""

    name: str
    share: float = 0.0
    tiled: bool = False
    devices: str = ""
    light: bool = False
    eight: bool = False


FULL = Way("full")
#: From fastest to smallest; the one that is not exact comes last, where nothing else fits. The CPU has no second memory to lend
#: weights to, and Apple's GPU shares its own.
WAYS = (
    Way("tiled", tiled=True),
    Way("model_offload", share=1.0, tiled=True, devices="cuda"),
    Way("group_offload", share=1 / _SHARE, tiled=True, devices="cuda", light=True),
    Way("quantised", tiled=True, light=True, eight=True),
)


def way(name: str) -> Way:
    """The memory mode of a name."""
    return next(one for one in (FULL, *WAYS) if one.name == name)


def weights(
    key: str, opened: Opened, device: str, dtype: str, load: Callable[[str], T], unload: Callable[[T], None], light: bool = True
) -> Weights[T]:
    """The weights of a pipeline in all modes this device has. load is given the name of the mode.

    "full" has everything on the device; "tiled" too, but decodes in tiles. On CUDA "model_offload" keeps one component on the device at
    a time, "group_offload" a few layers; the rest stays in RAM. "quantised" has the denoiser's layers in 8 bits, and on CUDA one component
    on the device at a time. light: whether modes in which layers cannot be changed are offered.
    """
    ways = [way for way in WAYS if device.startswith(way.devices) and (light or not way.light) and (opened.layers or not way.eight)]
    return Weights(
        key=key, footprint=whole(opened, dtype), load=lambda: load("full"), unload=unload, device=device,
        modes=tuple(_mode(way, opened, device, dtype, load) for way in ways),
    )  # fmt: skip


def whole(opened: Opened, dtype: str) -> int:
    """Bytes of all weights in a number format; what is stored packed stays so."""
    return opened.elements * _BYTES[dtype] + opened.stored


def _mode(way: Way, opened: Opened, device: str, dtype: str, load: Callable[[str], T]) -> Mode[T]:
    everything = whole(opened, dtype)
    if way.eight:
        return _eight(way, opened, device, dtype, load)
    largest = max(opened.component * _BYTES[dtype], opened.stored)
    footprint = int(largest * way.share) if way.share else everything
    return Mode(way.name, footprint, lambda: load(way.name), everything if way.share else 0)


def _eight(way: Way, opened: Opened, device: str, dtype: str, load: Callable[[str], T]) -> Mode[T]:
    """Bytes when the denoiser's layers take one byte per number. It is read whole and then packed, before the rest is read."""
    each = _BYTES[dtype]
    packed = opened.elements * each - opened.layers * (each - 1)
    if not device.startswith("cuda"):
        return Mode(way.name, max(packed, opened.component * each), lambda: load(way.name))
    largest = opened.component * each - (opened.layers * (each - 1) if opened.draws else 0)
    others = (opened.elements - opened.component) * each if opened.draws else 0
    return Mode(way.name, max(largest, others), lambda: load(way.name), max(packed, opened.component * each))


def settle(pipe: Any, device: str, mode: str) -> None:
    """Put a diffusers pipeline, just loaded into RAM, on its device in this mode."""
    import torch

    if _by_component(device, mode):
        pipe.enable_model_cpu_offload(device=device)
    elif mode == "group_offload":
        # Streams copy the next layer while this one computes; only CUDA has them.
        pipe.enable_group_offload(onload_device=torch.device(device), offload_type="leaf_level", use_stream=device.startswith("cuda"))
    else:
        pipe.to(device)
    if way(mode).tiled and hasattr(pipe.vae, "enable_tiling"):
        pipe.vae.enable_tiling()


def resettle(pipe: Any, device: str, mode: str) -> None:
    """The same for a second pipeline over the same components: what is hooked on the layers themselves holds for both."""
    if _by_component(device, mode):
        settle(pipe, device, mode)


def _by_component(device: str, mode: str) -> bool:
    return mode == "model_offload" or (way(mode).eight and device.startswith("cuda"))
