"""What is laid on loaded weights for some pictures and taken off again: LoRAs, concepts, ControlNets, a likeness.

The files come from the store. A file of another family is refused by the names and sizes of what is in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from domain.errors import InputError, ModelUnusable
from pipelines.devices import Devices, Weights
from pipelines.image.asking import Item
from pipelines.image.concepts import learnt
from pipelines.image.default_dtype import default_dtype_kept
from pipelines.image.depth import MODEL as DEPTH_MODEL
from pipelines.image.depth import depth_map
from pipelines.image.hints import hint_of
from pipelines.image.likeness import IMAGE_ENCODER, adapter_file, adapter_width
from pipelines.image.lora import laid_on
from pipelines.image.running import Loaded
from pipelines.models.folders import elements, read_object, weight_files

_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


@dataclass
class Laid:
    """nets: ControlNets in memory, in order. more: arguments of the pipeline's call."""

    nets: list[Any] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)


class Adapters:
    """Lays adapters of the store on a pipeline. folder: where a model's verified files are. there: whether one is installed."""

    def __init__(self, folder: Callable[[str], Path], devices: Devices, there: Callable[[str], bool] = lambda model_id: False) -> None:
        self._folder = folder
        self._there = there
        self._devices = devices

    @contextmanager
    def on(self, loaded: Loaded, item: Item, check: Callable[[], None]) -> Iterator[Laid]:
        """All that the pictures of one group lean on. Raises InputError, ModelError, OutOfMemory."""
        asked, laid = item.parameters, Laid()
        loras = [(self._file(one.model), one.weight) for one in asked.loras]
        laid_words = tuple(f"{one.model}:{one.weight}" for one in asked.loras) + tuple(f"{c.model}:{c.word}" for c in asked.concepts)
        with ExitStack() as stack:
            stack.enter_context(laid_on(loaded.words, loras, loaded.family.name))
            stack.enter_context(_named(loaded, laid_words))
            for concept in asked.concepts:
                stack.enter_context(learnt(loaded, concept, self._file(concept.model)))
            # one that is asked for twice is there once: it is held while it is used
            names = dict.fromkeys(control.model for control in asked.controls)
            nets = {name: stack.enter_context(self._net(loaded, name, check)) for name in names}
            laid.nets = [nets[control.model] for control in asked.controls]
            if asked.controls:
                laid.more |= _held(item, self._depth(loaded, check))
            if asked.likeness is not None:
                laid.more |= stack.enter_context(self._like(loaded, item))
            yield laid

    def _file(self, model_id: str) -> Path:
        """The one safetensors file of an adapter."""
        files = weight_files(self._folder(model_id))
        if len(files) != 1:
            raise ModelUnusable(
                "{model_id} has {count} files of weights; an adapter has one.", field="model", model_id=model_id, count=len(files)
            )
        return files[0]

    def _depth(self, loaded: Loaded, check: Callable[[], None]) -> Callable[[Image.Image], Image.Image] | None:
        if not self._there(DEPTH_MODEL):
            return None
        return lambda picture: depth_map(picture, self._folder(DEPTH_MODEL), self._devices, loaded.device, check)

    @contextmanager
    def _net(self, loaded: Loaded, model_id: str, check: Callable[[], None]) -> Iterator[Any]:
        folder = self._folder(model_id)
        _require_net(folder, loaded)
        size = sum(elements(path) for path in weight_files(folder)) * _BYTES[loaded.dtype]
        key = f"{model_id}/{folder}/{loaded.dtype}/{loaded.device}"
        weights: Weights[Any] = Weights(key, size, lambda: _load_net(folder, loaded), device=loaded.device)
        with self._devices.acquire(weights, "full", check) as net:
            yield net

    @contextmanager
    def _like(self, loaded: Loaded, item: Item) -> Iterator[Mapping[str, Any]]:
        """An IP-Adapter: its layers in the denoiser, its encoder of pictures in the pipeline."""
        asked = item.parameters.likeness
        assert asked is not None
        folder = self._folder(asked.model)
        if loaded.family.words != "clip":
            raise ModelUnusable("{family} takes no likeness.", hint="Choose another model.", field="likeness", family=loaded.family.name)
        file = _require_likeness(folder, loaded)
        pipe = loaded.words
        encoder = getattr(pipe, IMAGE_ENCODER, None)
        try:
            pipe.load_ip_adapter(
                str(file.parent), subfolder="", weight_name=file.name, image_encoder_folder=IMAGE_ENCODER, local_files_only=True
            )
        except (ValueError, KeyError, RuntimeError, OSError) as error:
            raise InputError(
                "The IP-Adapter {model} is not for {family}.",
                hint="Choose one of this family.",
                field="likeness",
                model=asked.model,
                family=loaded.family.name,
            ) from error
        try:
            pipe.set_ip_adapter_scale(asked.weight)
            loaded.others.clear()  # they share the denoiser, but not the encoder of pictures
            yield {"ip_adapter_image": [list(item.likeness)]}
        finally:
            pipe.unload_ip_adapter()
            if encoder is not None:
                pipe.register_modules(image_encoder=encoder)
            loaded.others.clear()


