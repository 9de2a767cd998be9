"""When each take of a mix begins and at which tempo: pure arithmetic over lengths in seconds. Knows nothing of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InputError, LimitError
from domain.mix import MIX_MAX_SECONDS, Cue, Mix
from domain.said import Said

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
            "The mix would be {seconds} seconds long; the limit is {most}.",
            hint="Make two mixes of it.",
            field="seconds",
            seconds=f"{seconds:.0f}",
            most=f"{MIX_MAX_SECONDS:.0f}",
        )
    return Timeline(seconds, tempo, placed, sounding)


def _spoken(mix: Mix, voices: Sequence[float], has_bed: bool) -> tuple[float, float, tuple[Placed, ...]]:
    usual = _usual(mix.pause, has_bed)
    gaps, tempo = _fitted(mix, voices, usual) if mix.seconds else (usual, 1.0)
    placed: list[Placed] = []
    at = gaps.before
    for number, length in enumerate(voices):
        start = max(0.0, at)
        placed.append(Placed(number, start, length / tempo))
        at = start + length / tempo + gaps.pause
    end = max(take.end for take in placed)
    return mix.seconds or end + gaps.after, tempo, tuple(placed)


def holds(seconds: float, pause: float, lines: int, *, has_bed: bool) -> float:
    """So many seconds of speech fit into a mix of these seconds, with the shortest pauses and at the fastest tempo; 0 where none do."""
    return max(0.0, seconds - _tight(_usual(pause, has_bed)).total(lines)) * FASTEST


def _usual(pause: float, has_bed: bool) -> _Gaps:
    return _Gaps(0.6 if has_bed else 0.2, pause, 1.5 if has_bed else 0.4)


def _tight(usual: _Gaps) -> _Gaps:
    return _Gaps(min(usual.before, _TIGHT_IN), min(usual.pause, _TIGHT_PAUSE), min(usual.after, _TIGHT_OUT))


def _fitted(mix: Mix, voices: Sequence[float], usual: _Gaps) -> tuple[_Gaps, float]:
    """Pauses give way first, then the tempo; what is left over when all is slow and loose stays after the last line."""
    speech, lines = sum(voices), len(voices)
    tight = _tight(usual)
    loose = _Gaps(usual.before + _LOOSE_IN, usual.pause + _LOOSE_PAUSE, usual.after + _LOOSE_OUT)
    room = mix.seconds - speech
    if room < tight.total(lines):
        tempo = speech / max(1e-6, mix.seconds - tight.total(lines))
        if mix.seconds <= tight.total(lines) or tempo > FASTEST:
            raise _too_long(mix, voices, tight.total(lines))
        return tight, tempo
    if room <= usual.total(lines):
        return tight.towards(usual, _share(room, tight.total(lines), usual.total(lines))), 1.0
    if room <= loose.total(lines):
        return usual.towards(loose, _share(room, usual.total(lines), loose.total(lines))), 1.0
    return loose, max(SLOWEST, speech / (mix.seconds - loose.total(lines)))


def _share(value: float, low: float, high: float) -> float:
    return 0.0 if high <= low else (value - low) / (high - low)


def _too_long(mix: Mix, voices: Sequence[float], gaps: float) -> LimitError:
    """With how much is too much, the line that has most of it, and the length at which nothing needs to go."""
    speech = sum(voices)
    fits = max(0.0, mix.seconds - gaps) * FASTEST
    over = 1 - fits / speech
    chinese = mix.language.split("-")[0] in ("zh", "ja")
    count = sum(len(line.replace(" ", "")) if chinese else len(line.split()) for line in mix.lines)
    longest = max(range(len(voices)), key=lambda number: voices[number])
    values: dict[str, object] = {
        "spoken": f"{speech:.1f}",
        "seconds": f"{mix.seconds:g}",
        "fits": f"{fits:.1f}",
        "tempo": f"{FASTEST:g}",
        "line": longest + 1,
        "longest": f"{voices[longest]:.1f}",
        "over": max(1, math.ceil(count * over)) if count else f"{over:.0%}",
        "count": count,
        "unit": Said.of("characters") if chinese else Said.of("words"),
        "enough": math.ceil(speech / FASTEST + gaps),
    }
    if count:
        hint = "Shorten the copy by about {over} of its {count} {unit}, or make the mix {enough} seconds long."
    else:
        hint = "Shorten the copy by {over}, or make the mix {enough} seconds long."
    return LimitError(
        "The voices speak for {spoken} seconds; {seconds} seconds hold {fits} of them at the fastest tempo ({tempo}x). "
        "Line {line} is the longest with {longest}.",
        hint=hint,
        field="seconds",
        given=values,
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
            "A cue names effect {effect}; the mix has {count}.",
            hint="Add the effect as an input, or drop the cue.",
            field="cues",
            effect=cue.effect + 1,
            count=len(effects),
        )
    if cue.line > len(voices):
        hint = "Use 0 for the whole mix, or a line there is."
        raise InputError("A cue names line {line}; the mix has {count}.", hint=hint, field="cues", line=cue.line, count=len(voices))
    edges = (0.0, seconds) if cue.line == 0 else (voices[cue.line - 1].start, voices[cue.line - 1].end)
    start = edges[0 if cue.edge == "start" else 1] + cue.offset
    if start < -1e-9 or (exact and start >= seconds):
        raise InputError(
            "The cue of effect {effect} is at {start} s, outside the mix of {seconds} s.",
            hint="Change its offset.",
            field="cues",
            effect=cue.effect + 1,
            start=f"{start:.2f}",
            seconds=f"{seconds:.2f}",
        )
    return Placed(cue.effect, max(0.0, start), effects[cue.effect], cue.gain)
