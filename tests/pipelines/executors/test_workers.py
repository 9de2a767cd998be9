"""What a worker does wrong costs the job it was at, and nothing else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from domain.engine import WorkerStatus
from domain.errors import Cancelled, ContentRefused, EngineFailed, LimitError, OutOfMemory, WorkerLost
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Work
from pipelines.executors.spool import discard
from pipelines.executors.workers import WorkerExecutor
from tests.pipelines.executors.acting import BROKEN, DYING, GIVEN, LARGE, LEAK, work
from tests.pipelines.executors.conftest import Start


def soon(true: Callable[[], object]) -> None:
    """Wait until something is true; the test's timeout is the limit."""
    while not true():
        time.sleep(0.01)


def say(executor: WorkerExecutor, prompt: str, **parameters: str | int) -> Output:
    return executor.generate("actor", [work(prompt, **parameters)], Silent())[0]


class Watching:
    """Keeps what was reported; cancels, or does something else, at a report."""

    def __init__(self, at_report: Callable[[], None] = lambda: None) -> None:
        self.heard: list[tuple[float, str]] = []
        self._at_report = at_report

    def report(self, fraction: float, note: str = "") -> None:
        self.heard.append((fraction, note))
        self._at_report()

    def check(self) -> None:
        return


class Looking(Watching):
    """Looks from the third report on, and keeps what is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, bytes]] = []

    def watched(self) -> bool:
        return len(self.heard) >= 3

    def show(self, index: int, picture: bytes) -> None:
        self.seen.append((index, picture))


class Until(Watching):
    """Until the token says so."""

    def __init__(self, token: CancelToken, at_report: Callable[[], None] = lambda: None) -> None:
        super().__init__(at_report)
        self._token = token

    def check(self) -> None:
        self._token.check()


class Leaving(BaseException):
    """Like studio's Stopping: not an Exception."""


def test_a_maker_works_in_another_process(start: Start) -> None:
    executor = start()
    made = say(executor, "hello")
    assert made.main.read() == b"hello" and made.main.name == "said.txt" and made.main.media_type == "text/plain"
    assert made.facts["pid"] not in (os.getpid(), 0)
    assert made.credits[0].title == "a test"
    assert made.trace.peak_bytes > 1_000_000
    assert made.facts["gpu"] == "" and not made.facts["secret"]


def test_results_stand_in_the_order_of_their_works(start: Start) -> None:
    outputs = start().generate("actor", [work("a"), work("b"), work("c")], Silent())
    assert [output.main.read() for output in outputs] == [b"a", b"b", b"c"]


