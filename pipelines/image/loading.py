"""Opens a folder of diffusion weights: says what is in it without importing torch, and loads it.

Only safetensors are taken, judged by content; a folder that brings code or a pickle is refused. A model's family is read
from its `model_index.json`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelCorrupt, ModelUnusable

#: Longest safetensors header that is read; a real one is well below (safetensors itself allows 100 MB).
_HEADER_MAX = 100_000_000
_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "flux", "tokenizers", "pixart_alpha", "sana"}
_CODE = (".py", ".pyc", ".so", ".dll", ".dylib", ".sh", ".ipynb")
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".msgpack", ".h5")
_WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1}


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
    """What a folder holds. multiple: width and height must be divisible by it. variant: "fp16" when only that is there."""

    class_name: str
    defaults: Defaults
    multiple: int
    variant: str | None
    elements: int

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
    index = _json(folder / "model_index.json")
    class_name = str(index.get("_class_name", ""))
    if not class_name.endswith("Pipeline"):
        raise ModelUnusable(f"{folder.name} is not a diffusers pipeline: its model_index.json names no pipeline class.")
    _refuse_foreign(folder, index)
    elements = sum(_elements(path) for path in _weight_files(folder))
    return Family(class_name, _defaults(folder, class_name), _multiple(folder, class_name), _variant(folder), elements)


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files. Raises ModelUnusable for code and for weights in any other format, whatever they are called."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in _CODE:
            raise ModelUnusable(f"{name} is program code; a model folder may not bring any.", hint="Remove it, or use another model.")
        if path.suffix.lower() not in _WEIGHTS:
            continue
        with path.open("rb") as file:
            head = file.read(8)
        if path.suffix.lower() != ".safetensors" or head[:2] in (b"PK", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"):
            raise ModelUnusable(
                f"{name} is not in the safetensors format: it could run code when it is opened.", hint="Use the model's safetensors files."
            )
        found.append(path)
    if not found:
        raise ModelCorrupt(f"{folder.name} has no safetensors file.", hint="Pull the model again.")
    return found


def _elements(path: Path) -> int:
    """Numbers in a safetensors file, from its header. Raises ModelCorrupt when header and file do not agree."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if not 2 <= length <= min(_HEADER_MAX, size - 8):
                raise ValueError("the header is longer than the file")
            header = json.loads(file.read(length))
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        if end != size - 8 - length:
            raise ValueError("the data are cut off")
        return sum((e["data_offsets"][1] - e["data_offsets"][0]) // _WIDTHS[e["dtype"]] for e in tensors.values())
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error) as error:
        raise ModelCorrupt(f"{path.name} is damaged: {error}.", hint="Pull the model again.", field=path.name) from error


def _refuse_foreign(folder: Path, index: Mapping[str, Any]) -> None:
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or not entry or entry[0] is None:
            continue
        if entry[0] not in _LIBRARIES:
            raise ModelUnusable(f"{folder.name} wants code of its own for its {name} ({entry[0]}); that is never run.", field=name)


def _defaults(folder: Path, class_name: str) -> Defaults:
    scheduler = _json(folder / "scheduler" / "scheduler_config.json", needed=False)
    if scheduler.get("_class_name") == "EulerAncestralDiscreteScheduler" and scheduler.get("timestep_spacing") == "trailing":
        return _TURBO
    transformer = _json(folder / "transformer" / "config.json", needed=False)
    if class_name == "FluxPipeline" and transformer.get("guidance_embeds") is False:
        return _SCHNELL
    return _DEFAULTS.get(class_name, Defaults(0, -1.0))


def _multiple(folder: Path, class_name: str) -> int:
    """Pixels per latent, twice that where the denoiser packs latents two by two (every transformer with patches of 2)."""
    vae = _json(folder / "vae" / "config.json", needed=False)
    blocks = vae.get("block_out_channels") or vae.get("decoder_block_out_channels") or vae.get("dim_mult") or [0] * 4
    packed = (folder / "transformer").is_dir()
    return int(2 ** (len(blocks) - 1)) * (2 if packed else 1)


def _variant(folder: Path) -> str | None:
    halves = {p.parent.name for p in folder.rglob("*.fp16.safetensors")}
    whole = {p.parent.name for p in folder.rglob("*.safetensors") if ".fp16." not in p.name}
    return "fp16" if halves - whole else None


def _json(path: Path, needed: bool = True) -> dict[str, Any]:
    if not needed and not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelCorrupt(f"{path.name} of {path.parent.name} cannot be read.", hint="Pull the model again.", field=path.name) from error
    if not isinstance(value, dict):
        raise ModelCorrupt(f"{path.name} of {path.parent.name} is not a JSON object.", hint="Pull the model again.", field=path.name)
    return value
