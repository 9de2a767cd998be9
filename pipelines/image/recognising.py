"""What a file or folder of picture weights on this machine is, by its content: a checkpoint, a LoRA, a textual inversion, a ControlNet, an
IP-Adapter. Gives the entry a catalogue would have for it. It copies nothing and loads no tensor.
"""

from __future__ import annotations

import re
from pathlib import Path

from domain.errors import InputError, ModelUnusable
from domain.model import FolderSource, Model, ModelFile, Task
from pipelines.image.families import Families
from pipelines.image.headers import Header, read_header, read_weights
from pipelines.image.loading import Opened, of_file, open_checkpoint, said_to_be
from pipelines.image.lora import read_pairs
from pipelines.image.reading import require_gguf
from pipelines.models.folders import read_object, weight_files

_CONCEPT_NAMES = ({"clip_l", "clip_g"}, {"clip_l"}, {"emb_params"})


def recognise(path: Path, families: Families, model_id: str = "", family: str = "") -> Model:
    """model_id "": made of the name. family: the one a checkpoint is said to be of, where several have the same tensors; "" finds out.

    Raises InputError (no such path or family), ModelUnusable, ModelCorrupt (nothing that can be used, and why).
    """
    path = path.expanduser().resolve()
    if not path.exists():
        raise InputError(
            "There is nothing at {path}.", hint="Give the path of a folder, or of a safetensors or GGUF file.", field="path", path=path
        )
    task, opened = _folder(path, families) if path.is_dir() else _file(path, families)
    if family and opened is not None:
        opened = said_to_be(opened, families.get(family), path.name)
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
        family="" if opened is None or opened.family.id == "other" else opened.family.id,
        note="Added by path on this machine.",
    )


def _folder(path: Path, families: Families) -> tuple[Task, Opened | None]:
    if (path / "model_index.json").is_file():
        return Task.PICTURE, open_checkpoint(path, families)
    files = weight_files(path)  # refuses code and pickles
    config = read_object(path / "config.json", needed=False)
    if "ControlNet" in str(config.get("_class_name", "")):
        return Task.CONTROLNET, None
    if any(name.startswith("ip_adapter.") for file in files for name in read_header(file).shapes):
        return Task.IP_ADAPTER, None
    if len(files) == 1:
        return _file(files[0], families)
    raise ModelUnusable(
        "{path} is neither a pipeline of diffusers nor an adapter.",
        hint="Give the folder with model_index.json.",
        field="path",
        path=path.name,
    )


def _file(path: Path, families: Families) -> tuple[Task, Opened | None]:
    header = read_weights(path)
    if not header.gguf and _is_concept(header):
        return Task.TEXTUAL_INVERSION, None
    if families.denoiser_of(header.shapes) is not None or families.of_keys(header.shapes.keys()) is not None:
        opened = of_file(path, header, families)
        if header.gguf:
            require_gguf()
        return Task.PICTURE, opened
    if header.gguf:
        raise ModelUnusable(
            "{path} is a GGUF of no picture family that is known here.", hint="Is it a chat model?", field="path", path=path.name
        )
    if any(name.startswith("ip_adapter.") for name in header.shapes):
        raise ModelUnusable("{path} is an IP-Adapter.", hint="Give its folder, with image_encoder beside it.", field="path", path=path.name)
    try:
        read_pairs(path)
    except ModelUnusable as error:
        raise ModelUnusable(
            "{path} is of no kind that is known here: {text}",
            hint="Checkpoints, LoRA and textual inversion files in the safetensors format are taken, and denoisers as GGUF.",
            field="path",
            path=path.name,
            text=error.said[0],
        ) from error
    return Task.LORA, None


def _is_concept(header: Header) -> bool:
    return set(header.shapes) in _CONCEPT_NAMES or (len(header.shapes) == 1 and max(map(len, header.shapes.values())) <= 2)


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return slug or "model"
