"""From a scene and its cast to a drawn picture: setting, calm margin, shadows, subjects, foreground, light, texture, frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.scene import Scene
from pipelines.image.illustration.arrangement import before
from pipelines.image.illustration.art import ArtLibrary
from pipelines.image.illustration.blocks import Block, Item, Placed, settle, single
from pipelines.image.illustration.colour import lch, mix
from pipelines.image.illustration.composition import place
from pipelines.image.illustration.figure import Figure
from pipelines.image.illustration.flatlay import from_above
from pipelines.image.illustration.forms import FORMS, TRANSPARENT, room_of
from pipelines.image.illustration.frames import cut, lightning, texture
from pipelines.image.illustration.light import light_of
from pipelines.image.illustration.mask import Looks
from pipelines.image.illustration.portrait import bust, bust_box, on_stage
from pipelines.image.illustration.recolour import Achieved
from pipelines.image.illustration.relations import Manners, assemble
from pipelines.image.illustration.settings import OUTDOORS, SETTINGS, VEILS
from pipelines.image.illustration.sky import weather_front
from pipelines.image.illustration.stage import Box, Floor, Stage
from pipelines.image.illustration.subjects import ABSTRACT, Artist
from pipelines.image.illustration.svg import Canvas
from pipelines.image.illustration.view import look
from pipelines.image.illustration.vocabulary import Vocabulary

#: Seen from above things lie on a surface, where none is taller than this, in metres: a castle does not lie on the grass.
LYING = 1.3
#: Name and box of each character drawn from parts.
Figures = tuple[tuple[str, Box], ...]


@dataclass(frozen=True)
class Drawn:
    """The finished drawing. front: what stands before everything. achieved: (subject, copy) -> colour. unmet: relations not kept.
    figures: name and box of each character drawn from parts.

    groups: "backdrop", "middle", "foreground" -> ids of the layers that belong there, for export apart.
    """

    canvas: Canvas
    stage: Stage
    placed: list[Placed]
    front: list[Placed]
    title: str
    layers: Mapping[str, Placed] = field(default_factory=dict)
    achieved: Mapping[tuple[int, int], Achieved] = field(default_factory=dict)
    unmet: tuple[int, ...] = ()
    figures: tuple[tuple[str, Box], ...] = ()

    @property
    def svg(self) -> str:
        return self.canvas.svg(self.title)

    @property
    def cutout(self) -> tuple[str, ...]:
        """Ids of the layers that hold the subjects and props, and nothing else."""
        drawn = {name for name, placed in self.layers.items() if placed.stands != "front"}
        return tuple(name for name in self.canvas.layers if name in drawn or name in ("contour", "character"))

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        behind, ahead = ("backdrop", "calm", "cells", "dots"), ("foreground", "weather", "light", "texture", "frame")
        names = self.canvas.layers
        front = {name for name, placed in self.layers.items() if placed.stands == "front"}
        return {
            "backdrop": tuple(n for n in names if n in behind),
            "middle": tuple(n for n in names if n not in behind and n not in ahead and n not in front),
            "foreground": tuple(n for n in names if n in ahead or n in front),
        }


def draw_scene(
    scene: Scene,
    items: Sequence[Item],
    size: tuple[int, int],
    seed: int,
    library: ArtLibrary,
    looks: Looks | None = None,
    vocabulary: Vocabulary | None = None,
    foreground: Sequence[Item] = (),
    figure: Figure | None = None,
    worn: Mapping[int, int] | None = None,
) -> Drawn:
    """The same arguments give the same text. worn: number of a thing that is worn -> number of who wears it."""
    looks = looks or Looks(library)
    stage = Stage(Canvas(size[0], size[1]), light_of(scene), scene, seed, room_of(scene.form, size[0], size[1]))
    on = worn or {}
    relations = [r.model_copy(update={"of": on.get(r.of, r.of), "to": on.get(r.to, r.to)}) for r in scene.relations]
    assembly = assemble(items, relations, looks, manners_of(vocabulary))
    artist = Artist(stage, Floor(far=0, near=stage.height), library, looks)
    front: list[Placed] = []
    figures: Figures = ()
    if scene.weather == "storm" and scene.setting in OUTDOORS:
        artist.behind.append(lightning(stage))
    if scene.form == "portrait":
        placed, front, figures = _portrait(artist, (*assembly.blocks, *map(single, foreground)), figure)
    elif scene.form in FORMS:
        placed = FORMS[scene.form](artist, (*assembly.blocks, *map(single, _numbered(foreground, scene))))
    else:
        placed, front, figures = _whole_scene(artist, assembly.blocks, foreground, figure)
    if scene.form not in TRANSPARENT or scene.form == "icon":
        texture(stage)
    if scene.form not in TRANSPARENT and scene.form != "tile":
        cut(stage)
    return Drawn(stage.canvas, stage, placed, front, _title(scene), artist.layers, artist.achieved, assembly.unmet, figures)


def _numbered(foreground: Sequence[Item], scene: Scene) -> list[Item]:
    """What was asked to stand in front, in a form that has no front: more things, numbered after all others."""
    first = len(scene.subjects) + len(scene.props)
    return [replace(item, subject=first + item.subject, main=False) for item in foreground]


def manners_of(vocabulary: Vocabulary | None) -> Manners:
    if vocabulary is None:
        return Manners()
    return Manners(vocabulary.holders, vocabulary.seats, vocabulary.open_below, vocabulary.canopies, vocabulary.palms)


def _title(scene: Scene) -> str:
    return ", ".join([s.what for s in scene.subjects] + [scene.setting.value])


def _whole_scene(
    artist: Artist, blocks: Sequence[Block], foreground: Sequence[Item], figure: Figure | None
) -> tuple[list[Placed], list[Placed], Figures]:
    stage = artist.stage
    figures: Figures = ()
    canvas, scene = stage.canvas, stage.scene
    # 1. the setting, as the camera sees it, and the floor it leaves
    floor = artist.floor = _floor(stage, blocks)
    for markup in artist.behind:
        canvas.add(markup)
    # 2. the side kept for text is made calm
    if stage.free is not None:
        canvas.layer("calm")
        _calm(stage, floor)
    # 3. shadows, then subjects from the furthest to the nearest
    box = _half_length(stage) if figure else None
    placed = place(blocks, stage if box is None else replace(stage, room=_beside(stage.area, box)), floor)
    canvas.layer("shadow")
    artist.even(placed)
    for one in placed:
        artist.shadows(one)
    for one in placed:
        artist.subject(one)
    if figure and box:
        canvas.layer("character")
        canvas.add(on_stage(bust(figure, stage.light.on_subject), box))
        figures = ((scene.subjects[0].what, box),)
    # 4. what is in front, the weather, and the light over all
    front = before(foreground, stage, placed)
    canvas.layer("foreground")
    for markup in floor.front:
        canvas.add(markup)
    for one in front:
        artist.subject(one)
    if scene.setting in OUTDOORS and not floor.above:
        canvas.layer("weather")
        for markup in weather_front(stage):
            canvas.add(markup)
    canvas.layer("light")
    _vignette(stage)
    return placed, front, figures


def _floor(stage: Stage, blocks: Sequence[Block]) -> Floor:
    """Draws the setting as the camera sees it."""
    small = all(part.item.concept.height <= LYING for block in blocks for part in block.parts)
    above = from_above(stage) if stage.scene.camera.angle == "top" and small else None
    return above or look(stage, SETTINGS[stage.scene.setting](stage))


def _half_length(stage: Stage) -> Box:
    """A named person in a scene: half length, cut by the lower edge on purpose, on the left or right third."""
    area = stage.area
    box = bust_box(area, {"close": 0.92, "medium": 0.74, "wide": 0.5}[stage.scene.camera.distance])
    side = min(box.width, area.width * 0.7)
    left = stage.chance("figure").random() < 0.5
    x = area.x - side * 0.04 if left else area.right - side * 0.96
    return Box(x, area.bottom - side, side, side)


def _beside(area: Box, taken: Box) -> Box:
    """The wider part of the area left or right of a figure's shoulders."""
    inner = taken.width * 0.1
    left, right = taken.x + inner - area.x, area.right - taken.right + inner
    return Box(area.x, area.y, left, area.height) if left > right else Box(area.right - right, area.y, right, area.height)


