"""Which attention a pipeline computes with: chosen by a real call of each on this device, never by what is installed.

torch's own stands first and is the measure: another is used only when it was asked for, works here, and gives the same numbers.
"auto" is our own in blocks on the CPUs it was made for, torch's everywhere else.
"""

from __future__ import annotations

import importlib
import importlib.util
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from pipelines.image import blocked

#: Largest difference from torch's own that rounding explains, by number format.
_TOLERANCE = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 2e-2}
#: Of the probe: batch, heads, tokens, numbers per head.
_SHAPE = (1, 4, 256, 64)
#: Backends of diffusers by our name, with the package each needs. None fetches code from a hub.
_PACKAGES = {"xformers": "xformers", "flash": "flash_attn", "sage": "sageattention"}
OWN = "sdpa"
#: Ours (blocked.py): needs no package, and is laid around a call instead of being set on a model.
BLOCKED = "blocked"
AUTO = "auto"


@dataclass(frozen=True)
class Probe:
    """One backend tried here. fault: why it cannot be used, "" when it can. milliseconds: of one small call, 0 where it failed."""

    name: str
    fault: str
    milliseconds: float = 0.0


def probes(device: str, dtype: str) -> tuple[Probe, ...]:
    """Every backend, tried on this device."""
    return tuple(probe(name, device, dtype) for name in (OWN, BLOCKED, *_PACKAGES))


def probe(name: str, device: str, dtype: str) -> Probe:
    """Try one backend with a small attention and compare with torch's own in float32."""
    if name not in (OWN, BLOCKED, *_PACKAGES):
        return Probe(name, f"there is no such backend; known: {', '.join((OWN, BLOCKED, *_PACKAGES))}")
    if name == BLOCKED and not blocked.suits(device, dtype):
        return Probe(name, "it is for bfloat16 on CPUs with AVX512-bf16 and without AMX")
    if name in _PACKAGES and importlib.util.find_spec(_PACKAGES[name]) is None:
        return Probe(name, "it is not installed")
    import torch

    generator = torch.Generator("cpu").manual_seed(0)
    q, k, v = (torch.randn(_SHAPE, generator=generator).to(device, getattr(torch, dtype)) for _ in range(3))
    try:
        call = _call(name)
        call(q, k, v)
        started = time.perf_counter()
        mine = call(q, k, v)
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        took = (time.perf_counter() - started) * 1000
    except (ImportError, AttributeError, NotImplementedError, RuntimeError, ValueError, OSError, AssertionError) as error:
        return Probe(name, f"{type(error).__name__} in a probe")
    theirs = torch.nn.functional.scaled_dot_product_attention(q.float(), k.float(), v.float())
    if not torch.allclose(mine.float(), theirs, atol=_TOLERANCE[dtype]):
        return Probe(name, "its result differs from torch's")
    return Probe(name, "", took)


def _call(name: str) -> Callable[[Any, Any, Any], Any]:
    """The backend as a function of query, key and value, each batch x heads x tokens x numbers."""
    import torch

    if name == OWN:
        return torch.nn.functional.scaled_dot_product_attention
    if name == BLOCKED:
        return blocked.blocked
    if name == "sage":
        sage: Callable[[Any, Any, Any], Any] = importlib.import_module("sageattention").sageattn
        return sage
    module, attribute = {"xformers": ("xformers.ops", "memory_efficient_attention"), "flash": ("flash_attn", "flash_attn_func")}[name]
    inner = getattr(importlib.import_module(module), attribute)
    return lambda q, k, v: inner(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)).transpose(1, 2)


def attend(pipe: Any, device: str, dtype: str, wanted: str) -> tuple[str, tuple[str, ...]]:
    """Set the backend that is wanted where it works; its name, and a note where torch's own took its place."""
    if wanted == AUTO:
        wanted = BLOCKED if blocked.suits(device, dtype) else OWN
    if wanted == OWN:
        return OWN, ()
    tried = probe(wanted, device, dtype)
    if tried.fault:
        return OWN, (f"{wanted} was asked for but not used: {tried.fault}",)
    if wanted == BLOCKED:
        return BLOCKED, ()
    denoiser = getattr(pipe, "transformer", None) or pipe.unet
    try:
        if hasattr(denoiser, "set_attention_backend"):
            denoiser.set_attention_backend(wanted)
        else:
            pipe.enable_xformers_memory_efficient_attention()
    except (ImportError, ValueError, RuntimeError, NotImplementedError) as error:
        return OWN, (f"{wanted} was asked for but not used: {type(error).__name__} in this model",)
    return wanted, ()


def around(used: str) -> AbstractContextManager[Any]:
    """What a call of the pipeline stands in for a backend that is not set on the model itself."""
    return blocked.mode() if used == BLOCKED else nullcontext()
