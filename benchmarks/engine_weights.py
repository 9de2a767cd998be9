"""Random weights for the engine's benchmarks, and a catalogue that knows them: nothing is downloaded, everything is made once from
fixed seeds. Their pictures, texts and voices are noise; what they cost is what trained weights of these shapes cost.

"full": Stable Diffusion 1.5 as it is (UNet of 860 M), a Llama of 135 M, and a small Bark. "tiny": the shapes the tests use.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.model import Task
from domain.progress import Silent
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

ROOT = Path(__file__).resolve().parent.parent
PICTURES = "benchmark-pictures"
CHAT = "benchmark-chat"
VOICES = "bark-small"  # the id that the speech maker asks for
#: Tokens of meaning of one utterance, 50 to the second of sound: random weights never say that they are done.
UTTERANCE = {"tiny": 24, "full": 100}


@dataclass(frozen=True)
class Weights:
    """A store that holds the three models, and a folder of assets whose catalogue lists them: the real one and two entries more."""

    cache: Path
    assets: Path
    store: ModelStore

    def folder(self, model_id: str) -> Path:
        return self.store.folder(model_id)


def weights(size: str, place: Path) -> Weights:
    """Make what is not there yet. size: "full" (3.5 GB on disk) or "tiny"."""
    base = place / size
    assets = _assets(base)
    raw = base / "raw"
    store = ModelStore(Catalogue.read(assets / "models.toml"), base / "cache", models_folder=raw, offline=True)
    for model_id, make in ((PICTURES, _pictures), (CHAT, _chat), (VOICES, _voices)):
        if store.ready(model_id):
            continue
        shutil.rmtree(raw / model_id, ignore_errors=True)
        print(f"making {size} weights: {model_id}", flush=True)
        make(raw / model_id, size)
        store.pull(model_id, Silent())
        shutil.rmtree(raw / model_id)
    return Weights(base / "cache", assets, store)


def _assets(base: Path) -> Path:
    """The shipped assets, with two models more in the catalogue."""
    assets = base / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "assets").iterdir():
        link = assets / path.name
        if path.name != "models.toml" and not link.is_symlink():
            link.symlink_to(path)
    entries = "".join(
        f'\n[[model]]\nid = "{model_id}"\nname = "{model_id}"\ntask = "{task.value}"\nlicence = "Apache-2.0"\npinned = false\n'
        f'files = [{patterns}]\nsources = [{{ kind = "folder" }}]\n'
        for model_id, task, patterns in (
            (PICTURES, Task.PICTURE, _patterns("model_index.json", "*/*.json", "*/*.txt", "*/*.safetensors")),
            (CHAT, Task.CHAT, _patterns("*.safetensors", "*.json", "*.jinja")),
        )
    )
    (assets / "models.toml").write_text((ROOT / "assets" / "models.toml").read_text(encoding="utf-8") + entries, encoding="utf-8")
    return assets


def _patterns(*names: str) -> str:
    return ", ".join(f'{{ name = "{name}" }}' for name in names)


def _chat(folder: Path, size: str) -> None:
    from benchmarks.texts import random_model

    random_model(folder, "tiny" if size == "tiny" else "135m")


def _pictures(folder: Path, size: str) -> None:
    from tests.pipelines.image.tiny_models import save_sd15

    scratch = folder.with_name("scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    if size == "tiny":
        save_sd15(folder, scratch)
    else:
        _save_sd15(folder, scratch)
    shutil.rmtree(scratch)


def _save_sd15(folder: Path, scratch: Path) -> None:
    """The architecture of Stable Diffusion 1.5 (its model card's configuration files) in float16, as it is published."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    from tests.pipelines.image.tiny_models import clip_tokenizer

    torch.manual_seed(0)
    words = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, projection_dim=768
    )
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768)
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=512,
    )
    _calibrate(unet, vae)
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False
    )
    pipe = StableDiffusionPipeline(
        unet=unet, vae=vae, text_encoder=CLIPTextModel(words), tokenizer=clip_tokenizer(scratch), scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.to(dtype=torch.float16)
    pipe.save_pretrained(folder, safe_serialization=True)


def _calibrate(unet: Any, vae: Any) -> None:
    """Fresh weights give noise of the wrong size: scale the last layers to what trained ones give, unit variance and a full range."""
    import torch

    with torch.inference_mode():
        noise = torch.randn(1, 4, 16, 16)
        told = unet(noise, 500, torch.randn(1, 77, 768)).sample
        unet.conv_out.weight.div_(told.std())
        unet.conv_out.bias.zero_()
        picture = vae.decode(noise).sample
        vae.decoder.conv_out.weight.div_(2 * picture.std())
        vae.decoder.conv_out.bias.zero_()


def _voices(folder: Path, size: str) -> None:
    from tests.pipelines.audio.tiny_bark import save_tiny_bark

    save_tiny_bark(folder)
    if size == "full":
        _grow(folder)
    settings = folder / "generation_config.json"
    told = json.loads(settings.read_text(encoding="utf-8"))
    told["semantic_config"]["max_new_tokens"] = UTTERANCE[size]
    settings.write_text(json.dumps(told), encoding="utf-8")


def _grow(folder: Path) -> None:
    """The same folder with six layers of width 384 in each of Bark's three transformers: a quarter of bark-small, and its codec."""
    import torch
    from transformers import BarkConfig, BarkModel, EncodecConfig

    told = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for part in ("semantic_config", "coarse_acoustics_config", "fine_acoustics_config"):
        told[part].update(num_layers=6, num_heads=6, hidden_size=384)
    told["codec_config"] = EncodecConfig().to_dict()
    torch.manual_seed(0)
    model = BarkModel(BarkConfig(**told))
    for layer in model.codec_model.quantizer.layers:
        layer.codebook.embed.normal_()
    settings = (folder / "generation_config.json").read_text(encoding="utf-8")
    model.save_pretrained(folder)
    (folder / "generation_config.json").write_text(settings, encoding="utf-8")
