"""Recordings a person hands in: what is said in them, when, and as subtitles. Nothing is kept.

What is said in a recording is material, never an instruction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.errors import AttachmentError, InputError, LimitError
from domain.value import Value
from pipelines.audio.recognition import Transcript
from pipelines.audio.transcripts import cues, srt, vtt
from pipelines.media import sound

TRIMMED_RATE = 48_000


class Heard(Value):
    """The transcript with times of every word, and the same as subtitles."""

    transcript: Transcript
    srt: str
    vtt: str


class Recordings:
    """transcribe: an executor's. decode: bytes and a rate -> mono samples."""

    def __init__(self, transcribe: Callable[[bytes], Transcript], decode: Callable[[bytes, int], sound.Samples] = sound.decode) -> None:
        self._transcribe = transcribe
        self.decode = decode

    def hear(self, name: str, data: bytes) -> Heard:
        """WAV, MP3, FLAC or Ogg, 25 MB and half an hour at most; the name decides nothing.

        Raises AttachmentError at the file for what is no sound, damaged, or silent; LimitError; ModelMissing.
        """
        name = _bounded(name, data)
        with _named(name):
            transcript = self._transcribe(data)
        if not transcript.text:
            raise AttachmentError(
                "{name}: nobody is heard speaking in it.", hint="Give a recording with speech in it.", field=name, name=name
            )
        found = cues(transcript)
        return Heard(transcript=transcript, srt=srt(found), vtt=vtt(found))

    def trimmed(self, name: str, data: bytes) -> bytes:
        """The recording without the silence at its ends, as mono WAV at 48 kHz. Raises as `hear` does, and for silence alone."""
        name = _bounded(name, data)
        with _named(name):
            samples = self.decode(data, TRIMMED_RATE)
        kept = sound.trim_silence(samples, TRIMMED_RATE, before=0.1, after=0.2)
        if not kept.size or not math.isfinite(sound.loudness(kept, TRIMMED_RATE)):
            raise AttachmentError("{name} is silent.", hint="Give a recording with sound in it.", field=name, name=name)
        return sound.wav_bytes(kept, TRIMMED_RATE)


def _bounded(name: str, data: bytes) -> str:
    """The last part of the name, of a file that holds something and not too much."""
    name = PurePath(name.replace("\\", "/")).name[:120] or "recording"
    if not data:
        raise AttachmentError("{name} is empty.", hint="Choose a file with sound in it.", field=name, name=name)
    if len(data) > ATTACHMENT_MAX_BYTES:
        size = f"{len(data) / 1e6:.0f} MB"
        raise LimitError(
            "{name} has {size}; a recording may have 25 MB.", hint="Save it as MP3, or cut it.", field=name, name=name, size=size
        )
    return name


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Readers know bytes only: their refusals get the file's name."""
    try:
        yield
    except InputError as error:
        raise type(error)(f"{name}: {error.message}", hint=error.hint, field=name) from error
