"""A chat LLM behind any OpenAI-compatible server (POST {url}/chat/completions, https://platform.openai.com/docs/api-reference/chat).

The person names the server; nothing is sent anywhere else, and redirects are not followed. Knows nothing of prompts.
"""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

import httpx

from domain.chat import ChatReply, ChatRequest
from domain.errors import EngineFailed, InputError, LimitError, MaquetteError, ModelUnreachable, ModelUnusable
from domain.progress import CancelToken
from domain.recipe import ModelRef
from pipelines.text.answering import followed
from pipelines.text.grammar import check_json
from pipelines.text.servers import Server
from pipelines.text.template import Neutralise

#: Bytes of an answer, and of one line of it; a server that sends more is not answering a chat request.
_MOST_BYTES: Final = 16 * 1024 * 1024
_MOST_LINE: Final = 1024 * 1024
_MOST_ERROR_BYTES: Final = 64 * 1024

_CHANGE: Final = "Change MAQUETTE_CHAT_URL, or unset it to use the chat LLM of this machine."


class OpenAICompatibleChat:
    """A ChatModel over HTTP.

    url: the base, with its version ("http://127.0.0.1:8000/v1"). name: the model as the server calls it. key: sent as a bearer
    token to `url` and nowhere else. client: its transport and timeouts are used; its redirects are off here. Thread-safe.
    Raises InputError when `url` is not an http(s) address.
    """

    def __init__(self, url: str, name: str, client: httpx.Client, *, key: str = "", context_tokens: int = 32_768) -> None:
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise InputError(f"MAQUETTE_CHAT_URL is not an address: {error}.", field="MAQUETTE_CHAT_URL") from error
        if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
            raise InputError(
                "MAQUETTE_CHAT_URL is not an http(s) address without a user name.",
                hint='Write it like "http://127.0.0.1:8000/v1"; a key goes into MAQUETTE_CHAT_KEY.',
                field="MAQUETTE_CHAT_URL",
            )
        self._url = str(parsed).rstrip("/")
        self._name = name
        self._client = client
        self._key = key
        self._context_tokens = context_tokens
        self._model = ModelRef(id=f"openai:{name}")
        self._server = Server(self._url, name, client)
        self._clean = Neutralise(())

    @property
    def model(self) -> ModelRef:
        return self._model

    @property
    def context_tokens(self) -> int:
        """As the server told with the first request, or what was assumed."""
        return self._server.context or self._context_tokens

    @property
    def strong(self) -> bool:
        return True

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        """The whole reply. Raises Cancelled, InputError, LimitError, ModelUnreachable, ModelUnusable, EngineFailed."""
        for event in self._events(request, cancel):
            if isinstance(event, ChatReply):
                return event
        raise EngineFailed(f"{self._url} ended without a reply.")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        """Text pieces as they arrive. Closing the iterator closes the connection. Raises like `complete`."""
        for event in self._events(request, cancel):
            if isinstance(event, str):
                yield event

    def _events(self, request: ChatRequest, cancel: CancelToken | None) -> Iterator[str | ChatReply]:
        """The exchange runs in a thread of its own, so that a silent server cannot hold up a cancel."""
        exchange = _Exchange(self._client, self._server, self._url, self._headers(), self._payload(request), request)
        threading.Thread(target=exchange.run, name=f"chat {self._name}", daemon=True).start()
        try:
            yield from followed(exchange.events, cancel)
        finally:
            exchange.close()

    def _headers(self) -> dict[str, str]:
        # One connection per request: it can then be cut when the person cancels, whatever the server is doing.
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Connection": "close"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def _payload(self, request: ChatRequest) -> dict[str, Any]:
        # What is not in the protocol goes to servers that are known to take it, see servers.py.
        payload: dict[str, Any] = {
            "model": self._name,
            "messages": [{"role": m.role, "content": self._clean(m.content)} for m in request.messages],
            "max_tokens": request.max_tokens,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "seed": request.sampling.seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.stop:
            payload["stop"] = list(request.stop)
        if request.json_schema is not None:
            payload["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": request.json_schema}}
        return payload


