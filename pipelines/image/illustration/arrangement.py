"""Many things in order: rows, a circle, a grid, a scatter with spacing, a crowd with depth; and what stands before everything.

Knows boxes and the strip of ground; nothing of drawings. Every arrangement keeps inside the area it is given.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.image.illustration.blocks import Block, Item, Placed, settle, single
from pipelines.image.illustration.stage import Box, Stage

#: Share of its row's spacing a figure of a crowd may be wide, so that neighbours cover each other a little, as in a crowd.
SHOULDER = 1.22
#: From this many on, things side by side on the ground stand in two lines; how large those of the line behind are.
TWO_LINES, BEHIND = 7, 0.84
#: Of a thing in order no more than this may be covered; how much smaller all are tried for it.
MOST_COVERED, EASING = 0.32, (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True)
class Ground:
    """area: where things may be. far and near: y of the furthest and nearest place to stand. manners: concept name -> how it stands.

    water: the same as far and near for what floats where there is water behind the ground.
    """

    area: Box
    far: float
    near: float
    footing: str
    manners: Mapping[str, str]
    water: tuple[float, float] | None = None

    def manner(self, block: Block) -> str:
        return self.manners.get(block.root.concept.name, self.footing)


def arranged(how: str, blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Smaller and smaller until nothing hides another; in a crowd they cover each other, as crowds do."""
    state = rng.getstate()
    placed: list[Placed] = []
    for share in EASING:
        rng.setstate(state)
        placed = ARRANGED[how](blocks, ground, side * share, rng)
        if how == "crowd" or covered(placed) <= MOST_COVERED:
            break
    return placed


def covered(placed: Sequence[Placed]) -> float:
    """The largest share of the smaller of two things of different blocks that their boxes have in common, 0..1."""
    most = 0.0
    for index, one in enumerate(placed):
        for other in placed[index + 1 :]:
            if one.block != other.block:
                a, b = one.bounds, other.bounds
                most = max(most, a.overlap(b) / max(min(a.width * a.height, b.width * b.height), 1e-6))
    return most


def _put(block: Block, centre: float, foot: float, fit: float, ground: Ground, number: int, depth: float = 1.0, turn: float = 0.0,
         flip: bool = False, manner: str = "") -> list[Placed]:  # fmt: skip
    """By the middle of its foot, kept inside the area."""
    bounds, area = block.bounds, ground.area
    fit = min(fit, area.width / bounds.width, area.height / bounds.height)
    wide, high = bounds.width * fit, bounds.height * fit
    x = min(max(centre - wide / 2, area.x), area.right - wide)
    bottom = min(max(foot, area.y + high), area.bottom)
    return settle(block, Box(x, bottom - high, wide, high), manner or ground.manner(block), flip, depth, number, turn)


