"""What an event of a page may do and hand in: with the right it needs, and as files its own uploads, nothing else of this machine."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from domain.errors import AttachmentError, MaquetteError, NotAllowed
from web.threads import DOOR
from web.ui.needs import ASKED_AGAIN_SECONDS, MARK, caller_of

STREAMS_KEPT = 1000


@dataclass
class _Begun:
    """An event that streams: the inputs it began with, and when its right was asked last."""

    inputs: list[Any]
    asked: float = float("-inf")


class GuardedBlocks(gr.Blocks):
    """Blocks whose inputs name no file but an upload. Gradio copies, or fetches, what they name before a component sees it,
    whichever component it is; and its own check of the folder is off in Blocks that were mounted and not launched."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun: dict[tuple[int, str], _Begun] = {}
        #: Seconds after which a stream's right is asked again.
        self.asked_again = ASKED_AGAIN_SECONDS

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], state: Any, explicit_call: bool = False) -> Any:
        for path in named_paths(inputs):
            try:
                require_upload(path)
            except AttachmentError as error:
                raise gr.Error(str(error), print_exception=False) from error
        return await super().preprocess_data(block_fn, inputs, state, explicit_call)

    async def call_function(
        self,
        block_fn: Any,
        processed_input: list[Any],
        iterator: AsyncIterator[Any] | None = None,
        requests: Any = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        """No event runs without the right it needs, nor goes on without: what streams is asked again every few seconds."""
        number = block_fn if isinstance(block_fn, int) else block_fn._id
        request = requests[0] if isinstance(requests, list) else requests
        event = (number, str(named.get("event_id") or (rest[0] if rest else "")))
        began = _Begun(list(processed_input)) if iterator is None else self._begun.get(event, _Begun([]))
        if time.monotonic() - began.asked >= self.asked_again:
            try:
                need = getattr(self.fns[number].fn, MARK, None)
                if need is None or (need.right is not None and not began.inputs):
                    raise NotAllowed("This event of the page does not say what it needs.", hint="Tell who runs this studio.")
                await DOOR.run(need.require, caller_of(request), began.inputs)
            except MaquetteError as error:
                self._begun.pop(event, None)
                raise gr.Error(escape(str(error)), duration=12, print_exception=False, title="Maquette") from error
            began.asked = time.monotonic()
        result = await super().call_function(block_fn, processed_input, iterator, requests, *rest, **named)
        self._begun.pop(event, None)
        if result.get("is_generating"):
            # A stream whose page was closed is never asked for again: only so many are remembered.
            while len(self._begun) >= STREAMS_KEPT:
                self._begun.pop(next(iter(self._begun)))
            self._begun[event] = began
        return result


def named_paths(value: Any) -> Iterator[str]:
    """The path of every file that a value from the browser names, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("path"), str) and "meta" in one:
                yield one["path"]
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one


def require_upload(path: str | Path) -> Path:
    """The path when it lies in Gradio's upload folder, links followed. Raises AttachmentError."""
    text = str(path)
    try:
        inside = Path(text).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):  # a NUL, a circle of links
        inside = False
    if not inside or "://" in text:
        raise AttachmentError("This file was not uploaded here.", hint="Attach it with the button.", field="files")
    return Path(text)
