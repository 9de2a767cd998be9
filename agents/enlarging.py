"""Enlargements of pictures that a plan has already: "upscale picture 2", "高清放大图片2". Pure.

Knows word lists and steps. Does not know which steps a message means; agents/references.py says that.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.references import EditWords
from domain.capability import StepKind
from domain.plan import Plan, Step, StepInput
from domain.specs import UpscaleSpec


class Enlarging:
    def __init__(self, words: EditWords) -> None:
        self._asked = words.enlarge.pattern(plural=False)
        self._double = words.double.pattern(plural=False)

    def asked(self, folded: str) -> bool:
        """folded: the person's own words, lower case."""
        return bool(self._asked.search(folded))

    def steps(self, plan: Plan, ids: Sequence[str], folded: str) -> tuple[Step, ...]:
        """A new step for each picture named, four times larger unless the words say twice; empty when something else is named."""
        sources = [plan.step(step_id) for step_id in ids]
        if not sources or any(source.kind is not StepKind.PICTURE for source in sources):
            return ()
        spec = UpscaleSpec(scale=2 if self._double.search(folded) else 4)
        made: list[Step] = []
        grown = plan
        for source in sources:
            inputs = (StepInput(role="source", step=source.id),)
            step = Step(id=grown.next_id(StepKind.UPSCALE), title=f"{source.title[:190]} {spec.scale}x", spec=spec, inputs=inputs)
            grown = grown.model_copy(update={"steps": (*grown.steps, step)})
            made.append(step)
        return tuple(made)
