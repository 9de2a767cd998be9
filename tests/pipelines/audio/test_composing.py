from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.music import Mood, Score
from pipelines.audio.composing import LEADS, Composition, compose
from pipelines.audio.form import BEATS
from pipelines.audio.harmony import Key, scale
from pipelines.audio.styles import read_style

ASSETS = Path(__file__).resolve().parents[3] / "assets"
MUSIC = ASSETS / "music"


def composed(seed: int = 1, **score: object) -> Composition:
    chosen = Score.model_validate(score)
    return compose(chosen, read_style(MUSIC, chosen.mood), seed)


@settings(max_examples=60, deadline=None)
@given(
    mood=st.sampled_from(list(Mood)),
    tempo=st.integers(40, 220),
    key=st.sampled_from(["C major", "F# minor", "Bb major", "A minor", "Db major", "E minor"]),
    seconds=st.floats(2.0, 300.0),
    intensity=st.sampled_from(["low", "medium", "high"]),
    seed=st.integers(0, 2**31 - 1),
)
def test_any_score_becomes_music_that_fits_its_length(mood: Mood, tempo: int, key: str, seconds: float, intensity: str, seed: int) -> None:
    composition = composed(seed, mood=mood, tempo=tempo, key=key, seconds=seconds, intensity=intensity)
    form = composition.form
    assert form.end * 60 / tempo + form.ring == pytest.approx(seconds)
    assert form.ring > 0
    assert sum(harmony.beats for harmony in form.harmonies) == pytest.approx(form.end)
    assert composition.players
    for player in composition.players:
        for note in player.notes:
            assert 0 <= note.pitch <= 127
            assert 1 <= note.velocity <= 127
            assert note.length > 0
            assert -1e-9 <= note.start <= form.end + 1


@pytest.mark.parametrize("mood", list(Mood))
@pytest.mark.parametrize("key", ["D major", "D minor"])
def test_every_note_belongs_to_the_key_or_to_its_chord(mood: Mood, key: str) -> None:
    composition = composed(7, mood=mood, key=key, tempo=90, seconds=60)
    style = composition.style
    progressions = style.minor if key.endswith("minor") else style.major
    for player in composition.players:
        if player.part.role == "drums":
            continue
        for note in player.notes:
            # A note that begins a hair early by human timing belongs to the chord it leans into.
            over = composition.form.chord_at(min(note.start + 0.13, composition.form.end))
            allowed = scale(progressions.scale, Key.parse(key), over) | set(over.tones) | {over.bass}
            before = composition.form.chord_at(max(0.0, note.start - 0.13))
            allowed |= scale(progressions.scale, Key.parse(key), before) | set(before.tones) | {before.bass}
            assert note.pitch % 12 in allowed, (player.part.name, note, over)


@pytest.mark.parametrize("mood", list(Mood))
def test_every_mood_has_a_melody_chords_and_bass_in_half_a_minute(mood: Mood) -> None:
    style = read_style(MUSIC, mood)
    composition = composed(3, mood=mood, tempo=100, key="A minor", seconds=45, intensity="high")
    assert {player.part.role for player in composition.players} >= {"lead", "bass"}
    assert {"pad", "comp", "arpeggio"} & {player.part.role for player in composition.players}
    assert {part.role for part in style.part} >= {"lead", "bass"}


def test_the_same_seed_composes_the_same_and_another_seed_another_tune() -> None:
    assert composed(1).players == composed(1).players
    tunes = {
        tuple(note.pitch for player in composed(seed).players if player.part.role == "lead" for note in player.notes) for seed in range(8)
    }
    assert len(tunes) >= 7


def test_the_melody_comes_back() -> None:
    composition = composed(5, mood="warm", tempo=96, seconds=90)
    [lead] = [player for player in composition.players if player.part.role == "lead"]
    first, second = [section for section in composition.form.sections if section.name == "A"][:2]

    def rhythm(bar: int) -> list[float]:
        return [round((note.start - bar * BEATS) * 4) for note in lead.notes if bar * BEATS - 0.1 <= note.start < bar * BEATS + 3.9]

    assert rhythm(first.first) == rhythm(second.first) != []


def test_the_music_grows_and_ends_on_its_home_chord() -> None:
    composition = composed(2, mood="corporate", tempo=110, key="D major", seconds=60)
    form = composition.form
    assert (form.sections[0].name, form.final.root) == ("intro", 2)
    density = [
        sum(section.first <= note.start / BEATS < section.first + section.bars for player in composition.players for note in player.notes)
        / section.bars
        for section in form.sections
    ]
    assert max(density) > 2 * density[0]
    last = [note for player in composition.players if player.part.role != "drums" for note in player.notes if note.start >= form.end - 0.1]
    assert {note.pitch % 12 for note in last} <= set(form.final.tones)


def test_intensity_changes_how_much_is_played() -> None:
    counts = [sum(len(player.notes) for player in composed(4, mood="epic", intensity=word).players) for word in ("low", "medium", "high")]
    assert counts[0] < counts[1] < counts[2]


def test_timing_and_loudness_are_human_but_bounded() -> None:
    composition = composed(6, mood="corporate", tempo=120, seconds=40)
    for player in composition.players:
        away = [abs(note.start * 4 - round(note.start * 4)) / 4 * 0.5 for note in player.notes if note.start < composition.form.end]
        assert max(away) < 0.05
        assert statistics.pstdev(note.velocity for note in player.notes) > 1


def test_a_wished_lead_instrument_plays_the_tune() -> None:
    composition = composed(1, mood="warm", lead="flute")
    [lead] = [player for player in composition.players if player.part.role == "lead"]
    assert lead.part.program == LEADS["flute"] == 73


@pytest.mark.parametrize("mood", list(Mood))
def test_long_melody_notes_do_not_rub_against_the_chord(mood: Mood) -> None:
    rubbing = sounding = 0
    for seed in range(4):
        composition = composed(seed, mood=mood, tempo=90, key="G major", seconds=60)
        chords = [n for p in composition.players if p.part.role in ("pad", "comp", "arpeggio") for n in p.notes]
        for note in (n for p in composition.players if p.part.role == "lead" for n in p.notes if n.length >= 0.4):
            sounding += 1
            rubbing += any(
                min(note.start + note.length, other.start + other.length) - max(note.start, other.start) > 0.3
                and (note.pitch - other.pitch) % 12 == 1
                for other in chords
            )
    assert rubbing <= 0.05 * sounding
