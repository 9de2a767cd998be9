"""Effects and a mix of them, really made: their timeline, outlines and meter, and a cue that is moved by mixing again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from agents.writers.effect import prepare_effect
from agents.writers.mix import prepare_mix
from domain.capability import StepKind
from domain.context import StepContext
from domain.errors import InputError, NotFound
from domain.plan import Step, StepInput
from domain.progress import CancelToken, Progress
from domain.specs import MixSpec, SoundSpec
from domain.take import Prepared
from pipelines.audio.effects import EffectPipeline
from pipelines.audio.mix import Mixer
from studio.makers import Maker, Makers
from studio.pieces import Pieces
from studio.timelines import Timelines
from studio.waveforms import Waveforms
from tests.studio.bench import Bench, Hand, open_bench


@cache
def desk_of(assets: Path) -> Desk:
    return Desk(assets)


def real_makers(assets: Path) -> list[Maker]:
    """The synthesiser and the mixer as studio/table.py has them, in this process."""

    def effect(context: StepContext, progress: Progress) -> Prepared:
        chosen = prepare_effect(context, None, CancelToken(), desk_of(assets))
        return Prepared(prompt=chosen.name, parameters={"effect": chosen.effect.model_dump(mode="json")})

    def mix(context: StepContext, progress: Progress) -> Prepared:
        return Prepared(prompt="", parameters={"mix": prepare_mix(context, desk_of(assets)).model_dump(mode="json")})

    return [
        Maker(
            kind=pipeline.kind,
            name=pipeline.name,
            version=pipeline.version,
            lane="hand",
            prepare=prepare,
            models=pipeline.models,
            capability=pipeline.capability,
            make=pipeline.generate,
        )
        for pipeline, prepare in ((EffectPipeline(assets), effect), (Mixer(), mix))
    ]


@dataclass
class Room:
    bench: Bench
    mixes: Timelines
    waves: Waveforms
    pieces: Pieces
    plan: str


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, assets: Path) -> Iterator[Room]:
    """Two effects and their mix of four seconds."""
    home = tmp_path_factory.mktemp("home")
    makers = real_makers(assets)
    bench = open_bench(home, Hand(), real=makers)
    bench.runner.start()
    steps = (
        Step(id="sound-1", title="A click", spec=SoundSpec(about="click", effect="click", seed=3)),
        Step(id="sound-2", title="A coin", spec=SoundSpec(about="coin", effect="coin", seed=4)),
        Step(
            id="mix-1",
            title="Both",
            spec=MixSpec(seconds=4.0),
            inputs=(StepInput(role="effect", step="sound-1"), StepInput(role="effect", step="sound-2")),
        ),
    )
    plan = bench.plan(*steps)
    bench.plans.approve(plan.id)
    assert {job.state.value for job in bench.wait(plan.id).values()} == {"done"}
    pieces = Pieces(bench.plans, Makers(makers, lambda step, brand: ""), desk_of(assets), home / "samples")
    yield Room(bench, Timelines(bench.library, bench.plans), Waveforms(bench.library, home / "waves"), pieces, plan.id)
    bench.runner.stop()
    bench.library.close()


def test_a_mix_is_told_as_tracks_and_a_cue_is_moved_by_mixing_again(room: Room) -> None:
    [row] = room.mixes.all(room.bench.project)
    assert (row.state, row.step_id) == ("done", "mix-1")
    first = room.mixes.timeline(room.plan, "mix-1")
    assert [(clip.title, clip.placed) for clip in first.clips] == [("A click", True), ("A coin", True)]
    assert (first.seconds, first.target) == (4.0, -16.0)
    # The coin is pinned half a second in, and louder
    cues = [{"step": "sound-1", "offset": first.clips[0].start}, {"step": "sound-2", "offset": 0.5, "gain": 3.0}]
    room.bench.plans.redo(room.plan, "mix-1", values={"cues": cues})
    room.bench.wait(room.plan)
    second = room.mixes.timeline(room.plan, "mix-1")
    coin = next(clip for clip in second.clips if clip.step == "sound-2")
    assert (coin.start, coin.gain, coin.placed) == (0.5, 3.0, False)
    assert [one.version for one in second.versions] == [2, 1]
    # The older version is still there, as it was
    assert room.mixes.timeline(room.plan, "mix-1", first.asset_id) == first.model_copy(
        update={"versions": second.versions, "mix": second.mix, "spec": second.spec}
    )


def test_outline_and_meter_of_a_sound_are_computed_once(room: Room) -> None:
    found = room.mixes.timeline(room.plan, "mix-1")
    pairs = room.waves.peaks(found.asset_id, 0, 100)
    assert len(pairs) == 100
    assert all(-100 <= low <= high <= 100 for low, high in pairs)
    assert max(high for _, high in pairs) > 20
    read = room.waves.meter(found.asset_id)
    assert read["lufs"] == pytest.approx(found.lufs, abs=0.1)
    assert read["peak"] == pytest.approx(found.peak, abs=0.1)
    assert len(read["short"]) == len(read["momentary"]) == pytest.approx(40, abs=2)
    assert room.waves.peaks(found.asset_id, 0, 100) == pairs
    assert room.waves.ducking(found.asset_id) == []  # nobody speaks


def test_what_cannot_be_drawn_is_refused_by_name(room: Room) -> None:
    found = room.mixes.timeline(room.plan, "mix-1")
    with pytest.raises(NotFound, match="no file number 99"):
        room.waves.peaks(found.asset_id, 99)
    with pytest.raises(InputError, match="points"):
        room.waves.peaks(found.asset_id, 0, 0)
    with pytest.raises(NotFound, match="no mix"):
        room.mixes.timeline(room.plan, "sound-1")


def test_an_effect_that_was_listened_to_is_the_one_that_is_made(room: Room) -> None:
    values = {"effect": "coin", "size": 0.4, "seed": 11}
    plan = room.pieces.plan_piece(room.bench.project, StepKind.SOUND, dict(values), count=2)
    room.bench.plans.approve(plan.id)
    room.bench.wait(plan.id)
    made = [room.bench.plans.result(plan.id, step.id) for step in plan.steps]
    assert [asset.recipe.seed for asset in made if asset is not None] == [11, 12]
    heard = room.pieces.effect_sample(values, seed=11).main.read()
    assert made[0] is not None
    assert room.bench.library.file_path(made[0].main.sha256).read_bytes()[44:] == heard[44:]


def test_a_piece_of_nothing_is_refused_at_its_field(room: Room) -> None:
    for values, field in (({}, "about"), ({"effect": "coin", "size": 7}, "sound-1.size")):
        with pytest.raises(InputError) as caught:
            room.pieces.plan_piece(room.bench.project, StepKind.SOUND, dict(values))
        assert caught.value.field == field
    with pytest.raises(InputError, match="no effect"):
        room.pieces.effect_sample({"effect": "kazoo"})
    with pytest.raises(InputError, match="no style"):
        room.pieces.style_sample("polka")
