"""What a drawing looks like as pixels: which of its colours covers how much, and where its upper edge runs.

Knows nothing of scenes. Drawings are rendered once, small; answers are remembered.
"""

from __future__ import annotations

import io
import threading
from dataclasses import dataclass

import numpy as np

from pipelines.image.illustration.art import ArtLibrary, Drawing
from pipelines.image.illustration.svg import clean_fragment, colours_of

#: Pixels of a side a drawing is looked at with.
GRAIN = 72


@dataclass(frozen=True)
class Look:
    """areas: colour -> share of the ink it covers, largest first. top: for 24 columns over the ink box, how far below the box's top
    the ink begins, 0..1 of its height (1 where a column is empty)."""

    areas: dict[str, float]
    top: tuple[float, ...]

    def top_at(self, across: float) -> float:
        """Depth of the upper edge about a place `across` the box (0..1): the middle of its neighbourhood."""
        at = min(max(int(across * len(self.top)), 0), len(self.top) - 1)
        near = sorted(self.top[max(at - 2, 0) : at + 3])
        return near[len(near) // 2]


class Looks:
    """Thread-safe. One for a library."""

    def __init__(self, library: ArtLibrary) -> None:
        self._library = library
        self._known: dict[tuple[str, str], Look] = {}
        self._lock = threading.Lock()

    def of(self, drawing: Drawing) -> Look:
        key = (drawing.set_id, drawing.icon)
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._look(drawing)
            with self._lock:
                self._known[key] = known
        return known

    def _look(self, drawing: Drawing) -> Look:
        import resvg_py
        from PIL import Image

        body, grid = self._library.body(drawing), self._library.sets[drawing.set_id].grid
        x0, y0, x1, y1 = (v * grid for v in drawing.box)
        view = f"{x0:.4g} {y0:.4g} {max(x1 - x0, 0.01):.4g} {max(y1 - y0, 0.01):.4g}"
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{GRAIN}" height="{GRAIN}" viewBox="{view}" preserveAspectRatio="none">'
            f"{clean_fragment(body, 'a')}</svg>"
        )
        data = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=GRAIN, height=GRAIN, skip_system_fonts=True))
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA").resize((GRAIN, GRAIN)))
        ink = pixels[..., 3] > 127
        return Look(_areas(pixels[ink][:, :3].astype(np.int32), colours_of(body)), _top(ink))


def _areas(seen: np.ndarray[tuple[int, int], np.dtype[np.int32]], colours: list[str]) -> dict[str, float]:
    """Each pixel counts for the nearest colour the drawing uses."""
    names = sorted(set(colours)) or ["#333333"]
    table = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in names], dtype=np.int32)
    if not len(seen):
        return {names[0]: 1.0}
    nearest = ((seen[:, None, :] - table[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-int(counts[i]), names[i]))
    return {names[i]: float(counts[i]) / len(seen) for i in order}


def _top(ink: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> tuple[float, ...]:
    first = np.where(ink.any(axis=0), ink.argmax(axis=0), GRAIN) / GRAIN
    return tuple(round(float(v), 3) for v in first.reshape(24, -1).mean(axis=1))
