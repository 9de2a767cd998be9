"""The picture makers against plain diffusers: python -m benchmarks.pictures [PART ...] [--device cuda] [--shape sdxl] [--dry].

Parts: numbers (float32, bfloat16, and bfloat16 laid out as we lay it out: one denoising step and one decode, A/B/C/C/B/A), overhead
(our `generate` over the raw pipeline call), batch (eight small pictures at once against one after the other), prompts (a second
picture of the same words), faults (forced out-of-memory faults: does the next job succeed, and does memory come back). Weights are
random, at real size: enough for speed. Ratios are measured side by side in one run; an absolute time holds only on a quiet machine.

    python -m benchmarks.pictures                                     # this CPU, a denoiser of Stable Diffusion 1.5's size
    python -m benchmarks.pictures --device cuda --shape sdxl          # a GPU, SDXL's size
    python -m benchmarks.pictures --dry                               # every part in seconds, tiny: proves that it runs
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.capability import StepKind
from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from tests.pipelines.image.shortages import forced
from tests.pipelines.image.tiny_models import save_sd15, save_sdxl

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("numbers", "overhead", "batch", "prompts", "faults")
MEMORY = 40_000_000_000
FAULTS = 100


@dataclass(frozen=True)
class Shape:
    """What is measured: configuration of denoiser and decoder over that of the tiny model, and the sizes and steps to use."""

    save: Callable[[Path, Path], Path]
    unet: dict[str, Any]
    vae: dict[str, Any]
    side: int
    small: int
    steps: int


VAE = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip
SD15 = {
    "block_out_channels": (320, 640, 1280, 1280), "layers_per_block": 2, "attention_head_dim": 8,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}  # fmt: skip
SDXL = {
    "block_out_channels": (320, 640, 1280), "layers_per_block": 2, "attention_head_dim": (5, 10, 20),
    "transformer_layers_per_block": (1, 2, 10),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}  # fmt: skip
SHAPES = {
    "tiny": Shape(save_sd15, {}, {}, 32, 32, 2),
    "sd15": Shape(save_sd15, SD15, VAE, 512, 256, 25),
    "sdxl": Shape(save_sdxl, SDXL, VAE, 1024, 512, 30),
}


def built(shape: Shape, scratch: Path) -> Path:
    """A folder of random weights at this shape; the text encoders stay tiny, they are no part of what is measured."""
    import torch
    from diffusers import DiffusionPipeline

    tiny = shape.save(scratch / "tiny", scratch / "words")
    if not shape.unet:
        return tiny
    pipe = DiffusionPipeline.from_pretrained(tiny, local_files_only=True)
    torch.manual_seed(0)
    pipe.unet = type(pipe.unet).from_config({**pipe.unet.config, **shape.unet})
    pipe.vae = type(pipe.vae).from_config({**pipe.vae.config, **shape.vae})
    pipe.save_pretrained(scratch / "real", safe_serialization=True, max_shard_size="20GB")
    return scratch / "real"


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


def maker(folder: Path, cache: Path, device: str, dtype: str = "auto", batch: int = 8) -> Diffusion:
    store = stored(folder, cache)
    families = Families.read(ROOT / "assets" / "pictures" / "families.toml")
    return Diffusion(store, Devices(MEMORY, {device: MEMORY}), "measured", device, families=families, dtype=dtype, batch=batch)


def work(side: int, steps: int, seed: int = 1, prompt: str = "a red fox in snow") -> Work:
    values = {"prompt": prompt, "width": side, "height": side, "steps": steps}
    return Work(Recipe(kind=StepKind.PICTURE, maker="benchmark", maker_version=1, seed=seed, parameters=values))


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each call, warm, in the order A B .. B A."""
    for call in calls.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds):
        for name in list(calls) if number % 2 == 0 else list(calls)[::-1]:
            started = time.perf_counter()
            calls[name]()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


def numbers(folder: Path, shape: Shape, device: str, rounds: int) -> dict[str, Any]:
    """One guided step (batch 2) and one decode in each number format. The picture of `steps` steps is computed from them."""
    import torch
    from diffusers import DiffusionPipeline

    latents = shape.side // (8 if shape.vae else 2)
    ways = {"float32": (torch.float32, False), "bfloat16": (torch.bfloat16, False), "bfloat16, channels last": (torch.bfloat16, True)}
    steps: dict[str, Callable[[], object]] = {}
    decodes: dict[str, Callable[[], object]] = {}
    for name, (dtype, last) in ways.items():
        pipe = DiffusionPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True).to(device)
        layout = torch.channels_last if last else torch.contiguous_format
        unet, vae = pipe.unet.to(memory_format=layout), pipe.vae.to(memory_format=layout)
        noise = torch.randn(2, 4, latents, latents, dtype=dtype, device=device)
        words = torch.randn(2, 77, unet.config.cross_attention_dim, dtype=dtype, device=device)
        steps[name] = _quiet(lambda unet=unet, noise=noise, words=words: _step(unet, noise, words), device)
        decodes[name] = _quiet(lambda vae=vae, noise=noise: vae.decode(noise[:1]).sample, device)
    step, decode = interleaved(steps, rounds), interleaved(decodes, rounds)
    whole = {name: shape.steps * step[name] + decode[name] for name in ways}
    ours = whole["bfloat16, channels last"]
    return {
        "side": shape.side, "steps": shape.steps, "step_seconds": step, "decode_seconds": decode, "picture_seconds_computed": whole,
        "over_float32": whole["float32"] / ours, "over_bfloat16": whole["bfloat16"] / ours,
    }  # fmt: skip


