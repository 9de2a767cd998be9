"""Pictures without a mark, drawn from a seed: flat ones as illustrators draw, and grown ones with the statistics of photographs.

Grown: leaves of all sizes one over another (the "dead leaves" model, Lee, Mumford and Huang 2001), each with noise of 1/f, in soft light.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def flat(seed: int, size: tuple[int, int]) -> Image.Image:
    """Plain ground, and shapes of few colours with sharp edges."""
    chance = np.random.Generator(np.random.PCG64(seed))
    colours = [tuple(int(v) for v in chance.integers(20, 250, 3)) for _ in range(6)]
    picture = Image.new("RGB", (size[0] * 2, size[1] * 2), colours[0])
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y = chance.uniform(0, 1, 2) * picture.size
        wide, high = chance.uniform(0.04, 0.3, 2) * min(picture.size)
        box = (x - wide, y - high, x + wide, y + high)
        colour = colours[int(chance.integers(1, len(colours)))]
        (draw.ellipse, draw.rectangle)[int(chance.integers(2))](box, fill=colour)
    return picture.resize(size, Image.Resampling.LANCZOS)


def grown(seed: int, size: tuple[int, int]) -> Image.Image:
    """Leaves of all sizes with texture, as sharp as a photograph."""
    chance = np.random.Generator(np.random.PCG64(seed))
    wide, high = size
    rows, columns = np.mgrid[0:high, 0:wide].astype(np.float32)
    whole = np.full((high, wide, 3), chance.uniform(60, 200, 3), np.float32)
    noise = _pink(chance, (high, wide))
    for _ in range(160):
        radius = min(size) * 0.03 / max(0.08, float(chance.uniform()) ** 0.6)
        y, x = chance.uniform(0, high), chance.uniform(0, wide)
        wider, (down, right) = chance.uniform(0.6, 1.6), chance.integers(0, min(size), 2)
        high_slice = slice(max(0, int(y - radius)), min(high, int(y + radius) + 2))
        wide_slice = slice(max(0, int(x - radius / wider)), min(wide, int(x + radius / wider) + 2))
        part = (high_slice, wide_slice)
        inside = (rows[part] - y) ** 2 + ((columns[part] - x) * wider) ** 2 < radius**2
        moved = noise[np.ix_((np.arange(high)[high_slice] - down) % high, (np.arange(wide)[wide_slice] - right) % wide)]
        leaf = chance.uniform(30, 225, 3) + moved[..., None] * chance.uniform(2, 22)
        whole[part][inside] = leaf[inside]
    light = 1 + 0.25 * _pink(chance, (high, wide), 2.5)
    made = Image.fromarray(np.clip(whole * light[..., None] + chance.normal(0, 1.5, whole.shape), 0, 255).astype(np.uint8))
    return made.filter(ImageFilter.GaussianBlur(0.6))


def _pink(chance: np.random.Generator, shape: tuple[int, int], power: float = 1.0) -> np.ndarray:
    """Noise whose amplitude falls with frequency to this power; deviation 1."""
    spectrum = np.fft.rfft2(chance.normal(0, 1, shape))
    far = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    noise = np.fft.irfft2(spectrum / np.maximum(far, 1 / max(shape)) ** power, shape)
    return np.asarray((noise - noise.mean()) / noise.std(), np.float32)
