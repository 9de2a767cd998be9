"""Spots and podcasts from a script: speakers become voices, lines in brackets effects, and the whole one timed mix.

    studio.sound.spots.plan(project_id, SpotWish(script="Mira: Good evening.\\n[door]\\nTom: Who is there?", music="tense", …))

A line is "NAME: words"; without a name the narrator says it. "[a door closes]" is an effect that sounds after the line before it.
Who has no voice yet is cast, and keeps that voice. Nothing is made here: the plan is stored, and waits to be approved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from domain.capability import StepKind
from domain.dialogue import Character
from domain.errors import InputError, LimitError
from domain.mix import MIX_MAX_SECONDS
from domain.plan import STEP_MAX_INPUTS, Plan, Step, StepInput
from domain.specs import MixCue, MixSpec, MusicSpec, SoundSpec, Spec, SpeechSpec
from domain.value import Value
from pipelines.audio import text as speakable
from studio.line_tables import LINE_MAX_CHARACTERS
from studio.plans import Plans, new_plan
from studio.voices import VoicesDesk

SCRIPT_MAX_CHARACTERS = 20_000
#: How long a bed is where the mix comes as long as it comes; the mixer repeats or cuts it.
_BED_SECONDS = 60.0
_SAID = re.compile(r"^\s*([^\s:：\[【][^:：]{0,58}?)\s*[:：]\s*(?!//)(\S.*)$")
_EFFECT = re.compile(r"^\s*[\[【](.+?)[\]】]\s*$")
_NARRATORS = frozenset({"narrator", "vo", "voice-over", "voiceover", "旁白", "口播"})


class SpotWish(Value):
    """music: a style or words, "" for none. seconds: exact length, 0 as it comes. target and pause: as domain/specs.py: MixSpec."""

    script: str = Field(max_length=SCRIPT_MAX_CHARACTERS)
    title: str = Field(default="", max_length=120)
    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")
    music: str = Field(default="", max_length=200)
    seconds: float = Field(default=0.0, ge=0.0, le=MIX_MAX_SECONDS)
    target: Literal["podcast", "streaming", "broadcast"] = "podcast"
    pause: float = Field(default=0.35, ge=-3.0, le=10.0)


class Row(Value):
    """One row of a script: words of a speaker ("" is the narrator), or an effect. number: of the row, 1 the first."""

    number: int
    speaker: str = ""
    text: str = ""
    effect: str = ""


class Spots:
    def __init__(self, plans: Plans, voices: VoicesDesk) -> None:
        self._plans = plans
        self._voices = voices

    def plan(self, project_id: str, wish: SpotWish, person: str = "") -> Plan:
        """Store a plan of voices, music, effects and their mix. Raises InputError at the field with the number of the row, LimitError,
        ContentRefused, PlanError, NotFound."""
        rows = tuple(read_script(wish.script))
        self._plans.require_safe([("script", wish.script), ("music", wish.music)])
        names = dict.fromkeys(row.speaker for row in rows if row.text and row.speaker)
        title = wish.title.strip() or next(row.text for row in rows if row.text)[:60]
        brief = self._plans.draft(project_id, wish.script, person=person)
        plan = new_plan(brief, title, steps_of(rows, wish, title), wish.language)
        for step in plan.steps:
            self._plans.require(plan, step, "script")
        if members := self._voices.propose(project_id, tuple(Character(name=name) for name in names), wish.language):
            self._voices.cast(project_id, *members)
        return self._plans.keep(brief, plan)


def read_script(script: str) -> Iterator[Row]:
    """The rows that are said or sound, in order. Raises InputError for a row without words, and for a script that nobody speaks."""
    spoken = 0
    for number, row in enumerate(script.splitlines(), start=1):
        if not row.strip():
            continue
        if effect := _EFFECT.match(row):
            yield Row(number=number, effect=effect[1].strip()[:200])
            continue
        said = _SAID.match(row)
        speaker, text = (said[1].strip(), said[2].strip()) if said else ("", row.strip())
        try:
            speakable.clean(text)
        except InputError as error:
            given = {**error.values, "number": number, "why": error.said}
            raise InputError("Row {number}: {why}", hint=error.hint_id, field="script", given=given) from error
        if len(text) > LINE_MAX_CHARACTERS:
            told = "Row {number} has {count} characters; a line may have {most}."
            hint = "Cut it into several."
            raise LimitError(told, hint=hint, field="script", number=number, count=f"{len(text):,}", most=f"{LINE_MAX_CHARACTERS:,}")
        spoken += 1
        yield Row(number=number, speaker="" if speaker.casefold() in _NARRATORS else speaker, text=text)
    if not spoken:
        raise InputError("Nobody says anything in this script.", hint='Write lines like "Mira: Good evening."', field="script")


def steps_of(rows: tuple[Row, ...], wish: SpotWish, title: str) -> tuple[Step, ...]:
    """Voices in their order, the bed, effects with a cue each, the mix. Raises LimitError for more than a mix takes."""
    lines = [row for row in rows if row.text]
    effects = [row for row in rows if row.effect]
    if len(lines) + len(effects) + bool(wish.music.strip()) > STEP_MAX_INPUTS:
        raise LimitError(
            "The script has {count} lines and {effects} effects; a mix takes {step_max_inputs} sounds.",
            hint="Make two mixes of it.",
            field="script",
            count=len(lines),
            effects=len(effects),
            step_max_inputs=STEP_MAX_INPUTS,
        )
    steps = [
        _step("speech", n, row.text, SpeechSpec(text=row.text, language=wish.language, character=row.speaker))
        for n, row in enumerate(lines, start=1)
    ]
    inputs = [StepInput(role="voice", step=step.id) for step in steps]
    if wish.music.strip():
        length = min(300.0, max(2.0, wish.seconds or _BED_SECONDS))
        steps.append(_step("music", 1, wish.music, MusicSpec(about=wish.music.strip(), seconds=length)))
        inputs.append(StepInput(role="bed", step="music-1"))
    cues = []
    for n, row in enumerate(effects, start=1):
        steps.append(_step("sound", n, row.effect, SoundSpec(about=row.effect)))
        inputs.append(StepInput(role="effect", step=f"sound-{n}"))
        before = sum(line.number < row.number for line in lines)
        cues.append(MixCue(step=f"sound-{n}", line=before, edge="end" if before else "start"))
    spec = MixSpec(about=title, language=wish.language, seconds=wish.seconds, target=wish.target, pause=wish.pause, cues=tuple(cues))
    return (*steps, _step("mix", 1, title, spec, tuple(inputs)))


def _step(kind: str, number: int, title: str, spec: Spec, inputs: tuple[StepInput, ...] = ()) -> Step:
    return Step(id=f"{StepKind(kind).value}-{number}", title=" ".join(title.split())[:80], spec=spec, inputs=inputs)