def _step(unet: Any, noise: Any, words: Any) -> Any:
    import torch

    more = {}
    if unet.config.addition_embed_type == "text_time":
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        more["added_cond_kwargs"] = {
            "text_embeds": torch.zeros(2, pooled, dtype=noise.dtype, device=noise.device),
            "time_ids": torch.zeros(2, 6, dtype=noise.dtype, device=noise.device),
        }
    return unet(noise, 10, encoder_hidden_states=words, **more).sample


def _quiet(call: Callable[[], object], device: str) -> Callable[[], object]:
    import torch

    def run() -> object:
        with torch.no_grad():
            made = call()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        return made

    return run


def overhead(folder: Path, shape: Shape, device: str, rounds: int, cache: Path) -> dict[str, Any]:
    """Our `generate`, prompt to PNG, over the raw call of the very pipeline it loaded, to an array."""
    import torch

    ours = maker(folder, cache, device)
    made = ours.generate([work(shape.small, 4)], Silent())[0]
    opened = ours.opened()
    with ours._devices.acquire(ours._weights(opened, device, made.trace.dtype, True), "auto") as loaded:
        pipe = loaded.words

    def raw() -> object:
        return pipe(
            prompt="a red fox in snow", width=shape.small, height=shape.small, num_inference_steps=4,
            guidance_scale=opened.family.guidance, output_type="np", generator=torch.Generator().manual_seed(1),
        )  # fmt: skip

    seconds = interleaved({"raw": raw, "ours": lambda: ours.generate([work(shape.small, 4)], Silent())}, rounds)
    return {"side": shape.small, "steps": 4, "seconds": seconds, "overhead": seconds["ours"] / seconds["raw"] - 1}


def batch(folder: Path, shape: Shape, device: str, rounds: int, cache: Path) -> dict[str, Any]:
    ours, works = maker(folder, cache, device), [work(shape.small, 2, seed) for seed in range(8)]
    calls = {
        "at once": lambda: ours.generate(works, Silent()),
        "one after the other": lambda: [ours.generate([one], Silent()) for one in works],
    }
    seconds = interleaved(calls, rounds)
    return {"side": shape.small, "pictures": 8, "seconds": seconds, "gain": seconds["one after the other"] / seconds["at once"]}


def prompts(folder: Path, shape: Shape, device: str, rounds: int, cache: Path) -> dict[str, Any]:
    """Words that were read before against words that were not, one step each."""
    ours, count = maker(folder, cache, device), iter(range(10_000))
    calls = {
        "new words": lambda: ours.generate([work(shape.small, 1, prompt=f"fox number {next(count)} " * 30)], Silent()),
        "words read before": lambda: ours.generate([work(shape.small, 1, prompt="fox number x " * 30)], Silent()),
    }
    return {"side": shape.small, "seconds": interleaved(calls, max(3, rounds))}


def faults(device: str, times: int, scratch: Path) -> dict[str, Any]:
    """Forced faults by turns at loading, denoising and decoding, each followed by a job that must succeed with the same bytes."""
    store = stored(save_sd15(scratch / "model", scratch / "words"), scratch / "cache")
    families = Families.read(ROOT / "assets" / "pictures" / "families.toml")
    counted = forced(lambda devices: Diffusion(store, devices, "measured", device, families=families), work(32, 2), times, device)
    return {
        "faults": times, "by_place": counted.by_place, "raised": counted.raised, "next_job_succeeded": counted.succeeded,
        "still_admitted_bytes": counted.left, "grown_mb": counted.grown / 1e6,
    }  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=list(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shape", choices=tuple(SHAPES), default="sd15")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--faults", type=int, default=FAULTS, help="how many are forced")
    parser.add_argument("--dry", action="store_true", help="everything tiny and once")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; parts are {', '.join(PARTS)}")
    shape, rounds = (SHAPES["tiny"], 1) if options.dry else (SHAPES[options.shape], options.rounds)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder, cache = built(shape, scratch), scratch / "cache"
        calls: dict[str, Callable[[], dict[str, Any]]] = {
            "numbers": lambda: numbers(folder, shape, options.device, rounds),
            "overhead": lambda: overhead(folder, shape, options.device, rounds, cache),
            "batch": lambda: batch(folder, shape, options.device, rounds, cache),
            "prompts": lambda: prompts(folder, shape, options.device, rounds, cache),
            "faults": lambda: faults(options.device, 9 if options.dry else options.faults, scratch / "faults"),
        }
        for part in options.parts:
            sys.stdout.write(json.dumps({"part": part, "device": options.device, **calls[part]()}, indent=1) + "\n")
            sys.stdout.flush()
            gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
