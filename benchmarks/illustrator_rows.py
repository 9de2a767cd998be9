"""One measured row for each prompt: what was asked, what the picture shows, which faults it has; and the sums over all rows.

A thing is "exact" when a drawing of exactly that name was drawn, "near" when another was drawn and told as a substitution, "loose" when
another was drawn by a keyword or part of the name and not told, "setting" when the place itself shows it, else "missing".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from benchmarks import illustrator_measures as measures
from benchmarks.illustrator_colour import opposite
from benchmarks.illustrator_measures import Bytes, Thing
from benchmarks.illustrator_prompts import Prompt, Studio, Wanted, colours, own_name, seed_of
from domain.errors import MaquetteError
from domain.recipe import Output
from domain.scene import Scene, Subject
from pipelines.image.illustration.search import normalise, singular

#: Nouns that the place itself shows, so that no drawing of them is needed.
SHOWN_BY_SETTING: dict[str, frozenset[str]] = {
    "mountain": frozenset({"mountains"}),
    "tree": frozenset({"forest", "jungle", "park"}),
    "skyscraper": frozenset({"city", "rooftop"}),
    "castle": frozenset({"castle"}),
    "temple": frozenset({"temple"}),
    "barn": frozenset({"farm"}),
    "house": frozenset({"village"}),
}


@dataclass
class Found:
    """A requested thing and what became of it. how: "exact", "near", "loose", "setting", "missing". paint: facts of an asked colour.

    lost: where a thing or its colour went missing: "words" (not read), "search" (another drawing), "room" (read, cast, not placed),
    "paint" (asked of the drawing, not seen); "" for what is right.
    """

    what: str
    asked: int
    colour: str
    how: str
    drawn: int = 0
    instead: str = ""
    known: bool = True
    count_right: bool = False
    paint: dict[str, Any] | None = None
    lost: str = ""


@dataclass
class Row:
    """setting_right and space_right are None where the prompt asks for neither."""

    id: str
    setting: str = ""
    subjects: list[Found] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    setting_right: bool | None = None
    space_right: bool | None = None
    legible: dict[str, Any] | None = None
    clipped: list[str] = field(default_factory=list)
    overlaps: list[str] = field(default_factory=list)
    intrudes: list[str] = field(default_factory=list)
    logos: list[str] = field(default_factory=list)
    relations: int = 0
    unmet: int = 0
    error: str = ""
    seconds: float = 0.0


Keep = Callable[[Prompt, Bytes], None]


def measured(prompts: Sequence[Prompt], studio: Studio, keep: Keep | None = None, colour: bool = True) -> list[Row]:
    """A row a prompt. keep: is handed every picture. colour: also measure asked colours, which draws each once more."""
    return [row_of(prompt, studio, keep, colour) for prompt in prompts]


def row_of(prompt: Prompt, studio: Studio, keep: Keep | None = None, colour: bool = True) -> Row:
    size, seed = prompt.drawn_size(), seed_of(prompt)
    try:
        scene = studio.scene(prompt.prompt, prompt.size)
        started = time.process_time()
        output = studio.draw(scene, size, seed)
    except MaquetteError as error:
        return Row(prompt.id, error=str(error), subjects=[_missing(wanted, studio) for wanted in prompt.subjects])
    row = Row(prompt.id, setting=scene.setting.value, seconds=time.process_time() - started)
    picture, shown = measures.pixels(output), measures.things(output.facts)
    if keep is not None:
        keep(prompt, picture)
    told = {str(s["asked"]): str(s["drawn"]) for s in _list(output, "substitutions")}
    row.subjects = [_found(wanted, scene, shown, told, studio) for wanted in prompt.subjects]
    if colour:
        _colours(row, prompt, scene, picture, studio)
    names = frozenset().union(*(_names(w, scene, shown, studio) for w in prompt.subjects))
    near = {found.instead for found in row.subjects}
    row.extra = sorted({t.name for t in shown if t.name not in names and t.name not in near})
    _faults(row, prompt, scene, output, picture)
    return row


def _list(output: Output, name: str) -> list[dict[str, Any]]:
    value: Any = output.facts.get(name, [])
    return list(value)


def _missing(wanted: Wanted, studio: Studio) -> Found:
    return Found(wanted.what, wanted.count, wanted.colour, "missing", known=bool(studio.named(wanted.what)))


def _found(wanted: Wanted, scene: Scene, shown: Sequence[Thing], told: dict[str, str], studio: Studio) -> Found:
    found = _missing(wanted, studio)
    names = _names(wanted, scene, shown, studio)
    found.drawn = sum(1 for thing in shown if thing.name in names)
    asked = [s.what for s in (*scene.subjects, *scene.props) if _same(s.what, wanted.what, studio)]
    instead = next((told[what] for what in asked if told.get(what)), "")
    if found.drawn:
        found.how = "exact"
    elif scene.setting.value in SHOWN_BY_SETTING.get(wanted.what, ()):
        found.how, found.count_right = "setting", True
    elif instead:
        found.how, found.instead = "near", instead
    else:
        found.instead = next((thing.name for thing in shown if thing.name in studio.loosely(wanted.what)), "")
        found.how = "loose" if found.instead else "missing"
    if found.instead:
        found.drawn = sum(1 for thing in shown if thing.name == found.instead)
    if found.how not in ("exact", "setting"):
        found.lost = "search" if found.instead else "room" if asked else "words"
    if found.how in ("exact", "near", "loose"):
        found.count_right = found.drawn >= wanted.count if wanted.least else found.drawn == wanted.count
    return found


def _names(wanted: Wanted, scene: Scene, shown: Sequence[Thing], studio: Studio) -> frozenset[str]:
    """Drawings that are the requested thing by name: by its noun, or by the whole phrase it was asked in ("iron helmet", "spell book");
    and what is drawn here by that name, a figure made of parts among it."""
    phrases = [s.what for s in (*scene.subjects, *scene.props) if _same(s.what, wanted.what, studio)]
    own = {thing.name for thing in shown if own_name(wanted.what, thing.name)}
    return studio.named(wanted.what).union(own, *(studio.named(phrase) for phrase in phrases))


def _same(what: str, noun: str, studio: Studio) -> bool:
    """A scene's thing is the requested one: the same word, the same last words, or the same drawings by name."""
    one, other = singular(normalise(what)), singular(normalise(noun))
    return one == other or one.endswith(f" {other}") or other.endswith(f" {one}") or bool(studio.named(what) & studio.named(noun))


