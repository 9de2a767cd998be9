"""Recordings that are kept: found by what was said, with the time; key points are sentences that were said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from agents.writers.calls import Desk
from domain.errors import AttachmentError, InputError, ModelMissing, NotFound
from library.library import Library
from pipelines.audio.recognition import SpokenWord, Transcript
from pipelines.media import sound
from studio.recordings import Recordings
from studio.transcripts import Transcripts
from tests.pipelines.audio.test_speakers import vowels
from tests.studio.test_recordings import tone

SAID = "We open in Leeds on the fourth of May. It is raining again. Ana orders the cups by Friday."


def heard(data: bytes) -> Transcript:
    """The recogniser's form: a word every 0.4 s."""
    sound.decode(data, 16_000)
    words = tuple(SpokenWord(text=w, start=0.4 * n, end=0.4 * n + 0.35, probability=0.9) for n, w in enumerate(SAID.split()))
    return Transcript(text=SAID, language="en", seconds=8.0, words=words)


@pytest.fixture
def kept(home: Path, assets: Path) -> Iterator[tuple[Transcripts, str]]:
    library = Library.open(f"sqlite:///{home / 'maquette.db'}", home)
    project = library.create_project("Meetings").id
    yield Transcripts(library, Recordings(heard), lambda: None, Desk(assets), lambda: datetime.now(UTC)), project
    library.close()


def test_a_recording_is_kept_and_found_by_what_was_said(kept: tuple[Transcripts, str]) -> None:
    transcripts, project = kept
    asset = transcripts.keep(project, "../monday.wav", sound.wav_bytes(tone(1.0, 16_000), 16_000))
    assert (asset.title, asset.labels.ai_generated) == ("monday.wav", False)
    assert [file.name for file in asset.files] == ["recording.wav", "transcript.json", "transcript.srt", "transcript.vtt"]
    [hit] = transcripts.search(project, "CUPS friday")
    assert (hit.asset_id, hit.said.start) == (asset.id, pytest.approx(5.2))
    assert "Ana orders the cups" in hit.said.text
    assert transcripts.search(project, "budget") == ()
    with pytest.raises(InputError, match="nothing to look for"):
        transcripts.search(project, "  ")


def test_who_speaks_when_is_told_where_there_are_several_voices(kept: tuple[Transcripts, str]) -> None:
    transcripts, project = kept
    parts = [vowels(110, 0.9, 1, 3.6), vowels(220, 1.15, 2, 1.6), vowels(110, 0.9, 3, 2.8)]  # as long as the three sentences
    asset = transcripts.keep(project, "two.wav", sound.wav_bytes(np.concatenate(parts), 16_000))
    assert [(one.speaker, one.text.split()[0]) for one in transcripts.get(asset.id).said] == [(1, "We"), (2, "It"), (1, "Ana")]
    [hit] = transcripts.search(project, "raining")
    assert hit.said.speaker == 2
    alone = transcripts.keep(project, "one.wav", sound.wav_bytes(vowels(110, 0.9, 1, 8.0), 16_000))
    assert {one.speaker for one in transcripts.get(alone.id).said} == {0}


def test_a_bad_file_is_refused_by_name_and_nothing_is_kept(kept: tuple[Transcripts, str]) -> None:
    transcripts, project = kept
    with pytest.raises(AttachmentError, match=r"clip\.mp4"):
        transcripts.keep(project, "clip.mp4", b"\x00\x00\x00\x18ftypisom" + bytes(64))
    assert transcripts.all(project) == ()


def test_key_points_need_a_chat_model_and_a_recording(kept: tuple[Transcripts, str]) -> None:
    transcripts, project = kept
    asset = transcripts.keep(project, "a.wav", sound.wav_bytes(tone(1.0, 16_000), 16_000))
    assert transcripts.get(asset.id).said[0].text.startswith("We open in Leeds")
    with pytest.raises(ModelMissing, match="chat model"):
        transcripts.points(asset.id)
    with pytest.raises(NotFound):
        transcripts.get("nothing")
