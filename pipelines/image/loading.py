"""Opens a folder of diffusion weights: says what is in it without importing torch, and loads it.

Only safetensors are taken, judged by content; a folder that brings code or a pickle is refused. A model's family is read
from its `model_index.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelUnusable
from pipelines.models.folders import elements, read_object, weight_files

_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "flux", "tokenizers", "pixart_alpha", "sana"}


@dataclass(frozen=True)
class Defaults:
    """What a family does when nobody says otherwise. steps 0: the pipeline's own default."""

    steps: int
    guidance: float


#: By `_class_name`; steps and guidance as each model's card recommends.
_DEFAULTS = {
    "StableDiffusionPipeline": Defaults(30, 7.5),
    "StableDiffusionXLPipeline": Defaults(30, 5.0),
    "StableDiffusion3Pipeline": Defaults(28, 4.5),
    "FluxPipeline": Defaults(28, 3.5),
    "ZImagePipeline": Defaults(9, 0.0),
}
#: SD- and SDXL-Turbo: few steps, no guidance; told by their scheduler, because the class is that of the teacher.
_TURBO = Defaults(4, 0.0)
_SCHNELL = Defaults(4, 0.0)


@dataclass(frozen=True)
class Family:
    """What a folder holds. multiple: width and height must be divisible by it. variant: "fp16" when only that is there.

    elements: numbers in all weights. component: in those of the largest component (the denoiser, or a text encoder).
    """

    class_name: str
    defaults: Defaults
    multiple: int
    variant: str | None
    elements: int
    component: int

    def check_size(self, width: int, height: int) -> None:
        """Raises InputError naming the nearest sizes that work."""
        for name, value in (("width", width), ("height", height)):
            if value % self.multiple:
                below = value // self.multiple * self.multiple
                near = " or ".join(str(size) for size in (below, below + self.multiple) if size > 0)
                raise InputError(
                    f"This model makes pictures whose {name} is a multiple of {self.multiple}; {value} is not.",
                    hint=f"Use {near}.",
                    field=name,
                )


def read_family(folder: Path) -> Family:
    """Inspect a model folder. Raises ModelCorrupt (missing or broken files) and ModelUnusable (code, pickles, foreign classes)."""
    index = read_object(folder / "model_index.json")
    class_name = str(index.get("_class_name", ""))
    if not class_name.endswith("Pipeline"):
        raise ModelUnusable(f"{folder.name} is not a diffusers pipeline: its model_index.json names no pipeline class.")
    _refuse_foreign(folder, index)
    components: dict[str, int] = {}
    for path in weight_files(folder):
        name = path.relative_to(folder).parts[0]
        components[name] = components.get(name, 0) + elements(path)
    numbers, largest = sum(components.values()), max(components.values())
    return Family(class_name, _defaults(folder, class_name), _multiple(folder, class_name), _variant(folder), numbers, largest)


def _refuse_foreign(folder: Path, index: Mapping[str, Any]) -> None:
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or not entry or entry[0] is None:
            continue
        if entry[0] not in _LIBRARIES:
            raise ModelUnusable(f"{folder.name} wants code of its own for its {name} ({entry[0]}); that is never run.", field=name)


def _defaults(folder: Path, class_name: str) -> Defaults:
    scheduler = read_object(folder / "scheduler" / "scheduler_config.json", needed=False)
    if scheduler.get("_class_name") == "EulerAncestralDiscreteScheduler" and scheduler.get("timestep_spacing") == "trailing":
        return _TURBO
    transformer = read_object(folder / "transformer" / "config.json", needed=False)
    if class_name == "FluxPipeline" and transformer.get("guidance_embeds") is False:
        return _SCHNELL
    return _DEFAULTS.get(class_name, Defaults(0, -1.0))


def _multiple(folder: Path, class_name: str) -> int:
    """Pixels per latent, twice that where the denoiser packs latents two by two (every transformer with patches of 2)."""
    vae = read_object(folder / "vae" / "config.json", needed=False)
    blocks = vae.get("block_out_channels") or vae.get("decoder_block_out_channels") or vae.get("dim_mult") or [0] * 4
    packed = (folder / "transformer").is_dir()
    return int(2 ** (len(blocks) - 1)) * (2 if packed else 1)


def _variant(folder: Path) -> str | None:
    halves = {p.parent.name for p in folder.rglob("*.fp16.safetensors")}
    whole = {p.parent.name for p in folder.rglob("*.safetensors") if ".fp16." not in p.name}
    return "fp16" if halves - whole else None
