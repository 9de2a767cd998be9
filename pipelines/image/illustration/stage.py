"""The stage a picture is drawn on: canvas, light, size and seeded chance; and the floor a drawn setting leaves for its subjects."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from domain.scene import Scene
from pipelines.image.illustration.light import Light
from pipelines.image.illustration.svg import Canvas, Point, number

#: Share of the picture kept for text on the margin side.
MARGIN_SHARE = 0.4
#: Share of the height a setting composes in when the bottom is kept for text: a little over what is left, so that ground shows.
VIEW_SHARE = 0.64
#: (x, y, width, height) of where subjects stand inside a frame, as shares of the picture.
FRAMED = {
    "circle": (0.17, 0.15, 0.66, 0.7),
    "badge": (0.2, 0.18, 0.6, 0.64),
    "diamond": (0.25, 0.24, 0.5, 0.5),
    "arch": (0.1, 0.2, 0.8, 0.74),
    "rounded": (0.05, 0.05, 0.9, 0.9),
}


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def overlap(self, other: Box) -> float:
        """Area both cover, in square pixels."""
        across = min(self.right, other.right) - max(self.x, other.x)
        down = min(self.bottom, other.bottom) - max(self.y, other.y)
        return max(across, 0.0) * max(down, 0.0)

    def moved(self, x: float, y: float) -> Box:
        return Box(self.x + x, self.y + y, self.width, self.height)

    def union(self, other: Box) -> Box:
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def inset(self, share: float) -> Box:
        by = min(self.width, self.height) * share
        return Box(self.x + by, self.y + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True)
class Stage:
    """unit is a hundredth of the shorter side, stretched a little for long pictures: the size of small details, in pixels.

    room: where subjects may be, when a form says so.
    """

    canvas: Canvas
    light: Light
    scene: Scene
    seed: int
    room: Box | None = None

    @property
    def width(self) -> float:
        return self.canvas.width

    @property
    def height(self) -> float:
        """Of the view that settings compose in: above a bottom margin, where only ground goes on down to `canvas.height`."""
        return self.canvas.height * (VIEW_SHARE if self.scene.margin == "bottom" else 1.0)

    @property
    def unit(self) -> float:
        short, long = sorted((self.width, self.canvas.height))
        return float(short**0.75 * long**0.25) / 100

    def chance(self, purpose: str) -> random.Random:
        """Seeded by the recipe and the purpose, so that one part's draws do not move another's."""
        return random.Random(f"{self.seed}/{self.scene.setting}/{purpose}")  # noqa: S311

    @property
    def free(self) -> Box | None:
        """The part kept calm for text, or None."""
        w, h = self.width, self.canvas.height
        return {
            "left": Box(0, 0, w * MARGIN_SHARE, h),
            "right": Box(w * (1 - MARGIN_SHARE), 0, w * MARGIN_SHARE, h),
            "top": Box(0, 0, w, h * MARGIN_SHARE),
            "bottom": Box(0, h * (1 - MARGIN_SHARE), w, h * MARGIN_SHARE),
        }.get(self.scene.margin)

    @property
    def area(self) -> Box:
        """Where subjects may be: the picture without the margin, inside its frame."""
        if self.room is not None:
            return self.room
        w, h, keep = self.width, self.canvas.height, 1 - MARGIN_SHARE
        return {
            "left": Box(w * MARGIN_SHARE, 0, w * keep, h),
            "right": Box(0, 0, w * keep, h),
            "top": Box(0, h * MARGIN_SHARE, w, h * keep),
            "bottom": Box(0, 0, w, h * keep),
        }.get(self.scene.margin, self._framed())

    def _framed(self) -> Box:
        """What a frame leaves: the picture, or the part of it whose corners the frame does not cut. Round frames are square ones."""
        w, h = self.width, self.canvas.height
        if self.scene.frame not in FRAMED:
            return Box(0, 0, w, h)
        x, y, across, down = FRAMED[self.scene.frame]
        side = min(w, h)
        if self.scene.frame in ("circle", "badge"):
            return Box(w / 2 + (x - 0.5) * side, h / 2 + (y - 0.5) * side, across * side, down * side)
        return Box(x * w, y * h, across * w, down * h)

    def ridge(self, purpose: str, level: float, rise: float, steps: int = 8) -> list[Point]:
        """A soft skyline from beyond the left edge to beyond the right one: y about `level`, varying by `rise` pixels."""
        rng = self.chance(purpose)
        phase, turns = rng.uniform(0, 6.28), rng.uniform(0.7, 1.5)
        line: list[Point] = []
        for i in range(steps + 3):
            x = self.width * (i - 1) / steps
            swell = _wave(phase + turns * 6.28 * i / steps)
            line.append((x, level + rise * (0.6 * swell + 0.4 * rng.uniform(-1, 1))))
        return line


def _wave(angle: float) -> float:
    """A sine good to three digits, from its series, so that pictures do not depend on a machine's maths library."""
    x = (angle + 3.141592653589793) % 6.283185307179586 - 3.141592653589793
    square = x * x
    return x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72 * (1 - square / 110)))))


@dataclass
class Floor:
    """What a drawn setting offers its subjects.

    far and near: y of the furthest and nearest place to stand, in pixels. footing: "ground" (things stand and cast shadows), "water"
    (things float half in it) or "none" (things hang free). front: markup drawn over the subjects. shade: strength of contact shadows.
    sun: x of the light, 0..1. spot: x in pixels made for the main subject (a podium), or None; spot_width: how wide that is.
    water: y of its furthest and nearest water where ground lies before water: boats float there, all else stands on the ground.
    above: seen straight from above, so that things lie and their shadows fall to one side.
    growth: colour of what grows around feet, "" where nothing does. veil: what calms the margin here, "" for the sky's own.
    """

    far: float
    near: float
    footing: str = "ground"
    shade: float = 0.42
    sun: float = 0.7
    spot: float | None = None
    spot_width: float = 0.0
    growth: str = ""
    veil: str = ""
    water: tuple[float, float] | None = None
    above: bool = False
    front: list[str] = field(default_factory=list)


def line_y(line: Sequence[Point], x: float) -> float:
    """Height of a ridge at x, straight between its points."""
    for (x0, y0), (x1, y1) in pairwise(line):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / max(x1 - x0, 1e-6)
    return line[-1][1]


def group(markup: str, x: float, y: float, scale: float = 1.0, turn: float = 0.0, opacity: float = 1.0) -> str:
    """Markup moved to (x, y), scaled and turned by degrees about its own origin."""
    parts = [f"translate({number(x)} {number(y)})"]
    if turn:
        parts.append(f"rotate({number(turn)})")
    if scale != 1.0:
        parts.append(f"scale({scale:.4g})")
    alpha = "" if opacity >= 1 else f' opacity="{number(opacity)}"'
    return f'<g transform="{"".join(parts)}"{alpha}>{markup}</g>'
