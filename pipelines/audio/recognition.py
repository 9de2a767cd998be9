"""Speech to text by Whisper (faster-whisper): for sound a person attaches, and to check what our own voices said.

A recording is material, never an instruction: what is said in it is only text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import EngineFailed, InputError, ModelCorrupt, ModelUnusable
from domain.progress import Progress, Silent
from domain.recipe import ModelRef
from domain.value import Value
from pipelines.devices import Devices, Weights
from pipelines.media import sound
from pipelines.models.store import ModelStore

MODEL = "whisper-base"
RATE = 16_000
_FOOTPRINT = 420_000_000
#: Words of so little length (seconds), and of so little probability, stand at the end of what was never spoken.
_NO_TIME, _UNLIKELY = 0.03, 0.1
#: A recording with a larger share of samples at full scale is said to be clipped.
_CLIPPED = 0.005
#: Whisper writes Mandarin in either script as it pleases; a first line in one script makes it stay there.
_SCRIPT = {"zh": "以下是普通话的句子。"}
#: Frames (10 ms) the encoder looks at where a recording is no longer. It was trained on 3000, hears a short line as well in 1000, and
#: needs a seventh of the time for it.
_SHORT = 1000
#: Silence at both ends of a part of a recording, in seconds.
_REST = 0.2
_UNREAD, _SAVE_AGAIN = "Whisper could not read the recording: {error}.", "Save it again as WAV and try once more."


class SpokenWord(Value):
    """start and end in seconds from the beginning of the recording; probability 0..1."""

    text: str
    start: float
    end: float
    probability: float


class Transcript(Value):
    """language is a BCP-47 primary subtag, heard or given. text is empty when nobody speaks.

    notes: what a person should know of the recording.
    """

    text: str
    language: str
    seconds: float
    words: tuple[SpokenWord, ...] = ()
    notes: tuple[str, ...] = ()


class Recogniser:
    """threads: of the CPU. Thread-safe; one recording at a time."""

    def __init__(self, store: ModelStore, devices: Devices, threads: int = 1) -> None:
        self._store = store
        self._devices = devices
        self._threads = threads

    def ready(self) -> bool:
        return self._store.ready(MODEL)

    @property
    def model(self) -> ModelRef:
        return self._store.ref(MODEL)

    def transcribe(
        self, source: Path | bytes, language: str = "", progress: Progress | None = None, *, careful: bool = False
    ) -> Transcript:
        """WAV, MP3, FLAC or Ogg, at most 30 minutes. language "" lets the model hear which it is. careful: searches wider, slower.

        Raises AttachmentError (not sound, damaged), LimitError (too long), InputError (unknown language), ModelMissing, Cancelled.
        """
        watching = progress or Silent()
        watching.report(0.0, "reading the recording")
        samples = sound.decode(source, RATE)
        seconds = len(samples) / RATE
        watching.check()
        if not math.isfinite(sound.loudness(samples, RATE)):
            return Transcript(text="", language=language or "und", seconds=round(seconds, 3))
        loud = sound.clipped_share(samples)
        notes = (f"{loud:.0%} of the recording is clipped (recorded too loud): words may be wrong.",) if loud > _CLIPPED else ()
        with self._devices.acquire(self._weights()) as model:
            heard = self._heard(model, samples, seconds, language.split("-")[0], watching, 5 if careful else 1)
        return heard.model_copy(update={"notes": notes})

    def apart(self, samples: sound.Samples, cut: float, language: str, progress: Progress) -> tuple[str, str]:
        """What is heard of a recording before and after `cut` (seconds), each part by itself. samples: mono at 16 kHz.

        Raises EngineFailed, ModelMissing, Cancelled.
        """
        place = int(cut * RATE)
        with self._devices.acquire(self._weights()) as model:
            before, after = (self._part(model, part, language, progress) for part in (samples[:place], samples[place:]))
        return before, after

    def _part(self, model: Any, samples: sound.Samples, language: str, progress: Progress) -> str:
        progress.check()
        rest = np.zeros(int(_REST * RATE), np.float32)
        try:
            segments, _ = model.transcribe(
                np.concatenate([rest, samples, rest]),
                language=language,
                beam_size=1,
                temperature=0.0,
                condition_on_previous_text=False,
                without_timestamps=True,
                # A part that ends within a word sometimes makes the decoder repeat it for ever.
                max_new_tokens=12 + int(len(samples) / RATE * 8),
                initial_prompt=_SCRIPT.get(language),
            )
            return "".join(segment.text for segment in segments).strip()
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(_UNREAD, hint=_SAVE_AGAIN, error=error) from error

    def _heard(self, model: Any, samples: sound.Samples, seconds: float, language: str, progress: Progress, beams: int) -> Transcript:
        if language and language not in model.supported_languages:
            hint = "Leave it empty to have it heard."
            raise InputError("Whisper does not know the language {language}.", hint=hint, field="language", language=repr(language))
        words: list[SpokenWord] = []
        texts: list[str] = []
        try:
            spoken = language or model.detect_language(samples)[0]
            # Without sampling and without the previous text as context: repeatable, and a slip does not repeat itself through the rest.
            segments, _ = model.transcribe(
                samples,
                language=spoken,
                beam_size=beams,
                temperature=0.0,
                word_timestamps=True,
                condition_on_previous_text=False,
                vad_filter=True,
                hallucination_silence_threshold=0.8,
                initial_prompt=_SCRIPT.get(spoken),
            )
            for segment in segments:
                progress.check()
                progress.report(min(1.0, segment.end / seconds), f"listening, {segment.end:.0f} of {seconds:.0f} s")
                timed = list(segment.words or ())
                spoken_words = timed[: spoken_count(timed)]
                texts.append(segment.text if len(spoken_words) == len(timed) else "".join(w.word for w in spoken_words))
                words += [
                    SpokenWord(text=w.word.strip(), start=round(w.start, 3), end=round(w.end, 3), probability=round(w.probability, 3))
                    for w in spoken_words
                ]
        except (RuntimeError, ValueError) as error:
            raise EngineFailed(_UNREAD, hint=_SAVE_AGAIN, error=error) from error
        return Transcript(text="".join(texts).strip(), language=spoken, seconds=round(seconds, 3), words=tuple(words))

    def _weights(self) -> Weights[Any]:
        def load() -> Any:
            try:
                from faster_whisper import WhisperModel
            except ImportError as error:
                raise ModelUnusable("The package faster-whisper is not installed.", hint="Run `make run` once more.") from error
            folder = self._store.folder(MODEL)

            class Attentive(WhisperModel):  # type: ignore[misc]
                """Encodes a short recording without the silence that fills it up to half a minute."""

                def encode(self, features: Any) -> Any:
                    filled = np.flatnonzero(np.any(features != 0, axis=0))
                    short = not filled.size or filled[-1] < _SHORT
                    return super().encode(features[:, :_SHORT] if short else features)

            try:
                return Attentive(str(folder), device="cpu", compute_type="int8", cpu_threads=self._threads, local_files_only=True)
            except (RuntimeError, ValueError, OSError) as error:
                hint = "Run `python app.py models pull {model}`."
                raise ModelCorrupt("The Whisper model cannot be read.", hint=hint, model=MODEL) from error

        return Weights(key=f"whisper/{self._store.ref(MODEL).sha256[:16]}", footprint=_FOOTPRINT, load=load)


def spoken_count(words: Sequence[Any]) -> int:
    """How many of a stretch's words were spoken: Whisper goes on writing when the sound has ended, and such words have no place in it.

    words: in order, each with start and end (seconds) and probability.
    """
    count = len(words)
    while count and (words[count - 1].end - words[count - 1].start <= _NO_TIME or words[count - 1].probability < _UNLIKELY):
        count -= 1
    # Unlikely words alone may be mumbled; only with words of no length among them are they the recogniser's own.
    return count if any(word.end - word.start <= _NO_TIME for word in words[count:]) else len(words)
