"""The autoencoder: diffusers' AutoencoderTiny, 8 pixels to a latent, 4 channels, trained on the pairs' pictures.

The loss is L1 on pixels and on their gradients at three scales; no perceptual network is there to be asked. The latents are held
near mean 0 and spread 1, because the decoder bends them beyond 3 and the U-Net expects them so.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.sketch import data
from training.sketch.loop import Loop, Trained, averaged
from training.sketch.recipe import Recipe, VaePlan

if TYPE_CHECKING:
    import torch

STATE, LATENTS, FACTS = "vae.safetensors", "latents.npy", "latents.json"
#: How much the latents' mean and spread count, and how much noise the decoder learns to bear.
REGULAR, NOISE = 0.02, 0.05
#: How many pictures are encoded at once.
ENCODED = 64


def build(plan: VaePlan) -> Any:
    from diffusers import AutoencoderTiny

    widths = (plan.width,) * 4
    deep = (plan.blocks,) * 3
    return AutoencoderTiny(
        encoder_block_out_channels=widths,
        decoder_block_out_channels=widths,
        num_encoder_blocks=(1, *deep),
        num_decoder_blocks=(*deep, 1),
        latent_channels=4,
    )


def train(work: Path, recipe: Recipe, device: str, seconds: float = 0.0, until: int = 0) -> Trained:
    """Train for a while; when the last step is done, the latents of all pairs are written and the U-Net can begin."""
    import torch

    torch.manual_seed(recipe.seed)
    pictures = torch.from_numpy(data.pictures(work, "learn"))
    loop = Loop(build(recipe.vae), recipe.vae, _Loss(pictures, recipe.vae, device), work / STATE, recipe.seed, mark(recipe), device)
    result = loop.run(seconds, until)
    if result.done:
        write_latents(work, recipe, device)
    return result


def mark(recipe: Recipe) -> str:
    return recipe.mark("data", "vae")


def trained(work: Path, recipe: Recipe) -> Any:
    """The averaged autoencoder."""
    model = build(recipe.vae)
    model.load_state_dict(averaged(work / STATE, mark(recipe)))
    return model.eval()


def write_latents(work: Path, recipe: Recipe, device: str) -> float:
    """latents.npy (2n, 4, side/8, side/8) float16, unscaled, and latents.json with the scale that gives them spread 1. Returns the scale.

    After the n pictures come the same mirrored: no caption says left or right.
    """
    import torch

    model = trained(work, recipe).to(device)
    pictures = data.pictures(work, "learn")
    rows = []
    with torch.inference_mode():
        for mirrored in (False, True):
            for start in range(0, len(pictures), ENCODED):
                shown = _signed(torch.from_numpy(pictures[start : start + ENCODED]).to(device))
                rows.append(model.encode(shown.flip(3) if mirrored else shown).latents.half().cpu())
    latents = torch.cat(rows)
    scale = 1.0 / float(latents.float().std())
    np.save(work / f".{LATENTS}", latents.numpy())
    (work / f".{LATENTS}").replace(work / LATENTS)
    data.replace(work / FACTS, json.dumps({"scale": round(scale, 6), "mark": mark(recipe)}).encode())
    return scale


class _Loss:
    def __init__(self, pictures: torch.Tensor, plan: VaePlan, device: str) -> None:
        # On the device: 5 GB of bytes, and no step waits for a copy.
        self._pictures, self._plan, self._device = pictures.to(device), plan, device

    def __call__(self, model: torch.nn.Module, chance: torch.Generator) -> torch.Tensor:
        import torch

        wanted = self._batch(chance)
        whole: Any = model
        latents = whole.encode(wanted).latents
        spread = latents.float().std(dim=(0, 2, 3)) + 1e-4
        held = latents.float().mean(dim=(0, 2, 3)).square().mean() + spread.log().square().mean()
        noise = torch.randn(latents.shape, generator=chance, device=self._device)
        made = whole.decode(latents + NOISE * noise).sample
        total: torch.Tensor = _distance(made.float(), wanted) + REGULAR * held
        return total

    def _batch(self, chance: torch.Generator) -> torch.Tensor:
        import torch

        side, crop = self._pictures.shape[1], min(self._plan.crop, self._pictures.shape[1])
        rows = torch.randint(len(self._pictures), (self._plan.batch,), generator=chance, device=self._device)
        y, x = (int(torch.randint(side - crop + 1, (1,), generator=chance, device=self._device)) for _ in range(2))
        return _signed(self._pictures[rows, y : y + crop, x : x + crop])


def _signed(pictures: torch.Tensor) -> torch.Tensor:
    """(n, h, w, 3) uint8 -> (n, 3, h, w) in -1..1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def _distance(made: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    import torch

    total = (made - wanted).abs().mean()
    for _ in range(3):
        for axis in (-1, -2):
            total = total + 0.5 * (made.diff(dim=axis) - wanted.diff(dim=axis)).abs().mean()
        made, wanted = (torch.nn.functional.avg_pool2d(v, 2) for v in (made, wanted))
    return total
