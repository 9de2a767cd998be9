"""The one owner of memory: who comes in, who goes, who waits, and what the death of a holder leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Cancelled, OutOfMemory, WorkerLost
from pipelines.memory import Arbiter, Footprint, Holder, victims


def never() -> None:
    """A check of somebody who does not want to stop."""


class Process:
    """A holder of the test: unloads what it is asked for, and remembers what that was."""

    def __init__(self, arbiter: Arbiter, name: str = "one", answer: Callable[[str], bool] = lambda key: True) -> None:
        self.asked: list[str] = []
        self.memory: Holder = arbiter.holder(name, self._evict)
        self._answer = answer

    def _evict(self, key: str) -> bool:
        self.asked.append(key)
        return self._answer(key)

    def load(self, key: str, footprint: int = 10, *, device: str = "cpu", seconds: float = 1.0, users: int = 0) -> None:
        self.memory.admit(key, device, footprint, never)
        self.memory.loaded(key, None, seconds)
        self.memory.using(key, users)


def here(arbiter: Arbiter) -> list[str]:
    return [resident.key for resident in arbiter.residents()]


def used(arbiter: Arbiter, device: str = "cpu") -> int:
    return next(state.used for state in arbiter.devices() if state.name == device)


@contextmanager
def waiting(process: Process, key: str, footprint: int = 10, check: Callable[[], None] = never) -> Iterator[Future[None]]:
    """Another thread asks, and has looked at least twice without being let in."""
    looks, over = threading.Semaphore(0), threading.Event()

    def look() -> None:
        looks.release()
        if over.is_set():
            raise Cancelled("The test is over.")
        check()

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(process.memory.admit, key, "cpu", footprint, look)
        try:
            assert all(looks.acquire(timeout=10) for _ in range(2))
            assert not asking.done()
            yield asking
            asking.exception(timeout=10)
        finally:
            over.set()


# Who comes in


def test_what_fits_is_let_in_and_what_can_never_fit_is_refused_with_its_reason() -> None:
    arbiter = Arbiter({"cpu": 3_000_000_000, "cuda:0": 2_000_000_000})
    process = Process(arbiter)
    process.load("a", 3_000_000_000)
    with pytest.raises(OutOfMemory, match=r"b needs 3\.1 GB; this studio may use 3\.0 GB on cpu\..*MAQUETTE_MEMORY"):
        process.load("b", 3_100_000_000)
    with pytest.raises(OutOfMemory, match=r"may use 2\.0 GB on cuda:0") as caught:
        process.load("b", 2_500_000_000, device="cuda")
    assert "MAQUETTE_MEMORY" not in caught.value.hint, "that variable bounds RAM"
    assert here(arbiter) == ["a"]
    assert process.asked == []


def test_a_device_that_is_not_there_is_named_and_one_without_memory_of_its_own_counts_as_ram() -> None:
    arbiter = Arbiter({"cpu": 10, "cuda:0": 10})
    process = Process(arbiter)
    with pytest.raises(OutOfMemory, match="cuda:7") as caught:
        process.load("a", device="cuda:7")
    assert "cuda:0" in caught.value.hint
    process.load("a", device="mps")
    assert (used(arbiter), used(arbiter, "cuda:0")) == (10, 0)


def test_a_process_may_call_its_only_gpu_by_another_name() -> None:
    arbiter = Arbiter({"cuda:0": 10, "cuda:1": 10})
    arbiter.holder("two", lambda key: True, {"cuda": "cuda:1"}).admit("a", "cuda", 10, never)
    assert (used(arbiter, "cuda:0"), used(arbiter, "cuda:1")) == (0, 10)


def test_the_same_key_counts_once_for_each_holder() -> None:
    arbiter = Arbiter({"cpu": 20})
    one, two = Process(arbiter, "one"), Process(arbiter, "two")
    one.load("a")
    one.load("a")
    two.load("a")
    assert [(r.worker, r.key) for r in arbiter.residents()] == [("one", "a"), ("two", "a")]
    assert used(arbiter) == 20


def test_what_was_measured_replaces_what_is_said() -> None:
    told: list[Footprint] = []
    arbiter = Arbiter({"cpu": 100}, learn=told.append)
    process = Process(arbiter)
    process.memory.admit("a", "cpu", 50, never)
    process.memory.loaded("a", 80, 2.5)
    assert told == [Footprint("a", "cpu", 80, 2.5)]
    assert used(arbiter) == 80
    process.memory.gone("a")
    process.load("b", 30, users=1)
    with waiting(process, "a", 50) as asking:
        # 30 and 50 would fit, 30 and 80 do not: b has to go.
        process.memory.using("b", 0)
        asking.result(timeout=10)
    assert process.asked == ["b"]


def test_what_earlier_runs_measured_is_asked_for_and_what_was_not_measured_is_not_learned() -> None:
    told: list[Footprint] = []
    stored = {("a", "cpu"): Footprint("a", "cpu", 70, 3.0)}
    arbiter = Arbiter({"cpu": 60}, lambda key, device: stored.get((key, device)), told.append)
    process = Process(arbiter)
    with pytest.raises(OutOfMemory, match="a needs"):
        process.load("a", 10)
    process.load("b", 60)
    assert told == []
    assert [(r.footprint, r.measured, r.load_seconds) for r in arbiter.residents()] == [(60, False, 1.0)]


# Who goes


def test_idle_weights_of_one_process_go_for_another() -> None:
    arbiter = Arbiter({"cpu": 25})
    one, two = Process(arbiter, "one"), Process(arbiter, "two")
    one.load("a")
    one.load("b")
    two.load("c")
    assert (one.asked, two.asked) == (["a"], [])
    assert here(arbiter) == ["b", "c"]


def test_what_is_dear_to_load_stays_and_goes_at_last_when_nobody_uses_it() -> None:
    arbiter = Arbiter({"cpu": 20})
    process = Process(arbiter)
    process.load("dear", seconds=5.0)
    for number in range(9):
        process.load(f"cheap {number}", seconds=1.0)
    assert process.asked == ["cheap 0", "cheap 1", "cheap 2", "cheap 3", "dear", "cheap 4", "cheap 5", "cheap 6"]


def test_seconds_count_per_byte() -> None:
    arbiter = Arbiter({"cpu": 110})
    process = Process(arbiter)
    process.load("small", 10, seconds=1.0)
    process.load("large", 100, seconds=2.0)
    process.load("next", 10)
    assert process.asked == ["large"]


def test_among_equals_the_least_recently_used_goes() -> None:
    arbiter = Arbiter({"cpu": 30})
    process = Process(arbiter)
    for key in "abc":
        process.load(key)
    process.memory.using("a", 1)
    process.memory.using("a", 0)
    process.load("d")
    assert process.asked == ["b"]


@given(st.lists(st.tuples(st.floats(0, 9), st.integers(1, 20)), max_size=8), st.integers(1, 60))
def test_as_few_go_as_will_do_and_none_where_all_would_not(sizes: list[tuple[float, int]], short: int) -> None:
    idle = dict(enumerate(sizes))
    going = victims(idle, short)
    freed = sum(idle[one][1] for one in going)
    if sum(size for _, size in sizes) < short:
        assert going == []
        return
    assert freed >= short
    assert all(freed - idle[one][1] < short for one in going)


def test_what_is_in_use_or_pinned_is_never_asked_back() -> None:
    arbiter = Arbiter({"cpu": 30})
    process = Process(arbiter)
    arbiter.pin("pinned")
    process.load("pinned")
    process.load("busy", users=1)
    process.load("idle")
    process.load("next")
    assert process.asked == ["idle"]
    with waiting(process, "more", 20):
        assert process.asked == ["idle"], "the idle ones would not make enough room: they stay"
        arbiter.unpin("pinned")
    assert process.asked == ["idle", "pinned", "next"]


def test_what_does_not_fit_beside_the_pinned_is_refused() -> None:
    arbiter = Arbiter({"cpu": 30})
    process = Process(arbiter)
    arbiter.pin("pinned")
    process.load("pinned")
    with pytest.raises(OutOfMemory, match="pinned models"):
        process.load("large", 21)
    arbiter.unpin("pinned")
    process.load("large", 21)
    assert here(arbiter) == ["large"]


def test_weights_that_are_in_use_after_all_are_asked_for_again_when_they_are_idle() -> None:
    arbiter = Arbiter({"cpu": 10})
    idle = threading.Event()
    one, two = Process(arbiter, "one", lambda key: idle.is_set()), Process(arbiter, "two")
    one.load("a")
    with waiting(two, "b") as asking:
        assert here(arbiter) == ["a"]
        idle.set()
        asking.result(timeout=10)
    assert here(arbiter) == ["b"]
    assert len(one.asked) >= 2


def test_a_process_that_cannot_be_asked_costs_nobody_else_their_turn() -> None:
    def broken(key: str) -> bool:
        raise ConnectionError("the pipe is closed")

    arbiter = Arbiter({"cpu": 20})
    one, two, three = Process(arbiter, "one", broken), Process(arbiter, "two"), Process(arbiter, "three")
    one.load("a")
    two.load("b")
    three.load("c")
    assert (one.asked, two.asked) == (["a"], ["b"])
    assert here(arbiter) == ["a", "c"]


def test_a_holder_may_say_itself_that_it_is_gone_and_load_it_again_at_once() -> None:
    arbiter = Arbiter({"cpu": 20})

    def evict(key: str) -> bool:
        memory.gone(key)
        memory.admit(key, "cpu", 10, never)
        return True

    memory = arbiter.holder("one", evict)
    memory.admit("a", "cpu", 10, never)
    memory.loaded("a", None, 1.0)
    memory.using("a", 0)
    arbiter.release_idle()
    assert used(arbiter) == 10, "the second lease of this key is not the one that was asked back"


def test_everything_idle_can_be_asked_back_but_for_the_pinned() -> None:
    arbiter = Arbiter({"cpu": 100})
    process = Process(arbiter)
    arbiter.pin("pinned")
    for key in ("pinned", "a", "b"):
        process.load(key)
    process.load("busy", users=1)
    arbiter.release_idle()
    assert here(arbiter) == ["pinned", "busy"]


# Who waits


def test_a_large_request_is_not_passed_by_small_ones() -> None:
    arbiter = Arbiter({"cpu": 30})
    process = Process(arbiter)
    process.load("busy", 20, users=1)
    with waiting(process, "large", 30) as large, waiting(process, "small", 5) as small:
        process.memory.using("busy", 0)
        large.result(timeout=10)
        assert not small.done()
        process.memory.gone("large")
        small.result(timeout=10)
    assert here(arbiter) == ["small"]


def test_whoever_gives_up_leaves_the_line_to_the_next() -> None:
    arbiter = Arbiter({"cpu": 30})
    process, stop = Process(arbiter), threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Cancelled("Stopped.")

    process.load("busy", 20, users=1)
    with waiting(process, "large", 30, check) as large, waiting(process, "small", 5) as small:
        stop.set()
        small.result(timeout=10)
        assert isinstance(large.exception(timeout=10), Cancelled)
    assert here(arbiter) == ["busy", "small"]


def test_one_device_does_not_wait_for_another() -> None:
    arbiter = Arbiter({"cpu": 10, "cuda:0": 10})
    process = Process(arbiter)
    process.load("busy", users=1)
    with waiting(process, "next") as asking:
        process.load("picture", device="cuda:0")
        assert not asking.done()
        process.memory.gone("busy")


def test_of_what_is_always_in_use_only_as_much_is_closed_as_is_needed() -> None:
    arbiter = Arbiter({"cpu": 40}, starved=0.0)
    process = Process(arbiter, answer=lambda key: False)
    arbiter.pin("pinned")
    for key in ("pinned", "cheap", "dear"):
        process.load(key, seconds=9.0 if key == "dear" else 1.0, users=1)
    with waiting(process, "next", 20):
        process.memory.gone("cheap")
    assert set(process.asked) == {"cheap"}


# Who dies


def test_all_that_a_dead_process_had_returns_and_its_own_requests_end() -> None:
    arbiter = Arbiter({"cpu": 20})
    one, two = Process(arbiter, "one"), Process(arbiter, "two")
    one.load("a", 20, users=1)
    with waiting(one, "b") as own, waiting(two, "c") as others:
        arbiter.lost("one")
        others.result(timeout=10)
        assert isinstance(own.exception(timeout=10), WorkerLost)
    assert here(arbiter) == ["c"]
    with pytest.raises(WorkerLost):
        one.load("d")
    one.memory.loaded("a", 5, 1.0)
    one.memory.using("a", 0)
    one.memory.gone("c")
    assert here(arbiter) == ["c"], "what a dead process still says is not heard"


def test_the_next_process_of_a_name_begins_with_nothing() -> None:
    arbiter = Arbiter({"cpu": 10})
    Process(arbiter, "one").load("a", users=1)
    again = Process(arbiter, "one")
    again.load("b")
    assert here(arbiter) == ["b"]


def test_a_process_that_hangs_while_it_unloads_holds_nobody_up_once_it_is_lost() -> None:
    arbiter, hanging = Arbiter({"cpu": 10}), threading.Event()

    def hang(key: str) -> bool:
        hanging.wait()
        return False

    one, two = Process(arbiter, "one", hang), Process(arbiter, "two")
    one.load("a")
    try:
        with waiting(two, "b") as asking:
            assert used(arbiter) == 10
            arbiter.lost("one")
            asking.result(timeout=10)
        assert here(arbiter) == ["b"]
    finally:
        hanging.set()


# Where to


def test_work_goes_to_the_gpu_that_has_its_weights_else_to_the_emptiest() -> None:
    arbiter = Arbiter({"cuda:0": 100, "cuda:1": 60, "cuda:2": 50})
    process, all_three = Process(arbiter), ("cuda:0", "cuda:1", "cuda:2")
    assert arbiter.place(Footprint("a", "", 10), all_three) == "cuda:0"
    process.load("a", 70, device="cuda:0")
    assert arbiter.place(Footprint("a", "", 70), all_three) == "cuda:0"
    assert arbiter.place(Footprint("b", "", 10), all_three) == "cuda:1"
    assert arbiter.place(Footprint("b", "", 10), ("cuda:0", "cuda:2")) == "cuda:2"
    assert arbiter.place(Footprint("large", "", 80), all_three) == "cuda:0", "only that one is large enough, however full"
    with pytest.raises(OutOfMemory, match="huge needs"):
        arbiter.place(Footprint("huge", "", 101), all_three)


def test_of_two_gpus_with_the_weights_the_less_busy_one_is_taken() -> None:
    arbiter = Arbiter({"cuda:0": 10, "cuda:1": 10})
    Process(arbiter, "one").load("a", device="cuda:0", users=2)
    Process(arbiter, "two").load("a", device="cuda:1", users=1)
    assert arbiter.place(Footprint("a", "", 10), ("cuda:0", "cuda:1")) == "cuda:1"


def test_residents_say_who_holds_what_and_how() -> None:
    arbiter = Arbiter({"cuda:0": 10})
    arbiter.pin("model/group_offload")
    Process(arbiter, "gpu 0").load("model/group_offload", 7, device="cuda:0", users=2)
    [resident] = arbiter.residents()
    assert (resident.worker, resident.mode, resident.users, resident.pinned) == ("gpu 0", "group_offload", 2, True)
    assert resident.idle_seconds == 0.0


def test_two_who_ask_at_once_never_exceed_the_budget() -> None:
    arbiter = Arbiter({"cpu": 25})
    lock, now, most = threading.Lock(), [0], [0]

    def moved(by: int) -> bool:
        with lock:
            now[0] += by
            most[0] = max(most[0], now[0])
        return True

    def work(number: int) -> None:
        process = Process(arbiter, f"process {number}", lambda key: moved(-10))
        for turn in range(30):
            key = f"{number}/{turn % 3}"
            if key not in {r.key for r in arbiter.residents()}:
                process.memory.admit(key, "cpu", 10, never)
                moved(10)
                process.memory.loaded(key, None, 0.1)
            process.memory.using(key, 0)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work, number) for number in range(4)]:
            done.result()
    assert most[0] <= 20
    assert used(arbiter) <= 25
