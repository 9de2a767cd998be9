"""The composer: a Score and a seed become parts full of notes. Rules and templates only; no sound is made here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from domain.music import Score
from pipelines.audio import melody
from pipelines.audio.form import BEATS, Form, plan_form
from pipelines.audio.harmony import Chord, Key, nearest, scale, voicing
from pipelines.audio.midi import Note
from pipelines.audio.sections import Section
from pipelines.audio.styles import Part, Progressions, Style

#: General MIDI percussion keys by the names the style files use.
DRUMS = {
    "kick": 36,
    "rim": 37,
    "snare": 38,
    "clap": 39,
    "hat": 42,
    "tom_low": 41,
    "tom_mid": 47,
    "tom_high": 50,
    "openhat": 46,
    "crash": 49,
    "ride": 51,
    "tambourine": 54,
    "cowbell": 56,
    "shaker": 70,
    "triangle": 81,
    "woodblock": 76,
}


@dataclass(frozen=True)
class Player:
    """A part with its notes; times are in beats, already humanised and swung."""

    part: Part
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Composition:
    score: Score
    style: Style
    form: Form
    players: tuple[Player, ...]


def compose(score: Score, style: Style, seed: int) -> Composition:
    """The same score, style and seed give the same notes on every machine."""
    key = Key.parse(score.key)
    progressions = style.minor if key.minor else style.major
    form = plan_form(score, progressions, _draw(seed, "form"))
    players = []
    for part in style.part:
        part = _led(part, score)
        draw = _draw(seed, part.name)
        writer = _WRITERS[part.role]
        notes = writer(part, form, key, progressions, style, draw)
        # Where the music goes on there is no final chord.
        kept = [note for note in notes if note.start < form.end or (note.start == form.end and not form.open)]
        if kept:
            players.append(Player(part, tuple(_humanised(kept, part, style, form.tempo, draw))))
    return Composition(score, style, form, tuple(players))


def _draw(seed: int, name: str) -> random.Random:
    """An independent stream per part, so that changing one part leaves the others alone. Text seeds are hashed the same everywhere."""
    return random.Random(f"{seed}/{name}")  # noqa: S311 - music, not secrets


def _led(part: Part, score: Score) -> Part:
    """The lead instrument a person asked for, where the composer knows it (score.lead, "flute")."""
    if part.role == "lead" and score.lead:
        program = LEADS.get(score.lead.strip().lower())
        if program is not None:
            return part.model_copy(update={"program": program})
    return part


#: Lead instruments by name -> General MIDI program, first is 0.
LEADS = {
    "piano": 0,
    "electric piano": 4,
    "celesta": 8,
    "glockenspiel": 9,
    "music box": 10,
    "vibraphone": 11,
    "marimba": 12,
    "guitar": 24,
    "electric guitar": 27,
    "violin": 40,
    "cello": 42,
    "harp": 46,
    "strings": 48,
    "choir": 52,
    "trumpet": 56,
    "horn": 60,
    "saxophone": 66,
    "oboe": 68,
    "clarinet": 71,
    "flute": 73,
    "pan flute": 75,
    "synth": 81,
    "koto": 107,
    "guzheng": 107,
    "kalimba": 108,
    "erhu": 110,
    "dizi": 73,
}

#: The voicing an arpeggio starts from fits in this many semitones; its higher digits climb above it.
_ARPEGGIO_SPAN = 16

_Writer = Callable[[Part, Form, Key, Progressions, Style, random.Random], list[Note]]


def _plays(part: Part, section: Section) -> bool:
    return part.energy <= section.energy <= part.until


def _loudness(section: Section, bar: int) -> int:
    """Velocity added by the section's energy, with a small rise through each phrase."""
    return (section.energy - 2) * 6 + 2 * ((bar - section.first) % 4)


