"""The picture makers against plain diffusers: python -m benchmarks.pictures [PART ...] [--device cuda] [--shape sdxl] [--dry].

Weights are random, at real size: enough for speed. Plain means diffusers as its documentation shows it: a pipeline in one number format,
moved to the device, called. Ratios are measured side by side in one run, interleaved A/B/C/C/B/A; an absolute time holds only on a
quiet machine. Parts:

    numbers   one guided step of the denoiser and one decode: plain float32, plain bfloat16, ours; a picture computed from them
    whole     the same as pictures of --steps steps, prompt to pixels, and how alike they are (PSNR)
    overhead  our `generate`, prompt to PNG, over the raw call of the very pipeline it loaded
    batch     eight pictures at once against one after the other, at --side too
    prompts   words that were read before against new ones
    file      few steps, prompt to file, against plain diffusers with its default PNG
    lossy     the shortcuts: how much faster, and how alike (PSNR) to the exact picture
    restart   a fresh process: the whole denoiser compiled, its blocks compiled, its blocks with what an earlier process kept; five shapes
    faults    forced out-of-memory faults: does the next job succeed, and does memory come back

    python -m benchmarks.pictures                                       # this CPU, Stable Diffusion 1.5's size
    python -m benchmarks.pictures whole --steps 25 --rounds 2           # whole pictures on it
    python -m benchmarks.pictures --device cuda --shape sdxl --dtype float16    # a GPU, SDXL's size, every part
    python -m benchmarks.pictures --dry                                 # every part, tiny and once: proves that it runs
"""

from __future__ import annotations

import argparse
import gc
import io
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.pictures_models import PROMPT, SHAPES, Shape, built, interleaved, maker, medians, stored, waited, work
from domain.picture import Shortcut
from domain.progress import Silent
from domain.recipe import Output
from pipelines.image.attention import around
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.image.running import Loaded
from tests.pipelines.image.shortages import forced
from tests.pipelines.image.tiny_models import save_sd15

ROOT = Path(__file__).resolve().parent.parent
FAULTS = 100
#: Without --steps, so few that a CPU is done in minutes.
WHOLE_STEPS = 5


@dataclass(frozen=True)
class Run:
    """What every part is told."""

    folder: Path
    shape: Shape
    device: str
    rounds: int
    scratch: Path
    steps: int
    faults: int
    backend: str
    dtype: str

    @property
    def cache(self) -> Path:
        return self.scratch / "cache"


def plain(run: Run, dtype: str) -> Any:
    """diffusers as its documentation shows it."""
    import torch
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(run.folder, dtype=getattr(torch, dtype), local_files_only=True).to(run.device)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def ours_loaded(ours: Diffusion, dtype: str) -> Loaded:
    """What our maker holds in memory; it stays there for the maker's next picture."""
    opened = ours.opened()
    with ours._devices.acquire(ours._weights(opened, ours._device, dtype, True), "auto") as loaded:
        return loaded


def call(pipe: Any, run: Run, side: int, steps: int, output: str = "np") -> Any:
    """The raw call of a pipeline, with the noise and guidance that our maker gives the same picture."""
    import torch

    return pipe(
        prompt=PROMPT, width=side, height=side, num_inference_steps=steps, output_type=output, generator=torch.Generator().manual_seed(1),
        guidance_scale=7.5 if run.shape.save is save_sd15 else 5.0,
    )  # fmt: skip


def half(run: Run) -> str:
    """The number format of our maker here."""
    from pipelines.placement import placed

    return placed(run.device, mps=True, bfloat16_on_cpu=True)[1] if run.dtype == "auto" else run.dtype


def formats(run: Run) -> tuple[str, ...]:
    return ("float32", "bfloat16") if run.device == "cpu" else ("float16", "bfloat16")


