"""Workers that compute at once keep to cores of their own, and have all of them again when they are alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.executors.cores import Cores, divided


@given(st.integers(1, 64), st.integers(1, 12))
def test_everybody_has_a_core_and_nobody_elses_while_there_are_enough(cores: int, workers: int) -> None:
    found = divided(range(cores), range(100, 100 + workers))
    assert set(found) == set(range(100, 100 + workers)) and all(found.values())
    assert set().union(*found.values()) == set(range(min(cores, max(workers, 1) if workers >= cores else cores)))
    if workers <= cores:
        assert sum(map(len, found.values())) == cores


def test_with_too_few_cores_the_first_has_one_alone() -> None:
    assert divided((0, 1), (7, 8, 9)) == {7: (0,), 8: (1,), 9: (1,)}


@pytest.fixture
def sleepers() -> Iterator[list[int]]:
    code = (
        "import threading,time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start(); print(1, flush=True); time.sleep(60)"
    )
    made = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(2)]
    for one in made:
        assert one.stdout is not None and one.stdout.readline()
    yield [one.pid for one in made]
    for one in made:
        one.kill()
        one.communicate()


def used(pid: int) -> list[set[int]]:
    """The cores of each thread."""
    return [os.sched_getaffinity(int(thread)) for thread in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core only: nothing to divide")
def test_two_workers_are_kept_apart_until_one_has_ended(sleepers: list[int]) -> None:
    everything = os.sched_getaffinity(0)
    cores, (small, large) = Cores(), sleepers
    cores.enter(small, large=False)
    cores.enter(small, large=False)
    assert used(small) == [everything, everything]
    cores.enter(large, large=True)
    assert min(everything) in used(large)[0], "pictures come first, whoever began"
    assert all(not one & other for one in used(small) for other in used(large))
    cores.leave(small)
    assert used(small)[0] != everything, "it has begun with two things"
    cores.leave(small)
    assert used(large) == [everything, everything] and used(small) == [everything, everything]
    cores.leave(large)
    assert not cores.placed


def test_a_worker_that_is_gone_does_not_matter() -> None:
    cores = Cores((0, 1))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    cores.enter(gone.pid, large=True)
    cores.enter(gone.pid + 1_000_000, large=False)
    cores.leave(gone.pid)
    assert cores.placed == {gone.pid + 1_000_000: (0, 1)}
