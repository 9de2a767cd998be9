"""Opens a checkpoint of diffusion weights: says what is in it without importing torch.

A folder is read by its `model_index.json`, a single file by the names of its tensors. Only safetensors are taken, judged by content;
what brings code or a pickle is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelUnusable
from pipelines.image.families import Families, Family
from pipelines.image.headers import read_header
from pipelines.models.folders import elements, read_object, weight_files

_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "flux", "tokenizers", "pixart_alpha", "sana"}
#: Components whose configuration can tell a family.
_TELLING = ("scheduler", "text_encoder", "transformer", "unet")
#: Files beside a checkpoint of one file that say something of it.
_NOTES = {".json", ".txt", ".md", ".yaml", ".toml"}
#: Pixels per latent of a single file, all of whose families have the same VAE.
_SINGLE_MULTIPLE = 8


@dataclass(frozen=True)
class Opened:
    """One checkpoint as it lies there.

    multiple: width and height must be divisible by it. variant: "fp16" when only that is there. elements: numbers in all weights.
    component: in those of the largest component (the denoiser, or a text encoder). single: the file, for a checkpoint of one file.
    """

    family: Family
    class_name: str
    multiple: int
    variant: str | None
    elements: int
    component: int
    single: Path | None = None

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


def open_checkpoint(folder: Path, families: Families, family: str = "") -> Opened:
    """Inspect what a model's folder holds. family: id of the family it is said to be of; "" finds out.

    Raises ModelCorrupt (missing or broken files), ModelUnusable (code, pickles, foreign classes, a family it is not of).
    """
    opened = _single(folder, families) if _is_single(folder) else _folder(folder, families)
    if not family or opened.family.id == family:
        return opened
    said = families.get(family)
    if said.class_name != opened.class_name:
        raise ModelUnusable(f"{folder.name} is said to be {said.name}, but it is {opened.family.name}.", field="family")
    return Opened(said, opened.class_name, opened.multiple, opened.variant, opened.elements, opened.component, opened.single)


def _is_single(folder: Path) -> bool:
    return not (folder / "model_index.json").is_file() and len(_weights(folder)) == 1


def _weights(folder: Path) -> list[Path]:
    """Files of the folder that are not about the others (configuration, notes, the store's own)."""
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() not in _NOTES and path.name[0] != "."]


def _single(folder: Path, families: Families) -> Opened:
    path = _weights(folder)[0]
    header = read_header(path)
    family = families.of_keys(header.shapes.keys())
    if family is None:
        raise ModelUnusable(f"{path.name} is of no picture family that is known here.", hint="Use the model's folder of safetensors.")
    if not family.single:
        raise ModelUnusable(
            f"{path.name} is {family.name} in one file, which is not opened here.",
            hint="Use the model's folder in the layout of diffusers.",
        )
    parts: dict[str, int] = {}
    for name, count in header.numbers.items():
        part = name.split(".")[0]
        parts[part] = parts.get(part, 0) + count
    return Opened(family, family.class_name, _SINGLE_MULTIPLE, None, sum(parts.values()), max(parts.values()), path)


def _folder(folder: Path, families: Families) -> Opened:
    index = read_object(folder / "model_index.json")
    class_name = str(index.get("_class_name", ""))
    if not class_name.endswith("Pipeline"):
        raise ModelUnusable(f"{folder.name} is not a diffusers pipeline: its model_index.json names no pipeline class.")
    _refuse_foreign(folder, index)
    components: dict[str, int] = {}
    for path in weight_files(folder):
        name = path.relative_to(folder).parts[0]
        components[name] = components.get(name, 0) + elements(path)
    config = {name: _config(folder / name) for name in _TELLING}
    family = families.of_folder(class_name, config)
    multiple = _multiple(folder, family.pack)
    return Opened(family, class_name, multiple, _variant(folder), sum(components.values()), max(components.values()))


def _refuse_foreign(folder: Path, index: Mapping[str, Any]) -> None:
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or not entry or entry[0] is None:
            continue
        if entry[0] not in _LIBRARIES:
            raise ModelUnusable(f"{folder.name} wants code of its own for its {name} ({entry[0]}); that is never run.", field=name)


def _config(component: Path) -> dict[str, Any]:
    name = "scheduler_config.json" if component.name == "scheduler" else "config.json"
    return read_object(component / name, needed=False)


def _multiple(folder: Path, pack: int) -> int:
    """Pixels per latent, times the latents on a side that the denoiser takes together."""
    vae = _config(folder / "vae")
    blocks = vae.get("block_out_channels") or vae.get("decoder_block_out_channels") or vae.get("dim_mult") or [0] * 4
    packed = pack or (2 if (folder / "transformer").is_dir() else 1)
    return int(2 ** (len(blocks) - 1)) * packed


def _variant(folder: Path) -> str | None:
    halves = {p.parent.name for p in folder.rglob("*.fp16.safetensors")}
    whole = {p.parent.name for p in folder.rglob("*.safetensors") if ".fp16." not in p.name}
    return "fp16" if halves - whole else None
