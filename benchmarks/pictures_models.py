"""Models of random weights at real size for benchmarks/pictures.py, our maker over them, and calls timed side by side.

The shapes are those the publishers' configurations state. Only the vocabulary of the text encoders stays tiny: words are not measured.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.capability import StepKind
from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import Silent
from domain.recipe import Recipe, Work
from domain.value import JsonValue
from pipelines.devices import Devices
from pipelines.image.compiling import Compiling
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.image.previews import Spaces
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from tests.pipelines.image.tiny_models import save_sd15, save_sdxl

ASSETS = Path(__file__).resolve().parent.parent / "assets"
MEMORY = 40_000_000_000
PROMPT = "a red fox in snow"


@dataclass(frozen=True)
class Shape:
    """What is measured: configuration of each component over that of the tiny model, and the sizes and steps to use.

    small: of pictures that share a batch. few: steps of a model that was taught to need few.
    """

    save: Callable[[Path, Path], Path]
    side: int
    small: int
    steps: int
    parts: dict[str, dict[str, Any]] = field(default_factory=dict)
    few: int = 4


_VAE = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip
_CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "projection_dim": 768}
_CLIP_G = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20, "projection_dim": 1280}
_SD15 = {
    "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "attention_head_dim": 8, "cross_attention_dim": 768,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}  # fmt: skip
_SDXL = {
    "block_out_channels": (320, 640, 1280), "layers_per_block": 2, "attention_head_dim": (5, 10, 20), "cross_attention_dim": 2048,
    "transformer_layers_per_block": (1, 2, 10), "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}  # fmt: skip
SHAPES = {
    "tiny": Shape(save_sd15, 32, 32, 4, few=2),
    "sd15": Shape(save_sd15, 512, 256, 25, {"unet": _SD15, "vae": _VAE, "text_encoder": _CLIP_L}),
    "sdxl": Shape(save_sdxl, 1024, 512, 30, {"unet": _SDXL, "vae": _VAE, "text_encoder": _CLIP_L, "text_encoder_2": _CLIP_G}),
}


def built(shape: Shape, scratch: Path, dtype: str = "float32") -> Path:
    """A folder of random weights at this shape; one that lies in `scratch` already is taken as it is."""
    import torch
    from diffusers import DiffusionPipeline

    whole = scratch / f"{shape.save.__name__}-{shape.side}-{dtype}"
    if whole.is_dir():
        return whole
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        tiny = shape.save(Path(name) / "tiny", Path(name) / "words")
        if not shape.parts:
            return tiny.rename(whole)
        pipe = DiffusionPipeline.from_pretrained(tiny, local_files_only=True)
        torch.manual_seed(0)
        for part, more in shape.parts.items():
            old = getattr(pipe, part)
            if part.startswith("text_encoder"):
                made = type(old)(type(old.config).from_dict({**old.config.to_dict(), **more}))
            else:
                made = type(old).from_config({**old.config, **more})
            setattr(pipe, part, made)
        pipe.to(dtype=getattr(torch, dtype)).save_pretrained(Path(name) / "real", safe_serialization=True, max_shard_size="20GB")
        return (Path(name) / "real").rename(whole)


def stored(folder: Path, cache: Path) -> ModelStore:
    """A store that has the folder as the model "measured"."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    model = Model(
        id="measured", name="Measured", task=Task.PICTURE, licence="Apache-2.0", pinned=False,
        files=tuple(ModelFile(name=name) for name in names), sources=(FolderSource(path=str(folder)),),
    )  # fmt: skip
    store = ModelStore(Catalogue([model]), cache)
    store.pull("measured", Silent())
    return store


def maker(
    folder: Path, cache: Path, device: str, dtype: str = "auto", batch: int = 8, attention: str = "auto", compiling: Compiling | None = None
) -> Diffusion:
    """Our maker over such a folder. compiling None: as a studio has it on this device, without a cache on disk."""
    return Diffusion(
        stored(folder, cache), Devices(MEMORY, {device: MEMORY}), "measured", device,
        families=Families.read(ASSETS / "pictures" / "families.toml"), dtype=dtype, batch=batch, attention=attention,
        compiling=compiling or Compiling("auto"), spaces=Spaces.read(ASSETS / "pictures" / "latents.toml"),
    )  # fmt: skip


def work(side: int, steps: int, seed: int = 1, prompt: str = PROMPT, **more: JsonValue) -> Work:
    values: dict[str, JsonValue] = {"prompt": prompt, "width": side, "height": side, "steps": steps, **more}
    return Work(Recipe(kind=StepKind.PICTURE, maker="benchmark", maker_version=1, seed=seed, parameters=values))


def interleaved(calls: dict[str, Callable[[], object]], rounds: int, warm: bool = True) -> dict[str, list[float]]:
    """Seconds of each call, warm, in the order A B .. B A."""
    for call in calls.values() if warm else ():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        for name in list(calls) if number % 2 == 0 else list(calls)[::-1]:
            started = time.perf_counter()
            calls[name]()
            seconds[name].append(round(time.perf_counter() - started, 4))
    return seconds


def medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    return {name: statistics.median(values) for name, values in seconds.items()}


def waited(call: Callable[[], object], device: str) -> Callable[[], object]:
    """The call without gradients, and done when it returns."""
    import torch

    def run() -> object:
        with torch.no_grad():
            made = call()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return made

    return run
