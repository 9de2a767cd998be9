"""A spot from its words to the mastered file, through plan, library and real makers; what an added mix takes; what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from agents.writers.calls import Desk
from domain.capability import StepKind
from domain.context import StepContext
from domain.errors import InputError
from domain.job import JobState
from domain.plan import Step, StepInput
from domain.progress import Progress
from domain.specs import MixCue, MixSpec, SoundSpec, SpeechSpec
from domain.take import Prepared
from pipelines.audio.effects import EffectPipeline
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.mix import Mixer
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline
from pipelines.text.chats import Chats
from studio.makers import Maker
from studio.media_makers import Preparations
from tests.studio.bench import Bench, Hand, open_bench

WORDS = ("Slow mornings deserve better coffee.", "Find it in every shop from Friday.")


class NoChats:
    def available(self) -> bool:
        return False


def real(pipeline: Pipeline, prepare: Callable[[StepContext, Progress], Prepared]) -> Maker:
    return Maker(
        kind=pipeline.kind,
        name=pipeline.name,
        version=pipeline.version,
        lane="hand",
        prepare=prepare,
        models=pipeline.models,
        capability=pipeline.capability,
        make=pipeline.generate,
    )


def said(context: StepContext, progress: Progress) -> Prepared:
    assert isinstance(context.spec, SpeechSpec)
    text = context.spec.text
    return Prepared(prompt=text, parameters={"text": text, "voice": "", "language": "en", "speed": 1.0, "lexicon": {}})


@pytest.fixture
def bench(home: Path, store: ModelStore, assets: Path) -> Iterator[Bench]:
    prepare = Preparations(cast(Chats, NoChats()), Desk(assets), lambda: ())
    makers = [
        real(HibariPipeline(store, Devices(2 << 30), assets), said),
        real(EffectPipeline(assets), prepare.effect),
        real(Mixer(), prepare.mix),
    ]
    opened = open_bench(home, Hand(), real=makers, require=prepare.require)
    opened.runner.start()
    yield opened
    opened.runner.stop()
    opened.library.close()


def spoken(number: int) -> Step:
    return Step(id=f"speech-{number}", title=f"line {number}", spec=SpeechSpec(text=WORDS[number - 1]))


def sounding(about: str) -> Step:
    return Step(id="sound-1", title="effect", spec=SoundSpec(about=about))


@pytest.mark.models
def test_a_spot_is_made_from_its_words_with_subtitles_and_stems(bench: Bench) -> None:
    inputs = (
        StepInput(role="voice", step="speech-1"),
        StepInput(role="voice", step="speech-2"),
        StepInput(role="effect", step="sound-1"),
    )
    spec = MixSpec(seconds=8.0, target="streaming", cues=(MixCue(step="sound-1", line=2, offset=-0.3),))
    mix = Step(id="mix-1", title="spot", spec=spec, inputs=inputs)
    plan = bench.plan(spoken(1), spoken(2), sounding("a whoosh"), mix)
    bench.plans.approve(plan.id)
    jobs = bench.wait(plan.id)
    assert {job.state for job in jobs.values()} == {JobState.DONE}, [job.error for job in jobs.values()]
    asset = bench.library.asset_for(plan.id, "mix-1", 0)
    assert asset is not None
    assert (asset.facts["seconds"], asset.facts["on_target"], asset.facts["target"]) == (8.0, True, -14.0)
    second = asset.facts["voices"][1]["start"]  # type: ignore[index,call-overload]
    assert asset.facts["effects"][0]["start"] == pytest.approx(second - 0.3, abs=0.002)  # type: ignore[index,call-overload,operator]
    names = {file.name for file in asset.files}
    assert {"mix.wav", "mix.mp3", "mix.opus", "mix.flac", "stem-voice.flac", "stem-effects.flac", "mix.srt", "mix.vtt"} == names
    subtitles = next(file for file in asset.files if file.name == "mix.srt")
    told = bench.library.file_path(subtitles.sha256).read_text(encoding="utf-8")
    assert all(words in told.replace("\n", " ") for words in WORDS)
    assert len(sound.decode(bench.library.file_path(asset.main.sha256), 48_000)) == 8 * 48_000


@pytest.mark.models
def test_a_voice_too_long_for_the_spot_fails_with_what_to_cut_and_the_rest_is_made(bench: Bench) -> None:
    inputs = (StepInput(role="voice", step="speech-1"), StepInput(role="voice", step="speech-2"))
    plan = bench.plan(spoken(1), spoken(2), Step(id="mix-1", title="spot", spec=MixSpec(seconds=3.0), inputs=inputs))
    bench.plans.approve(plan.id)
    jobs = bench.wait(plan.id)
    assert jobs["speech-1"].state is jobs["speech-2"].state is JobState.DONE
    assert jobs["mix-1"].state is JobState.FAILED
    assert "Shorten the copy by about" in str(jobs["mix-1"].error)


def test_an_added_mix_takes_every_voice_and_effect(bench: Bench) -> None:
    plan = bench.plan(spoken(1), spoken(2), sounding("rain"))
    added = bench.plans.add(plan.id, StepKind.MIX, "a podcast mix").steps[-1]
    assert [(given.role, given.step) for given in added.inputs] == [("voice", "speech-1"), ("voice", "speech-2"), ("effect", "sound-1")]
    with pytest.raises(InputError) as refused:
        bench.plans.change(plan.id, added.id, {"cues": [{"step": "sound-4"}]})
    assert refused.value.field == "cues" and "sound-1" in refused.value.hint


def test_a_mix_of_nothing_and_an_unknown_effect_are_refused_where_they_are_asked_for(bench: Bench) -> None:
    copy = Step.model_validate({"id": "copy-1", "title": "c", "spec": {"kind": "copy", "about": "tea"}})
    plan = bench.plan(copy, sounding("rain"))
    with pytest.raises(InputError) as unknown:
        bench.plans.change(plan.id, "sound-1", {"effect": "footstep"})
    assert unknown.value.field == "effect" and "footsteps" in unknown.value.hint
    with pytest.raises(InputError, match="nothing to mix"):
        bench.plans.add(bench.plan(copy).id, StepKind.MIX, "mix")
