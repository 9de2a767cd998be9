"""Drawing one placed thing: its shadows, its edge of light, the art itself in its colour, and what lies round its feet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from domain.scene import Setting
from pipelines.image.illustration import plants
from pipelines.image.illustration.art import INK, ArtLibrary, Drawing
from pipelines.image.illustration.blocks import Placed
from pipelines.image.illustration.colour import hue_distance, lch, mix, shade
from pipelines.image.illustration.composition import SHELF
from pipelines.image.illustration.mask import Looks
from pipelines.image.illustration.recolour import Achieved, Repaint, painter
from pipelines.image.illustration.settings import OUTDOORS
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import clean_fragment, silhouette
from pipelines.image.illustration.svg import number as n

ABSTRACT = (Setting.PLAIN, Setting.PATTERN, Setting.GRADIENT, Setting.STUDIO, Setting.PODIUMS)
#: Degrees of hue within which a colour of a figure is its skin or hair.
SKIN_HUES = 24
#: Half the width of a foot that stands by itself, as a share of the width of the thing.
BROAD = 0.2
#: Styles whose drawings have lines as a part of their look.
LINED = ("outlined", "duotone")
#: Where it is dark whatever the time of day.
DIM = (Setting.SPACE, Setting.CAVE, Setting.DUNGEON, Setting.CONCERT, Setting.UNDERWATER)


@dataclass
class Artist:
    """Draws on one stage. achieved: (subject number, copy) -> the colour it got. layers: layer id -> what stands in it.

    gauges: art set -> pixels a unit of its square has in the middle drawing of it here: its lines are drawn as wide in the others.
    behind: markup that belongs into the sky. outdoors: whether sun and air are drawn. lit: whether things have an edge of light.
    """

    stage: Stage
    floor: Floor
    library: ArtLibrary
    looks: Looks
    outdoors: bool = True
    lit: bool = True
    achieved: dict[tuple[int, int], Achieved] = field(default_factory=dict)
    layers: dict[str, Placed] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)
    gauges: dict[str, float] = field(default_factory=dict)
    _drawn: int = 0

    def even(self, placed: Sequence[Placed]) -> None:
        """Lines of one weight: to be called with all things of the picture before they are drawn."""
        found: dict[str, list[float]] = {}
        for one in placed:
            if self.library.sets[one.item.drawing.set_id].style in LINED:
                found.setdefault(one.item.drawing.set_id, []).append(self._unit_of(one))
        self.gauges = {set_id: sorted(units)[len(units) // 2] for set_id, units in found.items()}

    def _unit_of(self, placed: Placed) -> float:
        x0, _, x1, _ = placed.item.drawing.box
        return placed.box.width / max((x1 - x0) * self.library.sets[placed.item.drawing.set_id].grid, 0.01)

    def shadows(self, placed: Placed) -> None:
        """All that lies under it, into the current layer."""
        if self.floor.above:
            self._thrown(placed)
            return
        if placed.item.main and self.stage.scene.setting not in (Setting.PLAIN, Setting.PATTERN) and not placed.rests:
            self._halo(placed)
        if placed.stands == "front" or placed.rests or placed.cut:
            return
        if self.outdoors and self.stage.scene.setting in OUTDOORS:
            self._cast(placed)
        self._contact(placed)

    def subject(self, placed: Placed, name: str = "") -> str:
        """A layer of its own; returns its id."""
        item = placed.item
        role = "foreground" if placed.stands == "front" else "prop" if item.prop else "subject"
        layer = self.stage.canvas.layer(name or f"{role}-{item.subject + 1}-{item.concept.name}")
        self.layers[layer] = placed
        if placed.stands == "hang" and not placed.rests:
            self._cord(placed)
        if placed.rests and placed.hidden == 0 and placed.item.pose.stands != "air":
            self._on_top(placed)
        if self.lit:
            self._rim(placed)
        self.draw(placed)
        if placed.stands == "water" and not placed.rests:
            self._waterline(placed)
        if not placed.rests and not placed.cut:
            self._undergrowth(placed)
        return layer

    def draw(self, placed: Placed, move: tuple[float, float] = (0.0, 0.0)) -> None:
        """The art in its colour, at its place or moved by pixels."""
        item, light, palette = placed.item, self.stage.light, self.stage.scene.palette
        made = item.drawing.markup != ""  # a figure is dressed in its colour already
        colour = None if made else item.colour or (item.natural if not palette else None) or None
        areas = self.looks.of(item.drawing).areas if (colour or item.material) and not made else {}
        ramp = item.material.ramp if item.material and not made else ()
        air = max(0.0, 0.74 - placed.depth) * 0.8 if self.outdoors and placed.stands in ("ground", "water") else 0.0
        paint = painter(areas, colour, light, palette, item.living, ramp, air)
        if item.colour:
            worn = Achieved(item.colour, item.colour, light.on_subject(item.colour), 0.4) if made else paint.achieved
            if worn:
                self.achieved[(item.subject, item.copy)] = worn
        if made:
            paint = replace(paint, of=self._worn(item.drawing, paint.of, painter({}, None, light, (), False, (), air).of))
        of = self._modelled(placed, paint.of, move) if item.drawing.silhouette else paint.of
        gauge = self.gauges.get(item.drawing.set_id, 0.0)
        weight = min(max(gauge / self._unit_of(placed), 0.5), 2.0) if gauge else 1.0
        body = clean_fragment(self.library.body(item.drawing), f"s{self._drawn}-", of, weight)
        self._drawn += 1
        clear = f' opacity="{n(1 - item.material.clear)}"' if item.material and item.material.clear else ""
        shift = f"translate({n(move[0])} {n(move[1])})" if move != (0.0, 0.0) else ""
        self.stage.canvas.add(f'<g transform="{shift}{self.transform(placed)}"{clear}>{body}</g>')

    @staticmethod
    def _worn(drawing: Drawing, cloth: Repaint, plain: Repaint) -> Repaint:
        """A palette reaches what somebody wears; skin and hair keep their own colours."""
        own = [lch(colour).hue for colour in drawing.colours[1:]]
        return lambda colour: plain(colour) if any(hue_distance(lch(colour).hue, hue) < SKIN_HUES for hue in own) else cloth(colour)

    def _modelled(self, placed: Placed, of: Repaint, move: tuple[float, float]) -> Repaint:
        """A silhouette beside coloured art: a darker edge that closes its fine lines, and a light that falls from above."""
        base = of(INK)
        shift = f"translate({n(move[0])} {n(move[1])})" if move != (0.0, 0.0) else ""
        self.shape(placed, shade(base, light=-0.15), 1.0, shift, swell=min(placed.box.width, placed.box.height) * 0.014)
        fade = self.stage.canvas.linear([(0, shade(base, light=0.07), 1), (0.55, base, 1), (1, shade(base, light=-0.06), 1)])
        return lambda colour: fade if colour == INK else of(colour)

    def shape(self, placed: Placed, colour: str, opacity: float, before: str = "", swell: float = 0.0) -> None:
        """The bare outline of it, filled. before: transforms applied last. swell: pixels wider on each side."""
        drawing = placed.item.drawing
        bare = silhouette(self.library.body(drawing), swell / self._unit_of(placed))
        alpha = f' opacity="{n(opacity)}"' if opacity < 1 else ""
        line = 'stroke-linejoin="round" stroke-linecap="round"'
        self.stage.canvas.add(f'<g transform="{before}{self.transform(placed)}" fill="{colour}" stroke="{colour}" {line}{alpha}>{bare}</g>')

    def transform(self, placed: Placed) -> str:
        """From the set's square to the box in the picture."""
        grid = self.library.sets[placed.item.drawing.set_id].grid
        box, (x0, y0, x1, y1) = placed.box, placed.item.drawing.box
        sx, sy = box.width / ((x1 - x0) * grid), box.height / ((y1 - y0) * grid)
        parts = []
        if placed.turn:
            parts.append(f"rotate({n(placed.turn)} {n(box.centre[0])} {n(box.centre[1])})")
        if placed.flip:
            parts.append(f"translate({n(box.right + x0 * grid * sx)} {n(box.y - y0 * grid * sy)})scale({-sx:.5g} {sy:.5g})")
        else:
            parts.append(f"translate({n(box.x - x0 * grid * sx)} {n(box.y - y0 * grid * sy)})scale({sx:.5g} {sy:.5g})")
        return "".join(parts)

    def _halo(self, placed: Placed) -> None:
        """Soft light behind the main subject, so that it stands out from what is behind it."""
        light, box = self.stage.light, placed.bounds
        tone = mix(light.glow, light.sky[2], 0.35)
        strength = 0.5 if light.dark or self.stage.scene.setting in DIM else 0.36
        fade = self.stage.canvas.radial([(0, tone, strength), (0.5, tone, strength * 0.42), (1, tone, 0)])
        reach = max(box.width, box.height) * 0.82
        self.stage.canvas.ellipse(*box.centre, reach, reach, fade)

    def _feet(self, placed: Placed) -> tuple[float, float]:
        """Middle x and half width of what touches the ground, in pixels."""
        drawing, box = placed.item.drawing, placed.box
        x0, _, x1, _ = drawing.box
        left, right = (drawing.foot[0] - x0) / max(x1 - x0, 0.01), (drawing.foot[1] - x0) / max(x1 - x0, 0.01)
        if placed.flip:
            left, right = 1 - right, 1 - left
        return box.x + box.width * (left + right) / 2, max(box.width * (right - left) / 2, box.width * 0.16)

    def _thrown(self, placed: Placed) -> None:
        """From above everything lies: its outline once close and once further, to the lower right."""
        for far, strength in ((0.55, 0.5), (1.5, 0.32)):
            by = self.stage.unit * far
            self.shape(placed, self.stage.light.shadow, self.floor.shade * strength, f"translate({n(by)} {n(by * 1.1)})")

    def _cast(self, placed: Placed) -> None:
        """The shadow the sun throws: the outline laid on the ground, toward us and away from the sun."""
        light, box = self.stage.light, placed.box
        if light.cast <= 0.02 or placed.stands != "ground" or placed.item.concept.bust or abs(placed.turn) > 45:
            return
        away = (box.centre[0] / self.stage.width - self.floor.sun) * 1.4
        lean, flat = max(-1.1, min(away * 2, 1.1)) * light.reach, 0.1 + 0.34 * light.reach
        foot = placed.foot - placed.box.height * 0.012
        matrix = f"matrix(1 0 {-lean:.4g} {-flat:.4g} {n(lean * foot)} {n(foot * (1 + flat))})"
        self.shape(placed, light.shadow, light.cast * (0.5 + 0.5 * placed.depth), matrix)

    def _contact(self, placed: Placed) -> None:
        """A dark core where it touches the ground, a wide soft one around; under floating things a faint pool."""
        floor, item = self.floor, placed.item
        airy = placed.stands == "none" and (item.concept.bust or item.concept.stands in ("air", "drift"))
        if floor.shade <= 0 or airy or placed.stands in ("air", "water", "hang"):
            return
        canvas, box, tone = self.stage.canvas, placed.box, self.stage.light.shadow
        if placed.stands == "none":
            wide, y = box.width * 0.42, box.bottom + box.height * 0.07
            if self._feet(placed)[1] > box.width * BROAD and abs(placed.turn) < 3 and self.stage.scene.setting in SHELF:
                y = box.bottom  # it can stand, so it does not hang over its shade
            fade = canvas.radial([(0, tone, floor.shade), (0.6, tone, floor.shade * 0.4), (1, tone, 0)])
            canvas.ellipse(box.centre[0], y, wide, wide * 0.15, fade)
            return
        cx, half = self._feet(placed)
        strength = floor.shade * (0.55 if placed.lift else 1.0)
        drift = (0.5 - floor.sun) * box.width * 0.3
        soft = canvas.radial([(0, tone, strength), (0.5, tone, strength * 0.5), (1, tone, 0)])
        if half * 1.5 < box.width * 0.5:
            cx = (cx + box.centre[0]) / 2  # a leaning thing: its shade lies under its middle, not beside it
        canvas.ellipse(cx + drift, placed.foot, max(half * 1.5, box.width * 0.42), max(half * 0.17, box.height * 0.035), soft)
        if not placed.lift:
            core = canvas.radial([(0, tone, min(strength * 1.5, 0.85)), (0.6, tone, strength * 0.7), (1, tone, 0)])
            canvas.ellipse(cx, placed.foot - box.height * 0.004, half * 1.08, max(half * 0.065, box.height * 0.014), core)

    def _on_top(self, placed: Placed) -> None:
        """A thin shade where it rests on another thing."""
        cx, half = self._feet(placed)
        tone, canvas = self.stage.light.shadow, self.stage.canvas
        fade = canvas.radial([(0, tone, 0.42), (0.6, tone, 0.2), (1, tone, 0)])
        canvas.ellipse(cx, placed.box.bottom - placed.box.height * 0.01, half * 0.9, max(half * 0.1, placed.box.height * 0.015), fade)

    def _rim(self, placed: Placed) -> None:
        """A bright edge on the side of a low sun or the moon."""
        light = self.stage.light
        if light.rim <= 0 or not self.outdoors or self.stage.scene.setting not in OUTDOORS or placed.stands == "front":
            return
        side = 1.0 if self.floor.sun * self.stage.width > placed.box.centre[0] else -1.0
        reach = min(self.stage.unit * 0.42, placed.box.width * 0.012)
        strength = light.rim * (0.55 + 0.45 * placed.depth)
        self.shape(placed, mix(light.glow, "#ffffff", 0.3), strength, f"translate({n(side * reach)} {n(-reach * 0.7)})")

    def _waterline(self, placed: Placed) -> None:
        """A wave in front of the lowest part of a floating thing."""
        stage, box, canvas = self.stage, placed.box, self.stage.canvas
        rng = stage.chance(f"wave {placed.foot:.1f}")
        tone = stage.light.tone("#2a8fbf")
        left, wide, crest = box.centre[0] - box.width * 0.85, box.width * 1.7, box.height * 0.035
        y = box.bottom - box.height * 0.07
        swings = "".join(f"q{n(wide / 12)} {n(crest * rng.uniform(-2.2, -1.2))} {n(wide / 6)} 0t{n(wide / 6)} 0" for _ in range(3))
        fade = canvas.linear([(0, tone, 0), (0.2, tone, 0.95), (0.8, tone, 0.95), (1, tone, 0)], (0, 0, 1, 0))
        canvas.path(f"M{n(left)} {n(y)}{swings}v{n(box.height * 0.1)}q{n(-wide / 2)} {n(crest * 2.4)} {n(-wide)} 0Z", fade)
        line = f"M{n(left + wide * 0.16)} {n(y)}q{n(wide * 0.17)} {n(-crest)} {n(wide * 0.34)} 0t{n(wide * 0.34)} 0"
        canvas.stroke(line, "#ffffff", stage.unit * 0.3, 0.45)

    def _cord(self, placed: Placed) -> None:
        """What a hanging thing hangs from, up to the edge of the picture."""
        unit, tone = self.stage.unit, mix(self.stage.light.shadow, "#7a5a44", 0.5)
        self.stage.canvas.rect(placed.box.centre[0] - unit * 0.12, 0, unit * 0.24, placed.box.y + unit * 0.4, tone, 0.85)

    def _undergrowth(self, placed: Placed) -> None:
        """Grass around the feet; bushes in front of a head or bust, so that it looks out instead of lying there."""
        stage, growth, box = self.stage, self.floor.growth, placed.box
        if not growth or placed.stands != "ground" or placed.lift:
            return
        rng = stage.chance(f"feet {placed.foot:.1f} {box.x:.1f}")
        if placed.item.concept.bust:
            leaf = mix(growth, stage.light.tone("#3f8a4a"), 0.55)
            for share in (0.06, 0.94, 0.3, 0.72, 0.5):
                size = box.width * rng.uniform(0.4, 0.5)
                tone = shade(leaf, light=rng.uniform(-0.03, 0.02))
                stage.canvas.add(plants.bush(rng, box.x + box.width * share, placed.foot + size * 0.1, size, tone))
        count = 9 if placed.item.concept.bust else 6
        size = stage.unit * (0.4 + 0.6 * placed.depth)
        for i in range(count):
            x = box.x + box.width * (i + rng.uniform(0.2, 0.8)) / count
            tone = shade(growth, light=rng.uniform(-0.09, -0.03))
            stage.canvas.add(plants.tuft(rng, x, placed.foot + size * rng.uniform(0.1, 0.9), size * rng.uniform(1.4, 2.6), tone))
