"""What a file or folder of picture weights on this machine is, by its content: a checkpoint, a LoRA, a textual inversion, a ControlNet, an
IP-Adapter. Gives the entry a catalogue would have for it. It copies nothing and loads no tensor.
"""

from __future__ import annotations

import re
from pathlib import Path

from domain.errors import InputError, ModelUnusable
from domain.model import FolderSource, Model, ModelFile, Task
from pipelines.image.families import Families
from pipelines.image.headers import Header, read_header
from pipelines.image.loading import open_checkpoint
from pipelines.image.lora import read_pairs
from pipelines.models.folders import read_object, weight_files

_CONCEPT_NAMES = ({"clip_l", "clip_g"}, {"clip_l"}, {"emb_params"})


def recognise(path: Path, families: Families, model_id: str = "") -> Model:
    """model_id "": made of the name. Raises InputError (no such path), ModelUnusable, ModelCorrupt (nothing that can be used, and why)."""
    path = path.expanduser().resolve()
    if not path.exists():
        raise InputError(f"There is nothing at {path}.", hint="Give the path of a folder or a safetensors file.", field="path")
    task, family = _folder(path, families) if path.is_dir() else _file(path, families)
    root = path if path.is_dir() else path.parent
    files = sorted(p for p in path.rglob("*") if p.is_file() and ".git" not in p.parts) if path.is_dir() else [path]
    return Model(
        id=model_id or _slug(path.stem if path.is_file() else path.name),
        name=path.stem if path.is_file() else path.name,
        task=task,
        licence="not known: added by path",
        pinned=False,
        files=tuple(ModelFile(name=file.relative_to(root).as_posix()) for file in files),
        sources=(FolderSource(path=str(root)),),
        disk=sum(file.stat().st_size for file in files),
        family=family,
        note="Added by path on this machine.",
    )


def _folder(path: Path, families: Families) -> tuple[Task, str]:
    if (path / "model_index.json").is_file():
        family = open_checkpoint(path, families).family
        return Task.PICTURE, "" if family.id == "other" else family.id
    files = weight_files(path)  # refuses code and pickles
    config = read_object(path / "config.json", needed=False)
    if "ControlNet" in str(config.get("_class_name", "")):
        return Task.CONTROLNET, ""
    if any(name.startswith("ip_adapter.") for file in files for name in read_header(file).shapes):
        return Task.IP_ADAPTER, ""
    if len(files) == 1:
        return _file(files[0], families)
    raise ModelUnusable(
        f"{path.name} is neither a pipeline of diffusers nor an adapter.", hint="Give the folder with model_index.json.", field="path"
    )


def _file(path: Path, families: Families) -> tuple[Task, str]:
    header = read_header(path)
    if _is_concept(header):
        return Task.TEXTUAL_INVERSION, ""
    family = families.of_keys(header.shapes.keys())
    if family is not None and family.single:
        return Task.PICTURE, family.id
    if family is not None:
        raise ModelUnusable(
            f"{path.name} is {family.name} in one file, which is not opened here.",
            hint="Use the model's folder in the layout of diffusers.",
            field="path",
        )
    if any(name.startswith("ip_adapter.") for name in header.shapes):
        raise ModelUnusable(f"{path.name} is an IP-Adapter.", hint="Give its folder, with image_encoder beside it.", field="path")
    try:
        read_pairs(path)
    except ModelUnusable as error:
        raise ModelUnusable(
            f"{path.name} is of no kind that is known here: {error.message}",
            hint="Checkpoints, LoRA and textual inversion files in the safetensors format are taken.",
            field="path",
        ) from error
    return Task.LORA, ""


def _is_concept(header: Header) -> bool:
    return set(header.shapes) in _CONCEPT_NAMES or (len(header.shapes) == 1 and max(map(len, header.shapes.values())) <= 2)


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return slug or "model"
