"""What an OpenAI-compatible server says of itself, and what it takes beyond the protocol.

vLLM, SGLang and llama.cpp's server name themselves as owner of their models (GET {url}/models) and take settings that the
protocol does not have; others may refuse a request for one unknown setting, so they get none.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any, Final

import httpx

from domain.chat import Sampling

#: How each calls a repeat penalty. All three take min_p and chat_template_kwargs.
_PENALTY: Final = {"vllm": "repetition_penalty", "sglang": "repetition_penalty", "llamacpp": "repeat_penalty"}

#: Seconds and bytes its list of models may take; without it the chat works all the same.
_PATIENCE: Final = 5.0
_MOST_BYTES: Final = 1024 * 1024


class Server:
    """What is known of one server. Thread-safe.

    url: the base, with its version. name: the model as the server calls it. context: prompt plus completion in tokens, 0: not told.
    """

    def __init__(self, url: str, name: str, client: httpx.Client) -> None:
        self._url = url
        self._name = name
        self._client = client
        self._asked = False
        self._kind = ""
        self._guard = threading.Lock()
        self.context = 0

    def ask(self, headers: Mapping[str, str], extensions: Mapping[str, Any]) -> None:
        """Ask it once what it is. A server that cannot be reached is asked again next time; the chat request says what is wrong."""
        with self._guard:
            if self._asked:
                return
            try:
                cards = self._listed(headers, extensions)
            except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                self._asked = not isinstance(error, httpx.TransportError)
                return
            self._asked = True
            for card in cards:
                if card.get("owned_by") in _PENALTY:
                    self._kind = str(card["owned_by"])
                if card.get("id") == self._name and isinstance(card.get("max_model_len"), int):
                    self.context = max(0, card["max_model_len"])

    def extras(self, sampling: Sampling) -> dict[str, Any]:
        """What goes into a request beside the protocol's own settings."""
        if not self._kind:
            return {}
        # A model that thinks aloud would spend the reply's tokens on it, and a schema does not bound its thoughts.
        return {
            "min_p": sampling.min_p,
            _PENALTY[self._kind]: sampling.repeat_penalty,
            "chat_template_kwargs": {"enable_thinking": False},
        }

    def _listed(self, headers: Mapping[str, str], extensions: Mapping[str, Any]) -> list[dict[str, Any]]:
        with self._client.stream(
            "GET",
            f"{self._url}/models",
            headers=dict(headers),
            follow_redirects=False,
            timeout=_PATIENCE,
            extensions=dict(extensions),
        ) as response:
            body = b""
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("the list of models is too long")
        if response.status_code != 200:
            raise ValueError(f"no list of models ({response.status_code})")
        return [card for card in json.loads(body)["data"] if isinstance(card, dict)]
