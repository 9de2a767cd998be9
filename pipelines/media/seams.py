"""Whether a picture repeats without a seam: how its opposite edges differ, against how neighbours inside it differ. Knows pixels only."""

from __future__ import annotations

import numpy as np
from PIL import Image

from domain.value import Value

#: Up to this ratio one tile runs into the next. Chosen by eye on made-up pictures (about 1 without a seam) and one scene (far above).
SEAMLESS = 2.0


class Seams(Value):
    """across, down: the step over the border, as a multiple of the usual step between neighbours; about 1 where there is no seam.

    seamless: both are at most SEAMLESS.
    """

    across: float
    down: float
    seamless: bool


def seams(picture: Image.Image) -> Seams:
    """Of a picture of any mode, transparency counting as a colour of its own."""
    values = np.asarray(picture.convert("RGBA"), np.float32)
    across, down = _step(values.transpose(1, 0, 2)), _step(values)
    return Seams(across=round(across, 2), down=round(down, 2), seamless=max(across, down) <= SEAMLESS)


def _step(rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    """The step from the last row to the first, against the largest usual one: nine of ten rows inside have a smaller one."""
    over = float(np.abs(rows[0] - rows[-1]).mean())
    inside = np.abs(np.diff(rows, axis=0)).mean(axis=(1, 2)) if len(rows) > 1 else np.zeros(1, np.float32)
    usual = float(np.quantile(inside, 0.9))
    # A plain colour has steps of nothing; one grey level is none either.
    return over / max(usual, 1.0)
