"""The ways a diffusion pipeline can lie in memory, as data: what each takes, and how a loaded pipeline is put that way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pipelines.devices import Mode, Weights
from pipelines.image.loading import Family

T = TypeVar("T")

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
#: Of the largest component, what group offload has on the device at once: the layer that computes, and the next on its way. The
#: largest single layer, a text encoder's vocabulary, is 1/22 of Stable Diffusion 1.5's denoiser, 1/40 of SDXL's, 1/90 of FLUX's.
_SHARE = 4


def weights(key: str, family: Family, device: str, dtype: str, load: Callable[[str], T], unload: Callable[[T], None]) -> Weights[T]:
    """The weights of a pipeline in all modes this device has. load is given the name of the mode.

    On CUDA, when the whole does not fit: "model_offload" keeps one component on the device at a time, "group_offload" a few
    layers; the rest stays in RAM. Elsewhere there is "full" only: the CPU has no second memory, and Apple's GPU shares its own.
    """
    whole = family.elements * _BYTES[dtype]
    lighter = {"model_offload": family.component, "group_offload": family.component // _SHARE}
    modes = tuple(_mode(name, elements * _BYTES[dtype], whole, load) for name, elements in lighter.items())
    return Weights(
        key=key, footprint=whole, load=lambda: load("full"), unload=unload, device=device,
        modes=modes if device.startswith("cuda") else (),
    )  # fmt: skip


def _mode(name: str, footprint: int, host: int, load: Callable[[str], T]) -> Mode[T]:
    return Mode(name, footprint, lambda: load(name), host)


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


def resettle(pipe: Any, device: str, mode: str) -> None:
    """The same for a second pipeline over the same components: what is hooked on the layers themselves holds for both."""
    if mode == "model_offload":
        settle(pipe, device, mode)
