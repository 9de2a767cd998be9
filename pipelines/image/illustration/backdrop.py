"""What a drawn setting is painted with: one picture's stage, chance and light, and short ways to put down shapes.

Knows shapes, tones and gradients; nothing of any place. Many like shapes go down as one path, so that a picture stays light.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipelines.image.illustration.colour import Lch, harmonise, hex_of, lch, mix, shade, with_light
from pipelines.image.illustration.stage import Stage
from pipelines.image.illustration.svg import Point, number, smooth, trace

LAMPLIGHT = "#ffd98a"
#: Twelve directions around a circle, by fixed digits: pictures do not depend on a machine's maths library.
AROUND: tuple[Point, ...] = (
    (1, 0), (0.866, 0.5), (0.5, 0.866), (0, 1), (-0.5, 0.866), (-0.866, 0.5),
    (-1, 0), (-0.866, -0.5), (-0.5, -0.866), (0, -1), (0.5, -0.866), (0.866, -0.5),
)  # fmt: skip
Cell = tuple[float, float, float, float]


class Backdrop:
    """w, h: the view in pixels; full: the whole height, more than h where the bottom is kept for text. u: size of small details.

    x: the middle of where subjects stand. inside: under a roof, where lamps are lit at night. near: whether the side is mirrored, -1 or 1.
    """

    def __init__(self, stage: Stage, inside: bool = False) -> None:
        self.stage, self.canvas, self.light, self.inside = stage, stage.canvas, stage.light, inside
        self.w, self.h, self.u, self.full = stage.width, stage.height, stage.unit, stage.canvas.height
        self.x = stage.area.centre[0]
        self.rng = stage.chance("layout")
        self.side = self.rng.choice((-1, 1))
        self.day = not (stage.light.dark or stage.light.warm)
        self.lit = not self.day

    # chance
    def some(self, low: float, high: float) -> float:
        return self.rng.uniform(low, high)

    def odds(self, share: float) -> bool:
        return self.rng.random() < share

    # tones
    def tone(self, natural: str, depth: float = 0.0) -> str:
        """The colour of a thing that is `natural` at noon. Under a roof, lamps keep night from taking the colours away."""
        if not self.inside:
            return self.light.tone(natural, depth)
        light, own = self.light, harmonise(natural, self.light.palette, self.light.pull * 0.9)
        if light.dark:
            value = lch(own)
            dim = value.light * 0.66 + 0.03
            own = mix(hex_of(Lch(dim, value.chroma * 1.05, value.hue)), with_light("#4a3f9a", dim), 0.26)
        elif light.warm:
            own = mix(own, with_light(light.ambient, lch(own).light), light.weight * 0.6)
        return mix(own, "#241f44" if light.dark else "#f6efe4", depth * 0.5)

    def pick(self, naturals: Sequence[str], depth: float = 0.0) -> str:
        return self.tone(self.rng.choice(naturals), depth)

    def accent(self, naturals: Sequence[str], depth: float = 0.0) -> str:
        """A vivid tone: one of the person's colours where there are any."""
        chosen = self.rng.choice(self.light.palette or naturals)
        return self.tone(chosen, depth)

    @property
    def lamp(self) -> str:
        return harmonise(LAMPLIGHT, self.light.palette, self.light.pull * 0.3)

    @property
    def glass(self) -> str:
        return mix(self.light.sky[1], "#ffffff", 0.05 if self.light.dark else 0.25)

    # paints
    def down(self, top: str, foot: str, alpha: tuple[float, float] = (1, 1)) -> str:
        return self.canvas.linear([(0, top, alpha[0]), (1, foot, alpha[1])])

    def over(self, left: str, right: str, alpha: tuple[float, float] = (1, 1)) -> str:
        return self.canvas.linear([(0, left, alpha[0]), (1, right, alpha[1])], (0, 0, 1, 0))

    def facing(self, lit: str, dim: str) -> str:
        """A flat face seen from the front: lit at the side the light comes from."""
        return self.over(lit, dim) if self.side < 0 else self.over(dim, lit)

    def drum(self, tone: str) -> str:
        """Round from side to side, lit from one of them."""
        bright, dim = shade(tone, light=0.05), shade(tone, light=-0.1)
        stops = [(0, tone, 1.0), (0.3, bright, 1.0), (1, dim, 1.0)]
        return self.canvas.linear(stops, (0, 0, 1, 0) if self.side < 0 else (1, 0, 0, 0))

    # shapes
    def rect(self, x: float, y: float, w: float, h: float, fill: str, opacity: float = 1.0, round_by: float = 0.0) -> None:
        self.canvas.rect(x, y, w, h, fill, opacity, round_by)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str, opacity: float = 1.0) -> None:
        self.canvas.ellipse(x, y, rx, ry, fill, opacity)

    def poly(self, fill: str, *corners: Point, opacity: float = 1.0) -> None:
        self.canvas.polygon(corners, fill, opacity)

    def path(self, fill: str, pattern: str, *values: float, opacity: float = 1.0) -> None:
        self.canvas.path(trace(pattern, *values), fill, opacity)

    def line(self, colour: str, width: float, pattern: str, *values: float, opacity: float = 1.0) -> None:
        self.canvas.stroke(trace(pattern, *values), colour, width, opacity)

    def cells(self, fill: str, cells: Iterable[Cell], opacity: float = 1.0) -> None:
        """Many rectangles of one colour, (x, y, width, height) each."""
        data = "".join(trace("M# #h#v#h#Z", x, y, w, h, -w) for x, y, w, h in cells)
        if data:
            self.canvas.path(data, fill, opacity)

    def dots(self, fill: str, dots: Iterable[tuple[float, float, float]], opacity: float = 1.0) -> None:
        """Many circles of one colour, (x, y, radius) each."""
        data = "".join(trace("M# #a# # 0 1 0 # 0a# # 0 1 0 # 0Z", x - r, y, r, r, 2 * r, r, r, -2 * r) for x, y, r in dots)
        if data:
            self.canvas.path(data, fill, opacity)

    def shapes(self, fill: str, shapes: Iterable[Sequence[Point]], opacity: float = 1.0) -> None:
        """Many polygons of one colour."""
        data = "".join("M" + "L".join(f"{number(x)} {number(y)}" for x, y in shape) + "Z" for shape in shapes)
        if data:
            self.canvas.path(data, fill, opacity)

    def blob(self, fill: str, line: Sequence[Point], opacity: float = 1.0) -> None:
        """A closed soft shape through the points."""
        first = ((line[0][0] + line[-1][0]) / 2, (line[0][1] + line[-1][1]) / 2)
        curve = smooth([first, *line, first])
        self.canvas.path(f"M{number(first[0])} {number(first[1])}{curve}Z", fill, opacity)

    def arch(self, fill: str, x: float, foot: float, wide: float, high: float, opacity: float = 1.0, rise: float = 1.0) -> None:
        """A doorway shape around x: straight sides, round head. rise: its height against a half circle."""
        half = wide / 2
        head = min(half * rise, high * 0.95)
        self.path(fill, "M# #V#A# # 0 0 1 # #V#Z", x - half, foot, foot - high + head, half, head, x + half, foot - high + head, foot,
                  opacity=opacity)  # fmt: skip

    def planet(self, x: float, y: float, r: float, tone: str, deep: str, ring: str = "", turn: float = 0.0) -> None:
        """Lit from self.side; its ring, where it has one, passes behind it."""
        place = f'cx="{number(x)}" cy="{number(y)}" rx="{number(r * 1.75)}" ry="{number(r * 0.36)}"'
        look = f'fill="none" stroke="{ring}" stroke-width="{number(r * 0.13)}" transform="rotate({number(turn)} {number(x)} {number(y)})"'
        if ring:
            self.canvas.add(f'<ellipse {place} {look} opacity="0.75"/>')
        stops = [(0, shade(tone, light=0.09), 1.0), (0.6, tone, 1.0), (1, deep, 1.0)]
        self.oval(x, y, r, r, self.canvas.radial(stops, (0.5 - 0.2 * self.side, 0.34), 0.75))
        if ring:
            start, end = number(x - r * 1.75), number(x + r * 1.75)
            half = f"M{start} {number(y)}A{number(r * 1.75)} {number(r * 0.36)} 0 0 0 {end} {number(y)}"
            self.canvas.add(f'<path d="{half}" {look}/>')

    def ground(self, top: float, far: str, near: str) -> None:
        """From `top` down to the lower edge of the picture."""
        self.rect(-2, top, self.w + 4, self.full - top + 2, self.down(far, near))

    # light
    def glow(self, x: float, y: float, rx: float, ry: float, colour: str, strength: float) -> None:
        fade = [(0, colour, strength), (0.45, colour, strength * 0.4), (1, colour, 0.0)]
        self.oval(x, y, rx, ry, self.canvas.radial(fade))

    def shadow(self, x: float, y: float, rx: float, ry: float, strength: float = 0.3) -> None:
        self.glow(x, y, rx, ry, self.light.shadow, strength)

    def beam(
        self, x: float, y: float, foot_x: float, foot_y: float, wide: float, colour: str, strength: float, mouth: float = 0.12
    ) -> None:
        """A cone of light from (x, y), `wide` where it lands."""
        corners = ((x - wide * mouth / 2, y), (x + wide * mouth / 2, y), (foot_x + wide / 2, foot_y), (foot_x - wide / 2, foot_y))
        self.poly(self.down(colour, colour, (strength, 0)), *corners)

    def mist(self, y: float, high: float, strength: float = 0.55) -> None:
        haze = mix(self.light.haze, "#ffffff", 0.08 if self.light.dark else 0.3)
        fade = self.canvas.linear([(0, haze, 0), (0.5, haze, strength), (1, haze, 0)])
        self.rect(0, y - high, self.w, high * 2, fade)

    # places
    def beside(self, low: float, high: float, side: int | None = None) -> float:
        """An x at the side of where subjects stand: `low`..`high` of the way from the middle to the edge."""
        turn = side if side is not None else self.rng.choice((-1, 1))
        return self.x + turn * self.some(low, high) * self.stage.area.width / 2

    def spread(self, count: int, jitter: float = 0.35, low: float = 0.0, high: float = 1.0) -> list[float]:
        """`count` places from left to right, evenly but for some chance."""
        step = (high - low) / max(count, 1)
        return [self.w * (low + step * (i + 0.5 + self.some(-jitter, jitter))) for i in range(count)]