def numbers(run: Run) -> dict[str, Any]:
    ours = maker(run.folder, run.cache, run.device, run.dtype)
    made = ours_loaded(ours, half(run))
    ways = {**{f"plain {name}": (plain(run, name), "sdpa") for name in formats(run)}, "ours": (made.words, made.attention)}
    steps, decodes = {}, {}
    for name, (pipe, attention) in ways.items():
        steps[name] = waited(_stepping(pipe, run, attention), run.device)
        decodes[name] = waited(_decoding(pipe, run, attention), run.device)
    step, decode = interleaved(steps, run.rounds), interleaved(decodes, run.rounds)
    whole = {name: round(run.shape.steps * medians(step)[name] + medians(decode)[name], 3) for name in ways}
    return {
        "side": run.shape.side, "steps": run.shape.steps, "attention": made.attention, "dtype": made.dtype,
        "step_seconds": step, "decode_seconds": decode, "picture_seconds_computed": whole,
        **{f"over_{name.replace(' ', '_')}": round(whole[name] / whole["ours"], 3) for name in ways if name != "ours"},
    }  # fmt: skip


def _stepping(pipe: Any, run: Run, attention: str) -> Callable[[], Any]:
    """One guided step: both halves of a batch see the same noise, as in a pipeline."""
    import torch

    unet, generator = pipe.unet, torch.Generator().manual_seed(0)
    side = run.shape.side // pipe.vae_scale_factor
    noise = torch.randn(1, 4, side, side, generator=generator).repeat(2, 1, 1, 1).to(run.device, unet.dtype)
    words = torch.randn(2, 77, unet.config.cross_attention_dim, generator=generator).to(run.device, unet.dtype)
    more = {}
    if unet.config.addition_embed_type == "text_time":
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        more["added_cond_kwargs"] = {"text_embeds": words.new_zeros(2, pooled), "time_ids": words.new_zeros(2, 6)}

    def step() -> Any:
        with around(attention):
            return unet(noise, 10, encoder_hidden_states=words, **more).sample

    return step


def _decoding(pipe: Any, run: Run, attention: str) -> Callable[[], Any]:
    import torch

    side = run.shape.side // pipe.vae_scale_factor
    latents = torch.randn(1, 4, side, side, generator=torch.Generator().manual_seed(0)).to(run.device, pipe.vae.dtype)

    def decode() -> Any:
        with around(attention):
            return pipe.vae.decode(latents).sample

    return decode


def whole(run: Run) -> dict[str, Any]:
    ours, side = maker(run.folder, run.cache, run.device, run.dtype), run.shape.side
    pipes = {f"plain {name}": plain(run, name) for name in formats(run)}
    pixels: dict[str, Any] = {}

    def kept(name: str, made: Callable[[], Any]) -> Callable[[], object]:
        def run_it() -> object:
            pixels[name] = made()
            return pixels[name]

        return run_it

    calls = {name: kept(name, lambda pipe=pipe: call(pipe, run, side, run.steps).images[0]) for name, pipe in pipes.items()}
    calls["ours"] = kept("ours", lambda: decoded(ours.generate([work(side, run.steps)], Silent())[0]))
    for pipe in pipes.values():
        call(pipe, run, side, 1)
    ours.generate([work(side, 1)], Silent())
    seconds = interleaved(calls, run.rounds, warm=False)
    middle, exact = medians(seconds), f"plain {formats(run)[0]}"
    return {
        "side": side, "steps": run.steps, "seconds": seconds,
        **{f"over_{name.replace(' ', '_')}": round(middle[name] / middle["ours"], 3) for name in pipes},
        "psnr_ours_to_plain": {name: alike(pixels["ours"], pixels[name]) for name in pipes},
        "psnr_of_plain_formats": alike(pixels["plain bfloat16"], pixels[exact]),
    }  # fmt: skip


def decoded(output: Output) -> Any:
    return np.asarray(Image.open(io.BytesIO(output.main.data)), dtype=np.float32) / 255


