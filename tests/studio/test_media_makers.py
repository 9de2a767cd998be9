"""Preparing a picture's prompt stops in the middle of the chat model's answer when its job is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from agents.writers.calls import Desk
from domain.chat import ChatModel, ChatReply, ChatRequest
from domain.context import StepContext
from domain.errors import Cancelled, InputError
from domain.progress import CancelToken, Silent
from domain.recipe import ModelRef
from domain.specs import PictureSpec
from pipelines.text.chats import Chats
from studio.media_makers import Preparations


class StoppedWhileAnswering:
    """A chat model during whose answer a person cancels the job; like an engine, it asks its token between tokens of text."""

    model = ModelRef(id="slow")
    context_tokens = 4096
    strong = False

    def __init__(self, job: CancelToken) -> None:
        self._job = job

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        self._job.cancel()
        if cancel is not None and cancel.cancelled:
            cancel.check()
        return ChatReply(text='{"phrase": "a fox"}', finish="stop")

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.complete(request, cancel).text


class OneChat:
    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat

    def available(self) -> bool:
        return True

    def current(self) -> ChatModel:
        return self._chat


@pytest.mark.parametrize("spec", [{"task": "edit"}, {"task": "outpaint"}, {"attached": [{"role": "mask", "asset": "m"}]}])
def test_the_illustrator_does_not_draw_what_was_to_be_painted(assets: Path, spec: dict[str, object]) -> None:
    preparations = Preparations(cast(Chats, OneChat(StoppedWhileAnswering(CancelToken()))), Desk(assets), lambda: ())
    with pytest.raises(InputError) as caught:
        preparations.scene(StepContext(spec=PictureSpec.model_validate({"about": "a hat", **spec})), Silent())
    assert caught.value.field == "task" and "Models" in caught.value.hint


def test_a_prompt_stops_with_its_job(assets: Path) -> None:
    job = CancelToken()
    chats = cast(Chats, OneChat(StoppedWhileAnswering(job)))
    preparations = Preparations(chats, Desk(assets), lambda: ())
    with pytest.raises(Cancelled):
        preparations.prompt(StepContext(spec=PictureSpec(about="夜晚森林里的狐狸")), Silent(job))
