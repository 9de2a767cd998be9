"""Keys, scales, chords in Roman numerals, and voicings that move as little as possible. Pitches are MIDI note numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_NUMERAL = re.compile(r"^(?P<sign>[b#]?)(?P<degree>[ivIV]+)(?P<form>maj9|maj7|add9|sus2|sus4|dim|6|7|9|5)?(?:/(?P<bass>[b#]?[1-7]))?$")

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "harmonic_minor": (0, 2, 3, 5, 7, 8, 11),
    "major_pentatonic": (0, 2, 4, 7, 9),
    "minor_pentatonic": (0, 3, 5, 7, 10),
}


@dataclass(frozen=True)
class Key:
    """tonic: pitch class 0..11. minor: its mode."""

    tonic: int
    minor: bool

    @staticmethod
    def parse(name: str) -> Key:
        """ "Bb minor" -> Key(10, True)."""
        tonic, mode = name.split()
        shift = {"#": 1, "b": -1}.get(tonic[1:], 0)
        return Key((_NAMES[tonic[0]] + shift) % 12, mode == "minor")


@dataclass(frozen=True)
class Chord:
    """tones: pitch classes from the root up; bass: the pitch class the bass plays; numeral: how the style wrote it."""

    numeral: str
    tones: tuple[int, ...]
    bass: int

    @property
    def root(self) -> int:
        return self.tones[0]


def chord(numeral: str, key: Key) -> Chord:
    """A Roman numeral ("I", "vi7", "bVII", "Vsus4", "iv6", "I/3") read against the major scale on the key's tonic.

    Upper case is major, lower case minor; so in a minor key the mediant is written bIII. Raises ValueError for a wrong one.
    """
    match = _NUMERAL.match(numeral)
    if match is None or match["degree"].lower() not in _DEGREES:
        raise ValueError(f"{numeral!r} is not a chord")
    minor = match["degree"].islower()
    root = (key.tonic + _DEGREES[match["degree"].lower()] + {"#": 1, "b": -1, "": 0}[match["sign"]]) % 12
    tones = tuple((root + interval) % 12 for interval in _intervals(minor, match["form"] or ""))
    bass = root
    if match["bass"]:
        step = int(match["bass"][-1]) - 1
        bass = (root + (SCALES["minor"] if minor else SCALES["major"])[step]) % 12
    return Chord(numeral, tones, bass)


def scale(name: str, key: Key, over: Chord | None = None) -> frozenset[int]:
    """Pitch classes of a scale on the key's tonic; over a chord, its tones replace the scale notes they would rub against."""
    notes = {(key.tonic + step) % 12 for step in SCALES[name]}
    if over is not None:
        for tone in over.tones:
            if tone not in notes:
                notes -= {note for note in notes if note not in over.tones and (note - tone) % 12 in (1, 11)}
                notes.add(tone)
    return frozenset(notes)


def voicing(harmony: Chord, low: int, high: int, previous: tuple[int, ...] | None) -> tuple[int, ...]:
    """Close or opened position inside low..high, chosen for the least movement from the previous one (smooth voice leading)."""
    # Four voices are enough: of a ninth chord the fifth goes.
    tones = harmony.tones if len(harmony.tones) <= 4 else (*harmony.tones[:2], *harmony.tones[3:])
    centre = (low + high) / 2
    best: tuple[float, tuple[int, ...]] | None = None
    for first in range(low, high + 1):
        if first % 12 not in tones:
            continue
        close = _stack(first, tones)
        for notes in (close, _opened(close)):
            if notes[-1] > high:
                continue
            cost = abs(sum(notes) / len(notes) - centre) * 0.35
            if previous is not None:
                cost += sum(min(abs(note - old) for old in previous) for note in notes)
                cost += abs(notes[-1] - previous[-1]) * 0.8
            if best is None or (cost, notes) < best:
                best = (cost, notes)
    return best[1] if best is not None else _stack(low + (tones[0] - low) % 12, tones)


def nearest(pitch_class: int, to: float, low: int, high: int) -> int:
    """The pitch of this class in low..high closest to `to`; an octave of room is needed."""
    options = [pitch for pitch in range(low, high + 1) if pitch % 12 == pitch_class]
    return min(options, key=lambda pitch: (abs(pitch - to), pitch))


def _intervals(minor: bool, form: str) -> tuple[int, ...]:
    third = 3 if minor else 4
    return {
        "": (0, third, 7),
        "5": (0, 7),
        "6": (0, third, 7, 9),
        "7": (0, third, 7, 10),
        "9": (0, third, 7, 10, 14),
        "maj7": (0, third, 7, 11),
        "maj9": (0, third, 7, 11, 14),
        "add9": (0, third, 7, 14),
        "sus2": (0, 2, 7),
        "sus4": (0, 5, 7),
        "dim": (0, 3, 6),
    }[form]


def _stack(first: int, tones: tuple[int, ...]) -> tuple[int, ...]:
    """All tones above `first`, each as close as it comes."""
    return tuple(sorted(first + (tone - first) % 12 for tone in tones))


def _opened(close: tuple[int, ...]) -> tuple[int, ...]:
    """The second voice an octave up: a wider, airier position."""
    if len(close) < 3:
        return close
    return tuple(sorted((close[0], close[1] + 12, *close[2:])))
