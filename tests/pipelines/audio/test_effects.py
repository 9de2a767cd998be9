"""Every effect of assets/effects.toml, heard by measurement: level, onset, spectrum, variety, sameness, seams, refusals."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from domain.capability import StepKind
from domain.effect import Effect
from domain.errors import Cancelled, InputError
from domain.progress import CancelToken, Silent
from domain.recipe import Output, Recipe, Work
from pipelines.audio.effect_recipes import read_recipes
from pipelines.audio.effect_sources import RATE
from pipelines.audio.effects import EffectPipeline

ASSETS = Path(__file__).parents[3] / "assets"
RECIPES = read_recipes(ASSETS)
LOOPS = [recipe.id for recipe in RECIPES.values() if recipe.loops]
STRUCK = ["click", "coin", "jump", "hit", "sword", "door_close", "knock", "explosion", "laser", "bell", "thunder"]
Wave = npt.NDArray[np.float64]


def make(effect: Effect, seed: int = 5) -> Output:
    recipe = Recipe(kind=StepKind.SOUND, maker="synthesiser", maker_version=1, parameters={"effect": effect.model_dump()}, seed=seed)
    [made] = EffectPipeline(ASSETS).generate([Work(recipe)], Silent())
    return made


def samples(data: bytes) -> Wave:
    """(samples, channels) in -1..1."""
    with wave.open(io.BytesIO(data)) as file:
        assert file.getframerate() == RATE
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    return pcm.astype(np.float64) / 32768


def bands(sound: Wave) -> Wave:
    """Share of the energy in each octave from 31 Hz to 16 kHz."""
    mono = sound.mean(axis=1)
    power = np.abs(np.fft.rfft(mono)) ** 2
    frequency = np.fft.rfftfreq(len(mono), 1 / RATE)
    edges = 31.25 * 2.0 ** np.arange(10)
    shares = np.array([power[(frequency >= low) & (frequency < 2 * low)].sum() for low in edges])
    return np.asarray(shares / shares.sum())


def centroid(sound: Wave) -> float:
    mono = sound.mean(axis=1)
    power = np.abs(np.fft.rfft(mono)) ** 2
    return float((power * np.fft.rfftfreq(len(mono), 1 / RATE)).sum() / power.sum())


@pytest.mark.parametrize("name", list(RECIPES))
def test_an_effect_is_heard_and_never_clips(name: str) -> None:
    made = make(Effect(id=name))
    sound = samples(made.main.data)
    assert float(str(made.facts["peak"])) <= -1.0
    assert float(str(made.facts["lufs"])) == pytest.approx(RECIPES[name].level, abs=7)
    assert 20 * np.log10(np.abs(sound).max()) > -20
    assert np.abs(sound[-1]).max() < 0.003, "it ends in silence"


@pytest.mark.parametrize("name", STRUCK)
def test_what_is_struck_begins_at_once(name: str) -> None:
    sound = np.abs(samples(make(Effect(id=name)).main.data)).max(axis=1)
    assert int(np.argmax(sound > 0.1 * sound.max())) / RATE < 0.015


@pytest.mark.parametrize("name", list(RECIPES))
def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_sound(name: str) -> None:
    first, again, other = make(Effect(id=name), 1), make(Effect(id=name), 1), make(Effect(id=name), 2)
    assert first.main.data == again.main.data
    assert first.main.data != other.main.data
    one, two = samples(first.main.data)[:, 0], samples(other.main.data)[:, 0]
    count = min(len(one), len(two))
    alike = np.corrcoef(one[:count], two[:count])[0, 1]
    assert abs(alike) < 0.97


def test_families_sound_apart() -> None:
    made = {name: centroid(samples(make(Effect(id=name)).main.data)) for name in ("thunder", "engine", "wind", "click", "rain")}
    assert max(made["thunder"], made["engine"]) < made["wind"] < made["click"] < made["rain"]


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_no_click_at_its_seam(name: str) -> None:
    """What the seam adds to the sound's own roughness: the third difference there against the highest one anywhere else."""
    sound = samples(make(Effect(id=name, loop=True)).main.data)
    twice = np.concatenate((sound, sound))
    rough = np.abs(np.diff(twice, n=3, axis=0)).max(axis=1) / 8
    seam = rough[len(sound) - 4 : len(sound) + 1].max()
    inside = np.concatenate((rough[: len(sound) - 8], rough[len(sound) + 8 :])).max()
    assert 20 * np.log10(max(1e-9, seam - inside)) < -60


def test_a_loop_keeps_an_odd_length_to_the_sample() -> None:
    sound = samples(make(Effect(id="wind", loop=True, seconds=3.3333)).main.data)
    assert len(sound) == round(3.3333 * RATE)


def test_far_is_duller_and_large_is_lower() -> None:
    near, far = (samples(make(Effect(id="explosion", distance=d)).main.data) for d in (0.0, 1.0))
    small, large = (samples(make(Effect(id="bell", size=s)).main.data) for s in (-1.0, 1.0))
    assert centroid(far) < 0.7 * centroid(near)
    assert centroid(large) < 0.6 * centroid(small)


def test_a_faster_pace_has_more_steps() -> None:
    def onsets(pace: float) -> int:
        mono = np.abs(samples(make(Effect(id="footsteps_wood", pace=pace)).main.data)).max(axis=1)
        loud = np.convolve(mono, np.ones(480) / 480, "same") > 0.15 * mono.max() / 3
        return int((np.diff(loud.astype(int)) == 1).sum())

    assert onsets(2.0) > 1.5 * onsets(0.75)


def test_variations_are_files_of_their_own_and_differ() -> None:
    made = make(Effect(id="hit", count=3))
    assert [file.name for file in made.files] == ["hit-1.wav", "hit-2.wav", "hit-3.wav"]
    assert len({file.data for file in made.files}) == 3


def test_ambience_is_wide_and_feedback_is_not() -> None:
    rain = samples(make(Effect(id="rain")).main.data)
    assert rain.shape[1] == 2 and abs(np.corrcoef(rain.T)[0, 1]) < 0.5
    assert samples(make(Effect(id="click")).main.data).shape[1] == 1


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"id": "roar"}, "effect"),
        ({"id": "coin", "loop": True}, "loop"),
        ({"id": "rain", "seconds": 900}, "effect.seconds"),
        ({"id": "../x"}, "effect.id"),
    ],
)
def test_what_cannot_be_made_is_named(parameters: dict[str, object], field: str) -> None:
    recipe = Recipe(kind=StepKind.SOUND, maker="synthesiser", maker_version=1, parameters={"effect": parameters})  # type: ignore[dict-item]
    with pytest.raises(InputError) as refused:
        EffectPipeline(ASSETS).generate([Work(recipe)], Silent())
    assert refused.value.field == field and refused.value.hint


def test_a_stop_is_heard() -> None:
    token = CancelToken()
    token.cancel()
    recipe = Recipe(kind=StepKind.SOUND, maker="synthesiser", maker_version=1, parameters={"effect": {"id": "hit"}})
    with pytest.raises(Cancelled):
        EffectPipeline(ASSETS).generate([Work(recipe)], Silent(token))
