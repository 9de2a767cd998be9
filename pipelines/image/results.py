"""Finished pixels: whether they are a picture at all, and the Output made of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from domain.errors import InvalidOutput
from domain.recipe import Output, OutputFile, Trace
from domain.value import JsonValue
from pipelines.image.asking import Item
from pipelines.image.running import Loaded, Made, versions
from pipelines.image.tasks.task import Pixels
from pipelines.image.words import unread
from pipelines.media.picture import encode

#: Noise and brush strokes hardly shrink: 1 takes a third of the time of Pillow's 6.
_LEVEL = 1
#: Below this spread of values in every channel a picture is one flat colour: the model or its number format failed.
_FLAT = 0.004


def fault(values: Pixels, loaded: Loaded) -> InvalidOutput | None:
    """What is wrong with these pixels, if anything."""
    if not np.isfinite(values).all():
        return InvalidOutput(
            "The picture has broken pixels ({dtype} on {device}).",
            hint="Take another seed or size.",
            dtype=loaded.dtype,
            device=loaded.device,
        )
    if float(values.std(axis=(0, 1)).max()) < _FLAT:
        return InvalidOutput("The picture is one flat colour.", hint="Change the prompt, the seed or the number of steps.")
    return None


def unencoded(item: Item, number: int, made: Made, loaded: Loaded, seconds: float, notes: tuple[str, ...] = ()) -> Callable[[], Output]:
    """All of an Output but the bytes of its file: calling what comes back encodes them, in any thread, whatever became of the model.

    number: the picture's place in its batch. seconds: its share. facts: width, height, steps, guidance, seed, family, task.
    """
    picture = Image.fromarray((np.clip(made.pixels[number], 0, 1) * 255).round().astype(np.uint8))
    facts: dict[str, JsonValue] = {
        "width": picture.width, "height": picture.height, "steps": made.steps, "guidance": made.guidance, "seed": item.seed,
        "family": loaded.family.id, "task": item.task.value,
    }  # fmt: skip
    trace = Trace(
        device=loaded.device, dtype=loaded.dtype, attention=loaded.attention, memory_mode=loaded.mode, batch=len(made.pixels),
        versions=versions(), seconds=round(seconds, 3), peak_bytes=_peak(loaded.device),
        notes=(*loaded.notes, *notes, *_shortened(item), *unread(loaded.words, loaded.family, item.parameters.prompt)),
    )  # fmt: skip
    return lambda: Output((OutputFile("picture.png", "image/png", encode(picture, level=_LEVEL)),), trace, facts=facts)


def _shortened(item: Item) -> tuple[str, ...]:
    """What was asked for that changes the picture."""
    names = ", ".join(item.parameters.shortcuts)
    return (f"made with shortcuts that change the picture: {names}",) if names else ()


def _peak(device: str) -> int:
    if not device.startswith("cuda"):
        return 0
    import torch

    return int(torch.cuda.max_memory_allocated())