def _portrait(artist: Artist, blocks: Sequence[Block], figure: Figure | None) -> tuple[list[Placed], list[Placed], Figures]:
    """One bust, large, cut by the lower edge on purpose: a character from parts, or the first thing asked; the rest before it."""
    stage = artist.stage
    canvas, area = stage.canvas, stage.area
    artist.floor = look(stage, SETTINGS[stage.scene.setting](stage))
    _backlight(stage)
    low = area
    if stage.scene.frame != "none":
        low = Box(stage.width * 0.1, stage.height * 0.13, stage.width * 0.8, stage.height * 0.84)
    placed: list[Placed] = []
    figures: Figures = ()
    rest = list(blocks)
    if figure:
        tall = figure.head in ("pointed", "toque", "crown", "helmet", "horns")
        box = bust_box(low, 0.86 if tall else 0.96)
        canvas.layer("character")
        canvas.add(on_stage(bust(figure, stage.light.on_subject), box))
        figures = ((stage.scene.subjects[0].what if stage.scene.subjects else stage.scene.character, box),)
    elif rest:
        block = rest.pop(0)
        bounds = block.bounds
        fit = min(low.width * 0.92 / bounds.width, low.height * 1.02 / bounds.height)
        wide, high = bounds.width * fit, bounds.height * fit
        box = Box(low.centre[0] - wide / 2, low.bottom - high * 0.9, wide, high)
        placed = [replace(p, cut=True) for p in settle(block, box, "none", False, 1.0, 0)]
        for one in sorted(placed, key=lambda p: p.order):
            artist.subject(one)
    front = before([part.item for block in rest for part in block.parts], stage, placed)
    for one in front:
        artist.subject(one)
    canvas.layer("light")
    _vignette(stage)
    return placed, front, figures


def _backlight(stage: Stage) -> None:
    """A calm disc behind a head, so that any setting lets it stand out."""
    area, light = stage.area, stage.light
    tone = mix(light.glow, light.sky[2], 0.5)
    r = min(area.width, area.height) * 0.52
    fade = stage.canvas.radial([(0, tone, 0.85), (0.7, tone, 0.55), (1, tone, 0)])
    stage.canvas.ellipse(area.centre[0], area.centre[1], r, r, fade)


def _calm(stage: Stage, floor: Floor) -> None:
    """A veil over the margin, fading toward the picture: pale where the setting is pale, deep where it is deep."""
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


def _vignette(stage: Stage) -> None:
    """Edges a little deeper; warm or cool air over everything at dawn, sunset and night."""
    canvas, light = stage.canvas, stage.light
    if light.warm and stage.scene.setting in OUTDOORS:
        canvas.fill_all(canvas.linear([(0, light.ambient, 0.0), (0.6, light.glow, 0.09), (1, light.ambient, 0.12)]))
    deep = mix(light.shadow, light.sky[0], 0.25)
    strength = 0.1 if lch(light.sky[2]).light > 0.8 and not light.dark else 0.26
    if stage.scene.setting in ABSTRACT:
        strength *= 0.45
    canvas.fill_all(canvas.radial([(0, deep, 0), (0.62, deep, 0), (1, deep, strength)], (0.5, 0.48), 0.78))