@contextmanager
def _named(loaded: Loaded, names: tuple[str, ...]) -> Iterator[None]:
    """Embeddings that are kept are kept apart by what lies on their encoder."""
    before, loaded.remembered.adapters = loaded.remembered.adapters, names
    try:
        yield
    finally:
        loaded.remembered.adapters = before


def _held(item: Item, depth: Callable[[Image.Image], Image.Image] | None) -> dict[str, Any]:
    """What a ControlNet pipeline's call gets. Text pipelines of Stable Diffusion call the hint `image`."""
    controls = item.parameters.controls
    hints = [hint_of(control, picture, item.size, depth) for control, picture in zip(controls, item.controls, strict=True)]
    one = len(controls) == 1

    def given(values: list[Any]) -> Any:
        return values[0] if one else values

    return {
        "control_image": given(hints), "controlnet_conditioning_scale": given([control.weight for control in controls]),
        "control_guidance_start": given([control.start for control in controls]),
        "control_guidance_end": given([control.end for control in controls]),
    }  # fmt: skip


def _require_net(folder: Path, loaded: Loaded) -> None:
    """Raises InputError for a ControlNet whose layers could not be added to this denoiser's."""
    config = read_object(folder / "config.json")
    unet = getattr(loaded.words, "unet", None)
    kind = str(config.get("_class_name", ""))
    fits = kind == loaded.family.controlnet
    if fits and unet is not None:
        fits = all(list_of(config.get(name)) == list_of(unet.config.get(name)) for name in ("cross_attention_dim", "block_out_channels"))
    if not fits:
        raise InputError(
            "The ControlNet {folder} ({kind}) is not for {family}.",
            hint="Choose one that was trained for this family.",
            field="controls",
            folder=folder.name,
            kind=kind or "of no kind",
            family=loaded.family.name,
        )


def list_of(value: Any) -> Any:
    return list(value) if isinstance(value, tuple | list) else value


def _load_net(folder: Path, loaded: Loaded) -> Any:
    import diffusers
    import torch

    kind = getattr(diffusers, loaded.family.controlnet)
    with default_dtype_kept():
        net = kind.from_pretrained(str(folder), dtype=getattr(torch, loaded.dtype), use_safetensors=True, local_files_only=True)
    return net.to(loaded.device)


def _require_likeness(folder: Path, loaded: Loaded) -> Path:
    """The adapter's file; its encoder of pictures is in a folder beside it. Raises InputError for one that does not fit this denoiser."""
    file = adapter_file(folder)
    if file is None:
        raise ModelUnusable(
            "{folder} is no IP-Adapter with its encoder of pictures.",
            hint="It needs one safetensors file and the folder image_encoder.", field="likeness", folder=folder.name
        )  # fmt: skip
    unet = getattr(loaded.words, "unet", None)
    if unet is not None and adapter_width(file) != unet.config.cross_attention_dim:
        raise InputError(
            "The IP-Adapter {folder} is not for {family}.",
            hint="Choose one of this family.",
            field="likeness",
            folder=folder.name,
            family=loaded.family.name,
        )
    return file
