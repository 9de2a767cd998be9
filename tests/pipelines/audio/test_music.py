from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from domain.errors import Cancelled, InputError, ModelCorrupt
from domain.music import Mood, Score
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.audio.music import ComposerPipeline, soundfont_file
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import Recorder, heard, music_work


@pytest.fixture(scope="module")
def composer(store: ModelStore, devices: Devices, assets: Path) -> ComposerPipeline:
    return ComposerPipeline(store, devices, assets)


@pytest.mark.models
@pytest.mark.parametrize("mood", list(Mood))
def test_a_bed_of_every_mood_is_exactly_as_long_as_asked_and_safe_to_play(composer: ComposerPipeline, mood: Mood) -> None:
    [output] = composer.generate([music_work(Score(mood=mood, seconds=12.345))], Silent())
    samples, rate = heard(output)
    assert samples.shape == (round(12.345 * 44_100), 2)
    assert sound.loudness(samples, rate) == pytest.approx(-20.0, abs=0.7)
    assert sound.true_peak(samples) <= -1.0
    assert np.abs(samples[-50:]).max() < 0.002
    blocks = [samples[i : i + rate // 2] for i in range(0, len(samples) - rate, rate // 2)]
    assert min(float(np.sqrt((block**2).mean())) for block in blocks) > 0.002, "a hole in the music"
    assert float(np.abs(samples[:, 0] - samples[:, 1]).max()) > 0.01, "no width"
    assert output.files[1].data.startswith(b"MThd")
    assert output.credits[0].licence.startswith("MIT")


@pytest.mark.models
def test_the_same_recipe_gives_the_same_bytes_whatever_was_played_before(composer: ComposerPipeline) -> None:
    score = Score(mood=Mood.CALM, seconds=6)
    first = composer.generate([music_work(score)], Silent())[0]
    composer.generate([music_work(Score(mood=Mood.EPIC, seconds=6))], Silent())
    again, other = composer.generate([music_work(score), music_work(score, seed=2)], Silent())
    assert first.main.data == again.main.data
    assert first.files[1].data == again.files[1].data
    assert first.main.data != other.main.data


@pytest.mark.models
@pytest.mark.parametrize("seconds", [2.0, 3.1])
def test_a_sting_of_two_seconds_is_music_too(composer: ComposerPipeline, seconds: float) -> None:
    [output] = composer.generate([music_work(Score(seconds=seconds, tempo=60))], Silent())
    samples, _ = heard(output)
    assert len(samples) == round(seconds * 44_100)
    assert np.abs(samples).max() > 0.05


@pytest.mark.models
def test_music_is_cancelled_between_parts(composer: ComposerPipeline) -> None:
    progress = Recorder(cancel_after=2)
    with pytest.raises(Cancelled):
        composer.generate([music_work(Score(seconds=60))], progress)
    assert len(progress.reports) <= 3


@pytest.mark.parametrize("score", [None, {"tempo": 500}, {"key": "H major"}, {"seconds": 3600}, {"mood": "angry"}, {"colour": "red"}])
def test_a_score_that_cannot_be_is_refused_by_field(composer: ComposerPipeline, score: object) -> None:
    work = Work(Recipe(kind=composer.kind, maker="composer", maker_version=1, parameters={"score": score}))  # type: ignore[dict-item]
    with pytest.raises(InputError) as caught:
        composer.generate([work], Silent())
    assert caught.value.field.startswith("score")


def test_a_folder_without_a_soundfont_is_corrupt(tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="pull"):
        soundfont_file(tmp_path)