class _Exchange:
    """One request and its answer."""

    def __init__(
        self,
        client: httpx.Client,
        server: Server,
        url: str,
        headers: Mapping[str, str],
        payload: Mapping[str, Any],
        request: ChatRequest,
    ) -> None:
        self.events: queue.SimpleQueue[str | ChatReply | MaquetteError] = queue.SimpleQueue()
        self._client = client
        self._server = server
        self._url = url
        self._headers = headers
        self._payload = payload
        self._request = request
        self._closed = threading.Event()
        self._socket: socket.socket | None = None

    def close(self) -> None:
        """Cut the connection. What is emitted afterwards nobody reads."""
        self._closed.set()
        connection = self._socket
        if connection is not None:
            # shutdown, not close: it also wakes a thread that waits for the server to say something. Fails when all is over.
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _connected(self, event: str, facts: Mapping[str, Any]) -> None:
        """httpcore's trace (https://www.encode.io/httpcore/extensions/#trace): remember the socket once there is one."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._socket = facts["return_value"].get_extra_info("socket")
            if self._closed.is_set():
                self.close()

    def run(self) -> None:
        try:
            self._run()
        except MaquetteError as error:
            self.events.put(error)
        except httpx.TimeoutException as error:
            self._fail(ModelUnreachable(f"{self._url} did not answer in time.", hint=_CHANGE), error)
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            self._fail(ModelUnreachable(f"No chat server answers at {self._url} ({error}).", hint=_CHANGE), error)
        except httpx.HTTPError as error:
            self._fail(EngineFailed(f"{self._url} broke off its answer ({error}).", hint="Try again, or look at that server's log."), error)
        except Exception as error:
            self._fail(EngineFailed(f"The exchange with {self._url} failed: {error}."), error)

    def _fail(self, failure: MaquetteError, cause: Exception) -> None:
        failure.__cause__ = cause
        self.events.put(failure)

    def _run(self) -> None:
        self._server.ask(self._headers, {"trace": self._connected})
        if self._closed.is_set():
            return
        with self._client.stream(
            "POST",
            f"{self._url}/chat/completions",
            json={**self._payload, **self._server.extras(self._request.sampling)},
            headers=dict(self._headers),
            follow_redirects=False,
            extensions={"trace": self._connected},
        ) as response:
            if response.status_code != 200:
                raise self._refusal(response)
            seen = _Seen(self._url)
            if "text/event-stream" in response.headers.get("content-type", ""):
                for event in _server_events(response, self._url):
                    if self._closed.is_set():
                        return
                    piece = seen.add(event)
                    if piece:
                        self.events.put(piece)
            else:
                piece = seen.add(_whole(response, self._url))
                self.events.put(piece)
        reply = seen.reply()
        if self._request.json_schema is not None:
            check_json(reply, self._request.max_tokens, f"The server at {self._url}")
        self.events.put(reply)

    def _refusal(self, response: httpx.Response) -> MaquetteError:
        """The error for a status other than 200."""
        status = response.status_code
        said = _said(response)
        key = self._headers.get("Authorization", "").removeprefix("Bearer ")
        if key:
            said = said.replace(key, "(the key)")
        if 300 <= status < 400:
            return ModelUnusable(f"{self._url} redirects to another address, which is not followed.", hint=_CHANGE)
        if status in (401, 403):
            return ModelUnusable(f"{self._url} refused the key ({status}).", hint="Set MAQUETTE_CHAT_KEY to a key that this server takes.")
        if status == 404:
            return self._not_found(said)
        # vLLM and SGLang have no code for it, only a sentence.
        if status == 413 or (status == 400 and ("context_length_exceeded" in said or "context length" in said)):
            return LimitError(f"The prompt is too long for {self._payload['model']}: {said}", hint="Shorten the brief or its attachments.")
        if status == 429:
            return EngineFailed(f"{self._url} takes no more requests for now (429): {said}", hint="Wait a little and try again.")
        return EngineFailed(f"{self._url} answered {status}: {said}", hint="Look at that server's log, or choose another chat model.")

    def _not_found(self, said: str) -> MaquetteError:
        name = self._payload["model"]
        models = self._models()
        if not models:
            return ModelUnusable(
                f"{self._url} has no chat endpoint or no model {name!r} ({said}).",
                hint='The address usually ends in "/v1"; the model name goes into MAQUETTE_CHAT_MODEL.',
            )
        return ModelUnusable(f"{self._url} has no model {name!r}.", hint=f"Set MAQUETTE_CHAT_MODEL to one of: {', '.join(models)}.")

    def _models(self) -> list[str]:
        """Names the server lists, at most 20; empty when it lists none."""
        try:
            response = self._client.get(f"{self._url}/models", headers=dict(self._headers), follow_redirects=False)
            listed = response.json()["data"] if response.status_code == 200 else []
            return [str(entry["id"]) for entry in listed][:20]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return []


class _Seen:
    """What the events of one answer add up to."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pieces: list[str] = []
        self._finish = ""
        self._usage: Mapping[str, Any] = {}

    def add(self, event: Mapping[str, Any]) -> str:
        """The new text of this event, or "". Raises EngineFailed for an error event or one of another shape."""
        problem = event.get("error")
        if problem:
            said = problem.get("message", problem) if isinstance(problem, dict) else problem
            raise EngineFailed(f"{self._url}: {str(said)[:400]}")
        try:
            self._usage = event.get("usage") or self._usage
            piece = ""
            for choice in event.get("choices") or ():
                part = choice.get("delta") or choice.get("message") or {}
                piece += part.get("content") or ""
                self._finish = choice.get("finish_reason") or self._finish
        except (AttributeError, TypeError) as error:
            raise EngineFailed(f"{self._url} does not speak the OpenAI chat protocol: {str(event)[:200]}", hint=_CHANGE) from error
        if piece:
            self._pieces.append(piece)
        return piece

    def reply(self) -> ChatReply:
        if self._finish not in ("stop", "length"):
            raise EngineFailed(
                f"{self._url} broke off its answer (finish reason: {self._finish or 'none'}).",
                hint="Try again, or look at that server's log.",
            )
        details = self._usage.get("prompt_tokens_details") or {}
        return ChatReply(
            text="".join(self._pieces),
            finish="length" if self._finish == "length" else "stop",
            prompt_tokens=_number(self._usage.get("prompt_tokens")),
            cached_tokens=_number(details.get("cached_tokens") if isinstance(details, dict) else 0),
            completion_tokens=_number(self._usage.get("completion_tokens")),
        )


