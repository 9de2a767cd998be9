"""A mix too long as it was spoken: copy of other steps is asked for in fewer words, what was typed stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from domain.capability import Capability, StepKind
from domain.context import StepContext
from domain.errors import InputError, NotFound
from domain.job import JobState
from domain.plan import Plan, Step, StepInput
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Trace, Work
from domain.specs import CopySpec, MixSpec, SpeechSpec
from domain.take import Prepared
from pipelines.audio.timeline import holds
from studio.makers import Maker, no_company
from studio.shortening import Shorter
from tests.studio.bench import Bench, Hand, open_bench

WORDS = "one two three four five six seven eight nine ten eleven twelve"
PACE = 2.0  # words a second, slower than the pace by which copy is measured


def speaking() -> Maker:
    """Says as many words as its seconds hold at the usual pace, or all, and each takes half a second."""

    def prepare(context: StepContext, progress: Progress) -> Prepared:
        assert isinstance(context.spec, SpeechSpec)
        words = (context.spec.text or WORDS).split()
        if context.spec.seconds and not context.spec.text:
            words = words[: int(context.spec.seconds * 3.0)]
        return Prepared(prompt=" ".join(words), parameters={"text": " ".join(words), "language": "en", "speed": 1.0})

    def make(works: list[Work], progress: Progress) -> list[Output]:
        counts = [len(str(work.recipe.parameters["text"]).split()) for work in works]
        files = [OutputFile(name="a.txt", media_type="text/plain", data=f"{count} {n}".encode()) for n, count in enumerate(counts)]
        return [Output((file,), Trace(), facts={"seconds": count / PACE}) for file, count in zip(files, counts, strict=True)]

    kind = StepKind.SPEECH
    offered = Capability(kind=kind, maker="words")
    return Maker(kind, "words", 1, "hand", prepare, lambda parameters: (), lambda: offered, make, company=no_company)  # type: ignore[arg-type]


@pytest.fixture
def bench(home: Path) -> Iterator[Bench]:
    opened = open_bench(home, Hand(), real=[speaking()])
    opened.runner.start()
    yield opened
    opened.runner.stop()
    opened.library.close()


@pytest.fixture
def shorter(bench: Bench, assets: Path) -> Shorter:
    return Shorter(bench.library, bench.plans, Desk(assets))


def made(bench: Bench, seconds: float, typed: str = "") -> Plan:
    copy = Step(id="copy-1", title="copy", spec=CopySpec(about="tea"))
    voices = [Step(id="speech-1", title="a", spec=SpeechSpec(), inputs=(StepInput(role="text", step="copy-1"),))]
    if typed:
        voices.append(Step(id="speech-2", title="b", spec=SpeechSpec(text=typed)))
    inputs = tuple(StepInput(role="voice", step=voice.id) for voice in voices)
    plan = bench.plan(copy, *voices, Step(id="mix-1", title="mix", spec=MixSpec(seconds=seconds), inputs=inputs))
    bench.hand.failures["mix"] = 2  # the mixer's refusal
    bench.plans.approve(plan.id)
    assert bench.wait(plan.id)["mix-1"].state is JobState.FAILED
    return bench.plans.get(plan.id)


def test_copy_is_asked_for_in_as_many_words_as_fit_as_they_were_spoken(bench: Bench, shorter: Shorter) -> None:
    plan = made(bench, seconds=4.0)
    assert {job.step_id for job in shorter.ask(plan.id, "mix-1")} == {"speech-1", "mix-1"}
    assert bench.wait(plan.id)["mix-1"].state is JobState.DONE
    spoken = bench.plans.result(plan.id, "speech-1")
    assert spoken is not None
    fits = holds(4.0, MixSpec().pause, 1, has_bed=False)
    assert 0.6 * fits < float(str(spoken.facts["seconds"])) <= fits


def test_what_was_typed_counts_and_stays(bench: Bench, shorter: Shorter) -> None:
    plan = made(bench, seconds=6.0, typed="I typed these four")
    shorter.ask(plan.id, "mix-1")
    bench.wait(plan.id)
    asked, typed = (bench.plans.result(plan.id, f"speech-{n}") for n in (1, 2))
    assert asked is not None and typed is not None
    assert (typed.version, typed.recipe.prompt) == (1, "I typed these four")
    whole = float(str(asked.facts["seconds"])) + float(str(typed.facts["seconds"]))
    assert whole <= holds(6.0, MixSpec().pause, 2, has_bed=False)


def test_what_cannot_be_shortened_is_refused_with_the_reason(bench: Bench, shorter: Shorter) -> None:
    with pytest.raises(InputError, match="typed alone"):
        shorter.ask(made(bench, seconds=2.0, typed=WORDS).id, "mix-1")
    roomy = made(bench, seconds=30.0)
    with pytest.raises(InputError, match="fit its length"):
        shorter.ask(roomy.id, "mix-1")
    with pytest.raises(NotFound, match="no mix"):
        shorter.ask(roomy.id, "speech-1")
    alone = bench.plan(
        Step(id="speech-1", title="a", spec=SpeechSpec(text=WORDS)),
        Step(id="mix-1", title="mix", spec=MixSpec(seconds=2.0), inputs=(StepInput(role="voice", step="speech-1"),)),
    )
    with pytest.raises(InputError, match="can be asked for again"):
        shorter.ask(alone.id, "mix-1")
