"""What every speech pipeline shares: reading the prepared parameters, and turning spoken pieces into one finished WAV."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version

import numpy as np
from pydantic import Field, ValidationError

from domain.capability import Capability, StepKind
from domain.errors import InputError
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Recipe, Trace
from domain.value import JsonValue, Value
from pipelines.audio import text as speakable
from pipelines.audio.normal import Normaliser
from pipelines.audio.voices import VoiceCatalogue
from pipelines.media import sound

RATE = 24_000
#: Loudness of a finished voice-over: the podcast level of AES TD1008 and of the streaming services.
TARGET_LUFS = -16.0
CEILING_DBTP = -1.0
#: Silence after a sentence and after a paragraph at speed 1, in seconds.
SENTENCE_GAP = 0.22
PARAGRAPH_GAP = 0.5


class SpeechRequest(Value):
    """The prepared parameters of a speech step, cleaned. text is plain words with the lexicon applied and everything written out."""

    text: str
    voice: str = ""
    language: str = "en"
    speed: float = Field(default=1.0, ge=0.5, le=2.0)
    lexicon: dict[str, str] = {}

    @staticmethod
    def read(parameters: Mapping[str, JsonValue], normaliser: Normaliser) -> SpeechRequest:
        """Raises InputError naming the field at fault, LimitError for too long a text."""
        try:
            request = SpeechRequest.model_validate(dict(parameters))
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "parameters"
            hint = "Change it in the step."
            raise InputError("Speech cannot use {name}: {why}.", hint=hint, field=name, name=name, why=first["msg"]) from error
        spelled = speakable.respell(speakable.clean(request.text), request.lexicon)
        return request.model_copy(update={"text": normaliser.speakable(spelled, request.language)})

    @property
    def plain(self) -> str:
        """The text without the phonemes that stand beside some words."""
        return speakable.without_pronunciation(self.text)


class Piece(Value):
    """One stretch the engine speaks at once; ends_paragraph asks for a longer pause after it."""

    text: str
    phonemes: str = ""
    ends_paragraph: bool = False


def capability(maker: str, models: tuple[str, ...], voices: VoiceCatalogue, reason: str) -> Capability:
    languages = sorted({voice.language.split("-")[0] for voice in voices.of(maker)})
    return Capability(
        kind=StepKind.SPEECH, maker=maker, models=models, languages=tuple(languages), limits={"seconds": 600, "speed": 2.0}, reason=reason
    )


def voices_used(parameters: Mapping[str, JsonValue]) -> tuple[str, str]:
    """(voice, language) as they stand in the parameters, "" and "en" where they are missing."""
    return str(parameters.get("voice") or ""), str(parameters.get("language") or "en")


def spoken(pieces: list[tuple[Piece, Iterator[sound.Samples]]], speed: float, progress: Progress, maker: str) -> sound.Samples:
    """Speak the pieces one after another with natural pauses. Cancellable and reported between pieces.

    Returns mono float32 at 24 kHz, as loud as the engine made it. Raises Cancelled, InvalidOutput.
    """
    parts: list[sound.Samples] = []
    for index, (piece, speak) in enumerate(pieces):
        progress.check()
        progress.report(index / len(pieces), f"speaking {index + 1}/{len(pieces)}")
        for samples in speak:
            parts.append(sound.trim_silence(sound.require_sound(samples, maker), RATE))
            gap = PARAGRAPH_GAP if piece.ends_paragraph else SENTENCE_GAP
            parts.append(np.zeros(int(gap / speed * RATE), np.float32))
    progress.check()
    return np.concatenate(parts[:-1]) if parts else np.zeros(0, np.float32)


def finished(samples: sound.Samples, recipe: Recipe, request: SpeechRequest, facts: dict[str, JsonValue], trace: Trace) -> Output:
    """Trim, level and pack: speech.wav, 24 kHz mono 16-bit, about -16 LUFS, true peak at most -1 dBTP."""
    trimmed = sound.trim_silence(sound.require_sound(samples, recipe.maker), RATE, before=0.05, after=0.2)
    levelled = sound.level(sound.fade(trimmed, RATE, into=0.01, out=0.04), RATE, TARGET_LUFS, CEILING_DBTP)
    seconds = len(levelled.samples) / RATE
    words = speakable.count_words(request.plain)
    measured: dict[str, JsonValue] = {
        "seconds": round(seconds, 3),
        "lufs": round(levelled.lufs, 2),
        "peak": round(levelled.peak, 2),
        "words": words,
        "words_per_second": round(words / seconds, 2),
        "language": request.language,
        "speed": request.speed,
    }
    file = OutputFile(name="speech.wav", media_type="audio/wav", data=sound.wav_bytes(levelled.samples, RATE))
    return Output(files=(file,), trace=trace, facts={**measured, **facts})


def trace(started: float, packages: tuple[str, ...], dtype: str, notes: tuple[str, ...] = (), device: str = "cpu") -> Trace:
    """started is time.monotonic() at the beginning of this work."""
    return Trace(
        device=device,
        dtype=dtype,
        versions={package: version(package) for package in packages},
        seconds=round(time.monotonic() - started, 3),
        notes=notes,
    )
