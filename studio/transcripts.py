"""Recordings that are kept: what is said in them, found again by words, and their key points.

    studio.sound.transcripts.keep(project_id, name, data)  -> an asset: the recording, its transcript with times, SRT and WebVTT
    studio.sound.transcripts.search(project_id, "budget")  -> where the words are said, with the time
    studio.sound.transcripts.points(asset_id)              -> the sentences somebody who was not there has to know

What is said in a recording is material, never an instruction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import PurePath

from agents.writers.calls import Desk
from agents.writers.points import pick_points
from domain.asset import Asset, Labels
from domain.capability import StepKind
from domain.chat import ChatModel
from domain.errors import InputError, ModelMissing, NotFound
from domain.events import EventKind
from domain.progress import Progress, Silent
from domain.recipe import OutputFile, Recipe
from domain.value import Value
from library.library import AssetQuery, Library
from pipelines.audio.cepstra import RATE
from pipelines.audio.recognition import Transcript
from pipelines.audio.speakers import speakers
from pipelines.audio.transcripts import cues
from pipelines.media.sound import media_type_of
from studio.quotas import require_room
from studio.recordings import Recordings

MAKER = "recording"
VERSION = 2
SEARCH_MAX = 200
_TRANSCRIPT = "transcript.json"
_CAPTURED = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


class Spoken(Value):
    """A stretch of a recording: times in seconds, and what is said. speaker: from 1; 0 for one alone, and where it was not told."""

    start: float
    end: float
    text: str
    speaker: int = 0


class Hit(Value):
    """Where words are said."""

    asset_id: str
    title: str
    said: Spoken


class Kept(Value):
    """A recording with what is said in it. notes: what a person should know of it (clipped)."""

    asset_id: str
    title: str
    seconds: float
    language: str
    said: tuple[Spoken, ...]
    notes: tuple[str, ...] = ()


class Transcripts:
    """chat: the chat model that is installed now, None while there is none. now: the clock, for stored times."""

    def __init__(
        self, library: Library, recordings: Recordings, chat: Callable[[], ChatModel | None], desk: Desk, now: Callable[[], datetime]
    ) -> None:
        self._library = library
        self._recordings = recordings
        self._chat = chat
        self._desk = desk
        self._now = now

    def keep(self, project_id: str, name: str, data: bytes, person: str = "", progress: Progress | None = None) -> Asset:
        """Transcribe a recording and store it with its transcript.

        Raises as Recordings.hear does, NotFound for the project, LimitError when the person keeps as much as they may.
        """
        project = self._library.project(project_id)
        require_room(self._library, person)
        watching = progress or Silent()
        watching.report(0.05, "listening")
        heard = self._recordings.hear(name, data)
        watching.check()
        transcript = heard.transcript
        spans = [(cue.start, cue.end) for cue in cues(transcript)]
        watching.report(0.9, "telling speakers apart")
        voices = speakers(self._recordings.decode(data, RATE), spans)
        title = PurePath(name.replace("\\", "/")).name[:120] or "recording"
        kind = media_type_of(data)
        files = (
            OutputFile(f"recording.{kind.rpartition('/')[2].replace('mpeg', 'mp3')}", kind, data),
            OutputFile(_TRANSCRIPT, "application/json", transcript.model_dump_json().encode()),
            OutputFile("transcript.srt", "application/x-subrip", heard.srt.encode()),
            OutputFile("transcript.vtt", "text/vtt", heard.vtt.encode()),
        )
        recipe = Recipe(kind=StepKind.SPEECH, maker=MAKER, maker_version=VERSION, prompt=title, parameters={"name": title})
        draft = Asset(
            id="",
            project_id=project.id,
            title=title,
            files=(),
            recipe=recipe,
            labels=Labels(ai_generated=False, digital_source_type=_CAPTURED),
            facts={
                "seconds": transcript.seconds,
                "language": transcript.language,
                "notes": [*transcript.notes],
                "speakers": [*voices],
            },
            text=transcript.text,
            person=person,
            created=self._now(),
        )
        stored = self._library.add_asset(draft, files)
        self._library.add_event(project.id, EventKind.ASSET, stored.id, {"person": person})
        return stored

    def all(self, project_id: str) -> tuple[Asset, ...]:
        """The recordings of a project, the newest first."""
        found = self._library.assets(AssetQuery(project_id=self._library.project(project_id).id, kind=StepKind.SPEECH, limit=1000))
        return tuple(asset for asset in found if asset.recipe.maker == MAKER)

    def get(self, asset_id: str) -> Kept:
        """Raises NotFound, also for an asset that is no recording."""
        asset = self._recording(asset_id)
        transcript = self._transcript(asset)
        return Kept(
            asset_id=asset.id,
            title=asset.title,
            seconds=transcript.seconds,
            language=transcript.language,
            said=_said(transcript, asset),
            notes=transcript.notes,
        )

    def search(self, project_id: str, words: str) -> tuple[Hit, ...]:
        """Every stretch in which all the words are said, oldest recording last; case does not matter. At most 200.

        Raises InputError for no words.
        """
        wanted = words.casefold().split()
        if not wanted:
            raise InputError("There is nothing to look for.", hint="Write a word that was said.", field="words")
        hits = [
            Hit(asset_id=asset.id, title=asset.title, said=said)
            for asset in self.all(project_id)
            if all(word in asset.text.casefold() for word in wanted)
            for said in _said(self._transcript(asset), asset)
            if all(word in said.text.casefold() for word in wanted)
        ]
        return tuple(hits[:SEARCH_MAX])

    def points(self, asset_id: str, progress: Progress | None = None) -> tuple[Spoken, ...]:
        """Sentences that were said, in order. Raises NotFound, ModelMissing without a chat model, InvalidOutput, Cancelled."""
        asset = self._recording(asset_id)
        said = _sentences(self._transcript(asset), asset)
        chat = self._chat()
        if chat is None:
            raise ModelMissing("Key points are picked by the chat model, and none is installed.", hint="Pull one on the Models page.")
        return tuple(said[number] for number in pick_points([one.text for one in said], chat, progress or Silent(), self._desk))

    def _recording(self, asset_id: str) -> Asset:
        asset = self._library.asset(asset_id)
        if asset.recipe.maker != MAKER:
            raise NotFound("{title} is no recording that was handed in.", hint="Choose one from the list.", title=asset.title)
        return asset

    def _transcript(self, asset: Asset) -> Transcript:
        file = next(file for file in asset.files if file.name == _TRANSCRIPT)
        return Transcript.model_validate(json.loads(self._library.file_path(file.sha256).read_bytes()))


def _said(transcript: Transcript, asset: Asset) -> tuple[Spoken, ...]:
    joint = "" if transcript.language == "zh" else " "
    found = cues(transcript)
    told = asset.facts.get("speakers")
    # Recordings that were kept before speakers were told apart have none.
    numbers = told if isinstance(told, list) and len(told) == len(found) else [0] * len(found)
    return tuple(
        Spoken(start=cue.start, end=cue.end, text=joint.join(cue.rows), speaker=int(str(number)))
        for cue, number in zip(found, numbers, strict=True)
    )


def _sentences(transcript: Transcript, asset: Asset) -> Sequence[Spoken]:
    """Stretches put together until one ends a sentence; the speaker is who began it."""
    joint = "" if transcript.language == "zh" else " "
    whole: list[Spoken] = []
    ended = True
    for said in _said(transcript, asset):
        if ended:
            whole.append(said)
        else:
            whole[-1] = whole[-1].model_copy(update={"end": said.end, "text": f"{whole[-1].text}{joint}{said.text}"})
        ended = said.text.rstrip("\"'”’」』)）").endswith((".", "!", "?", "。", "！", "？", "…")) or len(whole[-1].text) > 300
    return whole
