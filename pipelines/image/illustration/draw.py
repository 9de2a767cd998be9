"""From a scene and placed art to SVG: backdrop, calm margin, shadows, subjects, light over all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from domain.scene import Scene, Setting
from pipelines.image.illustration import abstract, beyond, built, land, water
from pipelines.image.illustration.art import ArtLibrary
from pipelines.image.illustration.colour import lch, mix
from pipelines.image.illustration.composition import Item, Placed, place
from pipelines.image.illustration.light import light_of
from pipelines.image.illustration.recolour import painter
from pipelines.image.illustration.sky import weather_front
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import Canvas, clean_fragment
from pipelines.image.illustration.svg import number as n

SETTINGS: dict[Setting, Callable[[Stage], Floor]] = {
    Setting.PLAIN: abstract.plain,
    Setting.GRADIENT: abstract.gradient,
    Setting.PATTERN: abstract.pattern,
    Setting.STUDIO: abstract.studio,
    Setting.MEADOW: land.meadow,
    Setting.HILLS: land.hills,
    Setting.MOUNTAINS: land.mountains,
    Setting.FOREST: land.forest,
    Setting.DESERT: land.desert,
    Setting.BEACH: water.beach,
    Setting.SEA: water.sea,
    Setting.CITY: built.city,
    Setting.STREET: built.street,
    Setting.INTERIOR: built.interior,
    Setting.SPACE: beyond.space,
    Setting.CAVE: beyond.cave,
}
#: Settings under the open sky, where weather falls and the sun casts shadows.
OUTDOORS = frozenset(SETTINGS) - {
    Setting.PLAIN,
    Setting.GRADIENT,
    Setting.PATTERN,
    Setting.STUDIO,
    Setting.INTERIOR,
    Setting.SPACE,
    Setting.CAVE,
}


def draw_scene(
    scene: Scene, items: Sequence[Item], size: tuple[int, int], seed: int, library: ArtLibrary
) -> tuple[str, list[Placed], Stage]:
    """The SVG document, where everything stands, and the stage it was drawn on. The same arguments give the same text."""
    stage = Stage(Canvas(size[0], size[1]), light_of(scene), scene, seed)
    # 1. the setting, and the floor it leaves
    floor = SETTINGS[scene.setting](stage)
    # 2. the side kept for text is made calm
    _calm(stage)
    # 3. subjects from the furthest to the nearest, each with its shadow
    placed = place(items, stage, floor)
    for index, one in enumerate(placed):
        if one.item.main:
            _halo(stage, one)
        _shadow(stage, floor, one)
        _draw(stage, one, library, f"s{index}")
        if one.stands == "water":
            _waterline(stage, one)
    # 4. what is in front, the weather, and the light over all
    for markup in floor.front:
        stage.canvas.add(markup)
    if scene.setting in OUTDOORS:
        for markup in weather_front(stage):
            stage.canvas.add(markup)
    _vignette(stage)
    return stage.canvas.svg(_title(scene)), placed, stage


def _title(scene: Scene) -> str:
    return ", ".join([s.what for s in scene.subjects] + [scene.setting.value])


def _calm(stage: Stage) -> None:
    """A veil over the margin, fading toward the picture: pale where the setting is pale, deep where it is deep."""
    if stage.free is None:
        return
    light = stage.light
    deep = light.dark or stage.scene.setting in (Setting.SPACE, Setting.CAVE)
    veil = mix(light.sky[0], "#0b0f22", 0.45) if deep else mix(light.sky[2], "#ffffff", 0.35)
    along = {"left": (0.0, 0.0, 1.0, 0.0), "right": (1.0, 0.0, 0.0, 0.0), "top": (0.0, 0.0, 0.0, 1.0), "bottom": (0.0, 1.0, 0.0, 0.0)}
    strength = 0.3 if stage.scene.setting in (Setting.PLAIN, Setting.GRADIENT, Setting.STUDIO) else 0.82
    fade = [(0.0, veil, strength), (0.26, veil, strength * 0.92), (0.46, veil, strength * 0.4), (0.62, veil, 0.0)]
    stage.canvas.fill_all(stage.canvas.linear(fade, along[stage.scene.margin]))


def _halo(stage: Stage, placed: Placed) -> None:
    """Soft light behind the main subject, so that it stands out from what is behind it."""
    if stage.scene.setting in (Setting.PLAIN, Setting.PATTERN):
        return
    light, box = stage.light, placed.box
    tone = mix(light.glow, light.sky[2], 0.35)
    strength = 0.5 if light.dark or stage.scene.setting in (Setting.SPACE, Setting.CAVE) else 0.36
    fade = stage.canvas.radial([(0, tone, strength), (0.5, tone, strength * 0.42), (1, tone, 0)])
    reach = max(box.width, box.height) * 0.82
    stage.canvas.ellipse(*box.centre, reach, reach, fade)


def _shadow(stage: Stage, floor: Floor, placed: Placed) -> None:
    """A dark core where it touches the ground, a wide soft one around; under floating things a faint pool."""
    if floor.shade <= 0 or placed.stands in ("air", "water"):
        return
    canvas, box, tone = stage.canvas, placed.box, stage.light.shadow
    drawing = placed.item.drawing
    x0, _, x1, _ = drawing.box
    left, right = (drawing.foot[0] - x0) / max(x1 - x0, 0.01), (drawing.foot[1] - x0) / max(x1 - x0, 0.01)
    if placed.flip:
        left, right = 1 - right, 1 - left
    cx = box.x + box.width * (left + right) / 2
    half = max(box.width * (right - left) / 2, box.width * 0.16)
    if placed.stands == "none":
        wide, y = box.width * 0.42, box.bottom + box.height * 0.07
        canvas.ellipse(
            box.centre[0], y, wide, wide * 0.15, canvas.radial([(0, tone, floor.shade), (0.6, tone, floor.shade * 0.4), (1, tone, 0)])
        )
        return
    drift = (0.5 - floor.sun) * box.width * 0.3
    soft = canvas.radial([(0, tone, floor.shade), (0.5, tone, floor.shade * 0.5), (1, tone, 0)])
    canvas.ellipse(cx + drift, placed.foot, max(half * 1.5, box.width * 0.5), max(half * 0.26, box.height * 0.055), soft)
    core = canvas.radial([(0, tone, min(floor.shade * 1.5, 0.85)), (0.6, tone, floor.shade * 0.7), (1, tone, 0)])
    canvas.ellipse(cx, placed.foot - box.height * 0.004, half * 1.08, max(half * 0.12, box.height * 0.02), core)


def _draw(stage: Stage, placed: Placed, library: ArtLibrary, prefix: str) -> None:
    item = placed.item
    drawing = item.drawing
    paint = painter(drawing, item.colour, stage.light, stage.scene.palette)
    body = clean_fragment(library.body(drawing), prefix, paint)
    stage.canvas.add(f'<g transform="{_transform(placed, library.sets[drawing.set_id].grid)}">{body}</g>')


def _transform(placed: Placed, grid: float) -> str:
    """From the set's square to the box in the picture."""
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


