"""What a mix that is added to a plan takes: every voice and effect there is, and the first bed. Pure; opens no file."""

from __future__ import annotations

from agents.sounding import heard, sounds_of
from domain.capability import StepKind
from domain.errors import InputError
from domain.plan import STEP_MAX_INPUTS, Plan, Step, StepInput
from domain.specs import MixSpec


def mix_inputs(plan: Plan, kind: StepKind) -> tuple[StepInput, ...]:
    """Inputs in the order of the plan; () for other kinds. Raises InputError where the plan has nothing to mix."""
    if kind is not StepKind.MIX:
        return ()
    inputs = heard(sounds_of(plan.steps))
    if not inputs:
        hint = "Add a voice-over, a music bed or a sound effect first."
        raise InputError("The plan has nothing to mix.", hint=hint, field="kind")
    if len(inputs) > STEP_MAX_INPUTS:
        raise InputError(
            "The plan has {count} voices, beds and effects; a mix takes {step_max_inputs}.",
            hint="Make two plans of it.",
            field="kind",
            count=len(inputs),
            step_max_inputs=STEP_MAX_INPUTS,
        )
    return inputs


def require_cues(step: Step) -> None:
    """Raises InputError for a cue of a step that is no effect of this mix, naming those that are."""
    if not isinstance(step.spec, MixSpec):
        return
    sounding = [given.step for given in step.inputs if given.role == "effect"]
    for cue in step.spec.cues:
        if cue.step not in sounding:
            hint = "Its effects are: {known}." if sounding else "It has no effects."
            raise InputError("A cue names {step}, which is no effect of this mix.", hint=hint, field="cues", step=cue.step, known=sounding)
