"""What is not a whole scene: icon, sticker, spot illustration, isometric item, item sheet, seamless tile.

Each form draws onto the artist's stage and answers where everything stands. Portraits are in portrait.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from pipelines.image.illustration.arrangement import Ground, arranged, cells
from pipelines.image.illustration.blocks import Block, Placed, settle, turned
from pipelines.image.illustration.colour import Lch, hex_of, lch, mix, most_vivid, shade
from pipelines.image.illustration.composition import place
from pipelines.image.illustration.frames import rounded
from pipelines.image.illustration.settings import SETTINGS
from pipelines.image.illustration.stage import Box, Floor, Stage
from pipelines.image.illustration.subjects import ABSTRACT, Artist
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import points
from pipelines.image.illustration.view import look

#: Forms with nothing around them: the picture is transparent there.
TRANSPARENT = ("icon", "sticker", "spot", "isometric")
#: What an isometric tile is made of, by setting: top, left side, right side.
GROUNDS: dict[str, tuple[str, str, str]] = {
    "meadow": ("#8cc96a", "#8a5f3d", "#6f4a2f"), "desert": ("#edc987", "#c99a5b", "#a87c46"), "beach": ("#f1d9a5", "#d2ab6d", "#b18b54"),
    "sea": ("#58b9dc", "#2f86b3", "#246a92"), "city": ("#b9c0c9", "#7f8894", "#666e7a"), "street": ("#b9c0c9", "#7f8894", "#666e7a"),
    "interior": ("#d9b58a", "#a87f55", "#8a6540"), "cave": ("#8b8592", "#5e5868", "#4a4553"), "space": ("#5b5a8f", "#3a3966", "#2c2b52"),
    "mountains": ("#a9b99a", "#7b7168", "#625a53"),
    "snowfield": ("#f2f7fb", "#b9cbd9", "#9bb1c3"), "dungeon": ("#7d7f8c", "#555763", "#43454f"),
}  # fmt: skip
GROUNDS |= dict.fromkeys(
    ("hills", "forest", "bamboo_forest", "farm", "garden", "park", "jungle", "village", "chinese_garden"), GROUNDS["meadow"]
)


def room_of(form: str, width: float, height: float) -> Box | None:
    """Where things of this form may be, None for the whole picture."""
    side, cx, cy = min(width, height), width / 2, height / 2

    def centred(across: float, down: float, shift: float = 0.0) -> Box:
        return Box(cx - across * side / 2, cy - down * side / 2 + shift * side, across * side, down * side)

    return {
        "icon": centred(0.68, 0.68),
        "spot": centred(0.68, 0.66, 0.01),
        "sticker": Box(0.06 * width, 0.06 * height, 0.88 * width, 0.88 * height),
    }.get(form)


def _tones(stage: Stage, blocks: Sequence[Block]) -> tuple[str, str]:
    """Two tones of a ground that the subject stands out from: the palette's, or over against the subject's own colour."""
    palette = stage.scene.palette
    if palette:
        main = lch(most_vivid(palette))
        light = min(max(main.light, 0.58), 0.8)
        return hex_of(Lch(light + 0.12, main.chroma * 0.6, main.hue)), hex_of(Lch(light, main.chroma, main.hue))
    own = lch(blocks[0].root.colour or (blocks[0].root.drawing.colours or ("#888888",))[0]) if blocks else lch("#888888")
    turn = stage.chance("ground").choice((150, 180, 205))
    hue = (own.hue + turn) % 360 if not own.neutral else stage.chance("ground hue").uniform(0, 360)
    light = 0.74 if own.light < 0.8 else 0.6
    return hex_of(Lch(light + 0.12, 0.09, hue)), hex_of(Lch(light - 0.06, 0.14, hue))


def _whole(blocks: Sequence[Block], stage: Stage, floor: Floor, manner: str, foot: float = 0.0) -> list[Placed]:
    """One block alone in the middle of the room, as large as fits; several composed."""
    area = stage.area
    if len(blocks) != 1 and floor.footing == "none":
        side = min(area.width, area.height)
        return arranged("row", blocks, Ground(area, floor.far, floor.near, "none", {}), side, stage.chance("composition"))
    if len(blocks) != 1:
        return place(blocks, stage, floor)
    bounds = blocks[0].bounds
    fit = min(area.width / bounds.width, area.height / bounds.height)
    wide, high = bounds.width * fit, bounds.height * fit
    y = (foot or area.centre[1] + high / 2) - high
    return sorted(settle(blocks[0], Box(area.centre[0] - wide / 2, y, wide, high), manner, False, 1.0, 0), key=lambda p: p.order)


def icon(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """A rounded tile in the middle of a transparent square; on it the subject, or the whole setting with it."""
    stage = artist.stage
    canvas, side = stage.canvas, min(stage.width, stage.canvas.height)
    tile, x, y = side * 0.92, stage.width / 2 - side * 0.46, stage.canvas.height / 2 - side * 0.46
    shape = rounded(x, y, tile, tile, tile * 0.225)
    canvas.clip = canvas.define("tile", f'<clipPath id="{{id}}"><path d="{shape}"/></clipPath>')
    light, deep = _tones(stage, blocks)
    if stage.scene.setting in ABSTRACT:
        canvas.path(shape, canvas.linear([(0, light, 1), (1, deep, 1)]))
        glow = canvas.radial([(0, "#ffffff", 0.34), (1, "#ffffff", 0)])
        canvas.ellipse(stage.width / 2, y + tile * 0.42, tile * 0.46, tile * 0.46, glow)
        artist.floor = Floor(far=y + tile * 0.6, near=y + tile * 0.85, footing="none", shade=0.3)
    else:
        artist.floor = look(stage, SETTINGS[stage.scene.setting](stage))
    ground = artist.floor.footing
    placed = _whole(blocks, stage, artist.floor, ground, min(artist.floor.near, stage.area.bottom) if ground == "ground" else 0.0)
    _draw(artist, placed)
    canvas.layer("light")
    canvas.path(shape, canvas.linear([(0, "#ffffff", 0.2), (0.32, "#ffffff", 0.0)]))
    canvas.stroke(shape, "#ffffff", side * 0.012, 0.35)
    return placed


def sticker(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """The things with one white contour around all, and a thin grey line that keeps it seen on white."""
    stage = artist.stage
    artist.floor = Floor(far=stage.height * 0.5, near=stage.height * 0.9, footing="none", shade=0.0)
    artist.lit = False
    placed = _whole(blocks, stage, artist.floor, "none")
    border = min(stage.width, stage.canvas.height) * 0.026
    artist.even(placed)
    stage.canvas.layer("contour")
    for one in placed:
        artist.shape(one, "#2c2a36", 0.2, f"translate({n(0)} {n(border * 0.35)})", border * 1.12)
    for one in placed:
        artist.shape(one, "#ffffff", 1.0, swell=border)
    for one in placed:
        artist.subject(one)
    return placed


def spot(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """A soft blob behind, everything else transparent. A setting that is a place is seen through the blob."""
    stage = artist.stage
    canvas, side = stage.canvas, min(stage.width, stage.canvas.height)
    cx, cy = stage.width / 2, stage.canvas.height / 2
    shape = _blob(stage, cx, cy, side * 0.45)
    if stage.scene.setting in ABSTRACT:
        light, deep = _tones(stage, blocks)
        pale = mix(light, "#ffffff", 0.45)
        canvas.path(shape, pale)
        _sprigs(stage, cx, cy, side, mix(deep, pale, 0.25))
        foot = stage.area.bottom - side * 0.03
        artist.floor = Floor(far=foot - side * 0.1, near=foot, footing="ground", shade=0.34)
        canvas.ellipse(cx, foot - side * 0.02, side * 0.38, side * 0.055, mix(pale, deep, 0.3), 0.7)
    else:
        floor = look(stage, SETTINGS[stage.scene.setting](stage))
        clip = canvas.define("blob", f'<clipPath id="{{id}}"><path d="{shape}"/></clipPath>')
        canvas.wrap(f'clip-path="url(#{clip})"')
        artist.floor = replace(floor, near=min(floor.near, stage.area.bottom), front=[])
    ground = artist.floor.footing
    placed = _whole(blocks, stage, artist.floor, ground, min(artist.floor.near, stage.area.bottom) if ground != "none" else 0.0)
    _draw(artist, placed)
    return placed


def _blob(stage: Stage, cx: float, cy: float, r: float) -> str:
    """A closed soft curve: eight bulges of seeded size, joined through their midpoints."""
    rng = stage.chance("blob")
    start, ring = rng.uniform(0, 6.28), []
    for i in range(8):
        angle, reach = start + i * math.pi / 4, r * rng.uniform(0.9, 1.1)
        ring.append((cx + reach * math.cos(angle), cy + reach * 0.94 * math.sin(angle)))
    middles = [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(ring, ring[1:] + ring[:1], strict=True)]
    data = f"M{n(middles[-1][0])} {n(middles[-1][1])}"
    for (x, y), (u, v) in zip(ring, middles, strict=True):
        data += f"Q{n(x)} {n(y)} {n(u)} {n(v)}"
    return data + "Z"


def _sprigs(stage: Stage, cx: float, cy: float, side: float, tone: str) -> None:
    """A few dots, rings and leaves at the edge of the blob."""
    rng, canvas = stage.chance("sprigs"), stage.canvas
    for i in range(9):
        angle, reach = rng.uniform(0, 6.28), side * rng.uniform(0.36, 0.46)
        x, y, r = cx + reach * math.cos(angle), cy + reach * math.sin(angle) * 0.95, side * rng.uniform(0.008, 0.018)
        if i % 3 == 0:
            canvas.ring(x, y, r, tone, side * 0.005, 0.8)
        elif i % 3 == 1:
            canvas.ellipse(x, y, r * 0.7, r * 0.7, tone, 0.7)
        else:
            canvas.add(
                f'<path d="M0 0q{n(r * 1.4)} {n(-r * 1.6)} {n(r * 3)} 0q{n(-r * 1.6)} {n(r * 1.6)} {n(-r * 3)} 0z" fill="{tone}" '
                f'opacity="0.7" transform="translate({n(x)} {n(y)})rotate({n(math.degrees(angle))})"/>'
            )


def isometric(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """A tile of ground seen from above at a corner, with the things on its squares. Transparent around."""
    stage = artist.stage
    canvas, w, h = stage.canvas, stage.width, stage.canvas.height
    side = min(w, h)
    half, deep = side * 0.44, side * 0.1
    cx, cy = w / 2, h / 2 + side * 0.16
    top, left, right = (stage.light.tone(c) for c in _ground(stage, blocks))
    corners = [(cx, cy - half / 2), (cx + half, cy), (cx, cy + half / 2), (cx - half, cy)]
    canvas.polygon([corners[3], corners[2], (cx, cy + half / 2 + deep), (cx - half, cy + deep)], left)
    canvas.polygon([corners[2], corners[1], (cx + half, cy + deep), (cx, cy + half / 2 + deep)], right)
    canvas.polygon(corners, top)
    lip = deep * 0.24
    canvas.polygon([corners[3], corners[2], (cx, cy + half / 2 + lip), (cx - half, cy + lip)], shade(top, light=-0.09))
    canvas.polygon([corners[2], corners[1], (cx + half, cy + lip), (cx, cy + half / 2 + lip)], shade(top, light=-0.15))
    _squares(stage, cx, cy, half, top)
    count = max(1, math.ceil(len(blocks) ** 0.5))
    spots = sorted(
        ((cx + (i - j) * half / count, cy + (i + j - (count - 1)) * half / count / 2) for i in range(count) for j in range(count)),
        key=lambda p: (p[1], p[0]),
    )
    order = sorted(range(len(blocks)), key=lambda k: -blocks[k].bounds.height)
    artist.floor = Floor(far=cy, near=cy, footing="ground", shade=0.4, sun=0.2, growth="")
    placed: list[Placed] = []
    tallest = cy - side * 0.03 - (h - side) / 2
    for number, (x, y) in zip(order, spots, strict=False):
        block = blocks[number]
        bounds = block.bounds
        fit = min(
            half * (1.25 if count == 1 else 1.3 / count) / bounds.width,
            (tallest - (cy - y)) * 0.95 / bounds.height,
            half * 1.5 / count / bounds.height if count > 1 else 1e9,
        )
        wide, high = bounds.width * fit, bounds.height * fit
        foot = y + half * 0.12 / count
        placed += settle(block, Box(x - wide / 2, foot - high, wide, high), "ground", False, 1.0, number)
    placed.sort(key=lambda p: (p.foot if not p.rests else 9e9, p.order))
    _draw(artist, placed)
    return placed


def _ground(stage: Stage, blocks: Sequence[Block]) -> tuple[str, str, str]:
    known = GROUNDS.get(stage.scene.setting.value)
    if known:
        return known
    light, deep = _tones(stage, blocks)
    return light, shade(deep, light=-0.02), shade(deep, light=-0.1)


def _squares(stage: Stage, cx: float, cy: float, half: float, top: str) -> None:
    """A checker of faint squares, which is what tells the eye it lies flat."""
    step = half / 4
    for i in range(8):
        for j in range(8):
            if (i + j) % 2:
                x, y = cx + (i - j) * step / 2, cy - half / 2 + (i + j) * step / 4
                square = [(x, y), (x + step / 2, y + step / 4), (x, y + step / 2), (x - step / 2, y + step / 4)]
                stage.canvas.add(f'<polygon points="{points(square)}" fill="{shade(top, light=0.022)}"/>')


def sheet(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """Equal cells on a calm ground, one thing in each."""
    stage = artist.stage
    canvas, side = stage.canvas, min(stage.width, stage.canvas.height)
    _, _, soft, pale = stage.light.base()
    ground = mix(pale, soft, 0.25) if stage.scene.palette else "#eceff3"
    card, line = mix(ground, "#ffffff", 0.72), mix(ground, soft if stage.scene.palette else "#9aa4b2", 0.45)
    canvas.fill_all(ground)
    area = stage.area
    area = Box(area.x + side * 0.03, area.y + side * 0.03, area.width - side * 0.06, area.height - side * 0.06)
    boxes, fits = cells(blocks, area, 1e6) if blocks else ([], [])
    artist.floor = Floor(far=0, near=stage.height, footing="ground", shade=0.3)
    artist.lit = artist.outdoors = False
    canvas.layer("cells")
    placed: list[Placed] = []
    for number, (block, box, fit) in enumerate(zip(blocks, boxes, fits, strict=True)):
        gap = min(box.width, box.height) * 0.045
        canvas.path(rounded(box.x + gap, box.y + gap, box.width - 2 * gap, box.height - 2 * gap, gap * 2.4), card)
        canvas.stroke(rounded(box.x + gap, box.y + gap, box.width - 2 * gap, box.height - 2 * gap, gap * 2.4), line, side * 0.004)
        wide, high = block.bounds.width * fit, block.bounds.height * fit
        here = Box(box.centre[0] - wide / 2, box.centre[1] - high / 2, wide, high)
        placed += sorted(settle(block, here, "ground", False, 1.0, number), key=lambda p: p.order)
    _draw(artist, placed)
    return placed


#: Motifs along one side of a seamless tile: even, so that every second row can stand half a step aside.
MOTIFS = 4


def tile(artist: Artist, blocks: Sequence[Block]) -> list[Placed]:
    """A repeat: what leaves on one side comes in on the other, so that the edges meet without a seam."""
    stage = artist.stage
    canvas, rng, w, h = stage.canvas, stage.chance("tile"), stage.width, stage.canvas.height
    _, main, _, pale = stage.light.base()
    ground = pale if stage.scene.palette else mix(_tones(stage, blocks)[0], "#ffffff", 0.42)
    if stage.light.dark:
        ground = shade(main, light=0.24 - lch(main).light)
    canvas.fill_all(ground)
    across, down = _counts(w, h)
    step_x, step_y = w / across, h / down
    accent = mix(ground, stage.light.accent if stage.scene.palette else shade(ground, light=-0.2), 0.45)
    artist.floor = Floor(far=0, near=h, footing="none", shade=0.0)
    artist.lit = artist.outdoors = False
    canvas.layer("dots")
    placed: list[Placed] = []
    step = 1 if len(blocks) == 2 else len(blocks) // 2 + 1
    for j in range(down):
        for i in range(across):
            x, y = (i + 0.5 * (j % 2)) * step_x, (j + 0.3) * step_y
            _wrapped_dot(stage, (x + step_x / 2) % w, y, min(step_x, step_y) * 0.055, accent)
            if not blocks:
                continue
            block = blocks[(i + j * step) % len(blocks)]
            bounds = block.bounds
            fit = min(step_x * 0.7 / bounds.width, step_y * 0.7 / bounds.height)
            wide, high = bounds.width * fit, bounds.height * fit
            lean = rng.uniform(-16, 16)
            box = Box(x - wide / 2, y - high / 2 + rng.uniform(-0.04, 0.04) * step_y, wide, high)
            placed += settle(block, box, "none", block.root.sided and rng.random() < 0.5, 1.0, i + j * across, lean)
    shown = [copy for one in placed for copy in _wraps(one, w, h)]
    for one in shown:
        artist.subject(one)
    return shown


def _counts(w: float, h: float) -> tuple[int, int]:
    """Motifs across and down, both even, as square as the picture lets them be."""
    if w >= h:
        return max(2, 2 * round(MOTIFS * w / h / 2)), MOTIFS
    return MOTIFS, max(2, 2 * round(MOTIFS * h / w / 2))


def _wraps(one: Placed, w: float, h: float) -> list[Placed]:
    """The thing, and once more a picture further on for every edge it crosses."""
    found = []
    for dx in (0.0, -w, w):
        for dy in (0.0, -h, h):
            box = one.bounds.moved(dx, dy)
            if box.overlap(Box(0, 0, w, h)) > 0:
                inside = box.x >= 0 and box.y >= 0 and box.right <= w and box.bottom <= h
                found.append(replace(one, box=one.box.moved(dx, dy), foot=one.foot + dy, cut=not inside))
    return found


def _wrapped_dot(stage: Stage, x: float, y: float, r: float, tone: str) -> None:
    w, h = stage.width, stage.canvas.height
    for dx in (0.0, -w, w):
        for dy in (0.0, -h, h):
            if turned(Box(x + dx - r, y + dy - r, 2 * r, 2 * r), 0).overlap(Box(0, 0, w, h)) > 0:
                stage.canvas.ellipse(x + dx, y + dy, r, r, tone)


def _draw(artist: Artist, placed: Sequence[Placed]) -> None:
    artist.stage.canvas.layer("shadow")
    artist.even(placed)
    for one in placed:
        artist.shadows(one)
    for one in placed:
        artist.subject(one)


FORMS: dict[str, Callable[[Artist, Sequence[Block]], list[Placed]]] = {
    "icon": icon, "sticker": sticker, "spot": spot, "isometric": isometric, "sheet": sheet, "tile": tile,
}  # fmt: skip
__all__ = ["FORMS", "TRANSPARENT", "room_of"]