def _pad(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    notes: list[Note] = []
    previous: tuple[int, ...] | None = None
    for harmony in form.harmonies:
        bar = int(harmony.start // BEATS)
        previous = voicing(harmony.chord, part.low, part.high, previous)
        if _plays(part, form.section_at(bar)):
            velocity = 66 + _loudness(form.section_at(bar), bar)
            notes += [Note(harmony.start, harmony.beats * part.legato, pitch, velocity) for pitch in previous]
    return notes + _last_chord(part, form, previous)


def _comp(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    grids = {"A": draw.choice(part.patterns), "B": draw.choice(part.patterns)}
    notes: list[Note] = []
    previous: tuple[int, ...] | None = None
    voiced: Chord | None = None
    for bar, step, beat in form.grid:
        section = form.section_at(bar)
        grid = grids["B" if section.name == "B" else "A"]
        mark = grid[step]
        harmony = form.chord_at(beat)
        if harmony is not voiced:
            previous, voiced = voicing(harmony, part.low, part.high, previous), harmony
        if mark in "xolh" and previous and _plays(part, section):
            chosen = previous[:1] if mark == "l" else previous[1:] if mark == "h" else previous
            velocity = (58 if mark == "o" else 72) + _loudness(section, bar) + (4 if step % 8 == 0 else 0)
            length = min(melody.held(grid, step) / 4, form.until_change(beat)) * part.legato
            notes += [Note(beat, length, pitch, velocity) for pitch in chosen]
    return notes + _last_chord(part, form, previous, spread=0.06)


def _arpeggio(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    grids = {"A": draw.choice(part.patterns), "B": draw.choice(part.patterns)}
    notes: list[Note] = []
    previous: tuple[int, ...] | None = None
    voiced: Chord | None = None
    for bar, step, beat in form.grid:
        section = form.section_at(bar)
        grid = grids["B" if section.name == "B" else "A"]
        mark = grid[step]
        harmony = form.chord_at(beat)
        if harmony is not voiced:
            previous, voiced = voicing(harmony, part.low, part.low + _ARPEGGIO_SPAN, previous), harmony
        if mark.isdigit() and previous and _plays(part, section):
            octave, place = divmod(int(mark), len(previous))
            pitch = previous[place] + 12 * octave
            pitch = pitch if pitch <= part.high else pitch - 12
            velocity = 64 + _loudness(section, bar) + (7 if step % 4 == 0 else 0)
            length = min(melody.held(grid, step) / 4, form.until_change(beat)) * part.legato
            notes.append(Note(beat, length, pitch, velocity))
    return notes + _last_chord(part, form, previous, spread=0.12)


def _bass(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    grids = {"A": draw.choice(part.patterns), "B": draw.choice(part.patterns)}
    notes: list[Note] = []
    last = float(part.low + 6)
    for bar, step, beat in form.grid:
        section = form.section_at(bar)
        grid = grids["B" if section.name == "B" else "A"]
        mark = grid[step]
        # A chord that begins inside a bar is heard in the bass even where the pattern rests.
        if mark == "-" and step and form.harmony_at(beat).start == beat:
            mark = "R"
        if mark in ".-" or not _plays(part, section):
            continue
        pitch = _bass_pitch(mark, beat, bar, form, key, progressions, part, last)
        # Drawn back to the low register after every note, or the line would climb.
        last = 0.5 * last + 0.25 * pitch + 0.25 * (part.low + 6)
        velocity = (84 if step == 0 else 74) + _loudness(section, bar)
        length = min(melody.held(grid, step) / 4, form.until_change(beat)) * part.legato
        notes.append(Note(beat, length, pitch, velocity))
    root = nearest(form.final.bass, last, part.low, part.high)
    return [*notes, Note(form.end, BEATS, root, 80)]


def _bass_pitch(mark: str, beat: float, bar: int, form: Form, key: Key, progressions: Progressions, part: Part, last: float) -> int:
    harmony = form.chord_at(beat)
    root = nearest(harmony.bass, last, part.low, part.high)
    if mark == "a":
        following = form.chord_at((bar + 1) * BEATS)
        goal = nearest(following.bass, root, part.low, part.high)
        steps = [p for p in range(goal - 2, goal + 3) if p != goal and p % 12 in scale(progressions.scale, key, harmony)]
        below_first = sorted(steps, key=lambda p: (abs(p - root), p))
        return max(part.low, min(part.high, below_first[0])) if below_first else root
    if mark == "5" and len(harmony.tones) > 2:
        return nearest(harmony.tones[2], root + 3, part.low, part.high)
    if mark == "3":
        return nearest(harmony.tones[1], root + 3, part.low, part.high)
    if mark == "8":
        return root + 12 if root + 12 <= part.high else root
    return root


def _lead(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    """Theme A and theme B, each kept through the piece and varied when it comes back; silent in some phrases, so a bed can breathe."""
    themes = {
        "A": melody.invent(part.patterns, draw.choice((-1, 0, 1, 2)), draw),
        "B": melody.invent(part.patterns, draw.choice((2, 3, 4)), draw),
    }
    instrument = melody.Instrument(key, progressions.scale, part.low, part.high)
    heard = {"A": 0, "B": 0}
    notes: list[Note] = []
    for section in form.sections:
        name = "A" if section.name == "stinger" else section.name
        if name not in themes or not _plays(part, section) or (section.bars < 2 and section.name != "stinger"):
            continue
        if heard[name] and draw.random() > style.melody:
            continue
        vary = draw if heard[name] else None
        closes = section.first + section.bars >= form.bars - 2 and not form.open
        found = melody.phrase(themes[name], instrument, form, section.first, section.bars, vary=vary, closes=closes)
        heard[name] += 1
        for note in found:
            bar = int(note.start // BEATS)
            length = min(note.length, max(0.5, form.until_change(note.start))) * part.legato
            notes.append(replace(note, length=length, velocity=note.velocity + _loudness(section, bar)))
    if notes:
        notes.append(Note(form.end, BEATS, instrument.root(form.final, notes[-1].pitch), 72))
    return notes


def _drums(part: Part, form: Form, key: Key, progressions: Progressions, style: Style, draw: random.Random) -> list[Note]:
    notes: list[Note] = []
    for bar in range(math.ceil(form.end / BEATS)):
        section = form.section_at(bar)
        if not _plays(part, section):
            continue
        levels = [level for level in sorted(part.grooves) if int(level) <= section.energy]
        groove = part.grooves[levels[-1] if levels else min(part.grooves)]
        turning = bar == section.first + section.bars - 1 and bar + 1 < form.bars and section.bars >= 4
        lanes = {**groove, **part.fill} if turning and part.fill else groove
        if section.name == "build":
            lanes = _built(part, groove, bar - section.first, section.bars)
        for lane, grid in lanes.items():
            for step, mark in enumerate(grid):
                if mark.isdigit() and mark != "0" and bar * BEATS + step / 4 < form.end:
                    velocity = 30 + int(mark) * 10 + _loudness(section, bar) // 2
                    notes.append(Note(bar * BEATS + step / 4, 0.2, DRUMS[lane], velocity))
        if bar == section.first and section.energy >= 3 and bar > 0:
            notes.append(Note(bar * BEATS, 0.5, DRUMS["crash"], 72))
    if notes and form.section_at(form.bars - 1).energy >= 2:
        notes += [Note(form.end, 0.5, DRUMS["kick"], 84), Note(form.end, 2.0, DRUMS["crash"], 60)]
    return notes


def _built(part: Part, groove: dict[str, str], bar: int, bars: int) -> dict[str, str]:
    """A roll that doubles towards the end of a build, on the drum the style's fill is played on, over the groove's kick."""
    lane = next(iter(part.fill), next(iter(groove)))
    every = 4 if bar < bars / 2 else 2 if bar < bars - 1 else 1
    roll = "".join(str(min(9, 3 + 2 * bar + step // 4)) if step % every == 0 else "." for step in range(16))
    return {**{name: grid for name, grid in groove.items() if name == "kick"}, lane: roll}


def _last_chord(part: Part, form: Form, previous: tuple[int, ...] | None, spread: float = 0.0) -> list[Note]:
    """The final chord, rolled upwards by `spread` beats a note, held for a bar."""
    if part.energy > max(form.section_at(form.bars - 1).energy, 2):
        return []
    notes = voicing(form.final, part.low, part.high, previous)
    return [Note(form.end + index * spread, BEATS, pitch, 66) for index, pitch in enumerate(notes)]


def _humanised(notes: list[Note], part: Part, style: Style, tempo: float, draw: random.Random) -> list[Note]:
    """Swing off-beat eighths, then move starts by a few milliseconds and velocities by a few units."""
    beat = 60.0 / tempo
    moved = []
    for note in notes:
        place = note.start % 1.0
        late = style.swing if abs(place - 0.5) < 1e-6 else style.swing / 2 if abs(place - 0.25) < 1e-6 or abs(place - 0.75) < 1e-6 else 0.0
        start = max(0.0, note.start + late + max(-2.0, min(2.0, draw.gauss(0.0, 1.0))) * part.human / 2000 / beat)
        velocity = max(20, min(120, note.velocity + round(draw.gauss(0.0, 3.5))))
        moved.append(replace(note, start=start, velocity=velocity))
    return sorted(moved, key=lambda note: (note.start, note.pitch))


_WRITERS: dict[str, _Writer] = {"pad": _pad, "comp": _comp, "arpeggio": _arpeggio, "bass": _bass, "lead": _lead, "drums": _drums}
