"""A file is opened in a process of its own: what happens there is told, and nothing else happens."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import AttachmentError, EngineFailed, InputError, LabelError, LimitError
from pipelines.sandbox.limits import Limits
from pipelines.sandbox.sandbox import Sandbox

MISBEHAVING = "tests.pipelines.sandbox.misbehaving:tasks"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    opened = Sandbox(MISBEHAVING)
    yield opened
    opened.close()


def ask(sandbox: Sandbox, task: str, limits: Limits | None = None, **given: object) -> tuple[object, bytes]:
    said, held = sandbox.run(task, given, b"abc", name="fox.png", limits=limits)  # type: ignore[arg-type]
    return said, bytes(held)


def still_works(sandbox: Sandbox) -> bool:
    return ask(sandbox, "echo", a=1) == ({"a": 1}, b"cba")


def test_what_is_said_of_a_file_comes_back_with_its_bytes(sandbox: Sandbox) -> None:
    assert still_works(sandbox)


def test_a_file_of_many_megabytes_travels_both_ways(sandbox: Sandbox) -> None:
    data = os.urandom(20_000_000)
    _, held = sandbox.run("echo", {}, data, name="x")
    assert bytes(held) == data[::-1]


@pytest.mark.parametrize("task", ["crash", "exit"])
def test_a_file_that_ends_its_reader_is_refused_by_name_and_the_next_is_read(sandbox: Sandbox, task: str) -> None:
    with pytest.raises(AttachmentError, match=r"fox\.png cannot be opened"):
        ask(sandbox, task)
    assert still_works(sandbox)


@pytest.mark.parametrize(
    ("task", "limits"), [("spin", Limits(seconds=60, cpu=1)), ("spin", Limits(seconds=1, cpu=60)), ("sleep", Limits(seconds=1))]
)
def test_a_file_that_takes_too_long_is_refused_and_its_process_is_gone(sandbox: Sandbox, task: str, limits: Limits) -> None:
    with pytest.raises(LimitError, match=r"fox\.png took longer"):
        ask(sandbox, task, limits)
    assert still_works(sandbox)
    assert children_of(sandbox) == []


def test_a_file_that_needs_too_much_memory_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(LimitError, match=r"fox\.png needs more memory"):
        ask(sandbox, "eat", Limits(memory=100_000_000), bytes=200_000_000)
    assert ask(sandbox, "eat", Limits(memory=300_000_000), bytes=200_000_000)[0] == 200_000_000


@pytest.mark.parametrize(
    ("task", "kind", "words"),
    [("limit", LimitError, "x is too long. Cut it."), ("label", LabelError, "No label."), ("foreign", AttachmentError, "damaged"),
     ("engine", AttachmentError, "damaged")],
)  # fmt: skip
def test_only_what_can_be_said_of_a_file_is_said(sandbox: Sandbox, task: str, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words) as told:
        ask(sandbox, task)
    assert "secret" not in str(told.value)


def test_more_bytes_than_a_file_may_become_are_not_taken(sandbox: Sandbox) -> None:
    with pytest.raises(AttachmentError):
        ask(sandbox, "large", Limits(answer=2_999_999))
    assert len(ask(sandbox, "large", Limits(answer=3_000_000))[1]) == 3_000_000


def test_a_file_reaches_neither_other_files_nor_the_network_nor_processes(sandbox: Sandbox, tmp_path: Path) -> None:
    secret, target = tmp_path / "secret", tmp_path / "target"
    secret.write_bytes(b"a key")
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.setblocking(False)
        given = {"secret": str(secret), "target": str(target), "port": canary.getsockname()[1], "parent": os.getpid()}
        said, _ = ask(sandbox, "tried", **given)
        with pytest.raises(BlockingIOError):
            canary.accept()
    assert isinstance(said, dict)
    assert sandbox.shut is not None
    assert not target.exists() or target.read_bytes() == b""
    if sandbox.shut.network:
        assert said["connect"] != "done"
    if sandbox.shut.files:
        assert (said["read"], said["write"], said["run"]) == ("PermissionError",) * 3
    if sandbox.shut.files >= 6:
        assert said["signal"] == "PermissionError"


def test_it_has_few_files_writes_none_and_knows_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(sandbox, "limits")[0] == [64, 0]
    monkeypatch.setenv("MAQUETTE_PASSWORD", "hush")
    with_secret = Sandbox(MISBEHAVING)
    try:
        names = ask(with_secret, "environment")[0]
    finally:
        with_secret.close()
    assert isinstance(names, list)
    assert not [name for name in names if name.startswith("MAQUETTE")]


def test_many_files_at_once_each_get_their_own_answer(sandbox: Sandbox) -> None:
    found: dict[int, object] = {}

    def one(number: int) -> None:
        try:
            found[number] = ask(sandbox, "crash" if number % 5 == 0 else "echo", n=number)[0]
        except InputError as error:
            found[number] = type(error)

    people = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert found == {n: AttachmentError if n % 5 == 0 else {"n": n} for n in range(20)}


def test_when_its_process_dies_another_is_started() -> None:
    opened = Sandbox(MISBEHAVING)
    try:
        assert still_works(opened)
        process = opened._process
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert still_works(opened)
    finally:
        opened.close()


def test_without_its_process_no_file_is_opened(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineFailed, match="did not start"):
        ask(Sandbox("tests.pipelines.sandbox.misbehaving:nothing"), "echo")


def test_closing_ends_its_process() -> None:
    opened = Sandbox(MISBEHAVING)
    opened.start()
    process = opened._process
    assert process is not None
    opened.close()
    assert process.returncode is not None
    opened.close()


def children_of(sandbox: Sandbox) -> list[str]:
    assert sandbox._process is not None
    told = Path(f"/proc/{sandbox._process.pid}/task/{sandbox._process.pid}/children")
    return told.read_text(encoding="ascii").split() if told.exists() else []
