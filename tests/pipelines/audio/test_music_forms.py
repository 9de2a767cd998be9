"""Loops, stingers, intros and outros: whole bars, seams, layers, gestures; and the styles as data."""

from __future__ import annotations

import statistics
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.music import Mood, MusicForm, Score
from domain.progress import Silent
from pipelines.audio.composing import Composition, compose
from pipelines.audio.form import BEATS, whole_bars
from pipelines.audio.music import ComposerPipeline
from pipelines.audio.sections import plan_sections
from pipelines.audio.styles import read_style
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.store import ModelStore
from tests.pipelines.audio.sounds import heard, music_work

MUSIC = Path(__file__).resolve().parents[3] / "assets" / "music"
WANTED = ("corporate", "lofi", "cinematic", "ambient", "chiptune", "folk", "jazz", "tense", "battle", "town", "menu", "guofeng")


def composed(seed: int = 1, **score: object) -> Composition:
    chosen = Score.model_validate(score)
    return compose(chosen, read_style(MUSIC, chosen.mood), seed)


@pytest.fixture(scope="module")
def composer(store: ModelStore, devices: Devices, assets: Path) -> ComposerPipeline:
    return ComposerPipeline(store, devices, assets)


def test_the_styles_of_the_trade_are_there_and_differ() -> None:
    assert set(WANTED) <= {mood.value for mood in Mood}
    programs = {mood: tuple((p.role, p.program) for p in read_style(MUSIC, Mood(mood)).part) for mood in WANTED}
    assert len(set(programs.values())) == len(WANTED)


@settings(max_examples=80, deadline=None)
@given(form=st.sampled_from(["bed", "loop", "stinger", "intro", "outro"]), bars=st.integers(1, 160), shift=st.integers(-1, 1))
def test_sections_fill_the_bars_without_gaps(form: MusicForm, bars: int, shift: int) -> None:
    sections = plan_sections(form, bars, shift)
    assert sum(section.bars for section in sections) == bars
    assert [section.first for section in sections] == [sum(s.bars for s in sections[:i]) for i in range(len(sections))]
    assert all(section.bars > 0 and 0 <= section.energy <= 4 for section in sections)


@settings(max_examples=40, deadline=None)
@given(
    mood=st.sampled_from(list(Mood)),
    form=st.sampled_from(["loop", "intro", "stinger", "outro"]),
    tempo=st.integers(50, 200),
    seconds=st.floats(2.0, 120.0),
    seed=st.integers(0, 2**31 - 1),
)
def test_every_form_fits_its_length(mood: Mood, form: MusicForm, tempo: int, seconds: float, seed: int) -> None:
    composition = composed(seed, mood=mood, form=form, tempo=tempo, seconds=seconds, key="D minor")
    made = composition.form
    assert made.end * 60 / made.tempo + made.ring == pytest.approx(seconds)
    assert composition.players
    last = max(note.start for player in composition.players for note in player.notes)
    if made.open:
        assert made.end % BEATS == 0 and last < made.end + 0.2
    else:
        assert made.tempo == tempo


def test_a_loop_is_phrases_of_four_bars_where_the_tempo_allows_it() -> None:
    assert [whole_bars(seconds, 120) for seconds in (8, 16, 30, 33, 2)] == [4, 8, 16, 16, 1]
    for tempo in range(60, 180, 7):
        for seconds in (20.0, 32.0, 60.0):
            assert abs(whole_bars(seconds, tempo) * 240 / seconds / tempo - 1) < 0.13


def test_a_long_bed_has_an_opening_a_build_and_a_close_and_the_build_rolls() -> None:
    composition = composed(2, mood="epic", tempo=110, seconds=90, intensity="medium")
    names = [section.name for section in composition.form.sections]
    assert names[0] == "intro" and names[-1] == "outro" and "build" in names
    [drums] = [player for player in composition.players if player.part.role == "drums"]
    [build] = [section for section in composition.form.sections if section.name == "build"]
    per_bar = [
        sum(b * BEATS <= note.start + 0.05 < (b + 1) * BEATS for note in drums.notes) for b in range(build.first, build.first + build.bars)
    ]
    assert per_bar[-1] > 2 * per_bar[0]
    top = composition.form.sections[names.index("build") + 1]
    assert top.energy > build.energy


def test_voices_move_little_from_chord_to_chord() -> None:
    """The mean step of a pad's voices is under three semitones; chords in root position would leap a fourth or a fifth."""
    steps = []
    for mood in WANTED:
        for player in composed(3, mood=mood, seconds=60, intensity="high").players:
            if player.part.role != "pad":
                continue
            chords: dict[float, list[int]] = {}
            for note in player.notes:
                chords.setdefault(round(note.start), []).append(note.pitch)
            rows = [sorted(chords[beat]) for beat in sorted(chords)]
            steps += [min(abs(p - q) for q in before) for before, after in pairwise(rows) for p in after]
    assert steps and statistics.mean(steps) < 3


@pytest.mark.models
@pytest.mark.parametrize("mood", ["chiptune", "ambient", "battle", "guofeng"])
def test_a_loop_has_no_click_at_its_seam(composer: ComposerPipeline, mood: str) -> None:
    """The third difference at the seam against the highest anywhere else, in dB of full scale, on the written file."""
    [output] = composer.generate([music_work(Score(mood=Mood(mood), seconds=9.7, form="loop"))], Silent())
    samples, rate = heard(output)
    assert len(samples) == round(9.7 * rate)
    rough = np.abs(np.diff(np.concatenate((samples, samples)), n=3, axis=0)).max(axis=1) / 8
    count = len(samples)
    seam = rough[count - 4 : count + 1].max()
    inside = np.concatenate((rough[: count - 8], rough[count + 8 :])).max()
    assert 20 * np.log10(max(1e-9, seam - inside)) < -60
    around = np.abs(samples[-rate // 50 :]).max(), np.abs(samples[: rate // 50]).max()
    assert min(around) > 0.003, "it does not fade at its ends"


@pytest.mark.models
def test_the_layers_of_a_loop_add_up_to_it(composer: ComposerPipeline) -> None:
    [output] = composer.generate([music_work(Score(mood=Mood.BATTLE, tempo=140, seconds=7, form="loop"))], Silent())
    layers = [sound.decode(file.data, 44_100, channels=2) for file in output.files if file.name.startswith("layer-")]
    assert len(layers) == 3
    whole, _ = heard(output)
    assert np.abs(np.sum(layers, axis=0) - whole).max() < 3e-4


@pytest.mark.models
def test_a_stinger_is_loud_at_once_and_dies_away(composer: ComposerPipeline) -> None:
    [output] = composer.generate([music_work(Score(mood=Mood.EPIC, seconds=5, form="stinger", tempo=110))], Silent())
    samples, rate = heard(output)
    assert len(samples) == 5 * rate
    assert (samples[: rate // 2] ** 2).mean() > 20 * (samples[-rate // 2 :] ** 2).mean()
