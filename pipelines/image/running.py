"""One batch of pictures through a pipeline of diffusers: arguments of the call, a person's stop, errors of the library.

The classes of diffusers differ in the names of their arguments, so a call is given what its signature takes. It loads nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import ContentFiltered, EngineFailed, InputError, MaquetteError, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.value import JsonValue
from pipelines.image import compiling, offload, shortcuts
from pipelines.image.asking import Item
from pipelines.image.attention import around
from pipelines.image.families import Family
from pipelines.image.previews import Sketch
from pipelines.image.seamless import wrapped
from pipelines.image.shortage import is_shortage
from pipelines.image.shortcuts import Shortcuts
from pipelines.image.tasks.table import TASKS
from pipelines.image.words import Remembered, clip_arguments, part_count


@dataclass
class Loaded:
    """A pipeline in memory, in a memory mode. others: further pipelines over the same weights, by class.
    schedulers: those that can be chosen, by name."""

    words: Any
    family: Family
    device: str
    dtype: str
    attention: str
    mode: str
    notes: tuple[str, ...] = ()
    others: dict[str, Any] = field(default_factory=dict)
    remembered: Remembered = field(default_factory=Remembered)
    schedulers: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    shortcuts: Shortcuts = field(default_factory=Shortcuts)


@dataclass(frozen=True)
class Made:
    """Pictures of one batch: values 0..1, shape (batch, height, width, 3); with the steps and guidance used."""

    pixels: NDArray[np.float32]
    steps: int
    guidance: float


class Steps:
    """Turns the library's step callback into progress, and a person's stop into Cancelled within one step. sketch: shows how it looks."""

    def __init__(self, progress: Progress, done: int, size: int, total: int, sketch: Sketch | None = None) -> None:
        self.progress = progress
        self._sketch = sketch
        self._done = done
        self._size = size
        self._total = total

    def watch(self, steps: int, taken: shortcuts.Taken) -> Any:
        def ended(pipe: Any, index: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            self.progress.check()
            fraction = (self._done + self._size * min(1.0, (index + 1) / (steps + 1))) / self._total
            self.progress.report(min(0.99, fraction), f"denoising {index + 1}/{steps}")
            if self._sketch is not None:
                self._sketch.step(pipe, values)
            taken.step(pipe, index, values)
            return values

        return ended

    @contextmanager
    def decoding(self, pipe: Any) -> Iterator[None]:
        """Hear a stop before the pixels are decoded, and between the tiles of a decoder that works in tiles."""
        decoder = getattr(pipe.vae, "decoder", None)

        def begins(module: Any, given: Any) -> None:
            self.progress.check()
            self.progress.report(min(0.99, (self._done + self._size) / self._total), "decoding")

        hook = decoder.register_forward_pre_hook(begins) if decoder is not None else None
        try:
            yield
        finally:
            if hook is not None:
                hook.remove()


def alike(loaded: Loaded, items: Sequence[Item], most: int) -> Iterator[list[Item]]:
    """Batches of a group. CLIP prompts of one batch take equally many parts: a picture must not see how long its neighbours' are."""
    found: dict[int, list[Item]] = {}
    for item in items:
        texts = (item.parameters.prompt, item.parameters.negative)
        count = max(part_count(loaded.words, text) for text in texts) if loaded.family.words == "clip" else 0
        found.setdefault(count, []).append(item)
    for batch in found.values():
        for start in range(0, len(batch), most):
            yield batch[start : start + most]


def pipe_of(loaded: Loaded, item: Item, nets: Sequence[Any] = ()) -> Any:
    """The pipeline of a task over the loaded weights. Raises ModelUnusable where the family has none, or diffusers has not its class."""
    name = loaded.family.pipeline(item.task.value, bool(nets))
    if name == type(loaded.words).__name__:
        return loaded.words
    if not nets and name in loaded.others:
        return loaded.others[name]
    import diffusers

    kind = getattr(diffusers, name, None)
    if kind is None:
        raise ModelUnusable(
            "diffusers {version} has no {name}.",
            hint="Choose another model or task.",
            field="task",
            version=diffusers.__version__,
            name=name,
        )
    more = {"controlnet": list(nets) if len(nets) > 1 else nets[0]} if nets else {}
    pipe = kind.from_pipe(loaded.words, **more)
    pipe.set_progress_bar_config(disable=True)
    offload.resettle(pipe, loaded.device, loaded.mode)
    loaded.remembered.watch(pipe)
    if not nets:
        loaded.others[name] = pipe
    return pipe


