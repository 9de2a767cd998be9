"""Who judges the model's pictures: a classifier of nouns, a reader of colours, and a seeker of copies.

All three see pixels only, and all three are first tried on the compositor's own unseen pictures: a judge that fails there is not
believed. None of them sees anything the model learnt from, but for the seeker, whose work that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.sketch.drawings import Pixels

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float32]

#: Pixels of the side at which nouns are told apart, and at which copies are looked for.
LOOK, SMALL = 64, 16
#: OKLab distance from the ground beyond which a pixel belongs to the thing; darker than INK is outline.
APART, INK = 0.08, 0.35
# fmt: off
_TO_CONES = np.array([
    [0.4122214708, 0.2119034982, 0.0883024619], [0.5363325363, 0.6806995451, 0.2817188376], [0.0514459929, 0.1073969566, 0.6299787005],
])
_TO_LAB = np.array([
    [0.2104542553, 1.9779984951, 0.0259040371], [0.7936177850, -2.4285922050, 0.7827717662],
    [-0.0040720468, 0.4505937099, -0.8086757660],
])
# fmt: on


class Classifier:
    """A small residual network over nouns."""

    def __init__(self, nouns: Sequence[str], seed: int, device: str) -> None:
        import torch

        torch.manual_seed(seed)
        self.nouns, self._device = tuple(nouns), device
        self._chance = torch.Generator(device).manual_seed(seed)
        self._net = _network(len(nouns)).to(device)

    def learn(self, pictures: Pixels, labels: npt.NDArray[np.int64], steps: int, batch: int) -> None:
        """pictures (n, h, w, 3); labels: places in `nouns`. Pictures are shifted, mirrored and tinted as they are shown."""
        import torch

        shown, wanted = _looked(pictures).to(self._device), torch.from_numpy(labels).to(self._device)
        optimiser = torch.optim.AdamW(self._net.parameters(), lr=1e-3, weight_decay=0.02)
        plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=max(steps, 2))
        self._net.train()
        for _ in range(steps):
            rows = torch.randint(len(shown), (batch,), generator=self._chance, device=self._device)
            loss = torch.nn.functional.cross_entropy(self._net(self._varied(shown[rows])), wanted[rows], label_smoothing=0.05)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            plan.step()

    def name(self, pictures: Pixels) -> npt.NDArray[np.int64]:
        """The place in `nouns` of what each picture shows."""
        import torch

        self._net.eval()
        with torch.inference_mode():
            shown = _looked(pictures)
            answers = [self._net(shown[start : start + 256].to(self._device)).argmax(1).cpu() for start in range(0, len(shown), 256)]
        return np.asarray(torch.cat(answers).numpy(), dtype=np.int64)

    def _varied(self, pictures: torch.Tensor) -> torch.Tensor:
        import torch

        y, x = (int(torch.randint(-5, 6, (1,), generator=self._chance, device=self._device)) for _ in range(2))
        moved = torch.roll(pictures, (y, x), (2, 3))
        turned = torch.rand(len(moved), 1, 1, 1, generator=self._chance, device=self._device) < 0.5
        tint = 1 + 0.2 * (torch.rand(len(moved), 3, 1, 1, generator=self._chance, device=self._device) - 0.5)
        return torch.where(turned, moved.flip(3), moved) * tint


def seen_colour(picture: Pixels, colours: Mapping[str, str]) -> str:
    """The colour word for most of what stands out from the ground, outlines aside; "" when nothing stands out."""
    lab = oklab(picture.reshape(-1, 3)).reshape(*picture.shape)
    edge = np.concatenate([lab[:4].reshape(-1, 3), lab[-4:].reshape(-1, 3), lab[:, :4].reshape(-1, 3), lab[:, -4:].reshape(-1, 3)])
    apart = np.linalg.norm(lab - np.median(edge, axis=0), axis=2) > APART
    thing = lab[apart & (lab[..., 0] > INK)]
    if not len(thing):
        return ""
    names = sorted(colours)
    known = oklab(np.array([[int(colours[n][i : i + 2], 16) for i in (1, 3, 5)] for n in names], dtype=np.uint8))
    nearest = np.linalg.norm(thing[:, None, :] - known[None], axis=2).argmin(1)
    return names[int(np.bincount(nearest, minlength=len(names)).argmax())]


def oklab(colours: npt.NDArray[np.uint8]) -> Floats:
    """(n, 3) sRGB bytes -> (n, 3) OKLab (Ottosson 2020)."""
    part = colours.astype(np.float32) / 255
    light = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    turned = np.cbrt(light @ _TO_CONES) @ _TO_LAB
    return np.asarray(turned, dtype=np.float32)


def nearness(pictures: Pixels, learnt: Pixels) -> Floats:
    """The distance of each picture to the nearest learnt one, at 16 by 16 pixels, mirrored or not: root mean square, 0..255."""
    import torch

    known = _small(learnt)
    best = np.full(len(pictures), np.inf, dtype=np.float32)
    for flip in (False, True):
        asked = _small(pictures[:, :, ::-1] if flip else pictures)
        for start in range(0, len(known), 4096):
            distance = torch.cdist(asked, known[start : start + 4096]).amin(1)
            best = np.minimum(best, distance.numpy() / np.sqrt(3 * SMALL * SMALL))
    return best


def _small(pictures: Pixels) -> torch.Tensor:
    return _resized(pictures, SMALL).flatten(1)


def _looked(pictures: Pixels) -> torch.Tensor:
    return _resized(pictures, LOOK) / 127.5 - 1


def _resized(pictures: Pixels, side: int) -> torch.Tensor:
    """(n, h, w, 3) bytes -> (n, 3, side, side) float, 0..255."""
    import torch

    parts = [torch.from_numpy(np.ascontiguousarray(pictures[start : start + 256])) for start in range(0, len(pictures), 256)]
    whole = [torch.nn.functional.interpolate(p.permute(0, 3, 1, 2).float(), size=(side, side), mode="area") for p in parts]
    return torch.cat(whole)


def _network(classes: int) -> Any:
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inner: int, outer: int) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(inner, outer, 3, 2, 1), nn.Conv2d(outer, outer, 3, 1, 1)
            self.norms = nn.ModuleList([nn.GroupNorm(8, outer), nn.GroupNorm(8, outer)])
            self.over = nn.Conv2d(inner, outer, 1, 2)

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            made = nn.functional.silu(self.norms[0](self.first(value)))
            made = self.norms[1](self.second(made))
            return nn.functional.silu(made + self.over(value))

    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 1, 1), Block(32, 64), Block(64, 128), Block(128, 256), Block(256, 256),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(256, classes),
    )  # fmt: skip