def row(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Side by side, in rows when one row would make them tiny; on the ground the rows stand one behind another."""
    area, count = ground.area, len(blocks)
    lies = ground.footing != "none"
    if lies and count > 10:
        return crowd(blocks, ground, side, rng)
    rows = 1 if lies or area.width / count > area.height * 0.24 else max(1, round((count * area.height / area.width) ** 0.5))
    per_row = -(-count // rows)
    if rows == 1:
        return _one_row(blocks, ground, side)
    placed: list[Placed] = []
    for index, block in enumerate(blocks):
        line, column = divmod(index, per_row)
        here = min(per_row, count - line * per_row)
        cell, room, bounds = area.width / here, area.height / rows, block.bounds
        fit = min(side * 1.5, cell * 0.86 / bounds.width, room * 0.86 / bounds.height)
        foot = area.y + area.height * (line + 0.5) / rows + bounds.height * fit / 2
        placed += _put(block, area.x + cell * (column + 0.5), foot, fit, ground, index)
    return placed


def _one_row(blocks: Sequence[Block], ground: Ground, side: float) -> list[Placed]:
    """All in one scale, so that a candle stays smaller than a barrel; each as wide a place as it needs."""
    area, count = ground.area, len(blocks)
    widths = [max(block.bounds.width, 0.3 * max(b.bounds.width for b in blocks)) for block in blocks]
    fit = min(side * 1.5, area.width * 0.88 / sum(widths), area.height * 0.86 / max(b.bounds.height for b in blocks))
    gap = min((area.width - sum(widths) * fit) / count, side * 0.5)
    x = area.centre[0] - (sum(widths) * fit + gap * (count - 1)) / 2
    placed: list[Placed] = []
    for index, (block, wide) in enumerate(zip(blocks, widths, strict=True)):
        high, manner = block.bounds.height * fit, ground.manner(block)
        if manner == "hang":
            foot = area.y + high + area.height * (0.03 + 0.09 * (index % 2))
        elif manner in ("ground", "water"):
            far, near = ground.water if manner == "water" and ground.water else (ground.far, ground.near)
            foot = far + (near - far) * 0.75
        else:
            foot = area.centre[1] + high / 2
        placed += _put(block, x + wide * fit / 2, foot, fit, ground, index)
        x += wide * fit + gap
    return placed


def lines(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Two lines on the ground, those behind in the gaps, higher up and smaller: one line would make them tiny. Kinds stay together."""
    if ground.footing == "none" or not TWO_LINES <= len(blocks) <= 10:
        return row(blocks, ground, side, rng)
    area, count = ground.area, len(blocks)
    back = count // 2
    cell = area.width / (count - back + (0.0 if count % 2 else 0.5))
    foot = ground.far + (ground.near - ground.far) * 0.85
    widest, tallest = max(b.bounds.width for b in blocks), max(b.bounds.height for b in blocks)
    # Those in front may hide half of those behind, who still stand on the ground; never smaller than in one line.
    fit = min(side * 1.5, cell * 0.9 / widest, area.height * 0.5 / tallest, (foot - ground.far) / (tallest * 0.45))
    fit = max(fit, min(side, area.width / count * 0.86 / widest))
    placed: list[Placed] = []
    for index, block in enumerate(blocks):
        behind = index < back
        x = area.x + cell * (index + 1.0 if behind else index - back + 0.5)
        own = fit * (BEHIND if behind else 1.0)
        if ground.manner(block) == "hang":
            placed += _put(block, x, area.y + block.bounds.height * own + area.height * 0.06 * (index % 2), own, ground, index)
            continue
        placed += _put(block, x, ground.far if behind else foot, own, ground, index, 0.5 if behind else 1.0)
    return placed


def grid(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Equal cells, everything in the middle of its own, all in one scale."""
    del rng
    placed: list[Placed] = []
    for index, (block, cell, fit) in enumerate(zip(blocks, *cells(blocks, ground.area, side * 1.6), strict=True)):
        high = block.bounds.height * fit
        placed += _put(block, cell.centre[0], cell.centre[1] + high / 2, fit, ground, index, manner="none")
    return placed


def cells(blocks: Sequence[Block], area: Box, most: float) -> tuple[list[Box], list[float]]:
    """Equal cells of a grid as square as can be, and the scale of each block in its own: the same for all that are alike in size."""
    count = len(blocks)
    columns = min(max(1, round((count * area.width / area.height) ** 0.5)), count)
    while columns > 1 and -(-count // (columns - 1)) == -(-count // columns):
        columns -= 1
    rows = -(-count // columns)
    wide, high = area.width / columns, area.height / rows
    boxes, fits = [], []
    for index, block in enumerate(blocks):
        line, column = divmod(index, columns)
        here = min(columns, count - line * columns)
        start = area.x + (area.width - here * wide) / 2
        boxes.append(Box(start + column * wide, area.y + line * high, wide, high))
        fits.append(min(most, wide * 0.72 / block.bounds.width, high * 0.72 / block.bounds.height))
    return boxes, fits


def circle(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """On an ellipse, lying on the ground where there is one. One that is alone of its kind among many stands in the middle."""
    kinds: dict[int, int] = {}
    for block in blocks:
        kinds[block.root.subject] = kinds.get(block.root.subject, 0) + 1
    middle = next((i for i, b in enumerate(blocks) if kinds[b.root.subject] == 1 and len(blocks) > 3), None)
    ring = [i for i in range(len(blocks)) if i != middle]
    area, lies = ground.area, ground.footing != "none"
    rx = area.width * 0.4
    down = max(ground.near - ground.far, area.height * 0.2) * 0.5 if lies else area.height * 0.38
    cy = ground.near - down if lies else area.centre[1]
    # The chord between neighbours bounds the size; on the ground it is seen shortened, and they may cover each other a little.
    chord = 2 * math.pi * math.sqrt((rx * rx + down * down) / 2) / len(ring)
    widest = max(max(blocks[i].bounds.width, blocks[i].bounds.height * (0.8 if lies else 1.0)) for i in ring)
    fit = min(side * 1.2, chord * 0.68 / widest)
    start = rng.uniform(0, 2 * math.pi) if len(ring) > 2 else 0.0
    placed: list[Placed] = []
    for turn, index in enumerate(ring):
        angle = start + 2 * math.pi * turn / len(ring)
        x, y = area.centre[0] + rx * math.cos(angle), cy + down * math.sin(angle)
        depth = 0.5 + 0.5 * math.sin(angle) if lies else 1.0
        block = blocks[index]
        own = fit * (0.78 + 0.22 * depth)
        foot = y if lies else y + block.bounds.height * own / 2
        flip = block.root.sided and x < area.centre[0]
        placed += _put(block, x, foot, own, ground, index, depth, flip=flip)
    if middle is not None:
        block = blocks[middle]
        own = min(side, rx * 0.9 / block.bounds.width, (area.height * 0.6 if lies else down * 1.1) / block.bounds.height)
        placed += _put(block, area.centre[0], cy if lies else cy + block.bounds.height * own / 2, own, ground, middle, 0.5)
    return placed


def scatter(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Anywhere, each as far from the others as the best of many tries; never over another."""
    area, lies = ground.area, ground.footing != "none"
    room = Box(area.x, ground.far, area.width, max(ground.near - ground.far, area.height * 0.2)) if lies else area
    mean = sum(b.bounds.width * b.bounds.height for b in blocks) / len(blocks)
    # On the ground they stand in depth and need air, on a table or a pattern they lie close.
    full, most = (0.34 * area.height * 0.6, side) if lies else (0.46 * room.height, side * 1.5)
    fit = min(most, (full * room.width / (len(blocks) * mean)) ** 0.5)
    for _ in range(12):
        boxes = _spaced(blocks, area, room, fit, lies, rng)
        if boxes:
            return [
                p
                for i, (block, (box, depth)) in enumerate(zip(blocks, boxes, strict=True))
                for p in _put(
                    block, box.centre[0], box.bottom, box.width / block.bounds.width, ground, i, depth,
                    0.0 if lies else rng.uniform(-12, 12), block.root.sided and rng.random() < 0.5,
                )
            ]  # fmt: skip
        fit *= 0.86
    return grid(blocks, ground, side, rng)


def _spaced(blocks: Sequence[Block], area: Box, room: Box, fit: float, lies: bool, rng: random.Random) -> list[tuple[Box, float]]:
    """Boxes that keep clear of each other by a tenth, or nothing where they do not fit."""
    found: list[tuple[Box, float]] = []
    for block in blocks:
        best: tuple[float, Box, float] | None = None
        for _ in range(30):
            depth = rng.random()
            own = fit * (0.7 + 0.3 * depth) if lies else fit
            wide, high = block.bounds.width * own, block.bounds.height * own
            if wide > area.width or high > area.height:
                return []
            x = rng.uniform(area.x, area.right - wide)
            bottom = room.y + room.height * depth if lies else rng.uniform(area.y + high, area.bottom)
            box = Box(x, max(bottom, area.y + high) - high, wide, high)
            if any(box.overlap(other) > 0 for other, _ in found):
                continue
            away = min((math.dist(box.centre, other.centre) for other, _ in found), default=0.0)
            if best is None or away > best[0]:
                best = (away, box, depth)
        if best is None:
            return []
        found.append((best[1], best[2]))
    return found


def crowd(blocks: Sequence[Block], ground: Ground, side: float, rng: random.Random) -> list[Placed]:
    """Rows one behind another, smaller and closer together the further; the main one in front, in the middle."""
    area, count = ground.area, len(blocks)
    lies = ground.footing != "none"
    order = sorted(range(count), key=lambda i: (blocks[i].main, rng.random()))
    rows = max(2, min(round((count * 0.85) ** 0.5), 8))
    scales = [0.5 + 0.5 * (r + 0.5) / rows for r in range(rows)]
    share = sum(1 / s for s in scales)
    counts = [max(1, round(count / (s * share))) for s in scales]
    while sum(counts) != count:
        counts[0 if sum(counts) < count else max(range(rows), key=lambda r: counts[r])] += 1 if sum(counts) < count else -1
    widest, tallest = max(b.bounds.width for b in blocks), max(b.bounds.height for b in blocks)
    fit = min(SHOULDER * area.width / c / (widest * s) for c, s in zip(counts, scales, strict=True) if c)
    top = ground.far if lies else area.y + tallest * fit * scales[0] * 0.9
    bottom = ground.near if lies else area.bottom
    # Between two rows at least a bit over half of those behind must be seen.
    fit = min(fit, side * 1.6, max(bottom - top, area.height * 0.24) / rows / (tallest * 0.36), area.height / tallest)
    if lies and (bottom - top) / rows < tallest * fit * 0.36:
        top = max(bottom - rows * tallest * fit * 0.36, area.y + tallest * fit * scales[0])
    placed: list[Placed] = []
    place = 0
    for r, here in enumerate(counts):
        depth = (r + 0.5) / rows
        spacing = area.width / max(here, 1)
        line = order[place : place + here]
        if r == rows - 1 and line:
            line.insert(len(line) // 2, line.pop())
        for c, index in enumerate(line):
            x = area.x + spacing * (c + 0.5 + (0.22 if r % 2 else -0.22) + rng.uniform(-0.07, 0.07))
            foot = top + (bottom - top) * (r + 1) / rows + rng.uniform(-0.06, 0.06) * (bottom - top) / rows
            block = blocks[index]
            placed += _put(block, x, foot, fit * scales[r], ground, index, depth, flip=block.root.sided and rng.random() < 0.4)
        place += here
    return placed


ARRANGED: dict[str, Callable[[Sequence[Block], Ground, float, random.Random], list[Placed]]] = {
    "row": row,
    "lines": lines,
    "circle": circle,
    "grid": grid,
    "scatter": scatter,
    "crowd": crowd,
}


def before(items: Sequence[Item], stage: Stage, placed: Sequence[Placed]) -> list[Placed]:
    """What stands before everything: large, in the lower corners, cut by the edge on purpose; on the side that hides least."""
    area, rng, found = stage.area, stage.chance("foreground"), list[Placed]()
    bottom = area.bottom if stage.scene.frame == "none" else area.bottom + area.height * 0.06
    for index, item in enumerate(items):
        block = single(item)
        bounds = block.bounds
        fit = min(area.width, area.height) * 0.5 / max(bounds.width, bounds.height)
        wide, high = bounds.width * fit, bounds.height * fit
        y = bottom - high * rng.uniform(0.62, 0.72)
        sides = [area.x - wide * 0.22, area.right - wide * 0.78]
        if index == 2:
            sides = [area.centre[0] - wide / 2]
        boxes = [Box(x, y, wide, high) for x in sides]
        taken = [p.bounds for p in (*placed, *found)]
        box = min(boxes, key=lambda b: sum(b.overlap(t) for t in taken))
        found += settle(block, box, "none", item.sided and box.x < area.centre[0] - wide / 2, 1.0, 1000 + index)
    return [_cut(one) for one in found]


def _cut(placed: Placed) -> Placed:
    return replace(placed, cut=True, stands="front")
