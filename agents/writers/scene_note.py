"""What a note of a person ("at night", "without the sofa", "换成蓝色") changes in a finished scene. Rules and word lists, no LLM.

Knows nothing of how the scene came about: from words, or edited by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agents.writers.grammar import MOST_PROPS
from agents.writers.phrases import plain, singular
from agents.writers.places import settings_of
from agents.writers.sights import Sight, Sights
from agents.writers.wishes import strongest
from domain.scene import Relation, Scene, Subject

_WARM, _COOL, _PALE, _DEEP = "#ff9a4a", "#4a8cff", "#ffffff", "#141420"
_TURNS = {"warmer": (_WARM, 0.22), "cooler": (_COOL, 0.22), "brighter": (_PALE, 0.2), "darker": (_DEEP, 0.3)}


def noted(scene: Scene, note: str, sights: Sights, data: Mapping[str, Any], words: Mapping[str, Any], *, keep_palette: bool) -> Scene:
    """The scene with the note's wishes in it. keep_palette: the colours were given and are only turned, never replaced by a mood's."""
    if not note.strip():
        return scene
    lists = {"setting": settings_of(data, words), "time": data["times"], "weather": data["weathers"], "margin": data["margins"]}
    lists |= {"composition": data["compositions"], "frame": words["frames"], "texture": words["textures"], "form": words["forms"]}
    changes: dict[str, Any] = {name: said for name, table in lists.items() if (said := strongest(note, table))}
    angle, distance = strongest(note, words["camera"]["angles"]), strongest(note, words["camera"]["distances"])
    if angle or distance:
        seen = {"angle": angle or scene.camera.angle, "distance": distance or scene.camera.distance}
        changes["camera"] = scene.camera.model_copy(update=seen)
    mood = strongest(note, {name: entry["words"] for name, entry in data["moods"].items()})
    if mood:
        changes["mood"] = mood
        changes |= {} if keep_palette else {"palette": tuple(data["moods"][mood]["palette"])}
    changed = Scene.model_validate({**scene.model_dump(), **changes})
    changed = _with_things(changed, note, sights, data["notes"])
    return changed.model_copy(update={"palette": _turned(changed, note, sights, data["notes"], keep_palette)})


def _with_things(scene: Scene, note: str, sights: Sights, words: Mapping[str, Any]) -> Scene:
    """What the note adds, takes away, replaces, recolours."""
    named = sights.read(note)
    for sight in named:
        before = note[: sight.begin].lower()
        index = next((n for n, s in enumerate((*scene.subjects, *scene.props)) if _same(s, sight, sights)), None)
        if _ends_with(before, words["remove"]):
            scene = without(scene, index) if index is not None else scene
        elif index is not None:
            known = (*scene.subjects, *scene.props)[index]
            scene = _put(
                scene, index, known.model_copy(update={"colour": sight.colour or known.colour, "count": max(sight.count, known.count)})
            )
        elif strongest(note, {"replace": words["replace"]}) and scene.subjects:
            scene = _put(scene, 0, _subject(sight))
        elif not scene.subjects:
            scene = scene.model_copy(update={"subjects": (_subject(sight),)})
        else:
            scene = scene.model_copy(update={"props": (*scene.props[: MOST_PROPS - 1], _subject(sight))})
    if strongest(note, {"simpler": words["simpler"]}):
        for index in reversed(range(len(scene.subjects), len(scene.subjects) + len(scene.props))):
            scene = without(scene, index)
    colours = sights.colours_in(note)
    if colours and scene.subjects and not named and not strongest(note, {"backdrop": words["backdrop"]}):
        scene = _put(scene, 0, scene.subjects[0].model_copy(update={"colour": colours[0]}))
    return scene


def _turned(scene: Scene, note: str, sights: Sights, words: Mapping[str, Any], given: bool) -> tuple[str, ...]:
    palette = scene.palette
    turned = strongest(note, {name: words[name] for name in _TURNS})
    if turned and palette and given:
        palette = tuple(toward(colour, *_TURNS[turned]) for colour in palette)
    asked = sights.colours_in(note)
    if asked and (strongest(note, {"backdrop": words["backdrop"]}) or not scene.subjects):
        palette = tuple(dict.fromkeys((*asked[:2], toward(asked[0], _PALE, 0.6), toward(asked[0], _DEEP, 0.5))))
    return palette[:8]


def without(scene: Scene, index: int) -> Scene:
    """The scene less subject or prop number `index`, its relations, and with the others' numbers moved up."""
    things = [*scene.subjects, *scene.props]
    del things[index]
    subjects = len(scene.subjects) - (index < len(scene.subjects))
    left = [r for r in scene.relations if index not in (r.of, r.to)]
    moved = tuple(Relation(of=r.of - (r.of > index), kind=r.kind, to=r.to - (r.to > index)) for r in left)
    return scene.model_copy(update={"subjects": tuple(things[:subjects]), "props": tuple(things[subjects:]), "relations": moved})


def _put(scene: Scene, index: int, subject: Subject) -> Scene:
    things = [*scene.subjects, *scene.props]
    things[index] = subject
    count = len(scene.subjects)
    return scene.model_copy(update={"subjects": tuple(things[:count]), "props": tuple(things[count:])})


def _same(subject: Subject, sight: Sight, sights: Sights) -> bool:
    noun = sights.named(subject.what)
    return noun.what == sight.key if noun is not None else singular(plain(subject.what)) == sight.key or subject.what == sight.what


def _subject(sight: Sight) -> Subject:
    values = {"what": sight.what[:60], "count": min(sight.count, 60), "colour": sight.colour, "size": sight.size}
    return Subject.model_validate({**values, "material": sight.material, "pose": sight.pose})


def _ends_with(before: str, words: Sequence[str]) -> bool:
    tail = before.rstrip().removesuffix(" the").removesuffix(" a").rstrip()
    return any(tail.endswith(word) and (not word.isascii() or not tail[: -len(word)][-1:].isalpha()) for word in words)


def toward(colour: str, other: str, amount: float) -> str:
    """A straight line in sRGB: near enough for a nudge."""
    pairs = ((int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * amount):02x}" for a, b in pairs)
