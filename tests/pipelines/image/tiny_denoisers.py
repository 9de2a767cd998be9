"""Denoisers of the tiny families as one file: in the names of diffusers, in their authors', with a prefix, and as GGUF."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from pipelines.image.denoisers import Denoiser
from pipelines.image.families import Families
from tests.pipelines.image.tiny_models import FAMILIES

#: Z-Image: ours and its authors'.
_Z_IMAGE = {
    "all_final_layer.2-1.": "final_layer.", "all_x_embedder.2-1.": "x_embedder.", ".attention.norm_k.": ".attention.k_norm.",
    ".attention.norm_q.": ".attention.q_norm.", ".attention.to_out.0.": ".attention.out.",
}  # fmt: skip


def tensors(model: Path) -> dict[str, torch.Tensor]:
    return load_file(model / "transformer" / "diffusion_pytorch_model.safetensors")


def z_image_names(values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As the authors of Z-Image name them: queries, keys and values in one table."""
    found, fused = {}, {}
    for name, tensor in values.items():
        match = re.fullmatch(r"(.*\.attention)\.to_([qkv])\.weight", name)
        if match:
            fused.setdefault(match[1], {})[match[2]] = tensor
            continue
        for ours, theirs in _Z_IMAGE.items():
            name = name.replace(ours, theirs)
        found[name] = tensor
    return found | {f"{name}.qkv.weight": torch.cat([part["q"], part["k"], part["v"]]) for name, part in fused.items()}


def save_denoiser(model: Path, to: Path, *, prefix: str = "", original: bool = False) -> Path:
    values = tensors(model)
    values = z_image_names(values) if original else values
    to.mkdir(parents=True)
    more = {"first_stage_model.decoder.conv_in.bias": torch.zeros(4)} if prefix else {}
    save_file({prefix + name: tensor.contiguous().clone() for name, tensor in values.items()} | more, to / "denoiser.safetensors")
    return to


def families_with(model: Path, family: str, *, original: bool = False, more: tuple[str, ...] = ()) -> Families:
    """The shipped families, with the denoiser of one tiny model: told as the shipped ones are, by the shapes of some tensors."""
    index = json.loads((model / "model_index.json").read_text())
    config = json.loads((model / "transformer" / "config.json").read_text())
    values = z_image_names(tensors(model)) if original else tensors(model)
    told = {name: tuple(tensor.shape) for name, tensor in list(values.items())[:3]}
    denoiser = Denoiser.model_validate(
        {
            "id": "tiny", "name": "Tiny", "families": [family, *more], "class": index["transformer"][1], "parts": ["tiny-parts"],
            "told": [told], "config": {name: value for name, value in config.items() if not name.startswith("_")},
        }
    )  # fmt: skip
    return Families(FAMILIES.all, FAMILIES.schedulers, [denoiser])


def without_denoiser(model: Path, to: Path) -> Path:
    """The rest of the pipeline: what a parts entry of the catalogue has."""
    for path in model.rglob("*"):
        if path.is_file() and path.parent.name != "transformer":
            target = to / path.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return to


def hollow(shapes: Mapping[str, tuple[int, ...]], path: Path) -> Path:
    """A safetensors file that says it has these tensors in 16 bits, with a hole for their numbers: it takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    end, header = 0, {}
    for name, shape in shapes.items():
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + size]}
        end += size
    written = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(written)) + written)
        file.truncate(8 + len(written) + end)
    return path


def plain_gguf(values: Mapping[str, np.ndarray], path: Path, *, kind: int = 0) -> Path:
    """A GGUF of float32, written by hand after its specification."""
    head, body, infos = b"GGUF" + struct.pack("<IQQ", 3, len(values), 1), b"", b""
    fact = b"general.architecture"
    head += struct.pack("<Q", len(fact)) + fact + struct.pack("<IQ", 8, 4) + b"tiny"
    for name, array in values.items():
        sides = tuple(reversed(array.shape))
        infos += struct.pack("<Q", len(name)) + name.encode() + struct.pack("<I", len(sides)) + struct.pack(f"<{len(sides)}Q", *sides)
        infos += struct.pack("<IQ", kind, len(body))
        data = array.astype(np.float32).tobytes()
        body += data + bytes(-len(data) % 32)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(head + infos + bytes(-(len(head) + len(infos)) % 32) + body)
    return path
