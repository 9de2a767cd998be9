"""The diffusion maker: pictures from words, from pictures, inside masks and by instructions, with the picture families of diffusers.

The checkpoint comes from the store (safetensors), runs on the GPU where there is one, else on the CPU. Each picture's noise comes
from its own seed, whatever it was batched with. It writes no prompts and knows nothing of layouts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.capability import Capability, StepKind
from domain.errors import InputError, InvalidOutput, ModelError, ModelMissing, OutOfMemory
from domain.picture import PictureTask
from domain.progress import Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.devices import Devices, Fit, Weights
from pipelines.image import asking, enlarging, halves, offload, reading, results, seamless
from pipelines.image import shortcuts as ways
from pipelines.image.adapters import Adapters, Laid
from pipelines.image.asking import Item
from pipelines.image.attention import AUTO, attend
from pipelines.image.compiling import Compiling, prepare
from pipelines.image.depth import MODEL as DEPTH_MODEL
from pipelines.image.families import Families
from pipelines.image.loading import Opened, is_single
from pipelines.image.openings import Openings
from pipelines.image.previews import Sketches, Spaces
from pipelines.image.running import Loaded, Steps, alike, made, set_scheduler
from pipelines.image.shortage import is_shortage
from pipelines.image.shortcuts import Shortcuts
from pipelines.image.tasks.table import TASKS
from pipelines.pipeline import Company
from pipelines.placement import placed

if TYPE_CHECKING:
    from pipelines.models.store import ModelStore

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
    encoder: ThreadPoolExecutor
    outputs: dict[int, Future[Output]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    broken: dict[int, InvalidOutput] = field(default_factory=dict)
    short: OutOfMemory | None = None

    @property
    def done(self) -> set[int]:
        return {*self.outputs, *self.broken}

    def keep(self, item: Item, fault: InvalidOutput | None, output: Callable[[], Callable[[], Output]]) -> None:
        """Encoding a file takes a CPU some time in which the device goes on with the next pictures."""
        if fault is None:
            self.outputs[item.index] = self.encoder.submit(output())
        else:
            self.broken[item.index] = fault


class Diffusion:
    """kind PICTURE.

    device: "auto", "cpu", "cuda", "cuda:1", "mps". attention: "auto", or one of pipelines/image/attention.py, used only after a real call
    succeeded. batch: most pictures made at once. dtype: "auto", or a number format of torch. compiling: see compiling.py. spaces: what
    latents mean, for previews. shortcuts: the numbers of those that can be asked for.
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
        attention: str = AUTO,
        batch: int = 4,
        dtype: str = "auto",
        compiling: Compiling | None = None,
        spaces: Spaces | None = None,
        shortcuts: Shortcuts | None = None,
    ) -> None:
        self._store = store
        self._devices = devices
        self._model_id = model_id
        self._families = families
        self._openings = Openings(families)
        self._device = device
        self._attention = attention
        self._batch = max(1, batch)
        self._dtype = dtype
        self._compiling = compiling or Compiling()
        self._shortcuts = shortcuts or Shortcuts()
        self._adapters = Adapters(store.folder, devices, lambda name: _there(store, name))
        self._sketches = Sketches(spaces or Spaces(), devices, lambda name: store.folder(name) if _there(store, name) else None)

    def capability(self) -> Capability | None:
        if not self._model_id or not self._store.ready(self._model_id):
            return None
        return Capability(
            kind=self.kind, maker=self.name, models=(self._model_id,), limits={"width": 2048, "height": 2048, "steps": 150},
            reason=f"{self._model_id} is installed",
        )  # fmt: skip

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """The checkpoint with what it leans on, every adapter that is asked for, and the model that makes their depth maps."""
        asked = asking.parameters({"prompt": "-", **parameters})
        depth = (DEPTH_MODEL,) if asked.measures_depth and _there(self._store, DEPTH_MODEL) else ()
        return tuple(self._store.ref(one) for one in (self._model_id, *self._rest(), *asked.models, *depth))

    def _rest(self) -> tuple[str, ...]:
        """The model that has the rest of a denoiser's pipeline: it draws with it."""
        if not self._store.ready(self._model_id) or not is_single(self._store.folder(self._model_id)):
            return ()
        opened = self._openings.open(self._store.folder(self._model_id))
        beside = self._beside(opened)
        return (beside,) if opened.denoiser is not None and beside is not None else ()

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Pictures of one size and setting, where the family's data say that a batch pays: small ones leave a GPU waiting for work."""
        try:
            asked = asking.parameters({"prompt": "-", **parameters})
        except InputError:  # making it will say what is wrong
            return None
        if asking.shares_no_batch(asked) or asked.width * asked.height > self._together():
            return None
        return Company(f"{self.name}/{self._model_id}/{asking.common(asked)}", self._batch, _BATCH_WINDOW)

    def _together(self) -> int:
        """Pixels up to which pictures of this checkpoint's family share a batch."""
        try:
            return self.opened().family.together
        except ModelError:  # likewise
            return 0

    def opened(self) -> Opened:
        """What the checkpoint is. Loads nothing. Raises ModelMissing, ModelCorrupt, ModelUnusable."""
        model = self._store.catalogue.get(self._model_id)
        folder = self._store.folder(self._model_id)
        opened = self._openings.open(folder, model.family)
        beside = self._beside(opened)
        return (
            opened if opened.denoiser is None or beside is None else self._openings.joined(folder, self._store.folder(beside), model.family)
        )

    def _beside(self, opened: Opened) -> str | None:
        """The model that has what a single file lacks: configuration and words of a checkpoint, all of the rest of a denoiser.

        Raises ModelMissing naming what to pull.
        """
        if opened.single is None:
            return None
        if opened.denoiser is None:
            return f"{opened.family.fits}-config"
        there = {model.id for model in self._store.catalogue.models}
        known = [one for one in opened.denoiser.parts if one in there]
        found = next((one for one in known if self._store.ready(one)), None)
        if found is None:
            raise ModelMissing(
                "{model_id} is the denoiser of {denoiser} alone: its text encoders and decoder are not installed.",
                hint="Run: python app.py models pull {known}",
                field="model",
                model_id=self._model_id,
                denoiser=opened.denoiser.name,
                known=(known or opened.denoiser.parts)[0],
            )
        return found

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
        if any(enlarging.wanted(work) for work in works):
            # each by itself: it is many pictures already
            return [self._enlarged(work, progress) if enlarging.wanted(work) else self.generate([work], progress)[0] for work in works]
        # 1. what is asked, and whether this model can do it, before anything is loaded
        items = [asking.read(index, work) for index, work in enumerate(works)]
        progress.check()
        opened = self.opened()
        for item in items:
            opened.check_size(*item.size)
            TASKS[item.task].check(item)
            ways.check(item, opened.family)
            opened.family.pipeline(item.task.value, bool(item.controls))
            if item.parameters.seamless:
                seamless.require(opened.family)
            opened.check_adapters(bool(item.parameters.loras))
        # 2. make them; what comes out broken is made once more in float32
        device, own = placed(self._device, mps=True, bfloat16_on_cpu=True)
        dtype = own if self._dtype == "auto" else self._dtype
        with ThreadPoolExecutor(1, "encode") as encoder:
            batch = Run(opened, device, dtype, progress, len(items), encoder)
            self._make(batch, items)
            if batch.broken and dtype != "float32":
                notes = (f"made in float32 after broken pixels in {dtype}",)
                exact = Run(opened, device, "float32", progress, len(items), encoder, batch.outputs, notes)
                self._make(exact, [item for item in items if item.index in batch.broken])
                batch = exact
            for fault in batch.broken.values():
                raise fault
            return [batch.outputs[index].result() for index in range(len(items))]

    def _enlarged(self, work: Work, progress: Progress) -> Output:
        opened = self.opened()
        opened.family.pipeline(PictureTask.IMAGE.value, bool(work.recipe.parameters.get("controls")))
        return enlarging.enlarged(work, opened, lambda tiles: self.generate(tiles, progress))

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
                run.short = OutOfMemory(error.message_id, hint=error.hint_id, given=error.values)
                return loaded.mode
        return None

    def _weights(self, opened: Opened, device: str, dtype: str, light: bool) -> Weights[Loaded]:
        """light: also the modes that lend the device a few layers at a time; adapters change layers, which must then stay whole."""
        folder, ref = self._store.folder(self._model_id), self._store.ref(self._model_id)
        beside = self._beside(opened)
        config = self._store.folder(beside) if beside is not None else None

        def load(mode: str) -> Loaded:
            loaded = _load(folder, config, opened, device, dtype, self._attention, mode)
            loaded.shortcuts = self._shortcuts
            loaded.notes += prepare(loaded.words, self._compiling, f"{ref.id}@{ref.sha256[:16]}-{dtype}", device, mode)
            # families that predict a flow have one way to follow it
            loaded.schedulers = self._families.schedulers if opened.family.words == "clip" else {}
            return loaded

        rest = f"+{beside}" if opened.denoiser is not None else ""
        key = f"{ref.id}@{ref.sha256[:16]}{rest}/{opened.family.id}/{dtype}/{device}/{self._attention}"
        return offload.weights(key, opened, device, dtype, load, _unload, light=light)

    def _made(self, run: Run, loaded: Loaded, batch: list[Item], laid: Laid) -> None:
        """One batch; halved and tried again when memory does not suffice for it whole."""
        sketch = self._sketches.begin(run.progress, loaded.family, loaded.device, [item.index for item in batch], batch[0].size)
        step, started = Steps(run.progress, len(run.outputs), len(batch), run.total, sketch), time.perf_counter()
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
                    partial(results.unencoded, item, number, done, loaded, seconds, run.notes),
                )
            return
        _free_cache(loaded.device)
        self._made(run, loaded, batch[:half], laid)
        self._made(run, loaded, batch[half:], laid)


def _load(folder: Path, config: Path | None, opened: Opened, device: str, dtype: str, attention: str, mode: str) -> Loaded:
    """The pipeline of a checkpoint on its device, in a memory mode. config: what a single file lacks."""
    pipe = reading.read(folder, config, opened, dtype, eight=offload.way(mode).eight)
    pipe.set_progress_bar_config(disable=True)
    set_scheduler(pipe, opened.denoiser.scheduler if opened.denoiser is not None else opened.family.scheduler)
    try:
        offload.settle(pipe, device, mode)
    except (MemoryError, RuntimeError) as error:
        if is_shortage(error):
            raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.") from error
        raise
    if device == "cpu":
        _by_channel(pipe)
        if getattr(pipe, "unet", None) is not None:
            halves.share(pipe.unet)
    used, notes = attend(pipe, device, dtype, attention)
    if offload.way(mode).eight:
        notes += ("the denoiser's layers are held in 8 bits: memory did not suffice for more",)
    loaded = Loaded(pipe, opened.family, device, dtype, used, mode, notes)
    loaded.remembered.watch(pipe)
    return loaded


def _there(store: ModelStore, model_id: str) -> bool:
    return any(model.id == model_id for model in store.catalogue.models) and store.ready(model_id)


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
