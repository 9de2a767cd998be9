"""Checks a scene that a person edited, field by field, before it is drawn as it stands."""

from __future__ import annotations

from agents.writers.bounds import Bounds
from agents.writers.sights import Sights
from domain.errors import InputError
from domain.scene import Scene, Subject


def require_drawable(scene: Scene, sights: Sights, bounds: Bounds, families: frozenset[str], own: str) -> Scene:
    """The scene with its colour words as #rrggbb. Raises InputError or ContentRefused naming the field. own: the project's brand."""
    changes: dict[str, object] = {}
    for role in ("subjects", "props", "foreground"):
        things: list[Subject] = []
        for index, subject in enumerate(getattr(scene, role)):
            where = f"scene.{role}.{index}"
            bounds.require(subject.what, own=own, field=f"{where}.what")
            colour = _colour(subject.colour, f"{where}.colour", sights) if subject.colour else ""
            things.append(subject.model_copy(update={"colour": colour}))
        changes[role] = tuple(things)
    changes["palette"] = tuple(_colour(colour, f"scene.palette.{n}", sights) for n, colour in enumerate(scene.palette))
    bounds.require(scene.character, own=own, field="scene.character")
    if scene.family and scene.family not in families:
        able = ", ".join(sorted(families))
        raise InputError(
            "{family} is no family of art here.",
            hint="Use one of {able}, or leave it empty.",
            field="scene.family",
            family=repr(scene.family),
            able=able,
        )
    return scene.model_copy(update=changes)


def _colour(text: str, field: str, sights: Sights) -> str:
    colour = sights.table.parse(text)
    if colour is None:
        some = ", ".join(list(sights.table.names)[:12])
        raise InputError("{text} is not a colour.", hint="Use #rrggbb or a word such as {some}.", field=field, text=repr(text), some=some)
    return colour
