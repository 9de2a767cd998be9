"""A cluster of two nodes on this machine, started as people start one: what is lost costs one attempt, and nothing is mixed up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from domain.chat import ChatRequest, Message
from domain.engine import WorkerStatus
from domain.errors import Cancelled, ContentRefused, EngineFailed, InputError, LimitError, MaquetteError, ModelMissing, WorkerLost
from domain.progress import CancelToken, Silent
from domain.recipe import InputFile, Output, Work
from domain.settings import Settings
from pipelines.executors.ray.cluster import node_environment, write_token
from pipelines.executors.ray.executor import RayExecutor
from pipelines.executors.ray.node import Node, NodePlan
from tests.pipelines.executors.acting import Parrot, work
from tests.pipelines.executors.ray_acting import FACTORY

ROOT = Path(__file__).resolve().parents[3]
STALL = 6.0
#: Said when Ray is imported; not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore:Using extra keyword arguments:DeprecationWarning")


def soon(true: Callable[[], object]) -> None:
    """Wait until something is true; the test's timeout is the limit."""
    while not true():
        time.sleep(0.02)


@dataclass
class Stage:
    home: Path
    token: Path
    head: Node
    other: Node
    other_cache: Path
    executor: RayExecutor

    def say(self, prompt: str, maker: str = "actor", **parameters: str | int) -> Output:
        return self.executor.generate(maker, [work(prompt, **parameters)], Silent())[0]

    def spooled(self) -> list[Path]:
        return [path for path in (self.home / "spool").rglob("*") if path.is_file() and path.suffix != ".lock"]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    # As when Ray is imported before it is known where the head is: it took 127.0.0.1 for the machine's outer address, where nobody listens.
    from ray._private import ray_constants

    ray_constants.ENABLE_RAY_CLUSTER = True
    home, other_cache = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("other-cache")
    token = home / "ray-token"
    assert write_token(token)
    head = Node.start(NodePlan(cpus=2, gpus=0), token, os.environ)
    try:
        theirs = {**os.environ, "MAQUETTE_CACHE": str(other_cache)}
        other = Node.start(NodePlan(address=head.address, cpus=2, gpus=1), token, theirs)
        try:
            settings = Settings(
                home=home, cache=home / "cache", password="secret", chat_key="secret", ray_address=head.address, stall_seconds=STALL
            )
            executor = RayExecutor(settings, {"parrot": Parrot()}.__getitem__, factory=FACTORY, grace=3.0)  # type: ignore[arg-type]
            try:
                stage = Stage(home, token, head, other, other_cache, executor)
                stage.say("hello")
                soon(lambda: len(living(stage)) == 4 and all(worker.status is WorkerStatus.IDLE for worker in living(stage)))
                yield stage
            finally:
                executor.close()
        finally:
            other.stop()
    finally:
        head.stop()
    assert list((home / "spool").glob("*")) == []


class Watching:
    def __init__(self) -> None:
        self.heard: list[tuple[float, str]] = []
        self.token = CancelToken()

    def report(self, fraction: float, note: str = "") -> None:
        self.heard.append((fraction, note))
        self.check()

    def check(self) -> None:
        self.token.check()


def test_a_maker_works_in_a_replica_and_its_files_come_back(stage: Stage) -> None:
    made = stage.say("hello")
    assert made.main.read() == b"hello"
    assert len(made.main.sha256) == 64
    assert made.facts["pid"] != os.getpid()
    assert not made.facts["secret"]
    assert made.main.path is not None
    assert stage.home in made.main.path.parents, "where the library takes it over by renaming"
    made.main.path.unlink()


