"""Adding steps to a plan that exists: a picture, a banner of another size, a press release. Pure.

Knows the recipe "custom" and how new steps take their inputs from steps that are already there.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.assembly import Assembler, Fills, characters_for, words_for
from agents.recipes import PlanRecipe
from agents.request import RequestReading
from agents.sounding import heard, sounds_of, told_apart
from agents.styling import Styling
from agents.writers.effect import NamedEffect
from domain.capability import Capability, StepKind
from domain.plan import STEP_MAX_INPUTS, Plan, Step, StepInput, Unavailable
from domain.specs import OF_PICTURES, ROLES, ArticleSpec, CopyField, CopySpec, Spec, SpeechSpec


class Additions:
    def __init__(self, assembler: Assembler, custom: PlanRecipe, effects: Sequence[NamedEffect], styling: Styling) -> None:
        self._assembler = assembler
        self._effects = effects
        self._custom = custom
        self._styling = styling

    def add(
        self, plan: Plan, reading: RequestReading, subject: str, capabilities: Sequence[Capability]
    ) -> tuple[Plan, tuple[Step, ...], tuple[Unavailable, ...]]:
        """The plan with the asked steps at its end, the new steps, and what could not be made. subject: of a picture, may be ""."""
        languages = reading.languages or (plan.language,)
        reading = reading.model_copy(update={"languages": languages[:1]})
        about = next((s.spec.about for s in plan.steps if s.kind in (StepKind.COPY, StepKind.ARTICLE)), "") or plan.title
        topic = subject or next((s.spec.about for s in plan.steps if s.kind in (StepKind.LAYOUT, StepKind.MUSIC)), "") or plan.title
        outline = self._assembler.outline(self._custom, reading, capabilities)
        wanted = sum(1 for p in outline.places if p.slot.kind is StepKind.PICTURE)
        fills = Fills(subject=topic, pictures=(subject or topic,) * wanted, mood=reading.mood or _mood(plan))
        words = about if not subject else f"{about}\n{subject}"
        drafted = told_apart(self._assembler.assemble(outline, fills, words, capabilities), self._effects)
        kept = _needed(self._styling.styled(drafted, reading.described or reading.own, sized=True), reading, plan)
        renamed: dict[str, str] = {}
        grown = plan
        for step in kept:
            renamed[step.id] = grown.next_id(step.kind)
            grown = grown.model_copy(update={"steps": (*grown.steps, step.model_copy(update={"id": renamed[step.id]}))})
        added: list[Step] = []
        for step in kept:
            new = grown.step(renamed[step.id])
            inputs, grown = _wired(new, step, renamed, plan, grown)
            new = grown.step(new.id).model_copy(update={"inputs": inputs, "title": _free_title(step.title, plan, added)})
            grown = grown.model_copy(update={"steps": tuple(new if s.id == new.id else s for s in grown.steps)})
            added.append(new)
        return grown, tuple(added), tuple(outline.unavailable)

    @staticmethod
    def fitted(spec: Spec, seconds: float) -> Spec:
        """The words of a voice-over fitted to `seconds`: an article's length, a copy's voice_over limit. Others stay as they are."""
        if isinstance(spec, ArticleSpec) and spec.form == "script":
            return spec.model_copy(update={"words": words_for(seconds, spec.language)})
        if isinstance(spec, CopySpec):
            limit = characters_for(seconds, spec.language)
            fields = tuple(f.model_copy(update={"max_chars": limit}) if f.name == "voice_over" else f for f in spec.fields)
            return spec.model_copy(update={"fields": fields})
        return spec


def _needed(drafted: Sequence[Step], reading: RequestReading, plan: Plan) -> list[Step]:
    """The asked kinds, and a script for a voice-over where the plan has no words to speak. Banners use what is there already."""
    kept: list[Step] = []
    held = {s.kind for s in plan.steps}
    for step in drafted:
        support = step.kind not in reading.asked
        if support and step.kind in held and not (isinstance(step.spec, ArticleSpec) and not _speakable(plan)):
            continue
        kept.append(step)
    return kept


def _wired(new: Step, drafted: Step, renamed: dict[str, str], plan: Plan, grown: Plan) -> tuple[tuple[StepInput, ...], Plan]:
    """Inputs of a new step: new steps where it was drafted with them and they were kept, else the least used old one that fits."""
    inputs: list[StepInput] = []
    if new.kind is StepKind.MIX:
        return _mixed(drafted, renamed, plan), grown
    if new.kind not in (StepKind.LAYOUT, StepKind.SPEECH, StepKind.TRANSLATION, *OF_PICTURES):
        return (), grown
    # A translation is of a text, an enlargement or cut-out of a picture; copy and articles take a source only where a recipe says so.
    roles = [r for r in ROLES[new.kind] if r in ("copy", "picture", "text") or new.kind in (StepKind.TRANSLATION, *OF_PICTURES)]
    for role in roles:
        own = next((renamed[i.step] for i in drafted.inputs if i.role == role and i.step in renamed), None)
        old = [s for s in plan.steps if s.kind in ROLES[new.kind][role] and (role != "text" or s.id in _speakable(plan))]
        old.sort(key=lambda s: sum(1 for other in grown.steps for i in other.inputs if i.step == s.id))
        source = own or (old[0].id if old else None)
        if source:
            inputs.append(StepInput(role=role, step=source))
    return tuple(inputs), _with_voice_field(new, inputs, grown)


def _mixed(drafted: Step, renamed: dict[str, str], plan: Plan) -> tuple[StepInput, ...]:
    """What is there already and what is new."""
    new = (StepInput(role=i.role, step=renamed[i.step]) for i in drafted.inputs if i.step in renamed)
    return heard((*sounds_of(plan.steps), *new))[:STEP_MAX_INPUTS]


def _with_voice_field(new: Step, inputs: Sequence[StepInput], grown: Plan) -> Plan:
    if not isinstance(new.spec, SpeechSpec):
        return grown
    for given in inputs:
        source = grown.step(given.step)
        if isinstance(source.spec, CopySpec) and all(f.name != "voice_over" for f in source.spec.fields):
            field = CopyField(name="voice_over", max_chars=characters_for(new.spec.seconds or 15.0, source.spec.language))
            spec = source.spec.model_copy(update={"fields": (*source.spec.fields[:11], field)})
            replaced = source.model_copy(update={"spec": spec})
            grown = grown.model_copy(update={"steps": tuple(replaced if s.id == source.id else s for s in grown.steps)})
    return grown


def _speakable(plan: Plan) -> list[str]:
    """Steps whose words can be spoken as they are: scripts, dialogues, copy with a voice_over field."""
    result: list[str] = []
    for step in plan.steps:
        spec = step.spec
        script = isinstance(spec, ArticleSpec) and spec.form == "script"
        voiced = isinstance(spec, CopySpec) and any(f.name == "voice_over" for f in spec.fields)
        if script or voiced or step.kind is StepKind.DIALOGUE:
            result.append(step.id)
    return result


def _mood(plan: Plan) -> str:
    return next((getattr(s.spec, "mood", "") for s in plan.steps if s.kind is StepKind.MUSIC), "")


def _free_title(title: str, plan: Plan, added: Sequence[Step]) -> str:
    taken = {s.title for s in plan.steps} | {s.title for s in added}
    if title not in taken:
        return title
    base = title.rstrip("0123456789").rstrip() if title[-1].isdigit() and not title.split()[-1].count("x") else title
    number = 2
    while f"{base} {number}" in taken:
        number += 1
    return f"{base} {number}"
