"""To a machine that has nothing but torch and transformers, and back, in pieces small enough for its door.

`pack` writes two archives: the vectors, and the text encoder with its numbers in fp16 and the vectors of words that no caption holds
as zeros. `parcel` writes what was trained (averaged
weights in fp16, the scale of the latents, the logs) in files of at most 15 MiB; `unpack` joins them here. A state that came back so
can be exported and measured; training that goes on from it starts with an empty optimiser.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

from domain.errors import InputError, ModelMissing
from training.sketch import unet, vae
from training.sketch.drawings import permitted_models
from training.sketch.loop import read_state
from training.sketch.recipe import Recipe

PART = 15 * 2**20
STATES = (vae.STATE, unet.STATE)
WEIGHTS, EMBEDDINGS = "model.safetensors", "embeddings.word_embeddings.weight"


def pack(assets: Path, models: Path, recipe: Recipe, sayings: Sequence[str], target: Path) -> tuple[Path, Path]:
    """vectors.zip and text.zip under `target`, each to be unpacked into a folder that --models names. sayings: all words of captions."""
    target.mkdir(parents=True, exist_ok=True)
    vectors, text = target / "vectors.zip", target / "text.zip"
    with zipfile.ZipFile(vectors, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        for model in permitted_models(assets, models, recipe.data.licences):
            for path in sorted(p for p in (models / model).rglob("*") if p.is_file() and not p.name.startswith(".")):
                out.write(path, path.relative_to(models).as_posix())
    folder = models / recipe.text_encoder
    if not (folder / WEIGHTS).is_file():
        raise ModelMissing(f"{recipe.text_encoder} is not in {models}.", hint=f"Run `python app.py models pull {recipe.text_encoder}`.")
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
            if path.name != WEIGHTS:
                out.write(path, path.relative_to(models).as_posix())
        out.writestr(f"{recipe.text_encoder}/{WEIGHTS}", _lean(folder, sayings))
    return vectors, text


def parcel(work: Path, recipe: Recipe, target: Path) -> list[Path]:
    """What of <work> is trained so far, for the way back."""
    from safetensors.torch import save

    target.mkdir(parents=True, exist_ok=True)
    marks = {vae.STATE: vae.mark(recipe), unet.STATE: unet.mark(recipe)}
    written = []
    for name in STATES:
        if not (work / name).is_file():
            continue
        step, tensors = read_state(work / name, marks[name])
        halved = {key: value.half() for key, value in tensors.items() if key.startswith("ema/")}
        data = save(halved, metadata={"step": str(step), "mark": marks[name]})
        for number, start in enumerate(range(0, len(data), PART)):
            written.append(target / f"{name}.{number:02d}")
            written[-1].write_bytes(data[start : start + PART])
    for name in (vae.FACTS, "vae.log.jsonl", "unet.log.jsonl"):
        if (work / name).is_file():
            written.append(target / name)
            shutil.copyfile(work / name, written[-1])
    return written


def unpack(parcels: Path, work: Path) -> list[Path]:
    """Join what came back into <work>. A state that is there already gives way. Raises InputError when nothing is there."""
    work.mkdir(parents=True, exist_ok=True)
    joined = []
    for name in STATES:
        parts = sorted(parcels.glob(f"{name}.[0-9][0-9]"))
        if parts:
            joined.append(work / name)
            joined[-1].write_bytes(b"".join(part.read_bytes() for part in parts))
    for name in (vae.FACTS, "vae.log.jsonl", "unet.log.jsonl"):
        if (parcels / name).is_file():
            shutil.copyfile(parcels / name, work / name)
    if not joined:
        raise InputError(f"Nothing trained lies in {parcels}.", hint="Name the folder that `parcel` wrote.")
    return joined


def _lean(folder: Path, sayings: Sequence[str]) -> bytes:
    """The encoder's weights, small: a word is cut into pieces by itself, so what pieces captions need is known before they are made."""
    from safetensors.torch import load_file, save
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    needed = {token for ids in tokenizer(list(sayings)).input_ids for token in ids} | set(tokenizer.all_special_ids)
    halved = {name: value.half() if value.is_floating_point() else value for name, value in load_file(str(folder / WEIGHTS)).items()}
    unused = [row for row in range(len(halved[EMBEDDINGS])) if row not in needed]
    halved[EMBEDDINGS][unused] = 0
    return bytes(save(halved, metadata={"format": "pt"}))
