"""A chat LLM in a worker is a chat LLM: several at once, stopped at once, and its death is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from domain.chat import ChatReply, ChatRequest, Message
from domain.engine import WorkerStatus
from domain.errors import Cancelled, EngineFailed, WorkerLost
from domain.progress import CancelToken
from tests.pipelines.executors.conftest import Start


def ask(words: str) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=words),))


def test_a_reply_comes_whole_with_its_counts(start: Start) -> None:
    chat = start().chat("parrot")
    assert chat.complete(ask("polly wants 饼干")) == ChatReply(
        text="polly wants 饼干 ", finish="length", prompt_tokens=3, cached_tokens=1, completion_tokens=2
    )


def test_a_reply_streams_in_pieces(start: Start) -> None:
    assert list(start().chat("parrot").stream(ask("a b c"))) == ["a ", "b ", "c "]


def test_what_it_is_needs_no_worker(start: Start) -> None:
    executor = start()
    chat = executor.chat("parrot")
    assert (chat.model.id, chat.context_tokens, chat.strong) == ("parrot", 128, False)
    assert executor.state().workers[0].pid == 0


def test_it_is_warmed(start: Start) -> None:
    assert start().chat("parrot").warm([Message(role="system", content="be a parrot")]) == 3


def test_two_are_answered_at_once(start: Start) -> None:
    chat = start().chat("meeting")
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda words: chat.complete(ask(words)).text, ["one", "two"]))
    assert replies == ["one", "two"]


def test_a_model_without_pieces_streams_its_whole_reply(start: Start) -> None:
    chat = start().chat("meeting")
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda words: list(chat.stream(ask(words))), ["one", "two"])) == [["one"], ["two"]]


def test_cancel_stops_the_reply(start: Start) -> None:
    executor = start()
    token = CancelToken()
    pieces = executor.chat("parrot").stream(ask("a FOREVER"), token)
    assert next(pieces) == "a "
    token.cancel()
    with pytest.raises(Cancelled):
        list(pieces)
    assert executor.chat("parrot").complete(ask("next")).text == "next "
    assert executor.state().workers[0].restarts == 0


def test_closing_the_stream_stops_the_decoding(start: Start) -> None:
    executor = start()
    for _ in range(5):  # more than it has places
        with closing(executor.chat("parrot").stream(ask("a FOREVER"))) as pieces:
            assert next(pieces) == "a "
    assert executor.state().workers[0].restarts == 0


def test_a_worker_that_dies_in_the_middle_of_a_reply(start: Start) -> None:
    executor = start()
    chat = executor.chat("parrot")
    pieces = chat.stream(ask("a b DIE"))
    assert [next(pieces), next(pieces)] == ["a ", "b "]
    with pytest.raises(WorkerLost, match="exit code 7"):
        next(pieces)
    assert executor.state().workers[0].status is WorkerStatus.LOST
    assert chat.complete(ask("back")).text == "back "


def test_everybody_at_a_worker_that_dies_hears_of_it(start: Start) -> None:
    chat = start().chat("parrot")
    pieces = chat.stream(ask("a FOREVER"))
    next(pieces)
    with pytest.raises(WorkerLost):
        chat.complete(ask("DIE"))
    with pytest.raises(WorkerLost):
        list(pieces)


def test_errors_of_the_model_come_through(start: Start) -> None:
    pieces = start().chat("parrot").stream(ask("a FAIL"))
    assert next(pieces) == "a "
    with pytest.raises(EngineFailed, match="the parrot is gone"):
        next(pieces)


def test_a_model_that_is_not_here_is_refused_before_anything_starts(start: Start) -> None:
    executor = start()
    with pytest.raises(KeyError):
        executor.chat("cockatoo")
    assert executor.state().workers[0].pid == 0