def made(loaded: Loaded, items: Sequence[Item], step: Steps, nets: Sequence[Any] = (), more: Mapping[str, Any] | None = None) -> Made:
    """Run one batch. nets: ControlNets in memory. more: arguments of adapters.

    Raises OutOfMemory, EngineFailed, ContentFiltered, Cancelled, InputError, ModelUnusable.
    """
    import torch

    pipe, asked, family = pipe_of(loaded, items[0], nets), items[0].parameters, loaded.family
    takes = inspect.signature(pipe.__call__).parameters
    steps = asked.steps or family.steps or int(takes["num_inference_steps"].default)
    own = family.guidance if family.guidance >= 0 else float(takes[family.guidance_by].default)
    guidance = asked.guidance or own
    task = TASKS[items[0].task]
    strength = asked.strength or task.strength
    if "strength" in takes and int(steps * strength) < 1:
        raise InputError(
            "A strength of {strength} leaves none of {steps} steps.",
            hint="Use {least} or more, or {more} steps.",
            field="strength",
            strength=f"{strength:g}",
            steps=steps,
            least=f"{math.ceil(100 / steps) / 100:g}",
            more=math.ceil(1 / strength),
        )
    whole = int(steps * strength) if "strength" in takes else steps
    with (
        _mapped(items), _scheduled(pipe, asked.scheduler, loaded), wrapped(pipe, asked.seamless), step.decoding(pipe),
        around(loaded.attention), shortcuts.taken(pipe, asked.shortcuts, whole, loaded.shortcuts) as taken,
    ):  # fmt: skip
        values: dict[str, Any] = {
            **_words(loaded, pipe, items, guidance), "width": asked.width, "height": asked.height,
            "num_inference_steps": steps, family.guidance_by: guidance, "strength": strength,
            "generator": [torch.Generator("cpu").manual_seed(item.seed) for item in items],
            "callback_on_step_end": step.watch(steps, taken), "output_type": "np",
            "callback_on_step_end_tensor_inputs": ["latents", *taken.inputs],
            "max_area": asked.width * asked.height, "max_sequence_length": family.tokens or None,
            **task.values(items), **(more or {}), **family.call,
        }  # fmt: skip
        if nets and "control_image" not in takes:
            values["image"] = values["control_image"]
        result = _called(loaded, pipe, {name: value for name, value in values.items() if name in takes and value is not None})
    flagged = getattr(result, "nsfw_content_detected", None)
    if flagged and any(flagged):
        raise ContentFiltered("The model's own safety checker refused the picture.", hint="Change the prompt, or take another seed.")
    pixels = np.asarray(result.images, dtype=np.float32)
    return Made(np.stack([task.finished(item, one) for item, one in zip(items, pixels, strict=True)]), steps, guidance)


def _called(loaded: Loaded, pipe: Any, values: Mapping[str, Any]) -> Any:
    """The pipeline's call; where its blocks cannot be compiled they run as they are, from then on, and the trace says so."""
    try:
        return pipe(**values)
    except RuntimeError as error:
        if not compiling.failed(error) or not compiling.undo(pipe):
            raise
        kept = [note for note in loaded.notes if not note.startswith("blocks compiled")]
        loaded.notes = (*kept, f"not compiled: {type(error).__name__} in this model")
    # the first call has used up its numbers
    again = {"generator": [generator.manual_seed(generator.initial_seed()) for generator in values["generator"]]}
    return pipe(**{**values, **again} if "generator" in values else values)


def _words(loaded: Loaded, pipe: Any, items: Sequence[Item], guidance: float) -> dict[str, Any]:
    prompts, negatives = [item.parameters.prompt for item in items], [item.parameters.negative for item in items]
    if loaded.family.words == "clip":
        return clip_arguments(loaded.words, loaded.remembered, prompts, negatives, guidance > 1)
    heard = loaded.family.negative and (any(negatives) or loaded.family.guided == "twice")
    return {"prompt": prompts, "negative_prompt": negatives if heard else None}


@contextmanager
def _scheduled(pipe: Any, wanted: str, loaded: Loaded) -> Iterator[None]:
    """Another scheduler for one batch; the pipeline's own afterwards."""
    if not wanted:
        yield
        return
    facts = loaded.schedulers.get(wanted)
    if facts is None:
        known = ", ".join(loaded.schedulers)
        raise InputError(
            "{family} has no scheduler {wanted}.",
            hint="It has: {known}." if known else "Leave the scheduler to the model.",
            field="scheduler",
            family=loaded.family.name,
            wanted=repr(wanted),
            known=known,
        )
    own = pipe.scheduler
    try:
        set_scheduler(pipe, {name: value for name, value in facts.items() if name != "name"})
        yield
    finally:
        pipe.scheduler = own


@contextmanager
def _mapped(items: Sequence[Item]) -> Iterator[None]:
    """Errors of the libraries as ours."""
    try:
        yield
    except MaquetteError:
        raise
    except (MemoryError, RuntimeError, ValueError, TypeError, AttributeError, IndexError) as error:
        if is_shortage(error):
            told = (
                "Memory does not suffice for {count} pictures of {size}."
                if len(items) > 1
                else "Memory does not suffice for one picture of {size}."
            )
            size = f"{items[0].size[0]}x{items[0].size[1]}"
            raise OutOfMemory(told, hint="Ask for a smaller picture.", count=len(items), size=size) from error
        raise EngineFailed(
            "diffusers stopped with {kind}: {error}.", hint="Try another size or model.", kind=type(error).__name__, error=error
        ) from error


def versions() -> dict[str, str]:
    import diffusers
    import torch
    import transformers

    return {"torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__}


def set_scheduler(pipe: Any, facts: Mapping[str, JsonValue]) -> None:
    """The family's scheduler where the checkpoint says otherwise. facts: its class, and values of its configuration."""
    import diffusers

    if not facts:
        return
    more = {name: value for name, value in facts.items() if name != "class"}
    same = type(pipe.scheduler).__name__ == facts["class"] and all(pipe.scheduler.config.get(name) == value for name, value in more.items())
    if not same:
        pipe.scheduler = getattr(diffusers, str(facts["class"])).from_config(pipe.scheduler.config, **more)
