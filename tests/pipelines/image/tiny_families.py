"""Every picture family of assets/pictures/families.toml at a tiny random configuration, saved the way published ones are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import (
    AutoencoderDC,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxKontextPipeline,
    FluxPipeline,
    FluxTransformer2DModel,
    LCMScheduler,
    PNDMScheduler,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionXLPipeline,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers import pre_tokenizers
from transformers import (
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen2VLImageProcessorPil,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
)

from tests.pipelines.image import tiny_models
from tests.pipelines.image.tiny_models import clip_tokenizer, save_flux, save_sd15, save_sdxl, t5_tokenizer

CHAT = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"


def qwen_tokenizer() -> Qwen2Tokenizer:
    """Bytes, and the signs of a chat: Qwen's tokenizer without its merges."""
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    vocabulary = {sign: number for number, sign in enumerate([*sorted(pre_tokenizers.ByteLevel.alphabet()), *marks])}
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[], additional_special_tokens=marks[1:], model_max_length=1024)
    tokenizer.chat_template = CHAT
    return tokenizer


def save_variant(folder: Path, scratch: Path, scheduler: object, **unet: object) -> Path:
    """SDXL with another scheduler, as its distilled kin are published."""
    pipe = StableDiffusionXLPipeline.from_pretrained(save_sdxl(scratch / "base", scratch / "words"), local_files_only=True)
    pipe.scheduler = scheduler
    if unet:
        torch.manual_seed(0)
        pipe.unet = type(pipe.unet).from_config({**pipe.unet.config, **unet})
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def save_turbo(folder: Path, scratch: Path) -> Path:
    return save_variant(folder, scratch, EulerAncestralDiscreteScheduler(timestep_spacing="trailing"))


def save_lightning(folder: Path, scratch: Path) -> Path:
    return save_variant(folder, scratch, EulerDiscreteScheduler(timestep_spacing="trailing"))


def save_lcm(folder: Path, scratch: Path) -> Path:
    return save_variant(folder, scratch, LCMScheduler(), time_cond_proj_dim=256)


def save_lcm_merged(folder: Path, scratch: Path) -> Path:
    return save_variant(folder, scratch, LCMScheduler())


def save_sd15_inpaint(folder: Path, scratch: Path) -> Path:
    return _recast(StableDiffusionInpaintPipeline, 9, folder, scratch)


def save_sd15_edit(folder: Path, scratch: Path) -> Path:
    return _recast(StableDiffusionInstructPix2PixPipeline, 8, folder, scratch)


def _recast(kind: type, channels: int, folder: Path, scratch: Path) -> Path:
    """SD1.5 whose denoiser sees further channels: the mask and what it hides, or the picture to be changed."""
    pipe = kind.from_pretrained(save_sd15(scratch / "base", scratch / "words"), local_files_only=True)
    torch.manual_seed(0)
    pipe.unet = type(pipe.unet).from_config({**pipe.unet.config, "in_channels": channels})
    pipe.scheduler = PNDMScheduler(skip_prk_steps=True, steps_offset=1)
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def save_sd35(folder: Path, scratch: Path) -> Path:
    torch.manual_seed(0)
    clip, t5 = clip_tokenizer(scratch / "clip"), t5_tokenizer()
    config = tiny_models._clip_config(32, len(clip))
    transformer = SD3Transformer2DModel(
        sample_size=32, patch_size=2, in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=64, caption_projection_dim=32, pooled_projection_dim=64, qk_norm="rms_norm", dual_attention_layers=(0,),
    )  # fmt: skip
    t5_config = T5Config(vocab_size=len(t5), d_model=64, d_kv=8, d_ff=37, num_layers=2, num_heads=4, decoder_start_token_id=0)
    StableDiffusion3Pipeline(
        transformer=transformer, vae=tiny_models._vae(4, use_quant_conv=False, use_post_quant_conv=False, shift_factor=0.06),
        text_encoder=CLIPTextModelWithProjection(config), tokenizer=clip,
        text_encoder_2=CLIPTextModelWithProjection(config), tokenizer_2=clip,
        text_encoder_3=T5EncoderModel(t5_config), tokenizer_3=t5, scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_flux_dev(folder: Path, scratch: Path) -> Path:
    return _with_guidance(FluxPipeline, folder, scratch)


def save_kontext(folder: Path, scratch: Path) -> Path:
    return _with_guidance(FluxKontextPipeline, folder, scratch)


def _with_guidance(kind: type, folder: Path, scratch: Path) -> Path:
    pipe = kind.from_pretrained(save_flux(scratch / "base", scratch / "words"), local_files_only=True)
    torch.manual_seed(0)
    pipe.transformer = FluxTransformer2DModel.from_config({**pipe.transformer.config, "guidance_embeds": True})
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def _qwen3(words: int, layers: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=words, hidden_size=16, intermediate_size=32, num_hidden_layers=layers, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=1024,
    )  # fmt: skip


def save_klein(folder: Path, scratch: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    vae = AutoencoderKLFlux2(
        block_out_channels=(32, 64), layers_per_block=1, latent_channels=4, sample_size=32,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    )  # fmt: skip
    transformer = Flux2Transformer2DModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=48,
        timestep_guidance_channels=32, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False,
    )  # fmt: skip
    Flux2KleinPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True), vae=vae, tokenizer=tokenizer, transformer=transformer,
        text_encoder=Qwen3ForCausalLM(_qwen3(len(tokenizer), 28)), is_distilled=True,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_z_image(folder: Path, scratch: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    transformer = ZImageTransformer2DModel(
        in_channels=4, dim=32, n_layers=1, n_refiner_layers=1, n_heads=2, n_kv_heads=2, cap_feat_dim=16,
        axes_dims=[4, 4, 8], axes_lens=[1024, 64, 64],
    )  # fmt: skip
    _spread(transformer)
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0), vae=tiny_models._vae(4, shift_factor=0.06), tokenizer=tokenizer,
        text_encoder=Qwen3Model(_qwen3(len(tokenizer), 2)), transformer=transformer,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def _spread(model: torch.nn.Module) -> None:
    """Padding tokens are made empty, not random: fill what holds whatever lay in memory."""
    for name, parameter in model.named_parameters():
        if "pad_token" in name or not torch.isfinite(parameter).all():
            torch.nn.init.normal_(parameter, std=0.02)