def alike(one: Any, other: Any) -> float | None:
    """PSNR in dB; None for equal pictures."""
    error = float(((np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)) ** 2).mean())
    return None if error == 0 else round(-10 * math.log10(error), 2)


def overhead(run: Run) -> dict[str, Any]:
    ours, side = maker(run.folder, run.cache, run.device, run.dtype), run.shape.small
    made = ours_loaded(ours, half(run))

    def raw() -> object:
        with around(made.attention):
            return call(made.words, run, side, run.shape.few)

    seconds = interleaved({"raw": raw, "ours": lambda: ours.generate([work(side, run.shape.few)], Silent())}, run.rounds)
    middle = medians(seconds)
    return {"side": side, "steps": run.shape.few, "seconds": seconds, "overhead": round(middle["ours"] / middle["raw"] - 1, 4)}


def batch(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {"pictures": 8}
    for side in (run.shape.small, *((run.shape.side,) if run.device != "cpu" else ())):
        ours, works = maker(run.folder, run.cache, run.device, run.dtype), [work(side, 2, seed) for seed in range(8)]
        calls: dict[str, Callable[[], object]] = {
            "at once": lambda ours=ours, works=works: ours.generate(works, Silent()),
            "one after the other": lambda ours=ours, works=works: [ours.generate([one], Silent()) for one in works],
        }
        seconds = interleaved(calls, run.rounds)
        middle = medians(seconds)
        together, alone = ours.generate(works[:4], Silent()), [ours.generate([one], Silent())[0] for one in works[:4]]
        likeness = [alike(decoded(one), decoded(other)) for one, other in zip(together, alone, strict=True)]
        gain = round(middle["one after the other"] / middle["at once"], 3)
        found[str(side)] = {"seconds": seconds, "gain": gain, "psnr_batched_to_alone": likeness, "dtype": half(run)}
    return found


def prompts(run: Run) -> dict[str, Any]:
    """Words that were read before against words that were not, one step each."""
    ours, count, side = maker(run.folder, run.cache, run.device, run.dtype), iter(range(10_000)), run.shape.small
    calls: dict[str, Callable[[], object]] = {
        "new words": lambda: ours.generate([work(side, 1, prompt=f"fox number {next(count)} " * 30)], Silent()),
        "words read before": lambda: ours.generate([work(side, 1, prompt="fox number x " * 30)], Silent()),
    }
    return {"side": side, "seconds": interleaved(calls, max(3, run.rounds))}


def file(run: Run) -> dict[str, Any]:
    """From a prompt to the bytes of a file, in few steps."""
    ours, pipe, side = maker(run.folder, run.cache, run.device, run.dtype), plain(run, formats(run)[0]), run.shape.side

    def saved() -> object:
        buffer = io.BytesIO()
        call(pipe, run, side, run.shape.few, "pil").images[0].save(buffer, "PNG")
        return buffer.getvalue()

    calls: dict[str, Callable[[], object]] = {"plain": saved, "ours": lambda: ours.generate([work(side, run.shape.few)], Silent())}
    seconds = interleaved(calls, run.rounds)
    middle = medians(seconds)
    return {"side": side, "steps": run.shape.few, "seconds": seconds, "over_plain": round(middle["plain"] / middle["ours"], 3)}


def lossy(run: Run) -> dict[str, Any]:
    """On a CPU small pictures: what a shortcut leaves out is a share of the steps, whatever their size."""
    ours, side = maker(run.folder, run.cache, run.device, run.dtype), run.shape.small if run.device == "cpu" else run.shape.side
    every = [name.value for name in Shortcut]
    ways: dict[str, list[str]] = {"exact": [], **{name: [name] for name in every}, "all": every}
    made: dict[str, Any] = {}

    def way(name: str) -> Callable[[], object]:
        def make() -> object:
            made[name] = decoded(ours.generate([work(side, run.shape.steps, shortcuts=list(ways[name]))], Silent())[0])
            return made[name]

        return make

    ours.generate([work(side, 2)], Silent())
    seconds = interleaved({name: way(name) for name in ways}, run.rounds, warm=False)
    middle = medians(seconds)
    shown = {name: {"faster": round(middle["exact"] / middle[name], 3), "psnr": alike(made[name], made["exact"])} for name in ways}
    return {"side": side, "steps": run.shape.steps, "seconds": seconds, "ways": shown}


def restart(run: Run) -> dict[str, Any]:
    found = {}
    for name, way in (("whole, cold", "whole"), ("blocks, cold", "regional"), ("blocks, kept", "regional")):
        told = [str(run.folder), str(run.scratch / "restart"), run.device, str(run.shape.side), way, run.backend]
        answer = subprocess.run(
            [sys.executable, "-m", "benchmarks.pictures_first", *told], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        )
        found[name] = json.loads(answer.stdout.splitlines()[-1])
    first = {name: values["first_picture_seconds"] for name, values in found.items()}
    return {**found, "restart_over_cold_whole": round(first["whole, cold"] / first["blocks, kept"], 3)}


def faults(run: Run) -> dict[str, Any]:
    """Forced faults by turns at loading, denoising and decoding, each followed by a job that must succeed with the same bytes."""
    scratch = run.scratch / "faults"
    store = stored(save_sd15(scratch / "model", scratch / "words"), scratch / "cache")
    families = Families.read(ROOT / "assets" / "pictures" / "families.toml")
    counted = forced(
        lambda devices: Diffusion(store, devices, "measured", run.device, families=families), work(32, 2), run.faults, run.device
    )
    return {
        "faults": run.faults, "by_place": counted.by_place, "raised": counted.raised, "next_job_succeeded": counted.succeeded,
        "still_admitted_bytes": counted.left, "grown_mb": counted.grown / 1e6,
    }  # fmt: skip


PARTS: dict[str, Callable[[Run], dict[str, Any]]] = {
    "numbers": numbers, "whole": whole, "overhead": overhead, "batch": batch, "prompts": prompts, "file": file, "lossy": lossy,
    "restart": restart, "faults": faults,
}  # fmt: skip
#: What says something on a CPU.
CPU = ("numbers", "whole", "overhead", "batch", "prompts", "lossy", "faults")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="left out: all that say something on the device")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--shape", choices=tuple(SHAPES), default="sd15")
    parser.add_argument("--dtype", default="auto", help="of our maker: for the same numbers as plain diffusers on a GPU, float16")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--steps", type=int, default=0, help=f"of the part whole; left out, {WHOLE_STEPS} on a CPU, else the shape's own")
    parser.add_argument("--faults", type=int, default=FAULTS, help="how many are forced")
    parser.add_argument("--dry", action="store_true", help="everything tiny and once")
    parser.add_argument("--keep", type=Path, help="a folder where the built model stays for the next run")
    parser.add_argument("--build", action="store_true", help="only build the model, into --keep")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; parts are {', '.join(PARTS)}")
    shape = SHAPES["tiny" if options.dry else options.shape]
    on_cpu = options.device == "cpu"
    parts = options.parts or (CPU if on_cpu and not options.dry else tuple(PARTS))
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        # A GPU's models are published in half precision: half as much to read.
        folder = built(shape, options.keep or scratch, "float32" if on_cpu else "float16")
        if options.build:
            return 0
        run = Run(
            folder, shape, options.device, 1 if options.dry else options.rounds, scratch,
            options.steps or (shape.few if options.dry else WHOLE_STEPS if on_cpu else shape.steps),
            3 if options.dry else options.faults, "eager" if options.dry else "inductor", options.dtype,
        )  # fmt: skip
        for part in parts:
            sys.stdout.write(
                json.dumps({"part": part, "device": options.device, "shape": options.shape, **PARTS[part](run)}, indent=1) + "\n"
            )
            sys.stdout.flush()
            gc.collect()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
