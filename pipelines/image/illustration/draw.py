"""From a scene and placed art to SVG: backdrop, calm margin, shadows, subjects, light over all."""

from __future__ import annotations

from collections.abc import Sequence

from domain.scene import Scene, Setting
from pipelines.image.illustration import plants
from pipelines.image.illustration.art import ArtLibrary
from pipelines.image.illustration.colour import lch, mix, shade
from pipelines.image.illustration.composition import Item, Placed, place
from pipelines.image.illustration.light import light_of
from pipelines.image.illustration.recolour import painter
from pipelines.image.illustration.settings import OUTDOORS, SETTINGS, VEILS
from pipelines.image.illustration.sky import weather_front
from pipelines.image.illustration.stage import Floor, Stage
from pipelines.image.illustration.svg import Canvas, clean_fragment
from pipelines.image.illustration.svg import number as n


def draw_scene(
    scene: Scene, items: Sequence[Item], size: tuple[int, int], seed: int, library: ArtLibrary
) -> tuple[str, list[Placed], Stage]:
    """The SVG document, where everything stands, and the stage it was drawn on. The same arguments give the same text."""
    stage = Stage(Canvas(size[0], size[1]), light_of(scene), scene, seed)
    # 1. the setting, and the floor it leaves
    floor = SETTINGS[scene.setting](stage)
    # 2. the side kept for text is made calm
    _calm(stage, floor)
    # 3. subjects from the furthest to the nearest, each with its shadow
    placed = place(items, stage, floor)
    for index, one in enumerate(placed):
        if one.item.main:
            _halo(stage, one)
        if one.stands == "hang":
            _cord(stage, one)
        _shadow(stage, floor, one)
        _draw(stage, one, library, f"s{index}")
        if one.stands == "water":
            _waterline(stage, one)
        _undergrowth(stage, floor, one)
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


def _calm(stage: Stage, floor: Floor) -> None:
    """A veil over the margin, fading toward the picture: pale where the setting is pale, deep where it is deep."""
    if stage.free is None:
        return
    light = stage.light
    veil = floor.veil or (mix(light.sky[0], "#0b0f22", 0.45) if light.dark else mix(light.sky[2], "#ffffff", 0.35))
    along = {"left": (0.0, 0.0, 1.0, 0.0), "right": (1.0, 0.0, 0.0, 0.0), "top": (0.0, 0.0, 0.0, 1.0), "bottom": (0.0, 1.0, 0.0, 0.0)}
    strength = VEILS.get(stage.scene.setting, 0.84) * (0.55 if stage.scene.margin == "bottom" else 1.0)
    fade = [
        (0.0, veil, strength),
        (0.24, veil, strength * 0.96),
        (0.36, veil, strength * 0.74),
        (0.5, veil, strength * 0.3),
        (0.66, veil, 0.0),
    ]
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
    airy = placed.stands == "none" and (placed.item.concept.bust or placed.item.concept.stands in ("air", "drift"))
    if floor.shade <= 0 or airy or placed.stands in ("air", "water", "hang"):
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
    canvas.ellipse(cx + drift, placed.foot, max(half * 1.5, box.width * 0.5), max(half * 0.17, box.height * 0.035), soft)
    core = canvas.radial([(0, tone, min(floor.shade * 1.5, 0.85)), (0.6, tone, floor.shade * 0.7), (1, tone, 0)])
    canvas.ellipse(cx, placed.foot - box.height * 0.004, half * 1.08, max(half * 0.065, box.height * 0.014), core)


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
    """A wave in front of the lowest part of a floating thing."""
    box, canvas, rng = placed.box, stage.canvas, stage.chance(f"wave {placed.foot:.1f}")
    tone = stage.light.tone("#2a8fbf")
    left, wide, crest = box.centre[0] - box.width * 0.85, box.width * 1.7, box.height * 0.035
    y = box.bottom - box.height * 0.07
    swings = "".join(f"q{n(wide / 12)} {n(crest * rng.uniform(-2.2, -1.2))} {n(wide / 6)} 0t{n(wide / 6)} 0" for _ in range(3))
    fade = canvas.linear([(0, tone, 0), (0.2, tone, 0.95), (0.8, tone, 0.95), (1, tone, 0)], (0, 0, 1, 0))
    canvas.path(f"M{n(left)} {n(y)}{swings}v{n(box.height * 0.1)}q{n(-wide / 2)} {n(crest * 2.4)} {n(-wide)} 0Z", fade)
    canvas.stroke(
        f"M{n(left + wide * 0.16)} {n(y)}q{n(wide * 0.17)} {n(-crest)} {n(wide * 0.34)} 0t{n(wide * 0.34)} 0",
        "#ffffff",
        stage.unit * 0.3,
        0.45,
    )


def _cord(stage: Stage, placed: Placed) -> None:
    """What a hanging thing hangs from, up to the edge of the picture."""
    x = placed.box.centre[0]
    stage.canvas.rect(
        x - stage.unit * 0.12, 0, stage.unit * 0.24, placed.box.y + stage.unit * 0.4, mix(stage.light.shadow, "#7a5a44", 0.5), 0.85
    )


def _undergrowth(stage: Stage, floor: Floor, placed: Placed) -> None:
    """Grass around the feet; bushes in front of a head or bust, so that it looks out instead of lying there."""
    if not floor.growth or placed.stands != "ground":
        return
    box, rng = placed.box, stage.chance(f"feet {placed.foot:.1f} {placed.box.x:.1f}")
    if placed.item.concept.bust:
        leaf = mix(floor.growth, stage.light.tone("#3f8a4a"), 0.55)
        for share in (0.06, 0.94, 0.3, 0.72, 0.5):
            size = box.width * rng.uniform(0.4, 0.5)
            stage.canvas.add(
                plants.bush(rng, box.x + box.width * share, placed.foot + size * 0.1, size, shade(leaf, light=rng.uniform(-0.03, 0.02)))
            )
    count = 9 if placed.item.concept.bust else 6
    for i in range(count):
        x = box.x + box.width * (i + rng.uniform(0.2, 0.8)) / count
        tone = shade(floor.growth, light=rng.uniform(-0.09, -0.03))
        stage.canvas.add(plants.tuft(rng, x, placed.foot + stage.unit * rng.uniform(0.1, 0.9), stage.unit * rng.uniform(1.4, 2.6), tone))


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