def test_inputs_are_read_where_they_lie(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(b"input")
    given = Work(work("open files").recipe, (InputFile("reference", file, "text/plain"),))
    assert stage.executor.generate("actor", [given], Silent())[0].main.read() == b"input"


def test_an_input_that_a_node_does_not_see_is_named_with_the_way_out(stage: Stage, tmp_path: Path) -> None:
    given = Work(work("open files").recipe, (InputFile("reference", tmp_path / "nowhere", "text/plain"),))
    with pytest.raises(MaquetteError, match=r"does not see .*nowhere.*MAQUETTE_RAY_STORE"):
        stage.executor.generate("actor", [given], Silent())


def test_errors_come_back_as_the_classes_they_were(stage: Stage) -> None:
    with pytest.raises(ContentRefused) as refused:
        stage.say("refuse")
    assert (refused.value.reason, refused.value.field) == ("weapons", "brief")
    with pytest.raises(LimitError, match="100 are the most"):
        stage.say("too long")
    with pytest.raises(EngineFailed, match="the pen broke"):
        stage.say("half a file")


def test_torch_work_goes_to_the_replica_that_has_a_card_and_no_other_sees_one(stage: Stage) -> None:
    assert stage.say("hello", "diffusion/actor").facts["gpu"] == "0"
    assert stage.say("hello").facts["gpu"] == ""


def test_progress_is_told_and_a_cancel_reaches_the_replica(stage: Stage) -> None:
    watching = Watching()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(stage.executor.generate, "actor", [work("steps")], watching)
        soon(lambda: any(note == "step 3" for _, note in watching.heard))
        watching.token.cancel()
        with pytest.raises(Cancelled):
            running.result()
    soon((stage.home / "stopped").exists)


def test_works_alike_that_wait_for_a_busy_device_are_made_in_one_go(stage: Stage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(6) as pool:
        busy = [pool.submit(stage.say, "wait", "gate", gate=str(gate)) for _ in range(2)]
        soon(lambda: len(list(tmp_path.glob("gate.*"))) == 2)
        waiting = [pool.submit(stage.say, f"work {number}", "crowd") for number in range(4)]
        soon(lambda: sum(len(worker.doing) for worker in stage.executor.state().workers) == 2)
        time.sleep(0.5)  # the four are on their way
        gate.touch()
        assert len({future.result().facts["pid"] for future in busy}) == 2, "each device took one"
        made = [future.result() for future in waiting]
    assert [output.main.read() for output in made] == [b"work 0", b"work 1", b"work 2", b"work 3"]
    assert max(int(str(output.facts["together"])) for output in made) >= 2


def test_one_bad_work_does_not_fail_those_it_was_made_with(stage: Stage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with ThreadPoolExecutor(6) as pool:
        busy = [pool.submit(stage.say, "wait", "gate", gate=str(gate)) for _ in range(2)]
        soon(lambda: len(list(tmp_path.glob("gate.*"))) == 2)
        waiting = [pool.submit(stage.say, prompt, "crowd") for prompt in ("good", "bad", "good", "good")]
        gate.touch()
        for future in busy:
            future.result()
        with pytest.raises(InputError, match="bad cannot be made"):
            waiting[1].result()
        assert [waiting[n].result().main.read() for n in (0, 2, 3)] == [b"good"] * 3


def test_a_late_answer_of_an_attempt_that_was_given_up_is_discarded(stage: Stage, tmp_path: Path) -> None:
    for file in stage.spooled():
        file.unlink()
    gate, watching = tmp_path / "gate", Watching()
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(stage.executor.generate, "gate", [work("late", gate=str(gate))], watching)
        soon(lambda: len(list(tmp_path.glob("gate.*"))) == 1)
        watching.token.cancel()
        with pytest.raises(Cancelled):
            late.result()
    gate.touch()
    soon((tmp_path / "gate.passed").exists)
    mine = [stage.say("mine").main for _ in range(3)]
    assert [file.read() for file in mine] == [b"mine"] * 3
    assert sorted(stage.spooled()) == sorted(file.path for file in mine if file.path is not None)


def test_a_maker_that_does_not_stop_when_asked_loses_its_replica(stage: Stage, tmp_path: Path) -> None:
    gate, watching = tmp_path / "gate", Watching()
    with ThreadPoolExecutor(1) as pool:
        deaf = pool.submit(stage.executor.generate, "gate", [work("late", gate=str(gate))], watching)
        soon(lambda: len(list(tmp_path.glob("gate.*"))) == 1)
        watching.token.cancel()
        with pytest.raises(Cancelled):
            deaf.result()
    pid = int(next(tmp_path.glob("gate.*")).suffix[1:])
    soon(lambda: not psutil.pid_exists(pid))
    assert stage.say("hello").main.read() == b"hello"


def test_a_replica_that_dies_costs_the_attempt_it_was_at(stage: Stage) -> None:
    with pytest.raises(WorkerLost):
        stage.say("abort")
    assert stage.say("hello").main.read() == b"hello"


def test_what_is_sent_to_replicas_that_have_just_died_costs_no_attempt(stage: Stage) -> None:
    """Serve still counts them among the living, and would send the request to one of them."""
    soon(lambda: len(running(stage)) == 4)
    for pid in running(stage):
        psutil.Process(pid).kill()
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(lambda number: stage.say(f"hello {number}").main.read().decode(), range(8)))
    assert said == [f"hello {number}" for number in range(8)]
    soon(lambda: len(running(stage)) == 4)


def test_a_replica_that_stands_still_is_ended(stage: Stage) -> None:
    with pytest.raises(WorkerLost, match="no sign of progress"):
        stage.say("hang")
    assert stage.say("hello").main.read() == b"hello"


def test_the_chat_model_answers_in_pieces_and_stops_when_asked(stage: Stage) -> None:
    chat = stage.executor.chat("parrot")
    assert chat.complete(asked("one two")).text == "one two "
    assert list(chat.stream(asked("one two"))) == ["one ", "two "]
    assert chat.warm((Message(role="system", content="a b c"),)) == 3
    token = CancelToken()
    pieces = chat.stream(asked("FOREVER"), token)
    assert next(pieces) == "and on "
    token.cancel()
    with pytest.raises(Cancelled):
        list(pieces)
    with pytest.raises(EngineFailed, match="the parrot is gone"):
        chat.complete(asked("FAIL"))


def test_a_recording_is_heard(stage: Stage) -> None:
    assert stage.executor.transcribe(b"hello").text == "hello"


def test_a_node_without_the_model_gets_no_such_work(stage: Stage) -> None:
    with pytest.raises(ModelMissing, match=r"On node 127\.0\.0\.1/.*lost|learned"):
        stage.say("hello", "lost")
    (stage.home / "cache").mkdir(exist_ok=True)
    (stage.home / "cache" / "learned").write_bytes(b"here")

    def known() -> bool:
        try:
            return [stage.say("hello", "learned").main.read() for _ in range(6)] == [b"here"] * 6
        except ModelMissing:
            return False

    soon(known)


def test_the_engine_page_sees_every_replica_with_its_node(stage: Stage) -> None:
    soon(lambda: all(worker.status is WorkerStatus.IDLE for worker in living(stage)) and len(living(stage)) >= 4)
    state = stage.executor.state()
    assert len({worker.node for worker in living(stage)}) == 2
    assert {worker.device for worker in living(stage)} == {"cpu", "cuda"}
    assert all(device.budget >= 0 for device in state.devices)
    soon(lambda: dict(stage.executor.lanes) == {"chat": 2, "prepare": 3, "media": 2, "diffusion": 1})


def test_a_node_of_another_version_gets_no_work_and_says_so(stage: Stage, tmp_path: Path) -> None:
    for floor in ("domain", "pipelines"):
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "assets").mkdir()
    shutil.copy(ROOT / "assets" / "models.toml", tmp_path / "assets")
    with (tmp_path / "domain" / "value.py").open("a") as file:
        file.write("\n# another version\n")
    environment = {**node_environment(stage.token, "127.0.0.1", os.environ), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "pipelines.executors.ray.node"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(NodePlan(address=stage.head.address, cpus=4, gpus=0).model_dump_json() + "\n")
        process.stdin.flush()
        assert "address" in json.loads(process.stdout.readline())
        try:
            soon(lambda: any("other code" in worker.reason for worker in stage.executor.state().workers))
            assert stage.say("hello").main.read() == b"hello"
        finally:
            process.terminate()


def test_a_node_that_is_killed_costs_its_attempt_and_the_other_goes_on(stage: Stage, tmp_path: Path) -> None:
    """The last test of this file: afterwards there is one node."""
    gate, watching = tmp_path / "gate", [Watching(), Watching()]
    with ThreadPoolExecutor(2) as pool:
        works = [pool.submit(stage.executor.generate, "gate", [work("wait", gate=str(gate))], each) for each in watching]
        soon(lambda: len(list(tmp_path.glob("gate.*"))) == 2)
        stage.other.process.kill()
        soon(lambda: any(future.done() for future in works))
        gate.touch()
        outcomes = [outcome(future) for future in works]
    assert sorted(outcomes) == ["WorkerLost", "through"]
    assert stage.say("hello").main.read() == b"hello"


def living(stage: Stage) -> list:  # type: ignore[type-arg]
    return [worker for worker in stage.executor.state().workers if worker.status is not WorkerStatus.LOST]


def running(stage: Stage) -> list[int]:
    """Their processes; the roster names one that was killed a little longer."""
    return [worker.pid for worker in living(stage) if worker.pid and psutil.pid_exists(worker.pid)]


def outcome(future: Future[list[Output]]) -> str:
    try:
        return future.result()[0].main.read().decode()
    except MaquetteError as error:
        return type(error).__name__


def asked(text: str) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=text),))
