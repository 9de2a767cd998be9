"""Mixes: voices, a bed and effects as one timed, mastered piece with its stems, subtitles and files. Calls no LLM and loads no model."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import ValidationError

from domain.capability import Capability, StepKind
from domain.errors import AttachmentError, InputError, InvalidOutput, LimitError
from domain.finding import Finding, Severity
from domain.mix import MIX_MAX_SECONDS, TARGETS, Mix
from domain.progress import Progress
from domain.recipe import InputFile, ModelRef, Output, OutputFile, Work
from domain.said import Said
from domain.value import JsonValue
from pipelines.audio.mixing import RATE, Tracks, lay
from pipelines.audio.speech import trace
from pipelines.audio.subtitles import captions, srt, vtt
from pipelines.audio.timeline import Timeline, lay_out
from pipelines.media import sound
from pipelines.media.filters import FORMATS, Measured, encoded, measure
from pipelines.media.sound import Samples

CEILING_DBTP = -1.0
#: A delivery farther from its target than this is told, in LU.
TOLERANCE = 0.3
#: How often a lossy file is encoded again because its decoded peak is over the ceiling.
_TRIES = 6
#: dB that a coder takes off everything: LAME scales its input by 0.97, measured over mixes of voice and music.
_SHY = {"mp3": 0.26}
_ENDINGS = {"flac": "flac", "mp3": "mp3", "opus": "opus"}


class Mixer:
    """kind mix, name "mixer"."""

    kind = StepKind.MIX
    name = "mixer"
    version = 1

    def capability(self) -> Capability | None:
        return Capability(kind=self.kind, maker=self.name, limits={"seconds": MIX_MAX_SECONDS}, reason="mixed and mastered on the CPU")

    def models(self, parameters: Mapping[str, JsonValue]) -> tuple[ModelRef, ...]:
        return ()

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        """mix.wav (48 kHz, stereo, 16 bit), .flac, .mp3, .opus, stems, and subtitles where the words are known.

        facts: seconds, lufs and peak as a second meter reads them from the written WAV, target, tempo, voices, effects, text.
        Raises InputError and LimitError for parameters, inputs and lengths that cannot be, AttachmentError naming an input that is
        no sound, InvalidOutput for silence, Cancelled between the stages.
        """
        return [self._mixed(work, progress) for work in works]

    def _mixed(self, work: Work, progress: Progress) -> Output:
        started = time.monotonic()
        # 1. Read the takes.
        mix = _mix(work.recipe.parameters)
        progress.report(0.02, "reading the takes")
        voices, beds, effects = (_takes(work.all(role), role, progress) for role in ("voice", "bed", "effect"))
        bed = beds[0] if beds else None
        # 2. Say when each is heard.
        seconds = [[len(take) / RATE for take in takes] for takes in (voices, effects)]
        timeline = lay_out(mix, seconds[0], seconds[1], len(bed) / RATE if bed is not None else 0.0)
        # 3. Lay them out.
        progress.check()
        progress.report(0.25, "mixing")
        tracks = lay(mix, timeline, voices, bed, effects)
        # 4. Master.
        progress.check()
        progress.report(0.45, "mastering")
        mastered = sound.master(tracks.summed(), RATE, TARGETS[mix.target], CEILING_DBTP)
        # 5. Write, and measure what was written.
        files, facts = _delivered(mix, mastered, tracks, timeline, progress)
        return Output(tuple(files), trace(started, ("numpy", "scipy", "av"), "float32"), facts=facts)


def _mix(parameters: Mapping[str, JsonValue]) -> Mix:
    try:
        return Mix.model_validate(parameters.get("mix"))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(("mix", *(str(part) for part in first["loc"])))
        told = "The mix cannot be made: {name}: {why}."
        raise InputError(told, hint="Change it in the step.", field=name, name=name, why=first["msg"]) from error


def _takes(files: Sequence[InputFile], role: str, progress: Progress) -> list[Samples]:
    """Every take of a role as stereo at RATE. What is wrong with one names it."""
    if role == "bed" and len(files) > 1:
        raise InputError("A mix has one bed; {count} were given.", hint="Keep one.", field="inputs", count=len(files))
    takes = []
    for number, file in enumerate(files, 1):
        progress.check()
        named = Said.of("The bed") if role == "bed" else Said.of("Voice {number}" if role == "voice" else "Effect {number}", number=number)
        try:
            take = sound.decode(file.path, RATE, MIX_MAX_SECONDS, channels=2)
        except LimitError as error:
            hint = "Use a shorter one."
            raise LimitError("{what}: {why}", hint=hint, field="inputs", what=named, why=error.said[0]) from error
        except AttachmentError as error:
            raise AttachmentError("{what}: {why}", hint="Make it again, or drop it.", what=named, why=error.said[0]) from error
        if float(np.abs(take).max()) < 1e-4:
            raise InvalidOutput("{what} is silent.", hint="Make it again, or drop it from the mix.", what=named)
        takes.append(take)
    return takes


def _delivered(
    mix: Mix, mastered: sound.Mastered, tracks: Tracks, timeline: Timeline, progress: Progress
) -> tuple[list[OutputFile], dict[str, JsonValue]]:
    wav = sound.wav_bytes(mastered.samples, RATE)
    heard = measure(sound.decode(wav, RATE, MIX_MAX_SECONDS + 1, channels=2), RATE)
    files = [OutputFile("mix.wav", "audio/wav", wav)]
    levels: dict[str, JsonValue] = {}
    for number, kind in enumerate(FORMATS):
        progress.check()
        progress.report(0.6 + 0.1 * number, f"writing {kind}")
        data, lufs, peak = _encoded(mastered.samples, kind)
        files.append(OutputFile(f"mix.{_ENDINGS[kind]}", FORMATS[kind][3], data))
        levels[kind] = {"lufs": round(lufs, 2), "peak": round(peak, 2)}
    gain = np.float32(10 ** (mastered.gain / 20))
    stems = tracks.named
    for name, track in stems.items() if len(stems) > 1 else ():
        progress.check()
        progress.report(0.92, f"writing the {name} stem")
        files.append(OutputFile(f"stem-{name}.flac", "audio/flac", encoded(track * gain, RATE, "flac")))
    words = [(line, v.start, v.end) for line, v in zip(mix.lines, timeline.voices, strict=False) if line.strip()]
    if words:
        shown = captions(words)
        files.append(OutputFile("mix.srt", "application/x-subrip", srt(shown).encode()))
        files.append(OutputFile("mix.vtt", "text/vtt", vtt(shown).encode()))
    target = TARGETS[mix.target]
    facts: dict[str, JsonValue] = {
        "seconds": round(heard.seconds, 3),
        "lufs": round(heard.lufs, 2),
        "peak": round(heard.peak, 2),
        "target": target,
        "on_target": abs(heard.lufs - target) <= TOLERANCE and heard.peak <= CEILING_DBTP,
        "limited": round(mastered.reduction, 2),
        "tempo": round(timeline.tempo, 4),
        "voices": [{"start": round(v.start, 3), "end": round(v.end, 3)} for v in timeline.voices],
        "effects": [{"effect": e.take + 1, "start": round(e.start, 3), "end": round(e.end, 3)} for e in timeline.effects],
        "files": levels,
        "text": "\n".join(line for line, _, _ in words),
    }
    if not facts["on_target"]:
        facts["findings"] = [_missed(heard, target).model_dump(mode="json")]
    return files, facts


def _missed(heard: Measured, target: float) -> Finding:
    message = "The mix came out at {lufs} LUFS with a true peak of {peak} dBTP; asked for were {target} and {ceiling}."
    advice = "Its peaks stand too far above the rest: choose a lower target, or soften the loudest effect."
    values = {"lufs": f"{heard.lufs:.1f}", "peak": f"{heard.peak:.1f}", "target": f"{target:g}", "ceiling": f"{CEILING_DBTP:g}"}
    return Finding.of("loudness", Severity.WARNING, message, suggestion=advice, given=values)


def _encoded(samples: Samples, kind: str) -> tuple[bytes, float, float]:
    """A file of this kind whose decoded true peak stays under the ceiling, with its loudness and its peak."""
    louder = np.float32(10 ** (_SHY.get(kind, 0.0) / 20))
    ceiling, given = CEILING_DBTP, samples * louder
    for number in range(1, _TRIES + 1):
        data = encoded(given, RATE, kind)
        heard = measure(sound.decode(data, RATE, MIX_MAX_SECONDS + 1, channels=2), RATE)
        if heard.peak <= CEILING_DBTP:
            break
        # A lossy coder rounds waves off: what it adds is taken away before it, and more each time it adds as much again.
        ceiling -= heard.peak - CEILING_DBTP + 0.15 * number
        given = sound.limited(samples * louder, RATE, ceiling)
    return data, heard.lufs, heard.peak
