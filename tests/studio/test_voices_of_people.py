"""Lines in a voice that is taken over from a recording: each asks for its consent, and one that is refused stops no other."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import NotAllowed
from domain.job import JobState
from domain.plan import Step
from domain.recipe import InputRef
from domain.specs import SpeechSpec
from pipelines.audio.voices import VoiceCatalogue
from studio.consents import Consents, voice_name
from tests.studio.bench import Bench, Hand, open_bench
from tests.studio.test_consents import OTHER, VOICE

START = datetime(2026, 11, 26, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(home: Path, clock: Clock) -> Iterator[Bench]:
    opened = open_bench(home, Hand(), lanes=1, clock=clock)
    opened.runner.start()
    yield opened
    opened.runner.stop()
    opened.library.close()


@pytest.fixture
def consents(bench: Bench, clock: Clock) -> Consents:
    return Consents(bench.library, lambda: frozenset({"csm-1b"}), clock)


def line(number: int, voice: str = "") -> Step:
    return Step(id=f"speech-{number}", title=f"speech-{number}", spec=SpeechSpec(text="Hello.", voice=voice))


def spoken(bench: Bench, *steps: Step) -> dict[str, str]:
    """What became of each line: "" made, else why not."""
    plan = bench.plan(*steps)
    bench.plans.approve(plan.id)
    return {name: job.error if job.state is JobState.FAILED else "" for name, job in bench.wait(plan.id).items()}


def test_a_line_gets_the_recording_whose_consent_holds(bench: Bench, consents: Consents) -> None:
    made = consents.add("Ada", "form 12", VOICE, project_id=bench.project, keep=True)
    plan = bench.plan(line(1, voice_name("csm-1b", made.audio)), line(2, "af_heart"))
    bench.plans.approve(plan.id)
    bench.wait(plan.id)
    cloned, plain = (bench.plans.result(plan.id, f"speech-{number}") for number in (1, 2))
    assert cloned is not None and plain is not None
    assert cloned.recipe.inputs == (InputRef(role="reference", sha256=made.audio, media_type="audio/*"),)
    assert bench.library.file_path(made.audio).read_bytes() == VOICE
    assert plain.recipe.inputs == ()


def test_without_with_an_ended_and_with_a_revoked_consent_the_line_says_why_and_others_go_on(
    bench: Bench, consents: Consents, clock: Clock
) -> None:
    ended = consents.add("Ada", "form 12", VOICE, days=1, project_id=bench.project, keep=True)
    revoked = consents.add("Bea", "form 13", OTHER, project_id=bench.project, keep=True)
    consents.revoke(revoked.id)
    clock.now = START + timedelta(days=2)
    names = (voice_name("csm-1b", ended.audio), voice_name("csm-1b", revoked.audio), "csm-1b@000000000000", "af_heart")
    whys = spoken(bench, *(line(number, name) for number, name in enumerate(names, 1)))
    assert "Ada" in whys["speech-1"] and "the consent ended on 2026-11-27" in whys["speech-1"]
    assert "Bea" in whys["speech-2"] and "taken back on 2026-11-26" in whys["speech-2"]
    assert "Nobody has allowed this voice" in whys["speech-3"]
    assert whys["speech-4"] == ""
    assert bench.hand.prepared == ["speech-4"]  # nothing was done for the others


def test_a_consent_that_is_taken_back_before_a_line_is_made_ends_it(bench: Bench, consents: Consents) -> None:
    made = consents.add("Ada", "form 12", VOICE, project_id=bench.project, keep=True)
    bench.hand.gate["speech-1"] = threading.Event()
    plan = bench.plan(line(1, "af_heart"), line(2, voice_name("csm-1b", made.audio)))
    bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("speech-1", threading.Event()).wait(20)
    while "speech-2" not in bench.hand.prepared:
        threading.Event().wait(0.01)
    consents.revoke(made.id)
    bench.hand.gate["speech-1"].set()
    jobs = bench.wait(plan.id)
    assert (jobs["speech-1"].state, jobs["speech-2"].state) == (JobState.DONE, JobState.FAILED)
    assert "taken back" in jobs["speech-2"].error


def test_a_recording_that_was_not_kept_and_another_project_give_no_voice(bench: Bench, consents: Consents) -> None:
    made = consents.add("Ada", "form 12", VOICE, project_id=bench.project)
    with pytest.raises(NotAllowed, match="is not kept here"):
        consents.borrow(bench.project, voice_name("csm-1b", made.audio))
    kept = consents.add("Bea", "form 13", OTHER, project_id=bench.project, keep=True)
    assert consents.borrow(bench.project, voice_name("csm-1b", kept.audio)) is not None
    with pytest.raises(NotAllowed, match="for another project"):
        consents.borrow(bench.another_project(), voice_name("csm-1b", kept.audio))
    assert consents.borrow(bench.project, "af_heart") is None


def test_what_a_project_may_use_is_listed_with_its_voices(bench: Bench, consents: Consents, assets: Path) -> None:
    everywhere = consents.add("Ada", "form 12", VOICE, keep=True, territory="Austria")
    own = consents.add("Bea", "form 13", OTHER, project_id=bench.project)
    listed = consents.of_project(bench.project)
    assert [(one.consent.person, one.standing, one.voices) for one in listed] == [
        ("Bea", "holds", ()),
        ("Ada", "holds", (voice_name("csm-1b", everywhere.audio),)),
    ]
    assert listed[1].consent.territory == "Austria"
    assert [one.consent.person for one in consents.of_project(bench.another_project())] == ["Ada"]
    assert consents.revoke_in(bench.project, own.id).revoked is not None
    with pytest.raises(NotAllowed, match="every project"):
        consents.revoke_in(bench.project, everywhere.id)
    [voice] = consents.voices(VoiceCatalogue.read(assets / "voices.toml"))
    assert (voice.name, voice.engine, voice.language, voice.by_name) == (listed[1].voices[0], "csm-1b", "en", True)
