"""Where each thing stands: size, place, depth, and what may overlap. Knows boxes, not drawings' shapes or colours."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.scene import Setting
from pipelines.image.illustration.arrangement import ARRANGED, Ground, arranged
from pipelines.image.illustration.blocks import SIDED, Block, Item, Placed, settle
from pipelines.image.illustration.stage import Box, Floor, Stage

#: Side of the main subject as a share of the shorter side of its area, by composition.
SIZES = {"centre": 0.6, "thirds": 0.54, "close": 0.8, "wide": 0.32, "row": 0.56, "scatter": 0.46}
FACTORS = {"small": 0.72, "medium": 1.0, "large": 1.25}
#: How near the camera is: what it makes of sizes.
DISTANCES = {"close": 1.5, "medium": 1.0, "wide": 0.62}
PROP = 0.44
#: Share of the smaller box another may cover.
OVERLAP = 0.1
#: Empty edge of the picture no subject enters, as a share of its shorter side.
EDGE = 0.035
#: How much smaller things at the furthest place are, and how deep the main subject stands.
FAR_SCALE, MAIN_DEPTH = 0.6, 0.74
#: More blocks than this that nobody arranged become a crowd.
FREE_MOST = 18
#: From this width on, for a height of 1, a picture is a banner.
BANNER = 1.6
#: Where nothing tells what a thing stands on, things stand on one line with the main one; more blocks than this do not fit on it.
SHELF, SHELF_MOST = (Setting.PLAIN, Setting.GRADIENT), 6

__all__ = ["FACTORS", "OVERLAP", "PROP", "SIDED", "Item", "Placed", "place"]


def place(blocks: Sequence[Block], stage: Stage, floor: Floor) -> list[Placed]:
    """Places for all items, furthest first. Everything lies inside the picture and outside the margin kept for text.

    Only a close camera lets the frame cut the main subject, below, and says so (Placed.cut).
    """
    if not blocks:
        return []
    composer = _Composer(stage, floor, blocks)
    placed = composer.compose()
    feet: dict[int, tuple[bool, float]] = {}
    for one in placed:
        foot = (one.stands in ("ground", "water"), one.foot if not one.rests else -1.0)
        feet[one.block] = max(feet.get(one.block, foot), foot)
    return sorted(placed, key=lambda p: (feet[p.block], p.block, p.order))


#: How much larger a group on a bare ground is made to fill it.
GROUP_MOST = 1.45


@dataclass(frozen=True)
class _Try:
    """A block as it might stand."""

    block: Block
    box: Box
    foot: float
    manner: str
    depth: float
    turn: float = 0.0
    flip: bool = False


class _Composer:
    def __init__(self, stage: Stage, floor: Floor, blocks: Sequence[Block]) -> None:
        self.stage, self.floor, self.blocks, self.count = stage, floor, blocks, len(blocks)
        area = stage.area
        edge = EDGE * min(stage.width, stage.height)
        self.area = Box(area.x + edge, area.y + edge, max(area.width - 2 * edge, 1.0), max(area.height - 2 * edge, 1.0))
        self.rng = stage.chance("composition")
        bulk = sum(1.0 if not b.prop else 0.15 if b.root.concept.stands == "drift" else 0.45 for b in blocks)
        crowd = max(1.0 / (1.0 + 0.11 * (bulk - 1)), 0.12) if bulk > 1 else 1.0
        short = min(self.area.width, self.area.height * 1.05)
        # Another seed sees it from a little nearer or further.
        nearness = self.rng.uniform(0.9, 1.08) if stage.scene.composition not in ("close", "row") else 1.0
        distance = DISTANCES[stage.scene.camera.distance]
        if stage.scene.frame in ("circle", "badge", "diamond"):
            nearness *= 1.35  # a frame has taken the corners already
        # A banner has little height and much width: by its height alone things would be lost in it.
        nearness *= min(max(self.area.width / self.area.height / BANNER, 1.0) ** 0.6, 1.4)
        self.side = min(SIZES[stage.scene.composition] * distance * nearness, 0.98) * short * crowd
        self.alone = self.side / crowd
        self.near = min(floor.near, self.area.bottom)
        self.far = min(floor.far, self.near)
        self.third = self.rng.choice((0.36, 0.64))
        self.shelf: float | None = None  # y of the line things stand on where there is no ground

    def compose(self) -> list[Placed]:
        scene = self.stage.scene
        how = scene.arrangement if scene.arrangement != "free" else {"row": "lines", "scatter": "free"}.get(scene.composition, "free")
        if how == "free" and self.floor.above and self.count > 1:
            how = "scatter"  # a flat-lay: everything apart, nothing before anything
        if how == "free" and self.count > FREE_MOST:
            how = "crowd" if self.floor.footing != "none" else "scatter"
        if how in ARRANGED and self.count > 1:
            manners = {b.root.concept.name: self._manner(b) for b in self.blocks}
            ground = Ground(self.area, self.far, self.near, self.floor.footing, manners, self.floor.water)
            return arranged(how, self.blocks, ground, self.alone if how == "crowd" else self.side, self.rng)
        return self._cut(self._filled(self.gathered()))

    def _filled(self, placed: list[Placed]) -> list[Placed]:
        """On a bare ground several things stand in the middle as a group, as large as there is room for."""
        scene = self.stage.scene
        bare = scene.setting in SHELF and self.stage.free is None and scene.frame == "none"
        if not bare or self.count < 2 or scene.composition not in ("centre", "thirds") or scene.camera.distance != "medium":
            return placed
        union = placed[0].bounds
        for one in placed[1:]:
            union = union.union(one.bounds)
        grow = max(min(self.area.width * 0.9 / union.width, self.area.height * 0.82 / union.height, GROUP_MOST), 1.0)
        (cx, cy), (ux, uy) = self.area.centre, union.centre
        dx = min(max(cx - ux, self.area.x - union.x), self.area.right - union.right) if grow == 1.0 else cx - ux
        dy = min(max(cy - uy, self.area.y - union.y), self.area.bottom - union.bottom) if grow == 1.0 else cy - uy

        def moved(one: Placed) -> Placed:
            x, y = ux + dx + (one.box.x - ux) * grow, uy + dy + (one.box.y - uy) * grow
            box = Box(x, y, one.box.width * grow, one.box.height * grow)
            return replace(one, box=box, foot=uy + dy + (one.foot - uy) * grow)

        return [moved(one) for one in placed]

    def gathered(self) -> list[Placed]:
        """The main subject first, the rest around it, shrinking until nothing hides another."""
        side = self.side
        order = sorted(range(self.count), key=lambda i: (not self.blocks[i].main, self.blocks[i].prop, -self.blocks[i].root.scale))
        for _ in range(14):
            chosen: list[tuple[int, _Try]] = []
            for index in order:
                best = self._settle(self.blocks[index], side, [t for _, t in chosen])
                if best is None:
                    break
                if not chosen:
                    self.shelf = best.foot if self._shelved(self.blocks[index]) else None
                chosen.append((index, best))
            else:
                return [p for i, t in chosen for p in settle(t.block, t.box, t.manner, t.flip, t.depth, i, t.turn)]
            side *= 0.86
        manners = {b.root.concept.name: self._manner(b) for b in self.blocks}
        return arranged(
            "row", self.blocks, Ground(self.area, self.far, self.near, self.floor.footing, manners, self.floor.water), self.side, self.rng
        )

    def _cut(self, placed: list[Placed]) -> list[Placed]:
        """A close camera: the main block grows about its middle until the lower edge of the picture cuts it."""
        main = next((p.block for p in placed if p.item.main), None)
        standing = [p for p in placed if p.block == main]
        if self.stage.scene.camera.distance != "close" or self.stage.free is not None or not standing or self.stage.scene.frame != "none":
            return placed
        if standing[0].stands in ("air", "hang"):
            return placed
        others = [p for p in placed if p.block != main]
        for share in (1.24, 1.14, 1.06):
            moved = self._nearer(standing, share)
            if not any(p.bounds.overlap(o.bounds) > OVERLAP * o.bounds.width * o.bounds.height for p in moved for o in others):
                return [*others, *moved]
        return placed

    def _nearer(self, standing: Sequence[Placed], share: float) -> list[Placed]:
        """Grown about their middle, the lower part out of the picture."""
        box = standing[0].bounds
        for other in standing[1:]:
            box = box.union(other.bounds)
        grow, floor = min(share, self.area.width / box.width), self.stage.canvas.height
        top = max(self.area.y, floor - box.height * grow * 0.84)
        left = min(max(box.centre[0] - box.width * grow / 2, self.area.x), self.area.right - box.width * grow)
        moved = []
        for one in standing:
            x, y = left + (one.box.x - box.x) * grow, top + (one.box.y - box.y) * grow
            here = Box(x, y, one.box.width * grow, one.box.height * grow)
            moved.append(replace(one, box=here, foot=here.bottom, cut=here.bottom > floor, depth=1.0))
        return moved

    def _manner(self, block: Block) -> str:
        """How the block stands here: a whale on land still stands; a lantern in space floats."""
        item = block.root
        if self.floor.footing == "none":
            return "none"
        if item.pose.stands:
            return item.pose.stands
        if item.concept.stands in ("air", "drift"):
            return "air"
        if item.concept.stands == "hang" and (item.prop or self.floor.spot is None):
            return "hang" if self.stage.scene.margin != "top" else "air"  # no cord through the room for words
        afloat = self.floor.footing == "water" or (self.floor.water is not None and item.concept.stands == "water")
        return "water" if afloat else "ground"

    def _shelved(self, block: Block) -> bool:
        """Whether it stands on the line of the main subject on a ground that is none."""
        scene = self.stage.scene
        bare = self.floor.footing == "none" and scene.setting in SHELF and scene.composition != "scatter" and self.count <= SHELF_MOST
        return bare and not block.root.pose.stands and block.root.concept.stands not in ("air", "drift")

    def _sized(self, block: Block, side: float) -> Box:
        bounds = block.bounds
        wide, high = bounds.width * side, bounds.height * side
        widest = self.floor.spot_width if block.main and self.floor.spot_width else self.area.width * 0.96
        fit = min(1.0, widest / wide, self.area.height * 0.94 / high)
        return Box(0, 0, wide * fit, high * fit)

    def _settle(self, block: Block, side: float, placed: Sequence[_Try]) -> _Try | None:
        """The best of many seeded tries that hides nothing and is hidden by nothing; None when there is none."""
        best: tuple[float, _Try] | None = None
        for _ in range(1 if block.main and not placed else (90 if self.count < 20 else 40)):
            candidate = self._propose(block, side)
            cost = self._cost(candidate, placed)
            if cost is not None and (best is None or cost < best[0]):
                best = (cost, candidate)
        return best[1] if best else None

    def _propose(self, block: Block, side: float) -> _Try:
        rng, manner = self.rng, self._manner(block)
        box = self._sized(block, side)
        across = self._across(block, box, rng)
        depth = 1.0
        if manner in ("ground", "water"):
            depth = MAIN_DEPTH if block.main else rng.uniform(0.45 if block.prop else 0.1, 1.0)
            grow = (FAR_SCALE + (1 - FAR_SCALE) * depth) / (FAR_SCALE + (1 - FAR_SCALE) * MAIN_DEPTH)
            grow = min(grow, self.area.width / box.width, self.area.height / box.height)
            box = replace(box, width=box.width * grow, height=box.height * grow)
            far, near = self.floor.water if manner == "water" and self.floor.water else (self.far, self.near)
            foot = max(far + (near - far) * depth, self.area.y + box.height)
        else:
            foot = self._height(block, box, manner, rng)
        x = min(max(across - box.width / 2, self.area.x), max(self.area.right - box.width, self.area.x))
        foot = min(foot, self.area.bottom)
        stands = self.shelf is not None and not block.main and self._shelved(block)
        if stands and self.shelf is not None:
            foot = max(self.shelf, self.area.y + box.height)
        elif self.shelf is not None and not block.main and not block.root.pose.stands:
            foot = max(min(foot, self.shelf - box.height * 0.4), self.area.y + box.height)  # what flies is above what stands
        sided = block.root.sided
        flip = sided and across < self.area.centre[0] - 1 if block.main else sided and rng.random() < 0.4
        turn = 0.0
        if manner == "none" and not block.main and not stands:
            turn = rng.uniform(-12, 12) if self.stage.scene.composition == "scatter" else rng.uniform(-5, 5)
            turn = 0.0 if block.root.concept.group.startswith("place") else turn
        return _Try(block, Box(x, foot - box.height, box.width, box.height), foot, manner, depth, turn, flip)

    def _across(self, block: Block, box: Box, rng: random.Random) -> float:
        """Centre x: the main subject by the rule of the composition, the rest anywhere it fits."""
        if not block.main:
            return rng.uniform(self.area.x + box.width / 2, max(self.area.right - box.width / 2, self.area.x + box.width / 2))
        if self.stage.scene.composition == "thirds" and self.stage.free is None and self.floor.spot is None:
            return self.area.x + self.area.width * (self.third + rng.uniform(-0.03, 0.03))
        if self.floor.spot is not None:
            return self.floor.spot
        return self.area.centre[0] + self.area.width * rng.uniform(-0.04, 0.04)

    def _height(self, block: Block, box: Box, manner: str, rng: random.Random) -> float:
        low, high = self.area.y + box.height, self.area.bottom
        if manner == "none":
            middle = self.area.centre[1] + box.height / 2
            if block.main:
                return min(max(middle + self.area.height * rng.uniform(-0.04, 0.04), low), high)
            return rng.uniform(low, max(high, low))
        if manner == "hang":
            return min(low + self.area.height * rng.uniform(0.02, 0.12), high)
        ceiling = max(min(self.far - self.area.height * 0.06, high), low)
        if block.main:
            return low + (ceiling - low) * rng.uniform(0.5, 0.68)
        if block.root.concept.group == "sky-weather":
            return low + (ceiling - low) * rng.uniform(0.0, 0.3)  # sun, moon and clouds are above all that flies
        return rng.uniform(low, ceiling)

    def _cost(self, candidate: _Try, placed: Sequence[_Try]) -> float | None:
        box, cost = candidate.box, 0.0
        tilt = abs(candidate.turn) / 90
        if box.y < self.area.y - 0.01 or box.bottom > self.area.bottom + 0.01:
            return None
        for other in placed:
            shared = box.overlap(other.box) / min(box.width * box.height, other.box.width * other.box.height)
            if shared > OVERLAP * (1 - tilt):
                return None
            cost += shared * 3
        if placed and candidate.block.root.concept.stands == "drift" and candidate.block.prop:
            return cost + self._crowding(candidate, placed)
        if placed:
            main = placed[0].box
            gap = abs(box.centre[0] - main.centre[0]) - (box.width + main.width) / 2
            cost += abs(gap) / self.area.width * (1.0 if candidate.block.prop else 1.4)
            weight = sum(p.box.width * p.box.height * (p.box.centre[0] - self.area.centre[0]) for p in (*placed, candidate))
            mass = sum(p.box.width * p.box.height for p in (*placed, candidate))
            cost += 0.9 * abs(weight / mass) / self.area.width
            if candidate.manner == "ground" and candidate.block.prop and candidate.foot < placed[0].foot:
                cost += 0.12
        return cost + 0.12 * self.rng.random()

    def _crowding(self, candidate: _Try, placed: Sequence[_Try]) -> float:
        """Drifting things keep away from each other: less the further the nearest one is."""
        x, y = candidate.box.centre
        others = [p.box.centre for p in placed if p.block.root.concept is candidate.block.root.concept]
        nearest = min((((x - a) / self.area.width) ** 2 + ((y - b) / self.area.height) ** 2 for a, b in others), default=0.0)
        return 0.3 * self.rng.random() - float(nearest**0.5)
