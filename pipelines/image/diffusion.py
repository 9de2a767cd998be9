"""The diffusion maker: pictures from a prompt, or from a prompt and a picture, with any text-to-image pipeline of diffusers.

The model comes from the store (a folder of safetensors), runs on the GPU where there is one, else on the CPU. Each picture's
noise comes from its own seed, whatever it was batched with. It writes no prompts and knows nothing of layouts.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import Field, ValidationError

from domain.capability import Capability, StepKind
from domain.errors import ContentFiltered, EngineFailed, InputError, InvalidOutput, MaquetteError, ModelCorrupt, ModelUnusable, OutOfMemory
from domain.progress import Progress
from domain.recipe import ModelRef, Output, OutputFile, Trace, Work
from domain.value import JsonValue, Value, canonical_json
from pipelines.devices import Devices, Weights
from pipelines.image import offload
from pipelines.image.loading import Family, read_family
from pipelines.media.picture import decode, encode
from pipelines.pipeline import Company
from pipelines.placement import placed

if TYPE_CHECKING:
    from pipelines.models.store import ModelStore

#: Below this spread of values in every channel a picture is one flat colour: the model or its number format failed.
_FLAT = 0.004
#: Pictures above this many pixels gain nothing from sharing a batch (published: 2.8x at 512x512, 1.02x at 1024x1024).
_BATCH_PIXELS = 768 * 768
#: Seconds worth waiting for another picture of the same size.
_BATCH_WINDOW = 0.25


class Parameters(Value):
    """Recipe.parameters of a diffusion picture. steps and guidance 0: the model's own. strength: how far a reference is left, 0..1."""

    prompt: str = Field(min_length=1, max_length=4000)
    negative: str = Field(default="", max_length=4000)
    width: int = Field(default=1024, ge=8, le=4096)
    height: int = Field(default=1024, ge=8, le=4096)
    steps: int = Field(default=0, ge=0, le=150)
    guidance: float = Field(default=0.0, ge=0.0, le=30.0)
    strength: float = Field(default=0.65, gt=0.0, le=1.0)


@dataclass
class Loaded:
    """A pipeline in memory, in a memory mode. With `reference`, the image-to-image pipeline over the same weights."""

    words: Any
    device: str
    dtype: str
    attention: str
    mode: str
    notes: tuple[str, ...] = ()
    reference: Any = None


@dataclass(frozen=True)
class _Item:
    """One picture to be made: its place in the answer, and everything that makes it."""

    index: int
    parameters: Parameters
    seed: int
    reference: Image.Image | None = field(default=None, compare=False)

    @property
    def group(self) -> tuple[int, int, int, float, float, bool]:
        """Pictures of one group can share a batch."""
        p = self.parameters
        return p.width, p.height, p.steps, p.guidance, p.strength, self.reference is not None


