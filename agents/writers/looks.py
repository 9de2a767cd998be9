"""How a picture is to look, before anybody prepares it: style presets and the sheets of characters, put into its words.

Knows specs, presets and character sheets. Does not read a wish or write a prompt; scene.py and scene_prompt.py do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.lexicon import CJK
from agents.writers.calls import Desk
from domain.brand import CharacterSheet
from domain.context import StepContext
from domain.said import Said
from domain.specs import PictureSpec

_STYLE_MAX = 120
_ABOUT_MAX = 2000


def described(context: StepContext) -> StepContext:
    """The context with the look of every character of the project put where the wish first names them.

    A name stands whole in Latin script and anywhere in Chinese. What does not fit into a wish is left as it is.
    """
    spec = context.spec
    if not isinstance(spec, PictureSpec) or not context.brand.characters:
        return context
    about = with_characters(spec.about, context.brand.characters)
    if about == spec.about or len(about) > _ABOUT_MAX:
        return context
    return context.model_copy(update={"spec": spec.model_copy(update={"about": about})})


def with_characters(text: str, sheets: Sequence[CharacterSheet]) -> str:
    """Each character's name gives way to their look at its first mention."""
    for start, end, sheet in reversed(_mentions(text, sheets)):
        text = f"{text[:start]}{sheet.look.strip().rstrip('.。')}{text[end:]}"
    return text


def named(text: str, sheets: Sequence[CharacterSheet]) -> tuple[CharacterSheet, ...]:
    """The characters whom a text names, in its order."""
    return tuple(sheet for _, _, sheet in _mentions(text, sheets))


def _mentions(text: str, sheets: Sequence[CharacterSheet]) -> list[tuple[int, int, CharacterSheet]]:
    """Where each is first named, in order. Longer names go first: "Mira Vale" before "Mira"."""
    found: list[tuple[int, int, CharacterSheet]] = []
    for sheet in sorted(sheets, key=lambda sheet: -len(sheet.name)):
        matches = (m for m in _name(sheet.name).finditer(text) if all(m.end() <= start or m.start() >= end for start, end, _ in found))
        if match := next(matches, None):
            found.append((*match.span(), sheet))
    return sorted(found, key=lambda one: one[0])


def _name(name: str) -> re.Pattern[str]:
    guarded = re.escape(name) if CJK.search(name) else rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    return re.compile(guarded, re.IGNORECASE)


def drawn(context: StepContext, desk: Desk) -> tuple[StepContext, tuple[Said, ...]]:
    """The context as the illustrator reads it, with a preset's own words for the illustrator as its style, and what to say of it.

    A style that the step says itself stays beside it. Raises InputError for a preset there is none of.
    """
    spec = context.spec
    if not isinstance(spec, PictureSpec) or not spec.preset:
        return context, ()
    preset = desk.presets.get(spec.preset)
    if not preset.can_be_drawn:
        able = [one.id for one in desk.presets.all if one.can_be_drawn]
        told = "preset: {preset} needs a diffusion model and changed nothing; the illustrator draws {able}."
        return context, (Said.of(told, preset=f"{preset.id} ({preset.name.en})", able=able),)
    style = ", ".join(part for part in (spec.style.strip(), preset.drawn) if part)[:_STYLE_MAX]
    about = spec.about.rstrip(" .。,，")
    about = f"{about}, {preset.drawn_as}" if preset.drawn_as and len(about) < _ABOUT_MAX - 50 else spec.about
    return context.model_copy(update={"spec": spec.model_copy(update={"style": style, "about": about})}), ()
