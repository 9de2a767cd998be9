"""The form of a piece: how many bars fit an exact length, which sections they make, and the chord of every moment."""

from __future__ import annotations

import random
from dataclasses import dataclass

from domain.music import Score
from pipelines.audio.harmony import Chord, Key, chord
from pipelines.audio.sections import Section, plan_sections
from pipelines.audio.styles import Progressions

BEATS = 4
#: The last chord rings at least this long, in seconds, unless the whole piece is shorter.
_RING = 1.6
#: How far the tempo may be bent for whole phrases.
_BEND = 0.08
_SHIFT = {"low": -1, "medium": 0, "high": 1}


@dataclass(frozen=True)
class Harmony:
    """One chord from `start` for `beats` (both in beats)."""

    start: float
    beats: float
    chord: Chord


@dataclass(frozen=True)
class Form:
    """bars of music, then perhaps a half bar, then the final chord at `end` beats, which rings to the last sample.

    tempo in beats per minute. open: there is no final chord; the music goes on at its beginning (loop) or in what follows (intro).
    """

    tempo: float
    open: bool
    bars: int
    end: float
    ring: float
    sections: tuple[Section, ...]
    harmonies: tuple[Harmony, ...]
    final: Chord

    @property
    def grid(self) -> tuple[tuple[int, int, float], ...]:
        """Every sixteenth before the final chord: (bar, step in the bar, beat)."""
        return tuple((step // 16, step % 16, step / 4) for step in range(round(self.end * 4)))

    def harmony_at(self, beat: float) -> Harmony:
        for harmony in self.harmonies:
            if harmony.start <= beat < harmony.start + harmony.beats:
                return harmony
        return Harmony(self.end, float(BEATS), self.final)

    def chord_at(self, beat: float) -> Chord:
        return self.harmony_at(beat).chord

    def until_change(self, beat: float) -> float:
        """Beats from here until the next chord."""
        harmony = self.harmony_at(beat)
        return harmony.start + harmony.beats - beat

    def section_at(self, bar: int) -> Section:
        return next((section for section in self.sections if section.first <= bar < section.first + section.bars), self.sections[-1])


def plan_form(score: Score, progressions: Progressions, draw: random.Random) -> Form:
    """Where the music ends, the tempo is kept exactly, and what is left of the length after whole bars (and, where it fits, a half bar) is
    the final chord. Where it goes on, the length is whole bars, and the tempo is bent to fit them."""
    if score.form in ("loop", "intro"):
        return _open_form(score, progressions, draw)
    beat = 60.0 / score.tempo
    room = max(0.0, score.seconds - min(_RING, score.seconds * 0.6))
    beats = int(room / beat + 1e-9)
    bars = beats // BEATS
    half = 2.0 if beats - bars * BEATS >= 2 else 0.0
    end = bars * BEATS + half
    key = Key.parse(score.key)
    sections = plan_sections(score.form, bars, _SHIFT[score.intensity])
    harmonies = _harmonies(bars, sections, progressions, key, draw)
    if half:
        last = chord(progressions.cadence[0].split("|")[-1].split()[-1], key)
        harmonies.append(Harmony(bars * BEATS, half, last))
    ring = score.seconds - end * beat
    return Form(float(score.tempo), False, bars, end, ring, sections, tuple(harmonies), chord(progressions.final, key))


def _open_form(score: Score, progressions: Progressions, draw: random.Random) -> Form:
    bars = whole_bars(score.seconds, score.tempo)
    key = Key.parse(score.key)
    sections = plan_sections(score.form, bars, _SHIFT[score.intensity])
    harmonies = _harmonies(bars, sections, progressions, key, draw)
    return Form(bars * BEATS * 60.0 / score.seconds, True, bars, float(bars * BEATS), 0.0, sections, tuple(harmonies), harmonies[0].chord)


def whole_bars(seconds: float, tempo: float) -> int:
    """How many bars fill `seconds` at about `tempo`: phrases of four where the tempo bends by less than _BEND, else pairs, else as near as
    bars come."""
    wanted = seconds * tempo / 60 / BEATS
    for group in (4, 2):
        bars = round(wanted / group) * group
        if bars and abs(bars / wanted - 1) <= _BEND:
            return bars
    return max(1, round(wanted))


def _harmonies(bars: int, sections: tuple[Section, ...], progressions: Progressions, key: Key, draw: random.Random) -> list[Harmony]:
    """Chords bar by bar: one progression per theme for the whole piece, and a cadence in the last two bars, which in a loop leads home."""
    chosen = {"A": draw.choice(progressions.a), "B": draw.choice(progressions.b)}
    cadence = draw.choice(progressions.cadence).split("|")
    written: list[str] = []
    for section in sections:
        # A build waits on the chords that want to go on.
        rows = cadence if section.name in ("build", "stinger") else chosen["B" if section.name == "B" else "A"].split("|")
        written += [rows[index % len(rows)] for index in range(section.bars)]
    written = written[:bars]
    if bars >= 3:
        written[-2:] = cadence
    harmonies: list[Harmony] = []
    for bar, row in enumerate(written):
        numerals = row.split()
        beats = BEATS / len(numerals)
        for index, numeral in enumerate(numerals):
            harmonies.append(Harmony(bar * BEATS + index * beats, beats, chord(numeral, key)))
    return harmonies