class Diffusion:
    """kind PICTURE.

    device: "auto", "cpu", "cuda", "cuda:1", "mps". attention: "sdpa", or "xformers", used only after a real call succeeded.
    batch: most pictures made at once. dtype: "auto", or a number format of torch.
    """

    kind = StepKind.PICTURE
    name = "diffusion"
    version = 1

    def __init__(
        self,
        store: ModelStore,
        devices: Devices,
        model_id: str,
        device: str = "auto",
        *,
        attention: str = "sdpa",
        batch: int = 4,
        dtype: str = "auto",
    ) -> None:
        self._store = store
        self._devices = devices
        self._model_id = model_id
        self._device = device
        self._attention = attention
        self._batch = max(1, batch)
        self._dtype = dtype

    def capability(self) -> Capability | None:
        if not self._model_id or not self._store.ready(self._model_id):
            return None
        return Capability(
            kind=self.kind, maker=self.name, models=(self._model_id,), limits={"width": 2048, "height": 2048, "steps": 150},
            reason=f"{self._model_id} is installed",
        )  # fmt: skip

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return (self._store.ref(self._model_id),)

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        """Pictures of one size and setting, where a batch pays: small ones leave a GPU waiting for its next call."""
        values = {name: value for name, value in parameters.items() if name in ("width", "height", "steps", "guidance", "strength")}
        width, height = values.get("width", 1024), values.get("height", 1024)
        if not isinstance(width, int) or not isinstance(height, int) or width * height > _BATCH_PIXELS:
            return None
        return Company(f"{self.name}/{self._model_id}/{canonical_json(values)}", self._batch, _BATCH_WINDOW)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """One picture per work. facts: width, height, steps, guidance, seed.

        Raises InputError (parameters, a size the model cannot make), ModelError, OutOfMemory, InvalidOutput (a flat or
        broken picture), ContentFiltered (the model's own safety checker), Cancelled within one denoising step.
        """
        # 1. what is asked, and whether this model can do it, before anything is loaded
        items = [_read(index, work) for index, work in enumerate(works)]
        progress.check()
        family = read_family(self._store.folder(self._model_id))
        for item in items:
            family.check_size(item.parameters.width, item.parameters.height)
        # 2. the weights
        device, own = placed(self._device, mps=True, bfloat16_on_cpu=True)
        dtype = own if self._dtype == "auto" else self._dtype
        progress.report(0.0, f"loading {self._model_id}")
        outputs: dict[int, Output] = {}
        weights = self._weights(family, device, dtype)
        with _mapped_memory(), self._devices.acquire(weights, "auto", progress.check) as loaded:
            # 3. groups of equal size and settings, each in batches
            for batch in _batches(items, self._batch):
                step = _Steps(progress, len(outputs), len(batch), len(items))
                for item, output in zip(batch, self._made(loaded, family, batch, step), strict=True):
                    outputs[item.index] = output
        return [outputs[index] for index in range(len(items))]

    def _weights(self, family: Family, device: str, dtype: str) -> Weights[Loaded]:
        folder, ref = self._store.folder(self._model_id), self._store.ref(self._model_id)

        def load(mode: str) -> Loaded:
            return _load(str(folder), family, device, dtype, self._attention, mode)

        key = f"{ref.id}@{ref.sha256[:16]}/{dtype}/{device}/{self._attention}"
        return offload.weights(key, family, device, dtype, load, _unload)

    def _made(self, loaded: Loaded, family: Family, batch: list[_Item], step: _Steps) -> list[Output]:
        """One batch; halved and tried again when memory does not suffice for it whole."""
        started = time.perf_counter()
        try:
            pixels, steps, guidance = _denoised(loaded, family, batch, step)
        except OutOfMemory:
            if len(batch) == 1:
                raise
            _free_cache(loaded.device)
            half = len(batch) // 2
            return self._made(loaded, family, batch[:half], step) + self._made(loaded, family, batch[half:], step)
        step.progress.check()
        seconds = (time.perf_counter() - started) / len(batch)
        return [_output(item, pixels[i], loaded, len(batch), seconds, steps, guidance) for i, item in enumerate(batch)]


