"""A mix whose voices, as they were spoken, are longer than it may be: copy of other steps is asked for in fewer words.

    studio.sound.shorter.able(plan, step, assets)       -> ids of the voices whose words can be asked for again
    studio.sound.shorter.ask(plan_id, step_id)          -> those spoken again, shorter, and then the mix

What a person typed into a voice is never changed, so a mix of such voices stays refused, with the line that is longest and how much is too
much. How many words fit follows from how long these were in fact, not from the usual pace.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.writers.calls import Desk
from agents.writers.spoken import count_units
from domain.asset import Asset
from domain.errors import InputError, NotFound
from domain.job import Job
from domain.plan import Plan, Step
from domain.specs import MixSpec, SpeechSpec
from library.library import Library
from pipelines.audio.timeline import holds
from studio.plans import Plans

#: Of what would just fit, so much is asked for; and the largest share that agents/writers/shorter.py takes for too much.
_MARGIN, _MOST = 0.97, 0.92


class Shorter:
    def __init__(self, library: Library, plans: Plans, desk: Desk) -> None:
        self._library = library
        self._plans = plans
        self._desk = desk

    def ask(self, plan_id: str, step_id: str, *, person: str = "") -> tuple[Job, ...]:
        """Its voices spoken again in fewer words, and their mix after them; the queued jobs.

        Raises NotFound for a step that is no mix, InputError where its voices fit, were typed, or leave no time for words.
        """
        plan = self._plans.get(plan_id)
        step = plan.step(step_id)
        if not isinstance(step.spec, MixSpec):
            raise NotFound("{step_id} is a {kind} step and no mix.", hint="Choose a mix.", step_id=step_id, kind=step.kind.value)
        assets = self._library.latest_assets(plan_id)
        wanted = able(plan, step, assets)
        if not wanted:
            hint = "Shorten the longest line yourself, or make the mix longer."
            raise InputError("No voice of this mix has words that can be asked for again.", hint=hint, field="inputs")
        spoken = {name: _seconds(assets[name]) for name in _voices(step) if name in assets}
        bed = any(given.role == "bed" for given in step.inputs)
        fits = holds(step.spec.seconds, step.spec.pause, len(spoken), has_bed=bed)
        typed = sum(seconds for name, seconds in spoken.items() if name not in wanted)
        share = (fits - typed) / sum(spoken[name] for name in wanted)
        if share >= 1:
            raise InputError("The voices of this mix fit its length.", hint="Mix it again.", field="seconds")
        if share <= 0:
            hint = "Shorten what you typed, or make the mix longer."
            raise InputError("The lines you typed alone are longer than the mix.", hint=hint, field="seconds")
        for name in wanted:
            self._plans.change(plan_id, name, {"seconds": self._asked(assets[name], min(_MARGIN * share, _MOST))})
        return self._plans.approve(plan_id, person=person)

    def _asked(self, asset: Asset, share: float) -> float:
        """Seconds that hold this share of the words at the usual pace, by which copy is measured before it is spoken."""
        parameters = asset.recipe.parameters
        language, speed = str(parameters.get("language", "en")), float(str(parameters.get("speed") or 1.0))
        pace = float(self._desk.prompts("spoken")["pace"]["zh" if language.startswith("zh") else "en"])
        units = count_units(str(parameters.get("text", "")), language)
        return round(max(0.5, units * share / (pace * speed)), 2)


def able(plan: Plan, step: Step, assets: Mapping[str, Asset]) -> tuple[str, ...]:
    """Voices of a mix of a set length that were spoken, and whose words another step wrote."""
    if not isinstance(step.spec, MixSpec) or not step.spec.seconds:
        return ()
    voices = [plan.step(name) for name in _voices(step)]
    return tuple(v.id for v in voices if isinstance(v.spec, SpeechSpec) and not v.spec.text.strip() and v.inputs and v.id in assets)


def _voices(step: Step) -> tuple[str, ...]:
    return tuple(given.step for given in step.inputs if given.role == "voice")


def _seconds(asset: Asset) -> float:
    seconds = asset.facts.get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
