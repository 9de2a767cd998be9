"""The denoiser: diffusers' UNet2DConditionModel on MiniLM's states, predicting the picture itself (x0) from noise.

Schedule: squared cosine with zero terminal signal, the very one of the exported scheduler. Loss: squared error weighed by
min(1 / sigma^2, 4), sigma^2 = 1 - alpha_bar being the share of noise: at least 1, so that the first step of sampling, which sees
nothing but noise, is learnt too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.errors import InputError
from training.sketch import data, vae
from training.sketch.loop import Loop, Trained, averaged
from training.sketch.recipe import Recipe, UnetPlan
from training.sketch.text import WIDTH, CaptionEncoder

if TYPE_CHECKING:
    import torch

STATE = "unet.safetensors"


def build(plan: UnetPlan, side: int) -> Any:
    from diffusers import UNet2DConditionModel

    deep = len(plan.channels) - 1
    return UNet2DConditionModel(
        sample_size=side // 8,
        in_channels=4,
        out_channels=4,
        block_out_channels=plan.channels,
        layers_per_block=plan.layers,
        down_block_types=("DownBlock2D", *["CrossAttnDownBlock2D"] * deep),
        up_block_types=(*["CrossAttnUpBlock2D"] * deep, "UpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=plan.heads,
        norm_num_groups=16,
        use_linear_projection=True,
    )


def scheduler() -> Any:
    """The sampler that the exported folder names; its schedule is what is trained on."""
    from diffusers import DPMSolverMultistepScheduler

    return DPMSolverMultistepScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="sample",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        # StableDiffusionPipeline wants it said; trailing steps do not use it.
        steps_offset=1,
        solver_order=2,
    )


def train(work: Path, recipe: Recipe, text: Path, device: str, seconds: float = 0.0, until: int = 0) -> Trained:
    """Train for a while, from where the last run stopped. text: the folder of the text encoder."""
    import torch

    torch.manual_seed(recipe.seed)
    scale = read_scale(work, recipe)
    latents = np.load(work / vae.LATENTS)
    encoder = CaptionEncoder(text, recipe.tokens, device)
    states = encoder.states(["", *data.captions(work, "learn")])
    loss = Loss(torch.from_numpy(latents).to(device), scale, states, recipe.unet, device)
    loop = Loop(build(recipe.unet, recipe.data.side), recipe.unet, loss, work / STATE, recipe.seed + 1, mark(recipe), device)
    return loop.run(seconds, until)


def mark(recipe: Recipe) -> str:
    return recipe.mark("data", "vae", "unet")


def trained(work: Path, recipe: Recipe) -> Any:
    """The averaged denoiser."""
    model = build(recipe.unet, recipe.data.side)
    model.load_state_dict(averaged(work / STATE, mark(recipe)))
    return model.eval()


def read_scale(work: Path, recipe: Recipe) -> float:
    """The factor that gives the latents spread 1."""
    path = work / vae.FACTS
    facts = json.loads(path.read_text("ascii")) if path.is_file() else {}
    if facts.get("mark") != vae.mark(recipe):
        raise InputError(f"There are no latents of this recipe in {work}.", hint="Run `python -m training.sketch vae` to its last step.")
    return float(facts["scale"])


class Loss:
    """latents (2n, 4, h, w), the pictures and the same mirrored; states (n + 1, tokens, 384), row 0 being the empty caption."""

    def __init__(self, latents: torch.Tensor, scale: float, states: torch.Tensor, plan: UnetPlan, device: str) -> None:
        self._latents, self._scale, self._states, self._plan, self._device = latents, scale, states, plan, device
        self._signal = scheduler().alphas_cumprod.to(device).float()

    def __call__(self, model: torch.nn.Module, chance: torch.Generator) -> torch.Tensor:
        import torch

        size, device = self._plan.batch, self._device
        rows = torch.randint(len(self._latents), (size,), generator=chance, device=device)
        times = torch.randint(len(self._signal), (size,), generator=chance, device=device)
        silent = torch.rand(size, generator=chance, device=device) < self._plan.drop
        clean = self._latents[rows].float() * self._scale
        noise = torch.randn(clean.shape, generator=chance, device=device)
        signal = self._signal[times].view(-1, 1, 1, 1)
        noisy = signal.sqrt() * clean + (1 - signal).sqrt() * noise
        told = self._states[torch.where(silent, 0, rows % (len(self._states) - 1) + 1)]
        made = model(noisy, times, encoder_hidden_states=told.to(noisy.dtype)).sample
        weight = (1 / (1 - self._signal[times]).clamp(min=1e-4)).clamp(max=self._plan.weight)
        mean: torch.Tensor = (weight * (made.float() - clean).square().mean(dim=(1, 2, 3))).mean()
        return mean