def _colours(row: Row, prompt: Prompt, scene: Scene, picture: Bytes, studio: Studio) -> None:
    """Each coloured thing once more in the opposite colour: what changes in the picture is what was recoloured."""
    size, seed, table = prompt.drawn_size(), seed_of(prompt), colours()
    if not any(found.colour for found in row.subjects):
        return
    ink = measures.ink(studio.draw(scene, size, seed, cutout=True))
    free = [(role, i) for role in ("subjects", "props") for i in range(len(getattr(scene, role)))]
    for found, wanted in zip(row.subjects, prompt.subjects, strict=True):
        place = next((p for p in free if found.colour and _same(getattr(scene, p[0])[p[1]].what, wanted.what, studio)), None)
        if place is None:
            found.lost = found.lost or ("words" if found.colour else "")
            continue
        free.remove(place)
        other = studio.draw(_recoloured(scene, place, opposite(found.colour, table)), size, seed)
        mask = measures.changed(picture, measures.pixels(other)) & ink
        there = measures.things(other.facts)
        names = _names(wanted, scene, there, studio) | {found.instead}
        boxes = [thing.box for thing in there if thing.name in names]
        # Of several alike in other colours only those that changed are meant.
        boxes = [box for box in boxes if (measures.inside([box], size) & mask).sum() > 0.04 * box[2] * box[3]]
        painted = measures.paint(picture, mask & measures.inside(boxes, size), boxes, found.colour, table, ink)
        found.paint = asdict(painted) if painted else None
        if not (painted and painted.right):
            found.lost = found.lost or ("paint" if getattr(scene, place[0])[place[1]].colour else "words")


