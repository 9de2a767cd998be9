"""A tiny Stable Diffusion 1.5 as one file, its tensors named as its authors named them."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from diffusers import DiffusionPipeline
from safetensors.torch import save_file

#: Ours and theirs, inside a residual block and at the ends of the denoiser.
_BLOCK = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2", "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
_VAE = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def save_single(model: Path, to: Path) -> Path:
    pipe = DiffusionPipeline.from_pretrained(model, local_files_only=True)
    tensors = {f"model.diffusion_model.{_unet(name)}": values for name, values in pipe.unet.state_dict().items()}
    for name, values in pipe.vae.state_dict().items():
        flat = re.search(r"attentions\.0\.to_", name) and values.dim() == 2
        tensors[f"first_stage_model.{_vae(name, len(pipe.vae.config.block_out_channels))}"] = values[..., None, None] if flat else values
    for name, values in pipe.text_encoder.state_dict().items():
        whole = name if name.startswith("text_model.") else f"text_model.{name}"
        tensors[f"cond_stage_model.transformer.{whole}"] = values
    to.mkdir(parents=True)
    save_file({name: values.contiguous().clone() for name, values in tensors.items()}, to / "model.safetensors")
    return to


def _unet(name: str) -> str:
    """One residual block per level, so that a level is two blocks on both sides."""
    for ours, theirs in _ENDS.items():
        if name.startswith(f"{ours}."):
            return name.replace(ours, theirs, 1)
    found = re.match(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", name)
    if found is None:
        rest = re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.*)", name)
        assert rest is not None, name
        number = 1 if rest.group(1) == "attentions" else 2 * int(rest.group(2))
        return f"middle_block.{number}.{_inside(rest.group(3), rest.group(1))}"
    side, level, kind, place, inside = found.group(1), int(found.group(2)), found.group(3), int(found.group(4)), found.group(5)
    if kind == "downsamplers":
        return f"input_blocks.{2 * (level + 1)}.0.{inside.replace('conv', 'op', 1)}"
    if kind == "upsamplers":
        return f"output_blocks.{2 * level + 1}.2.{inside}"
    block = f"input_blocks.{2 * level + place + 1}" if side == "down" else f"output_blocks.{2 * level + place}"
    return f"{block}.{1 if kind == 'attentions' else 0}.{_inside(inside, kind)}"


def _inside(name: str, kind: str) -> str:
    part = name.split(".")[0]
    return name.replace(part, _BLOCK[part], 1) if kind == "resnets" else name


def _vae(name: str, levels: int) -> str:
    name = re.sub(r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2", name)
    name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample", name)
    name = re.sub(r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{levels - 1 - int(m[1])}.block.{m[2]}", name)
    name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", name)
    name = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    name = name.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
    if "mid_block.attentions.0" in name:
        for ours, theirs in _VAE.items():
            name = name.replace(f".{ours}.", f".{theirs}.")
        name = name.replace("mid_block.attentions.0", "mid.attn_1")
    return name


def config_only(model: Path, to: Path) -> Path:
    """The folder without its weights."""
    for path in model.rglob("*"):
        if path.is_file() and path.suffix != ".safetensors":
            target = to / path.relative_to(model)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return to


def empty(names: tuple[str, ...], to: Path) -> Path:
    """A file that has these tensors, with nothing in them."""
    to.mkdir(parents=True)
    save_file({name: torch.zeros(1) for name in names}, to / "model.safetensors")
    return to