def _number(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _server_events(response: httpx.Response, url: str) -> Iterator[dict[str, Any]]:
    """The JSON of each `data:` line until "[DONE]". Other lines (comments, event names) mean nothing here."""
    for line in _lines(response, url):
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        yield _object(data, url)


def _lines(response: httpx.Response, url: str) -> Iterator[bytes]:
    """httpx would gather an endless line without limit."""
    size, rest = 0, b""
    for piece in response.iter_bytes():
        size += len(piece)
        if size > _MOST_BYTES:
            raise EngineFailed(f"{url} sent more than {_MOST_BYTES // 1024**2} MB for one reply.", hint=_CHANGE)
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > _MOST_LINE:
            raise EngineFailed(f"{url} sent a line of more than {_MOST_LINE // 1024**2} MB.", hint=_CHANGE)
        yield from whole
    if rest:
        yield rest


def _whole(response: httpx.Response, url: str) -> dict[str, Any]:
    """The answer of a server that does not stream."""
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST_BYTES:
            raise EngineFailed(f"{url} sent more than {_MOST_BYTES // 1024**2} MB for one reply.", hint=_CHANGE)
    return _object(body, url)


def _object(data: bytes, url: str) -> dict[str, Any]:
    text = data.decode("utf-8", errors="replace")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EngineFailed(f"{url} sent something that is not JSON: {text[:120]!r}.", hint=_CHANGE) from error
    if not isinstance(value, dict):
        raise EngineFailed(f"{url} does not speak the OpenAI chat protocol: {text[:120]!r}.", hint=_CHANGE)
    return value


def _said(response: httpx.Response) -> str:
    """What a refusal says, cut to 400 characters."""
    body = b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) > _MOST_ERROR_BYTES:
            break
    text = body.decode("utf-8", errors="replace")
    try:
        problem = json.loads(text)["error"]
        text = str(problem.get("code") or "") + " " + str(problem["message"]) if isinstance(problem, dict) else str(problem)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return " ".join(text.split())[:400]
