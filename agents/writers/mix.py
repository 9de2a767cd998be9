"""Prepares a mix step: which words each voice says, where each effect sounds, how loud the whole is to be. Rules only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

from agents.writers.calls import Desk
from agents.writers.wishes import strongest
from domain.context import StepContext
from domain.errors import InputError
from domain.mix import Cue, Mix
from domain.specs import MixCue, MixSpec

Target = Literal["podcast", "streaming", "broadcast"]


def prepare_mix(context: StepContext, desk: Desk) -> Mix:
    """The choices of one mix step; words of the note move bed and effects for this take.

    Raises InputError for a step of another kind, without any input, and for a cue of a step that is no input.
    """
    spec = context.spec
    if not isinstance(spec, MixSpec):
        raise InputError("A mix was to be prepared from a {kind} step.", field="spec.kind", kind=spec.kind)
    if not context.inputs:
        raise InputError("There is nothing to mix.", hint="Give the step a voice, a music bed or an effect as an input.", field="inputs")
    data = desk.prompts("mix")
    sounding = [given.step for given in context.inputs if given.role == "effect"]
    return Mix(
        seconds=spec.seconds,
        target=_target(spec, context, data),
        pause=spec.pause,
        duck=spec.duck,
        language=spec.language,
        lines=tuple(" ".join(given.text.split()) for given in context.inputs if given.role == "voice"),
        cues=tuple(_cue(cue, sounding) for cue in spec.cues),
        **{name: _under(name, context.note, data) for name in ("bed", "effects")},
    )


def _target(spec: MixSpec, context: StepContext, data: Mapping[str, Any]) -> Target:
    """A target that a person set wins; the usual one gives way to words of the step."""
    if "target" in spec.model_fields_set and spec.target != "podcast":
        return spec.target
    return cast(Target, strongest(f"{context.note} {spec.about} {context.title}".lower(), data["target"]) or spec.target)


def _cue(cue: MixCue, sounding: list[str]) -> Cue:
    if cue.step not in sounding:
        hint = "Its effects are: {known}." if sounding else "It has no effects."
        raise InputError("A cue names {step}, which is no effect of this mix.", hint=hint, field="cues", step=cue.step, known=sounding)
    return Cue(effect=sounding.index(cue.step), line=cue.line, edge=cue.edge, offset=cue.offset, gain=cue.gain)


def _under(name: str, note: str, data: Mapping[str, Any]) -> float:
    """LU under the voices."""
    usual = float(Mix.model_fields[name].default)
    change = strongest(note.lower(), data[name])
    step = float(data["step"][name])
    return usual + (step if change == "quieter" else -step if change == "louder" else 0.0)