def _waterline(stage: Stage, placed: Placed) -> None:
    """Water over the lowest part of a floating thing, and rings around it."""
    box, canvas = placed.box, stage.canvas
    tone = stage.light.tone("#2a8fbf")
    y, wide = box.bottom, box.width
    canvas.ellipse(box.centre[0], y, wide * 0.56, box.height * 0.05, mix(tone, "#ffffff", 0.1), 0.9)
    canvas.ellipse(box.centre[0], y - box.height * 0.012, wide * 0.5, box.height * 0.022, mix(tone, "#ffffff", 0.55), 0.5)


def _vignette(stage: Stage) -> None:
    """Edges a little deeper; warm or cool air over everything at dawn, sunset and night."""
    canvas, light = stage.canvas, stage.light
    if light.warm and stage.scene.setting in OUTDOORS:
        canvas.fill_all(canvas.linear([(0, light.ambient, 0.0), (0.6, light.glow, 0.09), (1, light.ambient, 0.12)]))
    deep = mix(light.shadow, light.sky[0], 0.25)
    strength = 0.1 if lch(light.sky[2]).light > 0.8 and not light.dark else 0.26
    if stage.scene.setting in (Setting.PLAIN, Setting.PATTERN, Setting.GRADIENT, Setting.STUDIO):
        strength *= 0.45
    canvas.fill_all(canvas.radial([(0, deep, 0), (0.62, deep, 0), (1, deep, strength)], (0.5, 0.48), 0.78))
