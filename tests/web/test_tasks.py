"""Long work of pages: so much of one person, so much of everybody, and a place for the next when one ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from domain.errors import Busy
from domain.people import Caller
from domain.progress import Progress
from domain.value import JsonValue
from web.api.tasks import RUNNING_EACH, RUNNING_IN_ALL, Tasks
from web.caller import CALLER
from web.errors import answer_of


class Work:
    """Runs until the test lets it go."""

    def __init__(self) -> None:
        self.tasks, self.go_on = Tasks(), threading.Event()

    def start(self, person: str) -> str:
        CALLER.set(Caller(person=person))
        return self.tasks.start(self._wait)

    def _wait(self, progress: Progress) -> JsonValue:
        assert self.go_on.wait(60)
        return "made"

    def end(self) -> None:
        self.go_on.set()
        for thread in [one for one in threading.enumerate() if one.name.startswith("task ")]:
            thread.join(60)


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    yield work
    work.end()
    CALLER.set(None)


def test_one_person_has_three_at_once_and_the_next_when_they_end(work: Work) -> None:
    begun = [work.start("Ada") for _ in range(RUNNING_EACH)]
    with pytest.raises(Busy) as refused:
        work.start("Ada")
    answer = answer_of(refused.value, {})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    with pytest.raises(Busy):
        work.tasks.require()
    # One that was cancelled goes on until it looks, and counts until then.
    work.tasks.get(begun[0]).token.cancel()
    with pytest.raises(Busy):
        work.start("Ada")
    work.start("Bo")
    work.end()
    work.tasks.require()
    work.start("Ada")


def test_everybody_together_has_so_many(work: Work) -> None:
    for number in range(RUNNING_IN_ALL):
        work.start(f"person {number}")
    with pytest.raises(Busy):
        work.start("one more")
