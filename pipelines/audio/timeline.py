"""When each take of a mix begins and at which tempo: pure arithmetic over lengths in seconds. Knows nothing of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InputError, LimitError
from domain.mix import MIX_MAX_SECONDS, Cue, Mix

#: Tempo within which a voice still sounds like itself.
SLOWEST, FASTEST = 0.94, 1.12
#: The shortest pause between two lines, lead-in and lead-out, in seconds, that a tight mix is brought to.
_TIGHT_PAUSE, _TIGHT_IN, _TIGHT_OUT = 0.12, 0.1, 0.25
#: What a loose mix may add to each of them before the tempo gives way.
_LOOSE_PAUSE, _LOOSE_IN, _LOOSE_OUT = 0.35, 0.8, 1.2


@dataclass(frozen=True)
class Placed:
    """One take in the mix: number of its input, start and length in seconds as it will be heard, gain in dB."""

    take: int
    start: float
    seconds: float
    gain: float = 0.0

    @property
    def end(self) -> float:
        return self.start + self.seconds


@dataclass(frozen=True)
class Timeline:
    """seconds: of the whole mix. tempo: of the voices, 1 as spoken."""

    seconds: float
    tempo: float
    voices: tuple[Placed, ...]
    effects: tuple[Placed, ...]


@dataclass(frozen=True)
class _Gaps:
    """Everything between the words: before the first line, between two, after the last."""

    before: float
    pause: float
    after: float

    def total(self, lines: int) -> float:
        return self.before + self.pause * (lines - 1) + self.after

    def towards(self, other: _Gaps, share: float) -> _Gaps:
        def between(a: float, b: float) -> float:
            return a + (b - a) * share

        return _Gaps(between(self.before, other.before), between(self.pause, other.pause), between(self.after, other.after))


def lay_out(mix: Mix, voices: Sequence[float], effects: Sequence[float], bed: float = 0.0) -> Timeline:
    """Lengths of the takes in seconds -> when each is heard. bed: its length, 0 for none.

    Raises LimitError when the words do not fit the length, with how many are too many; InputError for a cue outside the mix, or for a mix
    of nothing.
    """
    if not voices and not effects and not bed:
        raise InputError("There is nothing to mix.", hint="Give the mix a voice, a bed or an effect.", field="inputs")
    seconds, tempo, placed = _spoken(mix, voices, bed > 0) if voices else (mix.seconds or bed or max(effects), 1.0, ())
    sounding = _cued(mix, effects, placed, seconds)
    if not mix.seconds:
        seconds = max([seconds, *(effect.end for effect in sounding)])
    if seconds > MIX_MAX_SECONDS:
        raise LimitError(
            f"The mix would be {seconds:.0f} seconds long; the limit is {MIX_MAX_SECONDS:.0f}.",
            hint="Make two mixes of it.",
            field="seconds",
        )
    return Timeline(seconds, tempo, placed, sounding)


def _spoken(mix: Mix, voices: Sequence[float], has_bed: bool) -> tuple[float, float, tuple[Placed, ...]]:
    usual = _Gaps(0.6 if has_bed else 0.2, mix.pause, 1.5 if has_bed else 0.4)
    gaps, tempo = _fitted(mix, voices, usual) if mix.seconds else (usual, 1.0)
    placed: list[Placed] = []
    at = gaps.before
    for number, length in enumerate(voices):
        start = max(0.0, at)
        placed.append(Placed(number, start, length / tempo))
        at = start + length / tempo + gaps.pause
    end = max(take.end for take in placed)
    return mix.seconds or end + gaps.after, tempo, tuple(placed)


def _fitted(mix: Mix, voices: Sequence[float], usual: _Gaps) -> tuple[_Gaps, float]:
    """Pauses give way first, then the tempo; what is left over when all is slow and loose stays after the last line."""
    speech, lines = sum(voices), len(voices)
    tight = _Gaps(min(usual.before, _TIGHT_IN), min(usual.pause, _TIGHT_PAUSE), min(usual.after, _TIGHT_OUT))
    loose = _Gaps(usual.before + _LOOSE_IN, usual.pause + _LOOSE_PAUSE, usual.after + _LOOSE_OUT)
    room = mix.seconds - speech
    if room < tight.total(lines):
        tempo = speech / max(1e-6, mix.seconds - tight.total(lines))
        if mix.seconds <= tight.total(lines) or tempo > FASTEST:
            raise _too_long(mix, speech, tight.total(lines))
        return tight, tempo
    if room <= usual.total(lines):
        return tight.towards(usual, _share(room, tight.total(lines), usual.total(lines))), 1.0
    if room <= loose.total(lines):
        return usual.towards(loose, _share(room, usual.total(lines), loose.total(lines))), 1.0
    return loose, max(SLOWEST, speech / (mix.seconds - loose.total(lines)))


def _share(value: float, low: float, high: float) -> float:
    return 0.0 if high <= low else (value - low) / (high - low)


def _too_long(mix: Mix, speech: float, gaps: float) -> LimitError:
    fits = max(0.0, mix.seconds - gaps) * FASTEST
    over = 1 - fits / speech
    chinese = mix.language.split("-")[0] in ("zh", "ja")
    count = sum(len(line.replace(" ", "")) if chinese else len(line.split()) for line in mix.lines)
    unit = "characters" if chinese else "words"
    cut = (
        f"Shorten the copy by about {max(1, math.ceil(count * over))} of its {count} {unit}" if count else f"Shorten the copy by {over:.0%}"
    )
    return LimitError(
        f"The voices speak for {speech:.1f} seconds; {mix.seconds:g} seconds hold {fits:.1f} of them at the fastest tempo ({FASTEST:g}x).",
        hint=f"{cut}, or make the mix {math.ceil(speech / FASTEST + gaps)} seconds long.",
        field="seconds",
    )


def _cued(mix: Mix, effects: Sequence[float], voices: Sequence[Placed], seconds: float) -> tuple[Placed, ...]:
    """Every cue, and for each effect without one a place of its own: the first opens, the last closes, others go between the lines."""
    placed: list[Placed] = []
    for cue in mix.cues:
        placed.append(_placed(cue, effects, voices, seconds, exact=bool(mix.seconds)))
    free = [number for number in range(len(effects)) if all(cue.effect != number for cue in mix.cues)]
    for order, number in enumerate(free):
        length = effects[number]
        if order == 0:
            start = 0.0
        elif order == len(free) - 1:
            start = max(0.0, seconds - length)
        elif len(voices) > 1:
            start = max(0.0, voices[min(len(voices) - 2, order * len(voices) // len(free))].end - length / 4)
        else:
            start = max(0.0, (seconds - length) * order / (len(free) - 1))
        placed.append(Placed(number, start, length))
    return tuple(sorted(placed, key=lambda one: (one.start, one.take)))


def _placed(cue: Cue, effects: Sequence[float], voices: Sequence[Placed], seconds: float, *, exact: bool) -> Placed:
    if cue.effect >= len(effects):
        raise InputError(
            f"A cue names effect {cue.effect + 1}; the mix has {len(effects)}.",
            hint="Add the effect as an input, or drop the cue.",
            field="cues",
        )
    if cue.line > len(voices):
        raise InputError(
            f"A cue names line {cue.line}; the mix has {len(voices)}.", hint="Use 0 for the whole mix, or a line there is.", field="cues"
        )
    edges = (0.0, seconds) if cue.line == 0 else (voices[cue.line - 1].start, voices[cue.line - 1].end)
    start = edges[0 if cue.edge == "start" else 1] + cue.offset
    if start < -1e-9 or (exact and start >= seconds):
        raise InputError(
            f"The cue of effect {cue.effect + 1} is at {start:.2f} s, outside the mix of {seconds:.2f} s.",
            hint="Change its offset.",
            field="cues",
        )
    return Placed(cue.effect, max(0.0, start), effects[cue.effect], cue.gain)
