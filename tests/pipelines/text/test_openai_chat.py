"""The OpenAI-compatible client against a real server on loopback, friendly and hostile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from domain.chat import ChatRequest, Message, Sampling
from domain.errors import Cancelled, EngineFailed, InputError, LimitError, ModelUnreachable, ModelUnusable
from domain.progress import CancelToken
from pipelines.text.openai import OpenAICompatibleChat

HELLO = ChatRequest(messages=(Message(role="user", content="Say hello."),), max_tokens=20)
BOUND = HELLO.model_copy(update={"json_schema": {"type": "object", "properties": {"a": {"type": "string"}}}})

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.answer(self)

    def do_GET(self) -> None:
        self.reply(200, {"data": self.server.models})

    def reply(self, status: int, value: object, **headers: str) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def event(self, value: object) -> None:
        self.wfile.write(b"data: " + (value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n\n")
        self.wfile.flush()

    def piece(self, text: str, finish: str | None = None) -> None:
        self.event({"choices": [{"delta": {"content": text}, "finish_reason": finish}]})

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@dataclass
class FakeServer(ThreadingHTTPServer):
    answer: Answer
    seen: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    models: list[Any] = field(default_factory=lambda: [{"id": "big"}, {"id": "small"}])
    gone: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.gone.set()


def friendly(handler: Handler) -> None:
    handler.events()
    handler.wfile.write(b": a comment\n\nevent: chunk\n")
    handler.piece("Hel")
    handler.piece("lo 你好")
    handler.piece("", "stop")
    handler.event({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 5}}})
    handler.event(b"[DONE]")


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with FakeServer(friendly) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=httpx.Timeout(20, connect=5), trust_env=False) as made:
        yield made


def test_a_stream_arrives_in_pieces_and_whole(server: FakeServer, client: httpx.Client) -> None:
    chat = OpenAICompatibleChat(server.url, "big", client)
    assert list(chat.stream(HELLO)) == ["Hel", "lo 你好"]
    reply = chat.complete(HELLO)
    assert (reply.text, reply.finish, reply.prompt_tokens, reply.cached_tokens, reply.completion_tokens) == ("Hello 你好", "stop", 9, 5, 2)
    assert chat.model.id == "openai:big"
    assert chat.strong


def test_everything_asked_for_reaches_the_server(server: FakeServer, client: httpx.Client) -> None:
    request = HELLO.model_copy(update={"sampling": Sampling(temperature=0.5, top_p=0.8, seed=11), "stop": ("END",)})
    OpenAICompatibleChat(server.url + "/", "big", client, key="secret").complete(request)
    path, headers, body = server.seen[0]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "big"
    assert body["messages"] == [{"role": "user", "content": "Say hello."}]
    assert (body["temperature"], body["top_p"], body["seed"], body["max_tokens"], body["stop"]) == (0.5, 0.8, 11, 20, ["END"])


@pytest.mark.parametrize(
    ("owner", "penalty"), [("vllm", "repetition_penalty"), ("sglang", "repetition_penalty"), ("llamacpp", "repeat_penalty")]
)
def test_a_server_that_names_itself_gets_every_setting(server: FakeServer, client: httpx.Client, owner: str, penalty: str) -> None:
    server.models = ["nonsense", {"id": "big", "owned_by": owner, "max_model_len": 8192}]
    chat = OpenAICompatibleChat(server.url, "big", client)
    assert chat.context_tokens == 32_768
    chat.complete(HELLO.model_copy(update={"sampling": Sampling(min_p=0.1, repeat_penalty=1.2)}))
    body = server.seen[0][2]
    assert (body["min_p"], body[penalty], body["chat_template_kwargs"]) == (0.1, 1.2, {"enable_thinking": False})
    assert chat.context_tokens == 8192


@pytest.mark.parametrize("models", [[{"id": "big", "owned_by": "openai"}], [], "odd", [{"id": "big", "max_model_len": "many"}]])
def test_an_unknown_server_gets_the_protocol_only(server: FakeServer, client: httpx.Client, models: Any) -> None:
    server.models = models
    chat = OpenAICompatibleChat(server.url, "big", client)
    chat.complete(HELLO)
    assert not {"min_p", "repetition_penalty", "repeat_penalty", "chat_template_kwargs"} & set(server.seen[0][2])
    assert chat.context_tokens == 32_768


def test_thoughts_of_a_model_are_not_its_reply(server: FakeServer, client: httpx.Client) -> None:
    def thinking(handler: Handler) -> None:
        handler.events()
        handler.event({"choices": [{"delta": {"role": "assistant", "content": ""}}]})
        handler.event({"choices": [{"delta": {"reasoning_content": "Let me see."}}]})
        handler.piece("Hello.", "stop")

    server.answer = thinking
    assert OpenAICompatibleChat(server.url, "big", client).complete(HELLO).text == "Hello."


def test_a_schema_goes_out_as_response_format(server: FakeServer, client: httpx.Client) -> None:
    def bound(handler: Handler) -> None:
        handler.events()
        handler.piece('{"a": "b"}', "stop")

    server.answer = bound
    assert OpenAICompatibleChat(server.url, "big", client).complete(BOUND).text == '{"a": "b"}'
    assert server.seen[0][2]["response_format"]["json_schema"]["schema"] == BOUND.json_schema


def test_a_server_that_does_not_stream_is_understood(server: FakeServer, client: httpx.Client) -> None:
    server.answer = lambda h: h.reply(200, {"choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}]})
    reply = OpenAICompatibleChat(server.url, "big", client).complete(HELLO)
    assert (reply.text, reply.finish) == ("Hi", "length")


def test_a_server_that_ignores_the_schema_is_told_so_and_not_repaired(server: FakeServer, client: httpx.Client) -> None:
    def chatty(handler: Handler) -> None:
        handler.events()
        handler.piece('Sure! {"a": "b"}', "stop")

    server.answer = chatty
    with pytest.raises(EngineFailed, match="asked for JSON and answered 'Sure!"):
        OpenAICompatibleChat(server.url, "big", client).complete(BOUND)


def test_nobody_listening_names_the_address_and_the_setting(client: httpx.Client) -> None:
    with FakeServer(friendly) as unused:
        url = unused.url
    with pytest.raises(ModelUnreachable, match="MAQUETTE_CHAT_URL") as caught:
        OpenAICompatibleChat(url, "big", client).complete(HELLO)
    assert url in caught.value.message
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_key_names_the_setting_and_never_the_key(server: FakeServer, client: httpx.Client, status: int) -> None:
    server.answer = lambda h: h.reply(status, {"error": {"message": "bad key secret-key-1"}})
    with pytest.raises(ModelUnusable, match="MAQUETTE_CHAT_KEY") as caught:
        OpenAICompatibleChat(server.url, "big", client, key="secret-key-1").complete(HELLO)
    assert "secret-key-1" not in str(caught.value)


def test_an_error_that_repeats_the_key_is_shown_without_it(server: FakeServer, client: httpx.Client) -> None:
    server.answer = lambda h: h.reply(500, {"error": {"message": "boom with Bearer secret-key-1"}})
    with pytest.raises(EngineFailed, match="answered 500: boom with Bearer"):
        OpenAICompatibleChat(server.url, "big", client, key="secret-key-1").complete(HELLO)


def test_an_unknown_model_lists_those_there_are(server: FakeServer, client: httpx.Client) -> None:
    server.answer = lambda h: h.reply(404, {"error": {"message": "no such model"}})
    with pytest.raises(ModelUnusable, match=r"no model 'huge'.*MAQUETTE_CHAT_MODEL to one of: big, small"):
        OpenAICompatibleChat(server.url, "huge", client).complete(HELLO)


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "message": "9000 tokens, 8192 at most"},
        {"code": 400, "message": "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."},
        {"code": 400, "message": "The input (9000 tokens) is longer than the model's context length (8192 tokens)."},
    ],
)
def test_a_prompt_too_long_for_the_server_is_a_limit(server: FakeServer, client: httpx.Client, error: dict[str, Any]) -> None:
    server.answer = lambda h: h.reply(400, {"error": error})
    with pytest.raises(LimitError, match=r"9000 tokens"):
        OpenAICompatibleChat(server.url, "big", client).complete(HELLO)


def test_a_busy_server_says_wait(server: FakeServer, client: httpx.Client) -> None:
    server.answer = lambda h: h.reply(429, {"error": "slow down"})
    with pytest.raises(EngineFailed, match="Wait a little"):
        OpenAICompatibleChat(server.url, "big", client).complete(HELLO)


def test_a_redirect_is_not_followed_and_the_key_goes_nowhere(server: FakeServer) -> None:
    with FakeServer(friendly) as elsewhere, httpx.Client(timeout=5, trust_env=False, follow_redirects=True) as eager:
        thread = threading.Thread(target=elsewhere.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        server.answer = lambda h: h.reply(307, {}, Location=elsewhere.url)
        with pytest.raises(ModelUnusable, match="redirects"):
            OpenAICompatibleChat(server.url, "big", eager, key="secret").complete(HELLO)
        elsewhere.shutdown()
        thread.join()
        assert elsewhere.seen == []


def test_a_server_that_says_nothing_times_out(server: FakeServer) -> None:
    server.answer = lambda h: server.over.wait(10) and None
    impatient = httpx.Client(timeout=httpx.Timeout(5, read=0.2), trust_env=False)
    with impatient, pytest.raises(ModelUnreachable, match="did not answer in time"):
        OpenAICompatibleChat(server.url, "big", impatient).complete(HELLO)
    server.over.set()


def test_a_cancel_leaves_a_silent_server_at_once(server: FakeServer, client: httpx.Client) -> None:
    asked = threading.Event()

    def silent(handler: Handler) -> None:
        asked.set()
        if handler.connection.recv(1) == b"":  # what a closed connection reads as
            server.gone.set()

    server.answer = silent
    cancel = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(OpenAICompatibleChat(server.url, "big", client).complete, HELLO, cancel)
        assert asked.wait(10)
        cancel.cancel()
        with pytest.raises(Cancelled):
            waiting.result()
    assert server.gone.wait(10)


def test_closing_the_stream_closes_the_connection(server: FakeServer, client: httpx.Client) -> None:
    def endless(handler: Handler) -> None:
        handler.events()
        while not server.over.is_set():
            handler.piece("more ")
            server.over.wait(0.01)

    server.answer = endless
    stream = OpenAICompatibleChat(server.url, "big", client).stream(HELLO)
    assert next(stream) == "more "
    stream.close()
    assert server.gone.wait(10)


def test_a_connection_lost_in_the_middle_is_an_error_after_what_came(server: FakeServer, client: httpx.Client) -> None:
    def broken(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.piece("Once")

    server.answer = broken
    pieces: list[str] = []
    with pytest.raises(EngineFailed, match="broke off"):
        pieces.extend(OpenAICompatibleChat(server.url, "big", client).complete(HELLO).text)


def test_an_answer_without_an_end_is_not_taken_for_whole(server: FakeServer, client: httpx.Client) -> None:
    def half(handler: Handler) -> None:
        handler.events()
        handler.piece("Once upon")

    server.answer = half
    with pytest.raises(EngineFailed, match="broke off its answer"):
        OpenAICompatibleChat(server.url, "big", client).complete(HELLO)


@pytest.mark.parametrize(
    "data",
    [
        b"{not json",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"choices": 3}',
        b'{"choices": [3]}',
        b'{"choices": [{"delta": {"content": 5}}]}',
        b'{"choices": [{"delta": "x"}]}',
        b'{"error": {"message": "out of memory"}}',
    ],
)
def test_a_hostile_event_is_an_engine_error(server: FakeServer, client: httpx.Client, data: bytes) -> None:
    def hostile(handler: Handler) -> None:
        handler.events()
        handler.event(data)

    server.answer = hostile
    with pytest.raises(EngineFailed):
        OpenAICompatibleChat(server.url, "big", client).complete(HELLO)


def test_a_line_without_end_is_cut_off(server: FakeServer, client: httpx.Client) -> None:
    def flood(handler: Handler) -> None:
        handler.events()
        handler.wfile.write(b"data: ")
        while not server.over.is_set():
            handler.wfile.write(b"x" * 65536)

    server.answer = flood
    with pytest.raises(EngineFailed, match="a line of more than 1 MB"):
        OpenAICompatibleChat(server.url, "big", client).complete(HELLO)
    assert server.gone.wait(10)


def test_an_odd_usage_does_not_spoil_a_reply(server: FakeServer, client: httpx.Client) -> None:
    def odd(handler: Handler) -> None:
        handler.events()
        handler.piece("Hi", "stop")
        handler.event({"choices": [], "usage": {"prompt_tokens": None, "prompt_tokens_details": [1]}})

    server.answer = odd
    assert OpenAICompatibleChat(server.url, "big", client).complete(HELLO).text == "Hi"


@pytest.mark.parametrize("url", ["", "ftp://host/v1", "file:///etc/passwd", "http://", "http://user:pw@host/v1", "not an address"])
def test_an_address_that_is_none_names_the_setting(client: httpx.Client, url: str) -> None:
    with pytest.raises(InputError, match="MAQUETTE_CHAT_URL"):
        OpenAICompatibleChat(url, "big", client)
