"""The form of a piece: how many bars fit an exact length, which sections they make, and the chord of every moment."""

from __future__ import annotations

import random
from dataclasses import dataclass

from domain.music import Score
from pipelines.audio.harmony import Chord, Key, chord
from pipelines.audio.styles import Progressions

BEATS = 4
#: The last chord rings at least this long, in seconds, unless the whole piece is shorter.
_RING = 1.6
#: Themes and energies by the number of four-bar phrases; the last row also opens every longer piece.
_ARCS: tuple[tuple[tuple[str, int], ...], ...] = (
    (),
    (("A", 2),),
    (("A", 2), ("B", 3)),
    (("A", 2), ("A", 3), ("B", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 3), ("B", 4)),
    (("A", 2), ("A", 2), ("B", 3), ("A", 3), ("B", 4), ("A", 4)),
)


@dataclass(frozen=True)
class Section:
    """name "intro", "A", "B" or "outro"; first bar, bars, energy 0..4."""

    name: str
    first: int
    bars: int
    energy: int


@dataclass(frozen=True)
class Harmony:
    """One chord from `start` for `beats` (both in beats)."""

    start: float
    beats: float
    chord: Chord


@dataclass(frozen=True)
class Form:
    """bars of music, then perhaps a half bar, then the final chord at `end` beats, which rings to the last sample."""

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
    """The tempo is kept exactly; what is left of the length after whole bars (and, where it fits, a half bar) is the final chord."""
    beat = 60.0 / score.tempo
    room = max(0.0, score.seconds - min(_RING, score.seconds * 0.6))
    beats = int(room / beat + 1e-9)
    bars = beats // BEATS
    half = 2.0 if beats - bars * BEATS >= 2 else 0.0
    end = bars * BEATS + half
    key = Key.parse(score.key)
    sections = _sections(bars, {"low": -1, "medium": 0, "high": 1}[score.intensity])
    harmonies = _harmonies(bars, sections, progressions, key, draw)
    if half:
        last = chord(progressions.cadence[0].split("|")[-1].split()[-1], key)
        harmonies.append(Harmony(bars * BEATS, half, last))
    return Form(bars, end, score.seconds - end * beat, sections, tuple(harmonies), chord(progressions.final, key))


def _sections(bars: int, shift: int) -> tuple[Section, ...]:
    """An arc: a thin opening, themes that alternate and grow, a thinner close. Energies stay within 0..4."""
    shape: list[tuple[str, int, int]] = []
    intro = 0 if bars < 6 else 2 if bars < 24 else 4
    outro = 0 if bars < 12 else 2
    if intro:
        shape.append(("intro", intro, 1))
    phrases, rest = divmod(bars - intro - outro, 4)
    order = _ARCS[min(phrases, len(_ARCS) - 1)]
    for index in range(phrases):
        name, energy = order[index] if index < len(order) else order[2 + index % 4]
        # A long piece breathes: every seventh phrase drops back before the next rise.
        shape.append((name, 4, 1 if index % 7 == 6 else energy))
    if rest:
        # A short piece gets its contrast from what is left over; a longer one only lengthens its last phrase.
        contrast = phrases == 1 and rest > 1
        shape.append(("B" if contrast else "A", rest, 3 if contrast else shape[-1][2] if phrases else 2))
    if outro:
        shape.append(("outro", outro, 2))
    if not shape:
        shape.append(("A", 1, 2))
    sections, first = [], 0
    for name, length, energy in shape:
        sections.append(Section(name, first, length, max(0, min(4, energy + shift))))
        first += length
    return tuple(sections)


def _harmonies(bars: int, sections: tuple[Section, ...], progressions: Progressions, key: Key, draw: random.Random) -> list[Harmony]:
    """Chords bar by bar: one progression per theme for the whole piece, and a cadence in the last two bars."""
    chosen = {"A": draw.choice(progressions.a), "B": draw.choice(progressions.b)}
    cadence = draw.choice(progressions.cadence).split("|")
    written: list[str] = []
    for section in sections:
        rows = chosen["B" if section.name == "B" else "A"].split("|")
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
