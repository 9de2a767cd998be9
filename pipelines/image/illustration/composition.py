"""Where each thing stands: size, place, depth, and what may overlap. Knows boxes, not drawings' shapes or colours."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.image.illustration.art import Concept, Drawing
from pipelines.image.illustration.stage import Box, Floor, Stage

#: Side of the main subject as a share of the shorter side of its area, by composition.
SIZES = {"centre": 0.6, "thirds": 0.54, "close": 0.8, "wide": 0.32, "row": 0.56, "scatter": 0.46}
FACTORS = {"small": 0.72, "medium": 1.0, "large": 1.25}
PROP = 0.44
#: Share of the smaller box another may cover.
OVERLAP = 0.1
#: Empty edge of the picture no subject enters, as a share of its shorter side.
EDGE = 0.035
SIDED = ("animal", "transport")


@dataclass(frozen=True)
class Item:
    """One thing to place. scale: its size relative to the main subject. colour "#rrggbb" or None."""

    concept: Concept
    drawing: Drawing
    colour: str | None
    scale: float
    prop: bool
    main: bool = False


@dataclass(frozen=True)
class Placed:
    """box: where the ink lies, in pixels. foot: y it stands on. turn in degrees about the centre of the box; flip: mirrored."""

    item: Item
    box: Box
    foot: float
    stands: str
    turn: float = 0.0
    flip: bool = False


def place(items: Sequence[Item], stage: Stage, floor: Floor) -> list[Placed]:
    """Places for all items, furthest first. Everything lies inside the picture and outside the margin kept for text."""
    if not items:
        return []
    bulk = sum(1.0 if not i.prop else 0.15 if i.concept.stands == "drift" else 0.45 for i in items)
    composer = _Composer(stage, floor, len(items), bulk)
    placed = composer.lined(items) if stage.scene.composition == "row" else composer.gathered(items)
    return sorted(placed, key=lambda p: (p.stands == "ground", p.foot))


class _Composer:
    def __init__(self, stage: Stage, floor: Floor, count: int, bulk: float) -> None:
        self.stage, self.floor, self.count = stage, floor, count
        area = stage.area
        edge = EDGE * min(stage.width, stage.height)
        self.area = Box(area.x + edge, area.y + edge, max(area.width - 2 * edge, 1.0), max(area.height - 2 * edge, 1.0))
        self.rng = stage.chance("composition")
        crowd = max(1.0 / (1.0 + 0.11 * (bulk - 1)), 0.12) if bulk > 1 else 1.0
        short = min(self.area.width, self.area.height * 1.05)
        self.side = SIZES[stage.scene.composition] * short * crowd
        self.near = min(floor.near, self.area.bottom)
        self.far = min(floor.far, self.near)

    def gathered(self, items: Sequence[Item]) -> list[Placed]:
        """The main subject first, the rest around it, shrinking until nothing hides another."""
        side = self.side
        for _ in range(14):
            placed: list[Placed] = []
            for item in sorted(items, key=lambda i: (not i.main, i.prop, -i.scale)):
                chosen = self._settle(item, side, placed)
                if chosen is None:
                    break
                placed.append(chosen)
            else:
                return placed
            side *= 0.86
        return self.lined(items)

    def lined(self, items: Sequence[Item]) -> list[Placed]:
        """Side by side, in rows when one row would make them tiny."""
        rows = (
            1
            if self.area.width / len(items) > self.area.height * 0.24
            else max(1, round((len(items) * self.area.height / self.area.width) ** 0.5))
        )
        per_row = -(-len(items) // rows)
        placed = []
        for index, item in enumerate(items):
            row, column = divmod(index, per_row)
            here = min(per_row, len(items) - row * per_row)
            cell = self.area.width / here
            room = self.area.height / rows
            box = self._sized(item, min(self.side * 1.5, cell * 0.82, room * 0.82))
            fit = min(1.0, cell * 0.9 / box.width, room * 0.92 / box.height)
            wide, high = box.width * fit, box.height * fit
            x = self.area.x + cell * (column + 0.5) - wide / 2
            foot = self._foot_in_row(row, rows, high, self._manner(item))
            placed.append(Placed(item, Box(x, foot - high, wide, high), foot, self._manner(item)))
        return placed

    def _foot_in_row(self, row: int, rows: int, high: float, manner: str) -> float:
        if rows == 1 and manner in ("ground", "water"):
            foot = self.far + (self.near - self.far) * 0.75
        else:
            foot = self.area.y + self.area.height * (row + 0.5) / rows + high / 2
        return min(max(foot, self.area.y + high), self.area.bottom)

    def _manner(self, item: Item) -> str:
        """How the item stands here: a whale on land still stands; a lantern in space floats."""
        if self.floor.footing == "none":
            return "none"
        if item.concept.stands in ("air", "drift"):
            return "air"
        if item.concept.stands == "hang" and item.prop:
            return "hang"
        return "water" if self.floor.footing == "water" else "ground"

    def _sized(self, item: Item, side: float) -> Box:
        aspect = item.drawing.aspect
        size = side * item.scale
        wide, high = size * min(max(aspect, 0.3), 3.2) ** 0.5, size / min(max(aspect, 0.3), 3.2) ** 0.5
        if not 0.3 <= aspect <= 3.2:
            high = wide / aspect
        widest = self.floor.spot_width if item.main and self.floor.spot_width else self.area.width * 0.96
        fit = min(1.0, widest / wide, self.area.height * 0.94 / high)
        return Box(0, 0, wide * fit, high * fit)

    def _settle(self, item: Item, side: float, placed: Sequence[Placed]) -> Placed | None:
        """The best of many seeded tries that hides nothing and is hidden by nothing; None when there is none."""
        best: tuple[float, Placed] | None = None
        for attempt in range(1 if item.main and not placed else (90 if self.count < 20 else 40)):
            candidate = self._propose(item, side, attempt)
            cost = self._cost(candidate, placed)
            if cost is not None and (best is None or cost < best[0]):
                best = (cost, candidate)
        return best[1] if best else None

    def _propose(self, item: Item, side: float, attempt: int) -> Placed:
        rng, manner = self.rng, self._manner(item)
        box = self._sized(item, side)
        across = self._across(item, box, rng)
        if manner in ("ground", "water"):
            depth = 0.74 if item.main else rng.uniform(0.1, 1.0)
            if item.prop:
                depth = rng.uniform(0.45, 1.0)
            grow = (0.66 + 0.34 * depth) / (0.66 + 0.34 * 0.74)
            box = replace(box, width=box.width * grow, height=box.height * grow)
            foot = max(self.far + (self.near - self.far) * depth, self.area.y + box.height)
        else:
            foot = self._height(item, box, manner, rng)
        x = min(max(across - box.width / 2, self.area.x), max(self.area.right - box.width, self.area.x))
        foot = min(foot, self.area.bottom)
        sided = item.concept.group.startswith(SIDED)
        flip = sided and not item.main and rng.random() < 0.4 if not item.main else sided and across < self.area.centre[0] - 1
        turn = 0.0
        if manner == "none" and not item.main:
            turn = rng.uniform(-12, 12) if self.stage.scene.composition == "scatter" else rng.uniform(-5, 5)
        return Placed(item, Box(x, foot - box.height, box.width, box.height), foot, manner, turn, flip)

    def _across(self, item: Item, box: Box, rng: random.Random) -> float:
        """Centre x: the main subject by the rule of the composition, the rest anywhere it fits."""
        if not item.main:
            return rng.uniform(self.area.x + box.width / 2, max(self.area.right - box.width / 2, self.area.x + box.width / 2))
        if self.stage.scene.composition == "thirds" and self.stage.free is None and self.floor.spot is None:
            return self.area.x + self.area.width * (rng.choice((0.36, 0.64)) + rng.uniform(-0.02, 0.02))
        if self.floor.spot is not None:
            return self.floor.spot
        return self.area.centre[0] + self.area.width * rng.uniform(-0.025, 0.025)

    def _height(self, item: Item, box: Box, manner: str, rng: random.Random) -> float:
        low, high = self.area.y + box.height, self.area.bottom
        if manner == "none":
            middle = self.area.centre[1] + box.height / 2
            if item.main:
                return min(max(middle + self.area.height * rng.uniform(-0.03, 0.03), low), high)
            return rng.uniform(low, max(high, low))
        if manner == "hang":
            return min(low + self.area.height * rng.uniform(0.02, 0.12), high)
        ceiling = max(min(self.far - self.area.height * 0.06, high), low)
        if item.main:
            return low + (ceiling - low) * 0.62
        return rng.uniform(low, ceiling)

    def _cost(self, candidate: Placed, placed: Sequence[Placed]) -> float | None:
        box, cost = candidate.box, 0.0
        tilt = abs(candidate.turn) / 90
        if box.y < self.area.y - 0.01 or box.bottom > self.area.bottom + 0.01:
            return None
        for other in placed:
            shared = box.overlap(other.box) / min(box.width * box.height, other.box.width * other.box.height)
            if shared > OVERLAP * (1 - tilt):
                return None
            cost += shared * 3
        if placed and candidate.item.concept.stands == "drift" and candidate.item.prop:
            return cost + self._crowding(candidate, placed)
        if placed:
            main = placed[0].box
            gap = abs(box.centre[0] - main.centre[0]) - (box.width + main.width) / 2
            cost += abs(gap) / self.area.width * (1.0 if candidate.item.prop else 1.4)
            weight = sum(p.box.width * p.box.height * (p.box.centre[0] - self.area.centre[0]) for p in (*placed, candidate))
            mass = sum(p.box.width * p.box.height for p in (*placed, candidate))
            cost += 0.9 * abs(weight / mass) / self.area.width
            if candidate.stands == "ground" and candidate.item.prop and candidate.foot < placed[0].foot:
                cost += 0.12
        return cost + 0.12 * self.rng.random()

    def _crowding(self, candidate: Placed, placed: Sequence[Placed]) -> float:
        """Drifting things keep away from each other: less the further the nearest one is."""
        x, y = candidate.box.centre
        others = [p.box.centre for p in placed if p.item.concept is candidate.item.concept]
        nearest = min((((x - a) / self.area.width) ** 2 + ((y - b) / self.area.height) ** 2 for a, b in others), default=0.0)
        return 0.3 * self.rng.random() - float(nearest**0.5)
