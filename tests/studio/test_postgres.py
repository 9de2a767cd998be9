"""The small studio on Postgres: library and runs on a server, which may stop for a while."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import StorageError
from domain.job import JobState
from tests.postgres import PostgresServer
from tests.studio.bench import Bench, Hand, open_bench, step


@pytest.fixture
def bench(home: Path, postgres_url: str) -> Iterator[Bench]:
    opened = open_bench(home, Hand(), database=postgres_url)
    opened.runner.start()
    yield opened
    for gate in opened.hand.gate.values():
        gate.set()
    opened.runner.stop()
    opened.library.close()


def test_a_plan_is_made_on_postgres_and_nothing_lies_in_sqlite(bench: Bench, home: Path) -> None:
    plan = bench.plan(step("speech-1", "article-1"), step("article-1", "copy-1"), step("copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    jobs = bench.wait(plan.id)
    assert {job.state for job in jobs.values()} == {JobState.DONE}
    assert bench.hand.made.index("copy-1") < bench.hand.made.index("article-1") < bench.hand.made.index("speech-1")
    assert bench.library.count() == 4
    assert list(home.glob("*.db")) == []


def test_what_a_stop_interrupted_is_made_by_the_next_start(bench: Bench, home: Path, postgres_url: str) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"))
    bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("copy-1", threading.Event()).wait(20)
    bench.runner.stop()
    bench.library.close()
    again = open_bench(home, Hand(), database=postgres_url)
    again.runner.start()
    try:
        assert {job.state for job in again.wait(plan.id).values()} == {JobState.DONE}
        assert again.hand.made == ["copy-1", "article-1"]
    finally:
        again.runner.stop()
        again.library.close()


def test_a_database_that_stops_in_the_middle_of_a_plan_costs_nothing(bench: Bench, postgres: PostgresServer) -> None:
    bench.hand.gate["copy-1"] = threading.Event()
    plan = bench.plan(step("copy-1"), step("article-1", "copy-1"), step("music-1"))
    bench.plans.approve(plan.id)
    assert bench.hand.started.setdefault("copy-1", threading.Event()).wait(20)
    postgres.stop()
    try:
        bench.hand.gate["copy-1"].set()
        with pytest.raises(StorageError, match="does not answer"):
            bench.plans.jobs(plan.id)
    finally:
        postgres.start()
    jobs = bench.wait(plan.id)
    assert {step_id: job.state for step_id, job in jobs.items()} == dict.fromkeys(("copy-1", "article-1", "music-1"), JobState.DONE)
    assert bench.library.count() == 3
