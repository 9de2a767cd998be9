"""The diffusion maker: pictures from words, from pictures, inside masks and by instructions, with the picture families of diffusers.

The checkpoint comes from the store (safetensors), runs on the GPU where there is one, else on the CPU. Each picture's noise comes
from its own seed, whatever it was batched with. It writes no prompts and knows nothing of layouts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.capability import Capability, StepKind
from domain.errors import InputError, InvalidOutput, ModelCorrupt, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.devices import Devices, Fit, Weights
from pipelines.image import asking, offload, results
from pipelines.image.adapters import Adapters, Laid
from pipelines.image.asking import Item
from pipelines.image.attention import attend
from pipelines.image.families import Families
from pipelines.image.loading import Opened, open_checkpoint
from pipelines.image.running import Loaded, Steps, alike, made, set_scheduler
from pipelines.image.tasks.table import TASKS
from pipelines.pipeline import Company
from pipelines.placement import placed

if TYPE_CHECKING:
    from pipelines.models.store import ModelStore

#: Pictures above this many pixels gain nothing from sharing a batch (published: 2.8x at 512x512, 1.02x at 1024x1024).
_BATCH_PIXELS = 768 * 768
#: Seconds worth waiting for another picture of the same size.
_BATCH_WINDOW = 0.25


@dataclass
class Run:
    """One call's pictures as they come about. broken: what is wrong with those that are no pictures, by index. short: why memory did
    not suffice last."""

    opened: Opened
    device: str
    dtype: str
    progress: Progress
    total: int
    outputs: dict[int, Output] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    broken: dict[int, InvalidOutput] = field(default_factory=dict)
    short: OutOfMemory | None = None

    @property
    def done(self) -> set[int]:
        return {*self.outputs, *self.broken}

    def keep(self, item: Item, fault: InvalidOutput | None, output: Callable[[], Output]) -> None:
        if fault is None:
            self.outputs[item.index] = output()
        else:
            self.broken[item.index] = fault


class Diffusion:
    """kind PICTURE.

    device: "auto", "cpu", "cuda", "cuda:1", "mps". attention: "sdpa", or another of pipelines/image/attention.py, used only after a
    real call succeeded. batch: most pictures made at once. dtype: "auto", or a number format of torch.
    """

    kind = StepKind.PICTURE
    name = "diffusion"
    version = 3

    def __init__(
        self,
        store: ModelStore,
        devices: Devices,
        model_id: str,
        device: str = "auto",
        *,
        families: Families,
        attention: str = "sdpa",
        batch: int = 4,
        dtype: str = "auto",
    ) -> None:
        self._store = store
        self._devices = devices
        self._model_id = model_id
        self._families = families
        self._device = device
        self._attention = attention
        self._batch = max(1, batch)
        self._dtype = dtype
        self._adapters = Adapters(store.folder, devices)

    def capability(self) -> Capability | None:
        if not self._model_id or not self._store.ready(self._model_id):
            return None
        return Capability(
            kind=self.kind, maker=self.name, models=(self._model_id,), limits={"width": 2048, "height": 2048, "steps": 150},
            reason=f"{self._model_id} is installed",
        )  # fmt: skip

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """The checkpoint, and every adapter that is asked for."""
        asked = asking.parameters({"prompt": "-", **parameters})
        return tuple(self._store.ref(one) for one in (self._model_id, *asked.models))

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Pictures of one size and setting, where a batch pays: small ones leave a GPU waiting for its next call."""
        try:
            asked = asking.parameters({"prompt": "-", **parameters})
        except InputError:  # making it will say what is wrong
            return None
        if asked.width * asked.height > _BATCH_PIXELS or asking.shares_no_batch(asked):
            return None
        return Company(f"{self.name}/{self._model_id}/{asking.common(asked)}", self._batch, _BATCH_WINDOW)

    def opened(self) -> Opened:
        """What the checkpoint is. Loads nothing. Raises ModelMissing, ModelCorrupt, ModelUnusable."""
        model = self._store.catalogue.get(self._model_id)
        return open_checkpoint(self._store.folder(self._model_id), self._families, model.family)

    def dry_run(self, dtype: str = "") -> tuple[Fit, ...]:
        """What each memory mode is expected to need on this device, and whether it fits. Loads nothing. dtype "": this device's own."""
        opened = self.opened()
        device, own = placed(self._device, mps=True, bfloat16_on_cpu=True)
        return self._devices.dry_run(self._weights(opened, device, dtype or own, light=True))

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One picture per work. facts: width, height, steps, guidance, seed, family, task.

        Raises InputError (parameters, pictures, a size the model cannot make), ModelError, OutOfMemory, InvalidOutput (a flat or
        broken picture), ContentFiltered (the model's own safety checker), Cancelled within one denoising step.
        """
        # 1. what is asked, and whether this model can do it, before anything is loaded
        items = [asking.read(index, work) for index, work in enumerate(works)]
        progress.check()
        opened = self.opened()
        for item in items:
            opened.check_size(*item.size)
            TASKS[item.task].check(item)
            opened.family.pipeline(item.task.value, bool(item.controls))
        # 2. make them; what comes out broken is made once more in float32
        device, own = placed(self._device, mps=True, bfloat16_on_cpu=True)
        dtype = own if self._dtype == "auto" else self._dtype
        batch = Run(opened, device, dtype, progress, len(items))
        self._make(batch, items)
        if batch.broken and dtype != "float32":
            exact = Run(
                opened, device, "float32", progress, len(items), batch.outputs, (f"made in float32 after broken pixels in {dtype}",)
            )
            self._make(exact, [item for item in items if item.index in batch.broken])
            batch = exact
        for fault in batch.broken.values():
            raise fault
        return [batch.outputs[index] for index in range(len(items))]

    def _make(self, run: Run, items: list[Item]) -> None:
        """All these pictures. Where memory does not suffice for one, everything idle is unloaded, and what is left of them is tried once
        in the next memory mode. Raises OutOfMemory when that does not suffice either."""
        weights = self._weights(run.opened, run.device, run.dtype, light=not any(item.parameters.models for item in items))
        mode = self._in_mode(run, weights, "auto", items)
        if mode is None:
            return
        short = run.short
        assert short is not None
        names = [way.name for way in weights.ways]
        rest = names[names.index(mode) + 1 :]
        self._devices.evict(f"{weights.key}/{mode}")
        self._devices.release_idle()
        _free_cache(run.device)
        if not rest:
            raise short
        run.notes += (f"made in the memory mode {rest[0]} after {mode} ran out of memory",)
        if self._in_mode(run, weights, rest[0], [item for item in items if item.index not in run.done]) is not None:
            self._devices.evict(f"{weights.key}/{rest[0]}")
            raise run.short or short

    def _in_mode(self, run: Run, weights: Weights[Loaded], mode: str, items: list[Item]) -> str | None:
        """Make what is possible in one mode; its name when memory did not suffice, with the reason in `run.short`."""
        run.progress.report(len(run.outputs) / run.total, f"loading {self._model_id}")
        with self._devices.acquire(weights, mode, run.progress.check) as loaded:
            try:
                for group in asking.groups(items):
                    with self._adapters.on(loaded, group[0], run.progress.check) as laid:
                        for batch in alike(loaded, group, self._batch):
                            self._made(run, loaded, batch, laid)
            except OutOfMemory as error:
                # without its frames, which hold the tensors that are to go
                run.short = OutOfMemory(error.message, hint=error.hint)
                return loaded.mode
        return None

    def _weights(self, opened: Opened, device: str, dtype: str, light: bool) -> Weights[Loaded]:
        """light: also the modes that lend the device a few layers at a time; adapters change layers, which must then stay whole."""
        folder, ref = self._store.folder(self._model_id), self._store.ref(self._model_id)
        # a single file has weights only: configuration and words come from a small entry of the family
        config = self._store.folder(f"{opened.family.fits}-config") if opened.single is not None else None

        def load(mode: str) -> Loaded:
            loaded = _load(folder, config, opened, device, dtype, self._attention, mode)
            # families that predict a flow have one way to follow it
            loaded.schedulers = self._families.schedulers if opened.family.words == "clip" else {}
            return loaded

        key = f"{ref.id}@{ref.sha256[:16]}/{opened.family.id}/{dtype}/{device}/{self._attention}"
        return offload.weights(key, opened, device, dtype, load, _unload, light=light)

    def _made(self, run: Run, loaded: Loaded, batch: list[Item], laid: Laid) -> None:
        """One batch; halved and tried again when memory does not suffice for it whole."""
        step, started = Steps(run.progress, len(run.outputs), len(batch), run.total), time.perf_counter()
        try:
            done = made(loaded, batch, step, laid.nets, laid.more)
        except OutOfMemory:
            if len(batch) == 1:
                raise
            half = len(batch) // 2
        else:
            run.progress.check()
            seconds = (time.perf_counter() - started) / len(batch)
            for number, item in enumerate(batch):
                run.keep(
                    item,
                    results.fault(done.pixels[number], loaded),
                    partial(results.output, item, number, done, loaded, seconds, run.notes),
                )
            return
        _free_cache(loaded.device)
        self._made(run, loaded, batch[:half], laid)
        self._made(run, loaded, batch[half:], laid)


def _load(folder: Path, config: Path | None, opened: Opened, device: str, dtype: str, attention: str, mode: str) -> Loaded:
    """Read the weights from local safetensors; no network, no code from the model. config: of a single file."""
    import diffusers
    import torch
    from diffusers.utils import logging as diffusers_logging
    from safetensors import SafetensorError
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        if opened.single is not None:
            kind = getattr(diffusers, opened.class_name)
            pipe = kind.from_single_file(
                str(opened.single), config=str(config), torch_dtype=getattr(torch, dtype), local_files_only=True, safety_checker=None
            )
        else:
            pipe = diffusers.DiffusionPipeline.from_pretrained(
                str(folder), dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True, variant=opened.variant
            )
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.") from error
    except (SafetensorError, KeyError) as error:
        raise ModelCorrupt("The model's weights cannot be read.", hint="Verify the model, then pull it again.") from error
    except (ValueError, OSError, TypeError, ImportError, AttributeError) as error:
        raise ModelUnusable(f"diffusers cannot load this model ({opened.class_name}): {error}.", hint="Choose another model.") from error
    pipe.set_progress_bar_config(disable=True)
    set_scheduler(pipe, opened.family.scheduler)
    try:
        offload.settle(pipe, device, mode)
    except torch.OutOfMemoryError as error:
        raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.") from error
    if device == "cpu":
        _by_channel(pipe)
    used, notes = attend(pipe, device, dtype, attention)
    loaded = Loaded(pipe, opened.family, device, dtype, used, mode, notes)
    loaded.remembered.watch(pipe)
    return loaded


def _by_channel(pipe: Any) -> None:
    """Lay convolutions out channels last, as CPUs compute them: bfloat16 decoding takes less than half the time. GPUs differ."""
    import torch

    for part in (getattr(pipe, "unet", None), getattr(pipe, "vae", None)):
        # a video decoder's convolutions have a third side, for which there is no such layout
        if part is not None and all(parameter.dim() < 5 for parameter in part.parameters()):
            part.to(memory_format=torch.channels_last)


def _unload(loaded: Loaded) -> None:
    loaded.words = None
    loaded.others.clear()
    _free_cache(loaded.device)


def _free_cache(device: str) -> None:
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()
