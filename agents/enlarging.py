"""What is made of pictures that a plan has already: "upscale picture 2", "高清放大图片2", "cut out picture 1", "给图片1抠图". Pure.

Knows word lists and steps. Does not know which steps a message means; agents/references.py says that.
"""

from __future__ import annotations

from collections.abc import Sequence

from agents.references import EditWords
from domain.capability import StepKind
from domain.plan import Plan, Step, StepInput
from domain.specs import CutoutSpec, UpscaleSpec


class Enlarging:
    def __init__(self, words: EditWords) -> None:
        self._asked = words.enlarge.pattern(plural=False)
        self._double = words.double.pattern(plural=False)
        self._cut = words.cutout.pattern(plural=False)

    def asked(self, folded: str) -> bool:
        """folded: the person's own words, lower case."""
        return bool(self._asked.search(folded) or self._cut.search(folded))

    def steps(self, plan: Plan, ids: Sequence[str], folded: str) -> tuple[Step, ...]:
        """A new step for each picture named: cut out, or four times larger, twice by words; empty when something else is named."""
        sources = [plan.step(step_id) for step_id in ids]
        if not sources or any(source.kind is not StepKind.PICTURE for source in sources):
            return ()
        larger = UpscaleSpec(scale=2 if self._double.search(folded) else 4)
        spec: UpscaleSpec | CutoutSpec = larger
        ending = f"{larger.scale}x"
        if self._cut.search(folded) and not self._asked.search(folded):
            spec, ending = CutoutSpec(), "cut-out" if folded.isascii() else "抠图"
        made: list[Step] = []
        grown = plan
        for source in sources:
            inputs = (StepInput(role="source", step=source.id),)
            step = Step(id=grown.next_id(spec.kind), title=f"{source.title[:190]} {ending}", spec=spec, inputs=inputs)
            grown = grown.model_copy(update={"steps": (*grown.steps, step)})
            made.append(step)
        return tuple(made)
