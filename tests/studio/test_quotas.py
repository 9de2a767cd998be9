"""What one person may use: counted from what is stored, refused with the number that is exceeded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.writers.calls import Desk
from domain.asset import Asset
from domain.capability import StepKind
from domain.errors import LimitError
from domain.job import Job
from domain.people import Person, Quota
from domain.plan import Plan, Step
from domain.recipe import Measurement, OutputFile, Recipe
from domain.settings import sqlite_url
from domain.specs import CopySpec
from library.library import Library
from pipelines.audio.recognition import Transcript
from studio.quotas import Quotas, Spending, require_room
from studio.recordings import Recordings
from studio.transcripts import Transcripts

NOW = datetime.now(UTC)


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    with Library.open(sqlite_url(home / "maquette.db"), home) as opened:
        opened.add_person(Person(name="Ann", created=NOW), "x")
        opened.add_person(Person(name="Bo", created=NOW), "x")
        yield opened


def give(library: Library, **quota: float) -> None:
    found = library.person("Ann")
    assert found is not None
    library.save_person(found.model_copy(update={"quota": Quota.model_validate(quota)}))


def use(library: Library, person: str) -> None:
    """Two jobs, three minutes and ten bytes, of which two results share six."""
    project = library.create_project("P", person=person)
    step = Step(id="copy-1", title="Copy", spec=CopySpec(about="tea"))
    plan = library.save_plan(Plan(id="", project_id=project.id, brief_id="", title="P", steps=(step,)))
    recipe = Recipe(kind=StepKind.COPY, maker="writer", maker_version=1, prompt="tea")
    for number in (1, 2):
        library.put_job(Job(plan_id=plan.id, step_id=f"copy-{number}", person=person, created=NOW))
        draft = Asset(id="", project_id=project.id, title="T", files=(), recipe=recipe, person=person, created=NOW)
        files = [
            OutputFile("same.txt", "text/plain", person.encode().ljust(6)),
            OutputFile("own.txt", "text/plain", b"%d%d" % (number, number)),
        ]
        library.add_asset(draft, files)
    library.add_measurement(Measurement(kind=StepKind.COPY, maker="m", model="", device="cpu", size=1.0, seconds=180.0, person=person))


def test_jobs_minutes_and_bytes_are_those_of_the_person_since_midnight(library: Library) -> None:
    use(library, "Ann")
    use(library, "Bo")
    today = Quotas(library, lambda: NOW - timedelta(hours=1))
    assert today.used("Ann") == Spending(jobs=2, minutes=3.0, disk_bytes=10)
    tomorrow = Quotas(library, lambda: NOW + timedelta(hours=1))
    assert tomorrow.used("Ann") == Spending(jobs=0, minutes=0.0, disk_bytes=10)


@pytest.mark.parametrize(
    ("quota", "told"),
    [
        ({"jobs": 3}, "3 jobs a day; 2 were started, and this is 2 more"),
        ({"minutes": 4.0}, "4 minutes a day; 3.0 are used, and this takes about 2.0"),
        ({"disk_bytes": 10}, "may keep"),
    ],
)
def test_what_would_exceed_the_quota_is_refused(library: Library, quota: dict[str, float], told: str) -> None:
    use(library, "Ann")
    give(library, **quota)
    quotas = Quotas(library, lambda: NOW - timedelta(hours=1))
    with pytest.raises(LimitError, match=told):
        quotas.require("Ann", jobs=2, seconds=120.0)
    quotas.require("Bo", jobs=2, seconds=120.0)


def test_within_the_quota_and_without_an_account_nothing_is_refused(library: Library) -> None:
    use(library, "Ann")
    give(library, jobs=4, minutes=5.0, disk_bytes=11)
    quotas = Quotas(library, lambda: NOW - timedelta(hours=1))
    quotas.require("Ann", jobs=2, seconds=120.0)
    quotas.require("local", jobs=10**6, seconds=10.0**9)


def test_who_keeps_as_much_as_they_may_brings_nothing_more(library: Library) -> None:
    use(library, "Ann")
    kept = library.bytes_of("Ann")
    require_room(library, "Ann")
    give(library, disk_bytes=kept + 1, jobs=1, minutes=1)
    require_room(library, "Ann")
    give(library, disk_bytes=kept)
    with pytest.raises(LimitError, match="Ann may keep"):
        require_room(library, "Ann")
    require_room(library, "Bo")
    require_room(library, "")


def test_a_recording_is_refused_before_anybody_listens_to_it(library: Library, assets: Path) -> None:
    def transcribe(data: bytes) -> Transcript:
        raise AssertionError("it was listened to")

    use(library, "Ann")
    give(library, disk_bytes=1)
    project = library.create_project("Q", person="Ann").id
    transcripts = Transcripts(library, Recordings(transcribe), lambda: None, Desk(assets), lambda: NOW)
    with pytest.raises(LimitError, match="Ann may keep"):
        transcripts.keep(project, "a.wav", b"RIFF", "Ann")