class _Steps:
    """Turns the library's step callback into progress, and a person's stop into Cancelled within one step."""

    def __init__(self, progress: Progress, done: int, size: int, total: int) -> None:
        self.progress = progress
        self._done = done
        self._size = size
        self._total = total

    def watch(self, steps: int) -> Any:
        def ended(pipe: Any, index: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            self.progress.check()
            fraction = (self._done + self._size * (index + 1) / (steps + 1)) / self._total
            self.progress.report(min(0.99, fraction), f"denoising {index + 1}/{steps}")
            return values

        return ended


def _read(index: int, work: Work) -> _Item:
    values = dict(work.recipe.parameters)
    values.setdefault("prompt", work.recipe.prompt)
    known = {name: value for name, value in values.items() if name in Parameters.model_fields}
    try:
        parameters = Parameters.model_validate(known)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The picture's {name} cannot be used: {first['msg']}.", field=name) from error
    files = work.all("reference")
    reference = None
    if files:
        opened = decode(files[0].path.read_bytes(), "reference").convert("RGB")
        reference = ImageOps.fit(opened, (parameters.width, parameters.height), Image.Resampling.LANCZOS)
    return _Item(index, parameters, work.recipe.seed, reference)


def _batches(items: Sequence[_Item], size: int) -> Iterator[list[_Item]]:
    groups: dict[tuple[int, int, int, float, float, bool], list[_Item]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    for group in groups.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _load(folder: str, family: Family, device: str, dtype: str, attention: str, mode: str) -> Loaded:
    """Read the weights from local safetensors; no network, no code from the model."""
    import torch
    from diffusers import AutoPipelineForText2Image
    from diffusers.utils import logging as diffusers_logging
    from safetensors import SafetensorError
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        pipe = AutoPipelineForText2Image.from_pretrained(
            folder, dtype=getattr(torch, dtype), use_safetensors=True, local_files_only=True, variant=family.variant
        )
    except (SafetensorError, KeyError) as error:
        raise ModelCorrupt("The model's weights cannot be read.", hint="Verify the model, then pull it again.") from error
    except (ValueError, OSError, TypeError, ImportError, AttributeError) as error:
        raise ModelUnusable(f"diffusers cannot load this model ({family.class_name}): {error}.", hint="Choose another model.") from error
    pipe.set_progress_bar_config(disable=True)
    offload.settle(pipe, device, mode)
    if device == "cpu":
        _by_channel(pipe)
    used, notes = _attend(pipe, device, dtype, attention)
    return Loaded(pipe, device, dtype, used, mode, notes)


def _by_channel(pipe: Any) -> None:
    """Lay convolutions out channels last, as CPUs compute them: bfloat16 decoding takes less than half the time. GPUs differ."""
    import torch

    for part in (getattr(pipe, "unet", None), getattr(pipe, "vae", None)):
        if part is not None:
            part.to(memory_format=torch.channels_last)


def _attend(pipe: Any, device: str, dtype: str, wanted: str) -> tuple[str, tuple[str, ...]]:
    """torch's own attention, or xformers when a real call of it works here; its mere presence says nothing."""
    if wanted != "xformers":
        return "sdpa", ()
    fault = _xformers_fault(device, dtype)
    if fault:
        return "sdpa", (f"xformers was asked for but not used: {fault}",)
    pipe.enable_xformers_memory_efficient_attention()
    return "xformers", ()


def _xformers_fault(device: str, dtype: str) -> str:
    """Why xformers cannot be used, "" when a small attention of it gives what torch's gives."""
    if importlib.util.find_spec("xformers") is None:
        return "it is not installed"
    import torch

    try:
        memory_efficient_attention = importlib.import_module("xformers.ops").memory_efficient_attention
        probe = torch.randn(1, 64, 2, 32, device=device, dtype=getattr(torch, dtype))
        mine = memory_efficient_attention(probe, probe, probe)
        heads = probe.transpose(1, 2)
        theirs = torch.nn.functional.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2)
    except (ImportError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        return f"{type(error).__name__} in a probe"
    return "" if torch.allclose(mine.float(), theirs.float(), atol=2e-2) else "its result differs from torch's"


def _unload(loaded: Loaded) -> None:
    loaded.words = loaded.reference = None
    _free_cache(loaded.device)


def _free_cache(device: str) -> None:
    if device.startswith("cuda"):
        import torch

        torch.cuda.empty_cache()


def _denoised(loaded: Loaded, family: Family, batch: list[_Item], step: _Steps) -> tuple[NDArray[np.float32], int, float]:
    """Run the pipeline on one batch: values 0..1, shape (batch, height, width, 3), with the steps and guidance used."""
    import torch

    pipe = _pipe(loaded, batch[0].reference is not None)
    takes = inspect.signature(pipe.__call__).parameters
    asked = batch[0].parameters
    steps = asked.steps or family.defaults.steps or int(takes["num_inference_steps"].default)
    own = family.defaults.guidance if family.defaults.guidance >= 0 else float(takes["guidance_scale"].default)
    guidance = asked.guidance or own
    values: dict[str, Any] = {
        "prompt": [item.parameters.prompt for item in batch],
        "negative_prompt": [item.parameters.negative for item in batch] if any(i.parameters.negative for i in batch) else None,
        "width": asked.width, "height": asked.height, "num_inference_steps": steps, "guidance_scale": guidance,
        "generator": [torch.Generator("cpu").manual_seed(item.seed) for item in batch],
        "callback_on_step_end": step.watch(steps), "output_type": "np",
    }  # fmt: skip
    if batch[0].reference is not None:
        values |= {"image": [item.reference for item in batch], "strength": asked.strength}
    try:
        result = pipe(**{name: value for name, value in values.items() if name in takes})
    except MaquetteError:
        raise
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _no_memory(asked, len(batch)) from error
    except (RuntimeError, ValueError, TypeError) as error:
        raise EngineFailed(f"diffusers stopped with {type(error).__name__}: {error}.", hint="Try another size or model.") from error
    flagged = getattr(result, "nsfw_content_detected", None)
    if flagged and any(flagged):
        raise ContentFiltered("The model's own safety checker refused the picture.", hint="Change the prompt, or take another seed.")
    return np.asarray(result.images, dtype=np.float32), steps, guidance


def _pipe(loaded: Loaded, with_reference: bool) -> Any:
    if not with_reference:
        return loaded.words
    if loaded.reference is None:
        from diffusers import AutoPipelineForImage2Image

        try:
            loaded.reference = AutoPipelineForImage2Image.from_pipe(loaded.words)
        except ValueError as error:
            raise ModelUnusable("This model cannot start from a reference picture.", hint="Leave the reference out.") from error
        loaded.reference.set_progress_bar_config(disable=True)
        offload.resettle(loaded.reference, loaded.device, loaded.mode)
    return loaded.reference


@contextmanager
def _mapped_memory() -> Iterator[None]:
    """Out of memory while loading becomes OutOfMemory."""
    import torch

    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory("The model does not fit into memory.", hint="Choose a smaller model, or free memory.") from error


def _no_memory(asked: Parameters, batch: int) -> OutOfMemory:
    what = f"{batch} pictures" if batch > 1 else "one picture"
    return OutOfMemory(f"Memory does not suffice for {what} of {asked.width}x{asked.height}.", hint="Ask for a smaller picture.")


def _output(item: _Item, values: NDArray[np.float32], loaded: Loaded, batch: int, seconds: float, steps: int, guidance: float) -> Output:
    if not np.isfinite(values).all():
        raise InvalidOutput(f"The picture has broken pixels ({loaded.dtype} on {loaded.device}).", hint="Take another seed or size.")
    if float(values.std(axis=(0, 1)).max()) < _FLAT:
        raise InvalidOutput("The picture is one flat colour.", hint="Change the prompt, the seed or the number of steps.")
    picture = Image.fromarray((np.clip(values, 0, 1) * 255).round().astype(np.uint8))
    facts: dict[str, JsonValue] = {
        "width": picture.width, "height": picture.height, "steps": steps, "guidance": guidance, "seed": item.seed,
    }  # fmt: skip
    notes = loaded.notes + _cut_prompt(loaded.words, item.parameters.prompt)
    trace = Trace(
        device=loaded.device, dtype=loaded.dtype, attention=loaded.attention, memory_mode=loaded.mode, batch=batch,
        versions=_versions(), seconds=round(seconds, 3), peak_bytes=_peak(loaded.device), notes=notes,
    )  # fmt: skip
    return Output((OutputFile("picture.png", "image/png", encode(picture)),), trace, facts=facts)


def _cut_prompt(pipe: Any, prompt: str) -> tuple[str, ...]:
    """A note when the first text encoder, and so the model, did not read all of the prompt."""
    tokenizer = getattr(pipe, "tokenizer", None)
    most = int(getattr(tokenizer, "model_max_length", 0) or 0)
    if tokenizer is None or getattr(pipe, "tokenizer_2", None) is not None or not 0 < most < 100_000:
        return ()
    count = len(tokenizer(prompt, truncation=False, verbose=False).input_ids)
    return (f"only the first {most} of the prompt's {count} tokens were read",) if count > most else ()


def _versions() -> dict[str, str]:
    import diffusers
    import torch
    import transformers

    return {"torch": torch.__version__, "diffusers": diffusers.__version__, "transformers": transformers.__version__}


def _peak(device: str) -> int:
    if not device.startswith("cuda"):
        return 0
    import torch

    return int(torch.cuda.max_memory_allocated())
