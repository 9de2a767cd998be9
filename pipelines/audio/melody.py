"""Melodies: a motif of two bars, its sequence and its answer, fitted to the chords. Works in steps of a sixteenth note."""

from __future__ import annotations

import random
from dataclasses import dataclass

from pipelines.audio.form import BEATS, Form
from pipelines.audio.harmony import Chord, Key, nearest, scale
from pipelines.audio.midi import Note

STEPS = BEATS * 4
#: How a melody moves, in scale steps: mostly by step, sometimes a small leap. Weights after the common statistics of tonal melodies
#: (Huron, Sweet Anticipation, 2006: steps outnumber leaps about three to one, and leaps turn back).
_MOVES = (0, 1, -1, 2, -2, 3, -3)
_WEIGHTS = (10, 30, 32, 10, 11, 4, 3)


@dataclass(frozen=True)
class Theme:
    """rhythms: one grid per bar of a four-bar phrase; moves: scale steps from note to note, per bar; start: scale steps above middle."""

    rhythms: tuple[str, str, str, str]
    moves: tuple[tuple[int, ...], ...]
    start: int


def invent(rhythms: tuple[str, ...], start: int, draw: random.Random) -> Theme:
    """A motif in bars 1 and 2, repeated at another height in bar 3 and closed by a long note in bar 4."""
    first, second = draw.choice(rhythms), draw.choice(rhythms)
    closing = draw.choice(("x---------......", "x-----x-----....", "x-x-x---------..", "..x-x-------...."))
    motif = _moves(first.count("x"), draw)
    moves = (motif, _moves(second.count("x"), draw), motif, _moves(closing.count("x"), draw))
    return Theme((first, second, first, closing), moves, start)


@dataclass(frozen=True)
class Instrument:
    """What the melody is written for: the key, the scale it keeps to, and its register low..high (MIDI)."""

    key: Key
    scale: str
    low: int
    high: int

    def ladder(self, harmony: Chord) -> list[int]:
        """The pitches it may play over a chord, upwards."""
        notes = scale(self.scale, self.key, harmony)
        return [pitch for pitch in range(self.low, self.high + 1) if pitch % 12 in notes]

    def root(self, harmony: Chord, near: int) -> int:
        return nearest(harmony.root, near, self.low, self.high)


def phrase(
    theme: Theme, instrument: Instrument, form: Form, first_bar: int, bars: int, *, vary: random.Random | None, closes: bool
) -> list[Note]:
    """One phrase from first_bar on. vary: changes a few notes on a repeat. closes: ends on the chord's root."""
    notes: list[Note] = []
    pitch: int | None = None
    for index in range(bars):
        # A phrase shorter or longer than four bars still ends with its closing bar.
        row = 3 if index == bars - 1 else index % 4
        grid = theme.rhythms[row]
        attacks = [step for step, mark in enumerate(grid) if mark == "x"]
        for order, step in enumerate(attacks):
            beat = (first_bar + index) * BEATS + step / 4
            harmony = form.chord_at(beat)
            length = held(grid, step)
            move = theme.moves[row][order % len(theme.moves[row])]
            if vary is not None and vary.random() < 0.2:
                move += vary.choice((-1, 1))
            ladder = instrument.ladder(harmony)
            if pitch is None:
                pitch, move = round((instrument.low + instrument.high) / 2), theme.start
            strong = step % 8 == 0 or length >= 4 or order == len(attacks) - 1
            pitch = _settled(_shifted(ladder, pitch, move), move, harmony, ladder, strong, length)
            notes.append(Note(beat, length / 4, pitch, _accent(step)))
    if closes and notes:
        last = notes[-1]
        notes[-1] = Note(last.start, last.length, instrument.root(form.chord_at(last.start), last.pitch), last.velocity)
    return notes


def _moves(count: int, draw: random.Random) -> tuple[int, ...]:
    """count moves; after a leap the line turns back, and it does not stray far from where it began."""
    found: list[int] = []
    height = 0
    for _ in range(max(1, count)):
        move = draw.choices(_MOVES, _WEIGHTS)[0]
        if found and abs(found[-1]) >= 2:
            move = -1 if found[-1] > 0 else 1
        if abs(height + move) > 4:
            move = -move
        height += move
        found.append(move)
    return tuple(found)


def _close(ladder: list[int], to: float) -> int:
    return min(ladder, key=lambda pitch: abs(pitch - to))


def _shifted(ladder: list[int], pitch: int, move: int) -> int:
    """`move` steps along the ladder from the note nearest `pitch`, reflected at its ends."""
    place = ladder.index(_close(ladder, pitch)) + move
    last = len(ladder) - 1
    if place < 0:
        place = -place
    if place > last:
        place = 2 * last - place
    return ladder[max(0, min(last, place))]


def _settled(wanted: int, move: int, harmony: Chord, ladder: list[int], strong: bool, length: int) -> int:
    """Strong and long notes belong to the chord; a weak one may be any scale note that does not rub while it lasts.

    A semitone above a chord note (a minor ninth over it) is avoided even where it is a chord note itself: the root over a major seventh.
    move is where the line was going: of two notes about as near, the one in its direction, so that it does not stand still.
    """
    rubbing = {(tone + 1) % 12 for tone in harmony.tones}
    if strong:
        options = [pitch for pitch in ladder if pitch % 12 in harmony.tones and pitch % 12 not in rubbing]
    elif length > 1 and wanted % 12 in rubbing:
        options = [pitch for pitch in ladder if pitch % 12 not in rubbing]
    else:
        return wanted
    return (
        min(options, key=lambda pitch: (abs(pitch - wanted) - (1.5 if (pitch - wanted) * move > 0 else 0), -pitch)) if options else wanted
    )


def held(grid: str, step: int) -> int:
    """Length of the note at `step` in steps: itself and the holds after it."""
    length = 1
    while step + length < len(grid) and grid[step + length] == "-":
        length += 1
    return length


def _accent(step: int) -> int:
    return 82 if step == 0 else 76 if step % 8 == 0 else 70 if step % 4 == 0 else 63
