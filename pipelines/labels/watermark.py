"""The invisible watermark of pictures: a short id, spread over the whole picture in its brightness. Knows pixels, not files.

A tile of band-limited noise goes over the picture six times along its longer side, so that its size follows the picture's. The tile is the
sum of one pattern that is found again (where it lies, and how large it is) and of one of 256 patterns for each of eight symbols
(codewords.py). Reading takes what is left of the picture without its large shapes, folds all tiles into one, keeps the phases of its
spectrum alone, and looks for the pattern at every place and, where the picture may have been cropped, at every size. Without the key nobody
reads or makes a mark.

Spread spectrum: Cox et al. 1997; phase-only matched filter: Horner and Gianino 1984; M-ary orthogonal symbols: Proakis, ch. 4.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipelines.labels.codewords import SYMBOLS, encoded, likeliest

if TYPE_CHECKING:
    from PIL import Image

#: Raised when the same picture would be marked otherwise.
VERSION = 1
#: Pixels of the shorter side below which nothing is written: the mark would not survive half the size.
SIDE_MIN = 256
#: Root mean square of the mark in levels of 255 on plain ground; more on texture, where it is not seen.
STRENGTH = 1.2
_TEXTURE, _MOST = 10.0, 2.5
#: Tiles along the longer side; pixels of a tile as it is read, and as it is drawn.
TILES, _READ, _DRAWN = 6, 64, 128
#: Waves per tile: below are the shapes of the picture, above what half the size and JPEG take away.
_BAND = (3.0, 20.0)
#: How much of the pattern is for finding it; the rest is for the symbols.
_SYNC = 0.5
#: Standard deviations of chance at which a pattern counts as found. Chance gives 6.5 once in ten million pictures.
FOUND = 6.5
#: The smallest part of the longer side that is looked for, and the step from one size to the next.
_SHARE_MIN, _STEP = 0.55, 1.005
_CLIP = 12.0
#: Radius in pixels of what counts as texture as it is read, and how much wider where the size is not known.
_ROUGH, _WIDER = 2.0, 1.4
#: Sizes that are still looked at after the clearest one; sizes that are looked at closely, and how clear they have to be for it.
_AFTER, _TRIED, _HINT = 4, 6, 4.5
Floats = NDArray[np.float32]
Waves = NDArray[np.complex64]


@dataclass(frozen=True)
class Mark:
    """number: the id. strength: standard deviations of chance by which the pattern stands out. share: of the longer side that is left."""

    number: int
    strength: float
    share: float


class Watermark:
    """key: 16 bytes or more. Who has it reads and makes marks."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def on(self, picture: Image.Image, number: int) -> Image.Image:
        """The picture with the id (0 to 2**32 - 1) in it, of the same size, as RGB or RGBA. What is transparent stays.

        The same picture, id and key give the same pixels.
        """
        from PIL import Image

        kept = picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGBA" if _transparent(picture) else "RGB")
        pixels = np.asarray(kept)
        grey = np.asarray(kept.convert("L"), dtype=np.float32)
        added = np.rint(self._pattern(kept.size, number) * _strengths(grey))[..., None]
        made = np.clip(pixels[..., :3] + added, 0, 255).astype(np.uint8)
        if kept.mode == "RGBA":
            made = np.concatenate((np.where(pixels[..., 3:] > 0, made, pixels[..., :3]), pixels[..., 3:]), axis=-1)
        return Image.fromarray(made)

    def found(self, picture: Image.Image, *, cropped: bool = True) -> Mark | None:
        """The mark of a picture, None where there is none with this key. cropped: look for it at every size, which takes longer."""
        grey = picture.convert("L")
        if min(grey.size) < _READ:
            return None
        grey = grey.reduce(max(1, max(grey.size) // (2 * TILES * _READ)))
        sync, symbols = _patterns(self._key)
        likely: list[tuple[float, float, Waves]] = []
        for share in self._hints(grey) if cropped else [1.0]:
            strength, aligned = _aligned(_folded(_rest(_sized(grey, share), _ROUGH)), sync)
            if strength >= FOUND:
                likely.append((strength, share, aligned))
        for strength, share, aligned in sorted(likely, key=lambda one: -one[0]):
            number = likeliest((symbols @ aligned.conj()).real)
            if number is not None:
                return Mark(number, round(strength, 1), round(share, 3))
        return None

    def _hints(self, grey: Image.Image) -> list[float]:
        """Sizes at which the pattern may be: looked for quickly, in what is left of the picture at one size. The whole is always one."""
        from PIL import Image

        sync, _ = _patterns(self._key)
        rest = Image.fromarray(_rest(_sized(grey, 1.0), _ROUGH * _WIDER))
        found: list[tuple[float, float]] = []
        for share in _shares():
            found.append((_aligned(_folded(_sized(rest, share, quick=True)), sync)[0], share))
            best = max(found)
            # Sizes next to the right one give it too, less clearly.
            if best[0] > 2 * FOUND and share < best[1] / _STEP**_AFTER:
                break
        near = [one for strength, one in sorted(found, reverse=True)[:_TRIED] if strength > _HINT]
        return [1.0, *(share for share in near if share < 1.0)]

    def _pattern(self, size: tuple[int, int], number: int) -> Floats:
        """The mark for a picture of this size, its root mean square 1."""
        from PIL import Image

        sync, symbols = _patterns(self._key)
        chosen = sum((symbols[n, one] for n, one in enumerate(encoded(number))), np.zeros_like(sync))
        waves = _SYNC**0.5 * sync + ((1 - _SYNC) / SYMBOLS) ** 0.5 * chosen
        spectrum = np.zeros((_DRAWN, _DRAWN // 2 + 1), np.complex128)
        rows, columns = _places()
        spectrum[rows, columns] = waves
        tile = np.fft.irfft2(spectrum, (_DRAWN, _DRAWN))
        tile = (tile / tile.std()).astype(np.float32)
        scale = _DRAWN * TILES / max(size)
        across = [min(1.0, side / max(size)) * TILES for side in size]
        counts = [int(np.ceil(one)) + 1 for one in across]
        whole = Image.fromarray(np.tile(tile, (counts[1], counts[0])))
        sized: Floats = np.asarray(whole.resize(size, Image.Resampling.BICUBIC, box=(0, 0, size[0] * scale, size[1] * scale)), np.float32)
        return sized


def _transparent(picture: Image.Image) -> bool:
    return "A" in picture.mode or "transparency" in picture.info


def _strengths(grey: Floats) -> Floats:
    """How strong the mark is at each pixel: more where the picture is rough."""
    from scipy.ndimage import uniform_filter

    mean = uniform_filter(grey, 9, mode="nearest")
    rough = np.sqrt(np.maximum(uniform_filter(grey * grey, 9, mode="nearest") - mean * mean, 0))
    strengths: Floats = STRENGTH * np.clip(1 + rough / _TEXTURE, 1, _MOST)
    return strengths


def _shares() -> list[float]:
    """Parts of the longer side a picture may have left, the whole first."""
    found, share = [1.0], 1.0
    while share > _SHARE_MIN:
        share /= _STEP
        found.append(share)
    return found


@functools.cache
def _places() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the waves of the band in the half spectrum of a tile as it is drawn, in one order."""
    high = np.fft.fftfreq(_DRAWN, 1 / _DRAWN)[:, None]
    wide = np.arange(_DRAWN // 2 + 1)[None, :]
    radius = np.hypot(high, wide)
    inside = (radius >= _BAND[0]) & (radius <= _BAND[1]) & ((wide > 0) | (high > 0))
    rows, columns = np.nonzero(inside)
    return rows, columns


@functools.lru_cache(maxsize=4)
def _patterns(key: bytes) -> tuple[Waves, Waves]:
    """The pattern that is found, shape (waves,), and those of the symbols, (8, 256, waves): phases drawn from the key."""
    count = len(_places()[0])
    drawn = hashlib.shake_256(b"maquette watermark 1\0" + key).digest(count * (1 + SYMBOLS * 256))
    turns = np.exp(2j * np.pi * np.arange(256) / 256).astype(np.complex64)[np.frombuffer(drawn, np.uint8)]
    return turns[:count], turns[count:].reshape(SYMBOLS, 256, count)


def _sized(picture: Image.Image, share: float, *, quick: bool = False) -> Floats:
    """The picture at the size at which a tile has _READ pixels, where this share of its longer side is left."""
    from PIL import Image

    scale = max(picture.size) / share / (TILES * _READ)
    wide, high = (max(_READ, int(side / scale)) for side in picture.size)
    how = Image.Resampling.BILINEAR if quick else Image.Resampling.BICUBIC
    box = (0, 0, min(wide * scale, picture.width), min(high * scale, picture.height))
    sized: Floats = np.asarray(picture.resize((wide, high), how, box=box), dtype=np.float32)
    return sized


def _rest(picture: Floats, radius: float) -> Floats:
    """What is left without shapes larger than the radius, evened out: as strong where the picture is rough as where it is plain."""
    from scipy.ndimage import gaussian_filter, uniform_filter

    rest = picture - gaussian_filter(picture, radius, mode="nearest")
    rough = np.sqrt(np.maximum(uniform_filter(rest * rest, 9, mode="nearest"), 0))
    return np.asarray(np.clip(rest, -_CLIP, _CLIP) / (rough + 1.0), np.float32)


def _folded(rest: Floats) -> Waves:
    """Phases of the waves of the band in the mean tile, shape (waves,): each of length 1, so that no shape of the picture outweighs."""
    high, wide = rest.shape
    rows, columns = -(-high // _READ), -(-wide // _READ)
    padded = np.zeros((rows * _READ, columns * _READ), np.float32)
    padded[:high, :wide] = rest
    whole = np.fft.rfft2(padded.reshape(rows, _READ, columns, _READ).mean(axis=(0, 2)))
    places_high, places_wide = _places()
    waves = whole[np.where(places_high > _DRAWN // 2, places_high - _DRAWN, places_high) % _READ, places_wide]
    length = np.abs(waves)
    phases: Waves = (waves / np.where(length > 0, length, 1)).astype(np.complex64)
    return phases


def _aligned(waves: Waves, sync: Waves) -> tuple[float, Waves]:
    """How far the pattern stands out of chance at its best place (in standard deviations), and the waves moved to there."""
    rows, columns = _places()
    signed = np.where(rows > _DRAWN // 2, rows - _DRAWN, rows)
    product: Any = np.zeros((_READ, _READ // 2 + 1), np.complex64)
    product[signed % _READ, columns] = waves * sync.conj()
    places = np.fft.irfft2(product, (_READ, _READ)) * (_READ * _READ)
    spread = np.sqrt(2.0 * len(columns))  # the deviation of such a sum of unit waves, each with its mirror image, with phases of chance
    down, right = np.unravel_index(int(places.argmax()), places.shape)
    moved = waves * np.exp(2j * np.pi * (signed * down + columns * right) / _READ).astype(np.complex64)
    return float(places[down, right] / spread), moved
