"""Adapters for the tiny Stable Diffusion models, of random numbers, written the way published ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from diffusers import ControlNetModel, DiffusionPipeline, FluxControlNetModel, SD3ControlNetModel
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import Silent
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

RANK = 2


def store_with(folders: Mapping[str, Path], cache: Path, tasks: Mapping[str, Task]) -> ModelStore:
    """A store with these folders as models; "tiny" is the checkpoint."""
    models = []
    for name, folder in folders.items():
        files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        models.append(
            Model(
                id=name,
                name=name,
                task=tasks.get(name, Task.PICTURE),
                licence="Apache-2.0",
                pinned=False,
                files=tuple(ModelFile(name=file) for file in files),
                sources=(FolderSource(path=str(folder)),),
            )
        )
    store = ModelStore(Catalogue(models), cache)
    for name in folders:
        store.pull(name, Silent())
    return store


def attention_layers(pipe: DiffusionPipeline) -> dict[str, torch.nn.Linear]:
    """Queries, keys and values of the denoiser, by name."""
    denoiser = getattr(pipe, "unet", None) or pipe.transformer
    return {name: layer for name, layer in denoiser.named_modules() if name.split(".")[-1] in ("to_q", "to_k", "to_v")}


def save_lora(model: Path, folder: Path, *, kohya: bool = False, seed: int = 0) -> Path:
    """All attention of the denoiser, as PEFT writes it (no alpha), or as kohya does (an alpha of half the rank)."""
    generator = torch.Generator().manual_seed(seed)
    pipe = DiffusionPipeline.from_pretrained(model, local_files_only=True)
    tensors, denoiser = {}, "unet" if hasattr(pipe, "unet") else "transformer"
    for name, layer in attention_layers(pipe).items():
        base = f"lora_unet_{name.replace('.', '_')}" if kohya else f"{denoiser}.{name}"
        down, up = ("lora_down", "lora_up") if kohya else ("lora_A", "lora_B")
        tensors[f"{base}.{down}.weight"] = torch.randn(RANK, layer.in_features, generator=generator)
        tensors[f"{base}.{up}.weight"] = torch.randn(layer.out_features, RANK, generator=generator)
        if kohya:
            tensors[f"{base}.alpha"] = torch.tensor(RANK / 2)
    folder.mkdir(parents=True)
    save_file(tensors, folder / "lora.safetensors")
    return folder


def save_concept(folder: Path, widths: Sequence[int]) -> Path:
    """Two vectors for each text encoder."""
    generator = torch.Generator().manual_seed(3)
    names = ["clip_l", "clip_g"] if len(widths) > 1 else ["emb_params"]
    folder.mkdir(parents=True)
    vectors = {name: torch.randn(2, width, generator=generator) for name, width in zip(names, widths, strict=True)}
    save_file(vectors, folder / "concept.safetensors")
    return folder


def save_control(model: Path, folder: Path) -> Path:
    """A ControlNet of the denoiser's own layers, whose last ones, which training starts at zero, are random."""
    torch.manual_seed(1)
    pipe = DiffusionPipeline.from_pretrained(model, local_files_only=True)
    # a hint is made smaller once per level of the latents: the tiny VAE has one
    net = ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(16, 32))
    for block in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
        torch.nn.init.normal_(block.weight, std=0.5)
    net.save_pretrained(folder, safe_serialization=True)
    return folder


def save_transformer_control(model: Path, folder: Path) -> Path:
    """A ControlNet in the configuration of a transformer, whose last layers are random."""
    torch.manual_seed(1)
    pipe = DiffusionPipeline.from_pretrained(model, local_files_only=True)
    kind = {"FluxPipeline": FluxControlNetModel, "StableDiffusion3Pipeline": SD3ControlNetModel}[type(pipe).__name__]
    net = kind.from_config({name: value for name, value in pipe.transformer.config.items() if not name.startswith("_")})
    for name, parameter in net.named_parameters():
        if name.startswith(("controlnet_", "pos_embed_input")):
            torch.nn.init.normal_(parameter, std=0.5)
    net.save_pretrained(folder, safe_serialization=True)
    return folder


def save_likeness(model: Path, folder: Path) -> Path:
    """An IP-Adapter: a projection of a picture's embedding into four words, and keys and values for each cross-attention."""
    torch.manual_seed(2)
    pipe = DiffusionPipeline.from_pretrained(model, local_files_only=True)
    words = pipe.unet.config.cross_attention_dim
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * words, 32), "image_proj.proj.bias": torch.randn(4 * words),
        "image_proj.norm.weight": torch.ones(words), "image_proj.norm.bias": torch.zeros(words),
    }  # fmt: skip
    number = 1
    for name in pipe.unet.attn_processors:
        if name.endswith("attn2.processor"):
            width = pipe.unet.get_submodule(name.removesuffix(".processor")).inner_dim
            tensors |= {f"ip_adapter.{number}.to_{part}_ip.weight": torch.randn(width, words) for part in ("k", "v")}
            number += 2  # published files count self-attention too
    folder.mkdir(parents=True)
    save_file(tensors, folder / "ip-adapter.safetensors")
    encoder = CLIPVisionConfig(
        hidden_size=32, intermediate_size=37, projection_dim=32, num_hidden_layers=1, num_attention_heads=4, image_size=32, patch_size=8
    )
    CLIPVisionModelWithProjection(encoder).save_pretrained(folder / "image_encoder", safe_serialization=True)
    return folder
