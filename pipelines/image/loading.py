"""Opens a checkpoint of diffusion weights: says what is in it without importing torch.

A folder is read by its `model_index.json`, a single file by the names and shapes of its tensors. Only safetensors and GGUF are taken,
judged by content; what brings code or a pickle is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from domain.errors import InputError, ModelUnusable
from pipelines.image.denoisers import Denoiser, Shapes, bare, refuse_packed
from pipelines.image.families import Families, Family
from pipelines.image.headers import Header, read_header, read_weights
from pipelines.models.folders import elements, read_object, weight_files

_LIBRARIES = {"diffusers", "transformers", "stable_diffusion", "stable_diffusion_xl", "flux", "tokenizers", "pixart_alpha", "sana"}
#: Components whose configuration can tell a family.
_TELLING = ("scheduler", "text_encoder", "transformer", "unet")
#: Files beside a checkpoint of one file that say something of it.
_NOTES = {".json", ".txt", ".md", ".yaml", ".toml"}
#: Pixels per latent of a checkpoint in one file, all of whose families have the same VAE.
_SINGLE_MULTIPLE = 8
#: The component that draws.
_DENOISERS = ("transformer", "unet")


@dataclass(frozen=True)
class Opened:
    """One checkpoint as it lies there.

    multiple: width and height must be divisible by it. variant: "fp16" when only that is there. elements: numbers in all weights.
    component: in those of the largest component (the denoiser, or a text encoder). single: the file, for a checkpoint of one file.
    denoiser: of a file that has the denoiser only. stored: bytes of one whose numbers stay as the file has them (GGUF), which are then
    in neither elements nor component. layers: numbers of the denoiser that can also be held in 8 bits each. draws: whether the denoiser
    is the largest component.
    """

    family: Family
    class_name: str
    multiple: int
    variant: str | None
    elements: int
    component: int
    single: Path | None = None
    denoiser: Denoiser | None = None
    stored: int = 0
    layers: int = 0
    draws: bool = True

    def check_size(self, width: int, height: int) -> None:
        """Raises InputError naming the nearest sizes that work."""
        if width * height > self.family.most:
            raise InputError(
                "{family} makes pictures of at most {most} megapixels; {width}x{height} has {width2}.",
                hint="Use {nearest}, and enlarge the finished picture.",
                field="width" if width >= height else "height",
                family=self.family.name,
                most=f"{self.family.most / 1000000.0:.1f}",
                width=width,
                height=height,
                width2=f"{width * height / 1000000.0:.1f}",
                nearest=self._nearest(width, height),
            )
        for name, value in (("width", width), ("height", height)):
            if value % self.multiple:
                below = value // self.multiple * self.multiple
                near = " or ".join(str(size) for size in (below, below + self.multiple) if size > 0)
                raise InputError(
                    "This model makes pictures whose {name} is a multiple of {multiple}; {value} is not.",
                    hint="Use {near}.",
                    field=name,
                    name=name,
                    multiple=self.multiple,
                    value=value,
                    near=near,
                )

    def check_adapters(self, loras: bool) -> None:
        """Raises InputError for a LoRA on packed layers."""
        if loras and self.stored:
            raise InputError(
                "A LoRA changes layers, and those of a GGUF are packed.", hint="Use the model in 16 bits, or no LoRA.", field="loras"
            )

    def _nearest(self, width: int, height: int) -> str:
        """The largest size of about these proportions that can be made."""
        scale = (self.family.most / (width * height)) ** 0.5
        fitted = (max(1, int(side * scale / self.multiple)) * self.multiple for side in (width, height))
        return "x".join(str(side) for side in fitted)


def open_checkpoint(folder: Path, families: Families, family: str = "") -> Opened:
    """Inspect what a model's folder holds. family: id of the family it is said to be of; "" finds out.

    Raises ModelCorrupt (missing or broken files), ModelUnusable (code, pickles, foreign classes, a family it is not of).
    """
    opened = _single(folder, families) if is_single(folder) else _folder(folder, families)
    return said_to_be(opened, families.get(family), folder.name) if family else opened


def said_to_be(opened: Opened, said: Family, name: str) -> Opened:
    """The same as one of another family that has the same tensors. Raises ModelUnusable for a family it cannot be of."""
    if opened.family.id == said.id:
        return opened
    if said.class_name != opened.class_name and (opened.denoiser is None or said.id not in opened.denoiser.families):
        raise ModelUnusable(
            "{name} is said to be {said}, but it is {family}.", field="family", name=name, said=said.name, family=opened.family.name
        )
    return replace(opened, family=said, class_name=said.class_name)


def with_parts(opened: Opened, parts: Path) -> Opened:
    """What a denoiser in one file is together with the rest of its pipeline. parts: a folder in the layout of diffusers; a denoiser in it
    is left aside. Raises as `open_checkpoint`."""
    _refuse_foreign(parts, read_object(parts / "model_index.json"))
    rest, _ = _components(parts)
    for name in _DENOISERS:
        rest.pop(name, None)
    _refuse_packed(parts, rest)
    largest = max(rest.values(), default=0)
    return replace(
        opened, multiple=_multiple(parts, opened.family.pack or 2), variant=_variant(parts), elements=opened.elements + sum(rest.values()),
        component=max(opened.component, largest), draws=opened.component >= largest,
    )  # fmt: skip


def is_single(folder: Path) -> bool:
    """Whether a model's folder has one file of weights, and not a pipeline's components."""
    return not (folder / "model_index.json").is_file() and len(_weights(folder)) == 1


def _weights(folder: Path) -> list[Path]:
    """Files of the folder that are not about the others (configuration, notes, the store's own)."""
    if not folder.is_dir():
        return []
    return [path for path in sorted(folder.iterdir()) if path.is_file() and path.suffix.lower() not in _NOTES and path.name[0] != "."]


def _single(folder: Path, families: Families) -> Opened:
    path = _weights(folder)[0]
    return of_file(path, read_weights(path), families)


def of_file(path: Path, header: Header, families: Families) -> Opened:
    """A checkpoint, or a denoiser, of one file. Raises ModelUnusable for any other file, naming the family where it is known."""
    denoiser, family = families.denoiser_of(header.shapes), families.of_keys(header.shapes.keys())
    if denoiser is not None:
        refuse_packed(header.shapes, path.name)
        return _denoiser(path, header, denoiser, families.get(denoiser.families[0]))
    if family is None:
        raise ModelUnusable(
            "{path} is of no picture family that is known here.", hint="Use the model's folder of safetensors.", path=path.name
        )
    if not family.single or header.gguf:
        raise ModelUnusable(
            "{path} is {family} in one file, of a kind that is not opened here.",
            hint="Use the model's folder in the layout of diffusers.", field="path", path=path.name, family=family.name
        )  # fmt: skip
    parts: dict[str, int] = {}
    for name, count in header.numbers.items():
        part = name.split(".")[0]
        parts[part] = parts.get(part, 0) + count
    return Opened(family, family.class_name, _SINGLE_MULTIPLE, None, sum(parts.values()), max(parts.values()), path)


def _denoiser(path: Path, header: Header, denoiser: Denoiser, family: Family) -> Opened:
    inside = bare(header.shapes)
    numbers = sum(math.prod(shape) for shape in inside.values())
    kept = header.gguf
    return Opened(
        family, family.class_name, _SINGLE_MULTIPLE * (family.pack or 2), None, 0 if kept else numbers, 0 if kept else numbers, path,
        denoiser, stored=path.stat().st_size if kept else 0, layers=0 if kept else _layers(inside),
    )  # fmt: skip


def _layers(shapes: Shapes) -> int:
    """Numbers in the tables of a denoiser's blocks. What leads into the blocks and out of them stays: it is small, and it matters."""
    return sum(math.prod(shape) for name, shape in shapes.items() if len(shape) == 2 and any(part.isdigit() for part in name.split(".")))


def _components(folder: Path) -> tuple[dict[str, int], int]:
    """Numbers by component, and the denoiser's that can be held in 8 bits."""
    found: dict[str, int] = {}
    layers = 0
    for path in weight_files(folder):
        name = path.relative_to(folder).parts[0]
        found[name] = found.get(name, 0) + elements(path)
        if name in _DENOISERS:
            layers += _layers(read_header(path).shapes)
    return found, layers


def _folder(folder: Path, families: Families) -> Opened:
    index = read_object(folder / "model_index.json")
    class_name = str(index.get("_class_name", ""))
    if not class_name.endswith("Pipeline"):
        raise ModelUnusable("{folder} is not a diffusers pipeline: its model_index.json names no pipeline class.", folder=folder.name)
    _refuse_foreign(folder, index)
    components, layers = _components(folder)
    _refuse_packed(folder, components)
    config = {name: _config(folder / name) for name in _TELLING}
    family = families.of_folder(class_name, config)
    multiple = _multiple(folder, family.pack or (2 if (folder / "transformer").is_dir() else 1))
    largest = max(components.values())
    draws = largest in (components.get(name) for name in _DENOISERS)
    return Opened(family, class_name, multiple, _variant(folder), sum(components.values()), largest, layers=layers, draws=draws)


def _refuse_foreign(folder: Path, index: Mapping[str, Any]) -> None:
    for name, entry in index.items():
        if name.startswith("_") or not isinstance(entry, list) or not entry or entry[0] is None:
            continue
        if entry[0] not in _LIBRARIES:
            raise ModelUnusable(
                "{folder} wants code of its own for its {name} ({entry}); that is never run.",
                field=name,
                folder=folder.name,
                name=name,
                entry=entry[0],
            )


def _refuse_packed(folder: Path, components: Iterable[str]) -> None:
    """Numbers that another library packed need that library to be read, and could not be counted here."""
    for name in components:
        packed = _config(folder / name).get("quantization_config")
        if packed:
            kind = str(packed.get("quant_method", "another library")) if isinstance(packed, dict) else "another library"
            raise ModelUnusable(
                "{folder} holds its {name} packed by {kind}, which is not read here.",
                hint="Use the model in 16 bits, which is held in 8 bits where memory is short, or its denoiser as GGUF.",
                field=name,
                folder=folder.name,
                name=name,
                kind=kind,
            )


def _config(component: Path) -> dict[str, Any]:
    name = "scheduler_config.json" if component.name == "scheduler" else "config.json"
    return read_object(component / name, needed=False)


def _multiple(folder: Path, packed: int) -> int:
    """Pixels per latent, times the latents on a side that the denoiser takes together."""
    vae = _config(folder / "vae")
    blocks = vae.get("block_out_channels") or vae.get("decoder_block_out_channels") or vae.get("dim_mult") or [0] * 4
    return int(2 ** (len(blocks) - 1)) * packed


def _variant(folder: Path) -> str | None:
    halves = {p.parent.name for p in folder.rglob("*.fp16.safetensors")}
    whole = {p.parent.name for p in folder.rglob("*.safetensors") if ".fp16." not in p.name}
    return "fp16" if halves - whole else None
