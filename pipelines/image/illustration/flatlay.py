"""The ground as seen straight from above, for flat-lays: a table, linen, tiles, grass, sand, snow or water; nothing has a horizon.

Only for places whose ground is a surface one lays things on; a city or a sky seen from above is the view of view.py.
"""

from __future__ import annotations

from collections.abc import Callable

from domain.scene import Setting
from pipelines.image.illustration import plants
from pipelines.image.illustration.backdrop import Backdrop
from pipelines.image.illustration.colour import mix, shade
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import number as n
from pipelines.image.illustration.svg import trace

#: Strength of the shadow that what lies there throws to one side.
SHADE = 0.3
_WOODEN = (
    Setting.KITCHEN, Setting.CAFE, Setting.TAVERN, Setting.INTERIOR, Setting.OFFICE, Setting.LIBRARY, Setting.CLASSROOM, Setting.BEDROOM,
    Setting.MARKET, Setting.FESTIVAL,
)  # fmt: skip
_LINEN = (Setting.PLAIN, Setting.GRADIENT, Setting.PATTERN, Setting.STUDIO, Setting.PODIUMS, Setting.SHOP)
_TILED = (Setting.STREET, Setting.LABORATORY, Setting.DUNGEON, Setting.TEMPLE, Setting.MUSEUM, Setting.FACTORY)
_GRASS = (Setting.MEADOW, Setting.PARK, Setting.GARDEN, Setting.FOREST, Setting.FARM, Setting.HILLS, Setting.CHINESE_GARDEN)
_SAND = (Setting.BEACH, Setting.DESERT)


def from_above(stage: Stage) -> Floor | None:
    """Draws the surface over the whole picture and says where things lie; None where this place has no such surface."""
    draw = _SURFACES.get(stage.scene.setting)
    if draw is None:
        return None
    veil = draw(Backdrop(stage, inside=stage.scene.setting in _WOODEN))
    wide, high = stage.width, stage.canvas.height
    lamp = stage.canvas.radial([(0, "#ffffff", 0.2), (0.6, "#ffffff", 0.05), (1, "#ffffff", 0)], (0.32, 0.26), 0.8)
    stage.canvas.ellipse(wide * 0.5, high * 0.5, wide * 0.75, high * 0.75, lamp)
    return Floor(far=0, near=high, footing="none", shade=SHADE, veil=veil, above=True)


def _wood(back: Backdrop) -> str:
    """Boards across the picture, each of a tone of its own, with joints and grain."""
    natural = back.rng.choice(("#c99a66", "#b98350", "#d8b48a", "#a87345"))
    base = back.tone(natural)
    back.canvas.fill_all(base)
    boards = back.rng.choice((5, 6, 7))
    high = back.full / boards
    for i in range(boards):
        y, tone = i * high, shade(base, light=back.some(-0.035, 0.035))
        back.canvas.rect(0, y, back.w, high, tone)
        joint = back.w * back.some(0.15, 0.85)
        back.canvas.rect(joint, y, back.w - joint, high, shade(tone, light=back.some(-0.025, 0.025)))
        for _ in range(5):
            x, line = back.w * back.some(-0.1, 0.8), y + high * back.some(0.15, 0.85)
            length, bend = back.w * back.some(0.12, 0.4), high * back.some(-0.1, 0.1)
            back.canvas.stroke(trace("M# #q# # # 0", x, line, length / 2, bend, length), shade(tone, light=-0.06), back.u * 0.22, 0.55)
        back.canvas.rect(joint, y, back.u * 0.3, high, shade(base, light=-0.13), 0.7)
        back.canvas.rect(0, y, back.w, back.u * 0.34, shade(base, light=-0.15), 0.75)
        back.canvas.rect(0, y + back.u * 0.34, back.w, back.u * 0.2, "#ffffff", 0.12)
    return mix(base, "#ffffff", 0.6) if not back.light.dark else shade(base, light=-0.12)


