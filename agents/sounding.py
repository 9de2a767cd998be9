"""Several effects asked for in one breath: each sound step gets the words of its own, and the mix of the plan hears them. Pure.

Knows the names of effects; nothing of how a brief is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.writers.effect import NamedEffect
from agents.writers.wishes import counted
from domain.capability import StepKind
from domain.plan import STEP_MAX_INPUTS, Step, StepInput
from domain.specs import ROLES, SoundSpec

_PARTS = re.compile(r"[,;:.!?\n，；：。！？、]|\b(?:and|with|plus|then|for)\b|以及|还有|和|与", re.IGNORECASE)
_CALLED = re.compile(r"\b(?:sound effects?|sound fx|sfx|foley|ambience|soundscape)\b|声音效果|音效|环境音", re.IGNORECASE)


def told_apart(steps: Sequence[Step], names: Sequence[NamedEffect]) -> tuple[Step, ...]:
    """Sound steps that were all given the whole brief share out the effects it names, in its order; one alone gets the part that is
    called an effect. Where fewer are named than steps there are, the others keep the words they had."""
    sounding = [step for step in steps if isinstance(step.spec, SoundSpec)]
    if not sounding:
        return tuple(steps)
    renamed: dict[str, Step] = {}
    for about in dict.fromkeys(step.spec.about for step in sounding if isinstance(step.spec, SoundSpec)):
        parts = effects_in(about, names)
        called = [part for part in parts if _CALLED.search(part)]
        shared = [step for step in sounding if isinstance(step.spec, SoundSpec) and step.spec.about == about]
        if len(parts) < 2 and len(sounding) == len(steps) and "\n" not in about:
            continue  # there is nothing to tell apart, and the words may hold its length
        chosen = parts if len(shared) > 1 or not called else called
        for step, part in zip(shared, chosen, strict=False):
            renamed[step.id] = step.model_copy(update={"spec": step.spec.model_copy(update={"about": part}), "title": part[:200]})
    return tuple(renamed.get(step.id, step) for step in steps)


def effects_in(text: str, names: Sequence[NamedEffect]) -> list[str]:
    """The parts of a text that name an effect, in its order."""
    lists = {name.id: name.words for name in names}
    return [part.strip() for part in _PARTS.split(text) if part and counted(part.lower(), lists)]


def sounds_of(steps: Iterable[Step]) -> tuple[StepInput, ...]:
    """Every voice, bed and effect of these steps, as inputs of a mix."""
    return tuple(StepInput(role=role, step=step.id) for step in steps for role, kinds in ROLES[StepKind.MIX].items() if step.kind in kinds)


def heard(inputs: Sequence[StepInput]) -> tuple[StepInput, ...]:
    """What a mix takes of what is offered: every voice, the first bed, every effect, in this order."""
    of = {role: [given for given in inputs if given.role == role] for role in ROLES[StepKind.MIX]}
    return tuple(given for role, found in of.items() for given in (found[:1] if role == "bed" else found))


def mixed(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The one mix of a plan hears the effects that no other step takes; its cues, or the mixer, say when."""
    mixes = [step for step in steps if step.kind is StepKind.MIX]
    taken = {given.step for step in steps for given in step.inputs}
    free = [StepInput(role="effect", step=step.id) for step in steps if step.kind is StepKind.SOUND and step.id not in taken]
    if len(mixes) != 1 or not free:
        return tuple(steps)
    inputs = (*mixes[0].inputs, *free)[:STEP_MAX_INPUTS]
    return tuple(step.model_copy(update={"inputs": inputs}) if step is mixes[0] else step for step in steps)
