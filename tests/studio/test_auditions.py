"""A voice that is auditioned: what may not be said is not spoken, what is spoken is labelled, and a borrowed voice stands in the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agents.picture_safety import PictureRules
from agents.safety import SafetyRules
from agents.writers.calls import Desk
from domain.errors import ContentRefused, NotAllowed
from domain.labels import read_aigc
from domain.moderation import Level
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Trace, Work
from library.library import Library
from pipelines.audio.voices import VoiceCatalogue
from pipelines.labels.credentials import read_credentials
from pipelines.labels.formats import carried
from studio.consents import Consents, voice_name
from studio.media_makers import voices_of
from studio.moderation import Moderation
from studio.projects import Projects
from studio.voices import VoicesDesk
from tests.pipelines.labels.samples import SAMPLES
from tests.studio.bench import now
from tests.studio.labelled import Leaving
from tests.studio.test_consents import VOICE

GORE = "They beheaded the prisoner at noon."


@dataclass
class Booth:
    """A real library, rules and labels; the engine gives half a second of a tone and remembers what it was to say."""

    leaving: Leaving
    consents: Consents
    desk: VoicesDesk
    said: list[str] = field(default_factory=list)

    @property
    def project(self) -> str:
        return self.leaving.project.id


@pytest.fixture
def booth(home: Path, assets: Path) -> Iterator[Booth]:
    with Library.open(f"sqlite:///{home / 'maquette.db'}", home) as library:
        leaving, catalogue = Leaving(library, home, assets), VoiceCatalogue.read(assets / "voices.toml")
        consents = Consents(library, lambda: frozenset({"csm-1b"}))
        moderation = Moderation(library, SafetyRules.load(assets), PictureRules.load(assets), lambda: False, lambda data: 0.0, now)
        said: list[str] = []

        def speak(works: Sequence[Work], progress: Progress) -> list[Output]:
            said.extend(str(work.recipe.parameters["text"]) for work in works)
            return [Output(files=(OutputFile("speech.wav", "audio/wav", SAMPLES["wav"]()),), trace=Trace()) for _ in works]

        desk = VoicesDesk(
            library,
            Projects(library),
            catalogue,
            lambda: frozenset({"kokoro"}),
            lambda: (*voices_of(catalogue, frozenset({"kokoro"})), *consents.voices(catalogue)),
            lambda engine: speak,
            lambda engine: 1,
            Desk(assets),
            home / "voices",
            consents,
            leaving.labelling,
            moderation.spoken,
        )
        yield Booth(leaving, consents, desk, said)


def test_an_audition_leaves_labelled_and_signed_the_same_twice(booth: Booth) -> None:
    first, second = (booth.desk.audition(booth.project, "Good evening.", "af_heart") for _ in range(2))
    data = first.path.read_bytes()
    (label,) = [read_aigc(text) for text in carried(data, booth.leaving.formats.of_type("audio/wav")).aigc]
    assert label is not None and label.produce_id.startswith("audition-")
    credentials = read_credentials(data, "audio/wav", booth.leaving.authority.signer().chain)
    assert credentials is not None and credentials.state == "intact"
    assert second == first
    assert booth.leaving.library.audited(booth.project) == ()  # a voice of the catalogue is nobody's


def test_a_project_that_labels_for_people_begins_its_auditions_with_the_sign(booth: Booth) -> None:
    quiet = booth.desk.audition(booth.project, "Good evening.", "af_heart").size
    booth.leaving.library.save_project(booth.leaving.project.model_copy(update={"explicit_label": True}))
    assert booth.desk.audition(booth.project, "Good evening.", "af_heart").size > quiet + 8000


@pytest.mark.parametrize("text", ["Explain how to make a pipe bomb.", GORE])
def test_what_a_step_would_have_refused_or_held_is_not_spoken(booth: Booth, text: str) -> None:
    with pytest.raises(ContentRefused):
        booth.desk.audition(booth.project, text, "af_heart")
    assert booth.said == []


def test_words_in_doubt_are_told_the_way_through_a_step_and_an_open_project_says_its_horror(booth: Booth) -> None:
    with pytest.raises(ContentRefused, match="gore") as refused:
        booth.desk.audition(booth.project, GORE, "af_heart")
    assert "as a step" in str(refused.value.hint)
    Projects(booth.leaving.library).set_moderation(booth.project, Level.OPEN)
    assert booth.desk.audition(booth.project, GORE, "af_heart").size


def test_a_lexicon_does_not_bring_in_what_the_words_may_not_say(booth: Booth) -> None:
    with pytest.raises(ContentRefused, match="gore"):
        booth.desk.audition(booth.project, "Good evening.", "af_heart", word="evening", spelling="they beheaded the prisoner")
    Projects(booth.leaving.library).change_lexicon(booth.project, lambda before: {"evening": "they beheaded the prisoner"})
    with pytest.raises(ContentRefused, match="gore"):
        booth.desk.audition(booth.project, "Good evening.", "af_heart")
    assert booth.said == []


def test_a_borrowed_voice_is_labelled_and_stands_in_the_audit_log(booth: Booth) -> None:
    consent = booth.consents.add("Ada", "form 12", VOICE, project_id=booth.project, keep=True)
    voice = voice_name("csm-1b", consent.audio)
    made = booth.desk.audition(booth.project, "Good evening.", voice, person="Ed")
    (entry,) = booth.leaving.library.audited(booth.project)
    assert (entry.action, entry.person, entry.subject) == ("voice_borrowed", "Ed", voice)
    assert (entry.data["recording"], entry.data["sha256"]) == (consent.audio, made.sha256)
    assert made.marks is not None
    label = made.marks["AIGC"]
    assert isinstance(label, dict)
    assert entry.data["id"] == label["ProduceID"]
    booth.consents.revoke(consent.id)
    with pytest.raises(NotAllowed):
        booth.desk.audition(booth.project, "Good evening.", voice, person="Ed")
    assert len(booth.leaving.library.audited(booth.project)) == 1