def _linen(back: Backdrop) -> str:
    """One calm colour in two fields that meet on a slant, as photographers lay coloured paper."""
    _, main, soft, pale = back.light.base()
    own = back.stage.scene.palette
    base = mix(pale, soft, 0.35) if own else back.rng.choice(("#f2e3d3", "#dfeadf", "#e3e6f3", "#f3dfe0", "#efe8d2"))
    other = mix(pale, main, 0.4) if own else shade(base, light=-0.07, chroma=1.5)
    back.canvas.fill_all(base)
    cut, lean = back.w * back.some(0.3, 0.7), back.w * back.some(-0.25, 0.25)
    start = 0.0 if back.side < 0 else back.w
    back.canvas.path(trace("M# 0L# 0L# #L# #Z", start, cut + lean, cut - lean, back.full, start, back.full), other, 0.8)
    back.canvas.stroke(trace("M# 0L# #", cut + lean, cut - lean, back.full), shade(other, light=-0.1), back.u * 0.5, 0.18)
    return mix(base, "#ffffff", 0.3)


def _tiles(back: Backdrop) -> str:
    base = back.tone(back.rng.choice(("#c9ccd3", "#bfb8ad", "#d6d2ca")))
    back.canvas.fill_all(base)
    side = max(back.w, back.full) / back.rng.choice((6, 7, 8))
    for j in range(int(back.full / side) + 1):
        for i in range(int(back.w / side) + 2):
            x = (i - 0.5 * (j % 2)) * side
            tone = shade(base, light=back.some(-0.035, 0.03))
            back.canvas.rect(x + side * 0.015, j * side + side * 0.015, side * 0.97, side * 0.97, tone, round_by=side * 0.03)
    return mix(base, "#ffffff", 0.55)


def _grass(back: Backdrop) -> str:
    base = back.tone("#86bd5f")
    back.canvas.fill_all(base)
    for _ in range(26):
        tone = shade(base, light=back.some(-0.05, 0.04))
        back.canvas.ellipse(
            back.w * back.some(0, 1), back.full * back.some(0, 1), back.u * back.some(6, 16), back.u * back.some(4, 10), tone, 0.5
        )
    for _ in range(90):
        x, y, size = back.w * back.some(0, 1), back.full * back.some(0.02, 1), back.u * back.some(1.4, 2.6)
        back.canvas.add(plants.tuft(back.rng, x, y, size, shade(base, light=back.some(-0.1, 0.06))))
    for _ in range(16):
        x, y, r = back.w * back.some(0, 1), back.full * back.some(0, 1), back.u * back.some(0.35, 0.6)
        tone = back.rng.choice(("#ffffff", "#fbe27a", "#f6b3c8"))
        for dx, dy in ((r, 0), (-r, 0), (0, r), (0, -r)):
            back.canvas.ellipse(x + dx, y + dy, r * 0.75, r * 0.75, back.tone(tone))
        back.canvas.ellipse(x, y, r * 0.6, r * 0.6, back.tone("#f3b63f"))
    return mix(base, "#ffffff", 0.5)


def _ripples(natural: str, foam: str) -> Callable[[Backdrop], str]:
    """Sand, snow or water: a base with long soft waves over it."""

    def draw(back: Backdrop) -> str:
        base = back.tone(natural)
        back.canvas.fill_all(base)
        for i in range(13):
            y = back.full * (i + back.some(0.1, 0.9)) / 13
            rise, step = back.u * back.some(0.8, 2.2), back.w / back.rng.choice((3, 4, 5))
            waves = f"M{n(-step * back.some(0, 1))} {n(y)}q{n(step / 2)} {n(-rise)} {n(step)} 0" + f"t{n(step)} 0" * 6
            back.canvas.stroke(waves, back.tone(foam) if i % 2 else shade(base, light=-0.05), back.u * back.some(0.3, 0.8), 0.5)
        for _ in range(40):
            r = back.u * back.some(0.12, 0.3)
            back.canvas.ellipse(back.w * back.some(0, 1), back.full * back.some(0, 1), r, r, shade(base, light=-0.09), 0.6)
        return mix(base, "#ffffff", 0.5)

    return draw


_SURFACES: dict[Setting, Callable[[Backdrop], str]] = (
    dict.fromkeys(_WOODEN, _wood)
    | dict.fromkeys(_LINEN, _linen)
    | dict.fromkeys(_TILED, _tiles)
    | dict.fromkeys(_GRASS, _grass)
    | dict.fromkeys(_SAND, _ripples("#ecd3a2", "#f8e8c6"))
    | {
        Setting.SNOWFIELD: _ripples("#eaf2f8", "#ffffff"),
        Setting.SEA: _ripples("#4fa9cc", "#a5dcec"),
        Setting.LAKE: _ripples("#5aa9bd", "#a9dbe3"),
    }
)
__all__ = ["SHADE", "from_above"]
