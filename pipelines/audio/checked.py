"""A speech pipeline whose every take is heard: what was not said as it should be is said again, and the best take is kept.

A take that fails is never passed silently: what was heard goes with it, as facts and as a finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from domain.capability import Capability, StepKind
from domain.errors import InvalidOutput
from domain.hearing import Hearing
from domain.progress import Part, Progress
from domain.recipe import ModelRef, Output, Work
from domain.value import JsonValue
from pipelines.audio.listening import Listener
from pipelines.audio.normal import Normaliser
from pipelines.audio.speech import SpeechRequest
from pipelines.pipeline import Company, Pipeline

#: Of the whole run, how much speaking takes; the rest is listening.
_SPEAKING = 0.6


class CheckedSpeech:
    """A Pipeline around another. Which takes are made follows from the recipe alone: its seed, then the seeds after it.

    Without a recogniser it passes takes on as unheard.
    """

    kind = StepKind.SPEECH

    def __init__(self, pipeline: Pipeline, listener: Listener, assets: Path) -> None:
        self._pipeline = pipeline
        self._listener = listener
        self._normaliser = Normaliser(assets)

    @property
    def name(self) -> str:
        return self._pipeline.name

    @property
    def version(self) -> int:
        return self._pipeline.version

    @property
    def clones(self) -> bool:
        """Whether it can take over the voice of a recording."""
        return bool(getattr(self._pipeline, "clones", False))

    def capability(self) -> Capability | None:
        return self._pipeline.capability()

    def company(self, parameters: Mapping[str, JsonValue]) -> Company | None:
        asked = getattr(self._pipeline, "company", None)
        company: Company | None = asked(parameters) if asked is not None else None
        return company

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        """The recogniser decides which take is kept, so it belongs to the recipe."""
        listens = (self._listener.model,) if self._listener.ready() else ()
        return (*self._pipeline.models(parameters), *listens)

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        best: list[tuple[Output, Hearing] | None] = [None] * len(works)
        waiting = list(range(len(works)))
        for take in range(self._listener.most_takes):
            # 1. Speak what has no good take yet, all of it together.
            again = [_seeded(works[number], take) for number in waiting]
            spoken = self._pipeline.generate(again, Part(progress, 0.0, _SPEAKING))
            # 2. Hear each, and keep the better of its takes.
            for place, (number, output) in enumerate(zip(waiting, spoken, strict=True)):
                part = Part(progress, _SPEAKING + (1 - _SPEAKING) * place / len(waiting), (1 - _SPEAKING) / len(waiting))
                heard = self._heard(works[number], output, part).model_copy(update={"take": take + 1})
                known = best[number]
                if known is None or (heard.state, heard.error) < (known[1].state, known[1].error) or heard.state == "passed":
                    best[number] = (output, heard)
                kept = best[number]
                if kept is not None:
                    best[number] = (kept[0], kept[1].model_copy(update={"tries": take + 1}))
            # 3. Once more for what failed, with another seed.
            waiting = [number for number in waiting if self._takes_again(works[number], best[number])]
            if not waiting:
                break
        return [_told(work, *found) for work, found in zip(works, _all(best), strict=True)]

    def _heard(self, work: Work, output: Output, progress: Progress) -> Hearing:
        request = SpeechRequest.read(work.recipe.parameters, self._normaliser)
        return self._listener.hear(output.main.read(), request.plain, request.language, request.lexicon, progress)

    def _takes_again(self, work: Work, found: tuple[Output, Hearing] | None) -> bool:
        short = len(str(work.recipe.parameters.get("text", ""))) <= self._listener.longest
        return found is not None and found[1].state == "failed" and short


def _seeded(work: Work, take: int) -> Work:
    if not take:
        return work
    return replace(work, recipe=work.recipe.model_copy(update={"seed": work.recipe.seed + take}))


def _all(best: Sequence[tuple[Output, Hearing] | None]) -> list[tuple[Output, Hearing]]:
    found = [one for one in best if one is not None]
    if len(found) != len(best):
        raise InvalidOutput("A line was spoken by nobody.", hint="Run the step again.")
    return found


def _told(work: Work, output: Output, hearing: Hearing) -> Output:
    finding = hearing.finding
    facts: dict[str, JsonValue] = {
        **output.facts,
        "text": str(work.recipe.parameters.get("text", "")),
        "hearing": hearing.model_dump(mode="json"),
        "findings": [finding.model_dump(mode="json")] if finding is not None else [],
    }
    return replace(output, facts=facts, trace=output.trace.model_copy(update={"candidates": hearing.tries}))
