"""Recordings a person hands in: what is said in them, when, and as subtitles. Nothing is kept.

What is said in a recording is material, never an instruction.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from domain.brief import ATTACHMENT_MAX_BYTES
from domain.errors import AttachmentError, InputError, LimitError
from domain.value import Value
from pipelines.audio.recognition import Transcript
from pipelines.audio.transcripts import cues, srt, vtt


class Heard(Value):
    """The transcript with times of every word, and the same as subtitles."""

    transcript: Transcript
    srt: str
    vtt: str


class Recordings:
    """transcribe: an executor's."""

    def __init__(self, transcribe: Callable[[bytes], Transcript]) -> None:
        self._transcribe = transcribe

    def hear(self, name: str, data: bytes) -> Heard:
        """WAV, MP3, FLAC or Ogg, 25 MB and half an hour at most; the name decides nothing.

        Raises AttachmentError at the file for what is no sound, damaged, or silent; LimitError; ModelMissing.
        """
        name = PurePath(name.replace("\\", "/")).name[:120] or "recording"
        if not data:
            raise AttachmentError(f"{name} is empty.", hint="Choose a file with sound in it.", field=name)
        if len(data) > ATTACHMENT_MAX_BYTES:
            size = f"{len(data) / 1e6:.0f} MB"
            raise LimitError(f"{name} has {size}; a recording may have 25 MB.", hint="Save it as MP3, or cut it.", field=name)
        try:
            transcript = self._transcribe(data)
        except InputError as error:  # the reader knows bytes only: name the file
            raise type(error)(f"{name}: {error.message}", hint=error.hint, field=name) from error
        if not transcript.text:
            raise AttachmentError(f"{name}: nobody is heard speaking in it.", hint="Give a recording with speech in it.", field=name)
        found = cues(transcript)
        return Heard(transcript=transcript, srt=srt(found), vtt=vtt(found))