def _recoloured(scene: Scene, place: tuple[str, int], colour: str) -> Scene:
    role, index = place
    things: list[Subject] = list(getattr(scene, role))
    things[index] = things[index].model_copy(update={"colour": colour})
    return scene.model_copy(update={role: tuple(things)})


def _faults(row: Row, prompt: Prompt, scene: Scene, output: Output, picture: Bytes) -> None:
    size, shown = prompt.drawn_size(), measures.things(output.facts)
    if prompt.settings:
        row.setting_right = scene.setting.value in prompt.settings
    row.clipped = measures.clipped(shown, size)
    row.overlaps = measures.overlaps(shown, bool(scene.relations) or scene.arrangement != "free")
    row.relations, row.unmet = len(scene.relations), len(_list(output, "unmet_relations"))
    row.logos = measures.logos([thing.name for thing in shown])
    if prompt.space:
        row.space_right = scene.margin == prompt.space
        told = _list(output, "free") if row.space_right else []
        free = measures.kept_free(prompt.space, size, [float(v) for v in told])  # type: ignore[arg-type]
        row.intrudes = measures.intrudes(shown, free)
        seen = measures.legible(picture, free)
        row.legible = {**asdict(seen), "right": seen.right}


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Shares 0..1, each with the number it is of."""
    every = [f for row in rows for f in row.subjects]
    known = [row for row in rows if all(f.known for f in row.subjects)]
    coloured = [f for f in every if f.colour]
    painted = [f.paint for f in coloured if f.paint]
    spaced = [row for row in rows if row.space_right is not None]
    return {
        "prompts": len(rows),
        "errors": sum(1 for row in rows if row.error),
        "things exact": _share(f.how in ("exact", "setting") for f in every),
        "things near and told": _share(f.how == "near" for f in every),
        "things drawn by a looser word, not told": _share(f.how == "loose" for f in every),
        "things missing": _share(f.how == "missing" for f in every),
        "things the library has": _share(f.known for f in every),
        "all things present": _share(_present(row) for row in rows),
        "all things present, library has the nouns": _share(_present(row) for row in known),
        "counts right": _share(f.count_right for f in every),
        "colours right": _share(bool(f.paint and f.paint["right"]) for f in coloured),
        "colour difference, median": float(np.median([p["difference"] for p in painted])) if painted else 0.0,
        "recoloured area within 10": float(np.mean([p["within"] for p in painted])) if painted else 0.0,
        "recoloured area within 10, shading apart": float(np.mean([p["within_hue"] for p in painted])) if painted else 0.0,
        "setting right": _share(row.setting_right for row in rows if row.setting_right is not None),
        "space on the asked side": _share(row.space_right for row in spaced),
        "space free of things": _share(not row.intrudes for row in spaced),
        "space legible": _share(bool(row.legible and row.legible["right"]) for row in spaced),
        "relations in scenes": sum(row.relations for row in rows),
        "relations told as not drawn": sum(row.unmet for row in rows),
        "pictures with a clipped thing": sum(1 for row in rows if row.clipped),
        "pictures with a hidden thing": sum(1 for row in rows if row.overlaps),
        "pictures with a thing not asked for": sum(1 for row in rows if row.extra),
        "logos": sum(len(row.logos) for row in rows),
    }


def _present(row: Row) -> bool:
    return all(f.how in ("exact", "setting") for f in row.subjects)


def misses(row: Row, prompt: Prompt) -> list[str]:
    """A line for each requested thing or colour that the picture lacks, and where it was lost."""
    lines = []
    for found in row.subjects:
        colour = bool(found.colour and not (found.paint and found.paint["right"]))
        if found.how not in ("exact", "setting") or colour:
            seen = found.how + (f" as {found.instead}" if found.instead else "") + ("" if found.known else ", not in the library")
            tone = f"; {found.colour} is {found.paint['name'] if found.paint else 'nowhere'}" if colour else ""
            lines.append(f"{row.id} {found.what}: {seen}{tone}; lost at {found.lost or 'nothing'} | {prompt.prompt}")
    return lines


def _share(values: Iterable[bool | None]) -> list[float]:
    kept = [bool(v) for v in values]
    return [sum(kept) / max(len(kept), 1), len(kept)]