def save_qwen_image(folder: Path, scratch: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = qwen_tokenizer()
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
            "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"}, "vocab_size": len(tokenizer),
        },
        vision_config={"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16},
        image_token_id=1, video_token_id=2, vision_start_token_id=3, vision_end_token_id=4,
    )  # fmt: skip
    vae = AutoencoderKLQwenImage(
        base_dim=24, z_dim=4, dim_mult=[1, 2], num_res_blocks=1, temperal_downsample=[False], latents_mean=[0.0] * 4, latents_std=[1.0] * 4
    )
    transformer = QwenImageTransformer2DModel(
        in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=16,
        axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, tokenizer=tokenizer,
        text_encoder=Qwen2_5_VLForConditionalGeneration(config), transformer=transformer,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    return folder


def save_qwen_edit(folder: Path, scratch: Path) -> Path:
    """Qwen-Image with a reader of pictures. It looks at a megapixel whatever is asked for, so its latents are an eighth of that."""
    torch.manual_seed(0)
    marks = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    vocabulary = {sign: number for number, sign in enumerate([*sorted(pre_tokenizers.ByteLevel.alphabet()), *marks])}
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[], additional_special_tokens=marks[1:], model_max_length=4096)
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
            "rope_scaling": {"mrope_section": [1, 1, 2], "rope_type": "default", "type": "default"}, "vocab_size": len(tokenizer),
            "max_position_embeddings": 4096,
        },
        vision_config={
            "depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16, "fullatt_block_indexes": [],
        },
        **{f"{name}_token_id": vocabulary[f"<|{sign}|>"] for name, sign in (
            ("image", "image_pad"), ("video", "video_pad"), ("vision_start", "vision_start"), ("vision_end", "vision_end"))},
    )  # fmt: skip
    vae = AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False] * 3,
        latents_mean=[0.0] * 4, latents_std=[1.0] * 4,
    )  # fmt: skip
    transformer = QwenImageTransformer2DModel(
        in_channels=16, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=16,
        axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(), vae=vae, tokenizer=tokenizer,
        text_encoder=Qwen2_5_VLForConditionalGeneration(config), transformer=transformer,
    ).save_pretrained(folder, safe_serialization=True)  # fmt: skip
    # the library's own processor needs torchvision to be made: its files are written one by one
    tokenizer.save_pretrained(folder / "processor")
    Qwen2VLImageProcessorPil().save_pretrained(folder / "processor")
    index = json.loads((folder / "model_index.json").read_text())
    index |= {"_class_name": "QwenImageEditPipeline", "processor": ["transformers", "Qwen2VLProcessor"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def save_sana_sprint(folder: Path, scratch: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = t5_tokenizer()
    gemma = Gemma2Config(
        vocab_size=len(tokenizer), hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=2048,
    )  # fmt: skip
    vae = AutoencoderDC(
        latent_channels=4, attention_head_dim=2, encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"), encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
        encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)), encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=[1, 1], downsample_block_type="conv", upsample_block_type="interpolate",
        decoder_norm_types="rms_norm", decoder_act_fns="silu", scaling_factor=0.41407,
    )  # fmt: skip
    transformer = SanaTransformer2DModel(
        patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
        num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8, sample_size=32,
        qk_norm="rms_norm_across_heads", guidance_embeds=True,
    )  # fmt: skip
    SanaSprintPipeline(
        tokenizer=tokenizer, text_encoder=Gemma2Model(gemma), vae=vae, transformer=transformer, scheduler=SCMScheduler()
    ).save_pretrained(folder, safe_serialization=True)
    return folder


#: One saver per family; the id is what its folder must be told to be.
FAMILY_SAVERS: dict[str, Callable[[Path, Path], Path]] = {
    "sd15": save_sd15,
    "sd15-inpaint": save_sd15_inpaint,
    "sd15-edit": save_sd15_edit,
    "sdxl": save_sdxl,
    "sdxl-turbo": save_turbo,
    "sdxl-lightning": save_lightning,
    "sdxl-lcm": save_lcm,
    "sdxl-lcm-merged": save_lcm_merged,
    "sd35": save_sd35,
    "flux1-schnell": save_flux,
    "flux1-dev": save_flux_dev,
    "flux1-kontext": save_kontext,
    "flux2-klein": save_klein,
    "z-image-turbo": save_z_image,
    "qwen-image": save_qwen_image,
    "qwen-image-edit": save_qwen_edit,
    "sana-sprint": save_sana_sprint,
}