def test_inputs_are_read_where_they_lie(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(b"input")
    given = Work(work("open files").recipe, (InputFile("reference", file, "text/plain"),))
    assert start().generate("actor", [given], Silent())[0].main.read() == b"input"


def test_a_large_result_comes_as_a_file(start: Start, home: Path) -> None:
    made = say(start(), "large")
    assert made.main.path is not None and made.main.data == b"" and len(made.main.sha256) == 64
    assert made.main.path.stat().st_size == LARGE
    assert home in made.main.path.parents, "on the filesystem of the library, which takes it over by renaming"
    discard([made])
    assert not made.main.path.exists()


def test_progress_is_told_as_it_is_made(start: Start) -> None:
    enough = CancelToken()
    watching = Until(enough, lambda: enough.cancel() if len(watching.heard) > 5 else None)
    with pytest.raises(Cancelled):
        start().generate("actor", [work("steps")], watching)
    fractions = [fraction for fraction, _ in watching.heard]
    assert len(fractions) > 5 and fractions == sorted(fractions) and watching.heard[1][1].startswith("step ")


def test_a_worker_shows_what_it_makes_only_to_who_looks(start: Start) -> None:
    looking = Looking()
    made = start().generate("actor", [work("show")], looking)
    assert made[0].main.read() == b"shown"
    assert looking.seen == [(0, b"a picture")]
    assert len(looking.heard) >= 3, "nothing was made before somebody looked"


@pytest.mark.parametrize(("prompt", "how"), [("abort", "SIGABRT"), ("exit", "exit code 3")])
def test_a_crash_costs_one_job(start: Start, prompt: str, how: str) -> None:
    executor = start()
    first = say(executor, "hello").facts["pid"]
    with pytest.raises(WorkerLost, match=how):
        say(executor, prompt)
    assert executor.state().workers[1].status is WorkerStatus.LOST
    assert how in executor.state().workers[1].reason
    assert say(executor, "still there").facts["pid"] != first
    state = executor.state().workers[1]
    assert (state.status, state.restarts) == (WorkerStatus.IDLE, 1)


def test_what_a_worker_cried_before_it_died_is_kept(start: Start) -> None:
    executor = start()
    with pytest.raises(WorkerLost):
        say(executor, "abort")
    assert "Fatal Python error: Aborted" in executor.state().workers[1].reason


def test_errors_come_as_the_class_they_were(start: Start) -> None:
    executor = start()
    with pytest.raises(ContentRefused) as refused:
        say(executor, "refuse")
    told = refused.value
    assert (told.message, told.reason, told.hint, told.field) == ("No weapons.", "weapons", "Ask for a cake.", "brief")
    with pytest.raises(LimitError) as over:
        say(executor, "too long")
    assert (over.value.hint, over.value.field) == ("Shorten it.", "text")
    with pytest.raises(EngineFailed, match="RuntimeError: the pen broke"):
        say(executor, "half a file")
    assert executor.state().workers[1].restarts == 0, "an error is no crash"


def test_an_unknown_maker_is_named(start: Start) -> None:
    with pytest.raises(EngineFailed, match="'sculptor'"):
        start().generate("sculptor", [work("a")], Silent())


def test_a_worker_that_stands_still_is_replaced(start: Start) -> None:
    executor = start(stall=1.0)
    with pytest.raises(WorkerLost, match="no sign of progress"):
        say(executor, "hang")
    assert say(executor, "hello").main.read() == b"hello"


def test_loading_is_not_standing_still(start: Start) -> None:
    executor = start(stall=1.0)
    say(executor, "hello")
    assert say(executor, "slow start").main.read() == b"loaded"


def test_a_worker_that_leaks_is_replaced_between_two_jobs(start: Start) -> None:
    executor = start(slack=LEAK // 2)
    first = say(executor, "hello").facts["pid"]
    assert say(executor, "leak").facts["pid"] == first
    assert say(executor, "next").facts["pid"] != first
    assert "while it did nothing" in executor.state().workers[1].reason


def test_cancel_frees_the_worker_within_a_step(start: Start, home: Path) -> None:
    executor = start()
    token = CancelToken()
    watching = Until(token, token.cancel)
    with pytest.raises(Cancelled):
        executor.generate("actor", [work("steps")], watching)
    pid = say(executor, "next").facts["pid"]
    assert int((home / "stopped").read_text()) < 50, "it stopped by itself"
    assert executor.state().workers[1].restarts == 0
    assert psutil.pid_exists(int(str(pid)))


def test_a_cancel_that_is_not_heard_kills_the_worker(start: Start) -> None:
    executor = start(grace=0.3)
    token = CancelToken()
    before = say(executor, "hello").facts["pid"]
    threading.Timer(0.2, token.cancel).start()
    with pytest.raises(Cancelled):
        executor.generate("actor", [work("deaf")], Silent(token))
    assert say(executor, "next").facts["pid"] != before
    assert "did not stop" in executor.state().workers[1].reason


def test_a_stop_of_the_studio_passes_through(start: Start, home: Path) -> None:
    def leave() -> None:
        raise Leaving

    executor = start()
    with pytest.raises(Leaving):
        executor.generate("actor", [work("steps")], Watching(leave))
    assert say(executor, "next").main.read() == b"next"
    assert (home / "stopped").exists()


def test_a_result_that_nobody_waits_for_leaves_no_file(start: Start, home: Path) -> None:
    def leave() -> None:
        raise Cancelled("enough")

    executor = start()
    with pytest.raises(Cancelled):
        executor.generate("actor", [work("large, and told")], Watching(leave))
    say(executor, "next")
    files = [path for path in (home / "spool").rglob("*-*") if path.is_file() and path.suffix != ".lock"]
    assert [path.stat().st_size for path in files] == [len("next")]


def test_two_workers_work_at_the_same_time(start: Start) -> None:
    executor = start(workers=2)
    token = CancelToken()
    begun = threading.Event()
    watching = Until(token, begun.set)
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(executor.generate, "actor", [work("steps")], watching)
        begun.wait()
        assert say(executor, "meanwhile").main.read() == b"meanwhile"
        assert not long.done()
        token.cancel()
        with pytest.raises(Cancelled):
            long.result()


def test_waiting_for_a_worker_can_be_cancelled(start: Start) -> None:
    executor = start()
    first, second = CancelToken(), CancelToken()
    begun = threading.Event()
    watching = Until(first, begun.set)
    with ThreadPoolExecutor(2) as pool:
        long = pool.submit(executor.generate, "actor", [work("steps")], watching)
        begun.wait()
        waiting = pool.submit(executor.generate, "actor", [work("next")], Silent(second))
        second.cancel()
        with pytest.raises(Cancelled):
            waiting.result()
        first.cancel()
        with pytest.raises(Cancelled):
            long.result()


def test_a_maker_returns_to_the_worker_that_knows_it(start: Start) -> None:
    executor = start(workers=2)
    first = say(executor, "hello").facts["pid"]
    other = executor.generate("diffusion/actor", [work("hello")], Silent())[0].facts["pid"]
    assert [say(executor, "again").facts["pid"] for _ in range(3)] == [first] * 3
    assert executor.generate("diffusion/actor", [work("hello")], Silent())[0].facts["pid"] == other


def test_memory_has_one_owner_over_all_workers(start: Start) -> None:
    executor = start(workers=2, budget=2_000)
    assert say(executor, "load", key="a").facts["loaded"] == "a/full"
    assert say(executor, "load", key="b").facts["loaded"] == "a/full,b/full"
    # A third does not fit: the one that was used longest ago goes.
    assert say(executor, "load", key="c").facts["loaded"] == "b/full,c/full"
    residents = {resident.key: resident for resident in executor.state().residents}
    assert set(residents) == {"b/full", "c/full"}
    assert residents["c/full"].worker == "cpu-0" and residents["c/full"].users == 0
    executor.release_idle()
    assert executor.state().residents == ()
    assert executor.state().devices[0].used == 0


def test_waiting_for_memory_is_not_standing_still_and_can_be_cancelled(start: Start) -> None:
    executor = start(workers=2, budget=1_000, stall=1.0)
    holding, waiting = CancelToken(), CancelToken()
    begun = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        holder = pool.submit(executor.generate, "actor", [work("hold")], Until(holding, begun.set))
        begun.wait()
        waiter = pool.submit(executor.generate, "diffusion/actor", [work("load", key="b")], Silent(waiting))
        time.sleep(2.5)  # much longer than a worker may stand still
        assert not waiter.done() and not holder.done()
        waiting.cancel()
        with pytest.raises(Cancelled):
            waiter.result()
        holding.cancel()
        with pytest.raises(Cancelled):
            holder.result()
    assert [worker.restarts for worker in executor.state().workers] == [0, 0, 0]
    assert say(executor, "load", key="b").facts["loaded"] == "b/full"
    assert [resident.users for resident in executor.state().residents] == [0]


def test_what_can_never_fit_is_refused_as_in_one_process(start: Start) -> None:
    with pytest.raises(OutOfMemory, match=r"big/full needs .* on cpu"):
        say(start(budget=GIVEN - 1), "load", key="big")


def test_memory_of_a_worker_that_died_comes_back(start: Start) -> None:
    executor = start(budget=2_000)
    say(executor, "load", key="a")
    with pytest.raises(WorkerLost):
        say(executor, "abort")
    assert executor.state().devices[0].used == 0
    assert say(executor, "load", key="b").facts["loaded"] == "b/full"


def test_a_worker_cannot_give_away_a_file_that_is_not_its_own(start: Start, home: Path) -> None:
    precious = home / "maquette.db"
    precious.write_text("rows")
    with pytest.raises(WorkerLost):
        say(start(), "give what is not its own", path=str(precious))
    assert precious.read_text() == "rows"


def test_an_upload_is_read_in_a_worker_and_leaves_no_file(start: Start, home: Path) -> None:
    executor = start()
    assert executor.transcribe("你好".encode()).text == "你好"
    assert executor.caption("smolvlm", b"a cup") == "smolvlm sees a cup"
    assert [file for file in (home / "spool").rglob("*") if file.name.startswith(("transcribe", "caption"))] == []


def test_nothing_is_started_before_it_is_needed(start: Start) -> None:
    executor = start(workers=2)
    state = executor.state()
    assert [worker.name for worker in state.workers] == ["chat", "cpu-0", "cpu-1"]
    assert {(worker.status, worker.pid) for worker in state.workers} == {(WorkerStatus.IDLE, 0)}


def test_a_worker_tells_what_it_does_and_holds(start: Start) -> None:
    executor = start()
    token = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(executor.generate, "actor", [work("steps")], Silent(token))
        soon(lambda: executor.state().workers[1].doing)
        state = executor.state().workers[1]
        assert state.status is WorkerStatus.WORKING and state.doing == ("generate actor",) and state.memory > 10_000_000
        token.cancel()
        with pytest.raises(Cancelled):
            long.result()


def test_a_worker_without_an_engine_says_why(start: Start) -> None:
    with pytest.raises(EngineFailed, match="cannot be set up: There is nothing to build") as failed:
        say(start(factory=BROKEN), "hello")
    assert failed.value.hint == "Buy bricks."


def test_a_worker_that_keeps_dying_at_its_start_is_given_up_with_its_last_words(start: Start) -> None:
    executor = start(factory=DYING)
    with pytest.raises(EngineFailed, match=r"ended 5 times.*exit code 9\nthe floor is gone"):
        say(executor, "hello")
    assert executor.state().workers[1].restarts == 5


def test_closing_ends_everything_and_a_closed_executor_says_so(start: Start) -> None:
    executor = start()
    pid = int(str(say(executor, "hello").facts["pid"]))
    executor.close()
    assert not psutil.pid_exists(pid)
    with pytest.raises(EngineFailed, match="stopping"):
        say(executor, "hello")
    executor.close()


def test_closing_ends_a_worker_that_hangs(start: Start) -> None:
    executor = start()
    pid = int(str(say(executor, "hello").facts["pid"]))
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(say, executor, "hold the interpreter")
        soon(lambda: executor.state().workers[1].status is WorkerStatus.WORKING)
        executor.close()
        with pytest.raises(WorkerLost):
            long.result()
    assert not psutil.pid_exists(pid)
