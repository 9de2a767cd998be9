"""The real makers and a real LLM in real workers, as the studio runs them."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from domain.capability import StepKind
from domain.chat import ChatRequest, Message
from domain.errors import Cancelled, InputError, InvalidOutput, ModelMissing, WorkerLost
from domain.progress import CancelToken, Silent
from domain.recipe import Recipe, Work
from domain.scene import Scene, Setting, Subject
from domain.settings import Settings
from pipelines.executors.inline import InlineExecutor
from pipelines.executors.workers import WorkerExecutor
from pipelines.memory import Arbiter
from pipelines.text.chats import LocalChat, Remote, accelerated
from pipelines.worker import Engine, build
from tests.pipelines.audio.sounds import speech_work, words

pytestmark = pytest.mark.models

CHAT = "smollm2-135m-instruct-q4"
SCENE = Scene(subjects=(Subject(what="fox"),), setting=Setting.FOREST).model_dump(mode="json")
PICTURE = Work(
    Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, parameters={"scene": SCENE, "width": 256, "height": 256})
)
WORDS = {"headline": "Slow coffee", "body": "Steeped for eighteen hours.", "cta": "Taste it", "width": 300, "height": 250}
LAYOUT = Work(Recipe(kind=StepKind.LAYOUT, maker="banner", maker_version=1, parameters=dict(WORDS)))


class Studio:
    """What app.py wires: the engine of the studio, which describes, and the workers, which run."""

    def __init__(self, home: Path, cache: Path, assets: Path) -> None:
        settings = Settings(home=home, cache=cache, workers=1, threads=1, offline=True)
        self.arbiter = Arbiter({"cpu": 4_000_000_000})
        self.engine: Engine = build(
            settings, assets, lambda: {"chat": CHAT}, Remote, memory=self.arbiter.holder("studio", lambda _: False), chat=self._chat
        )
        catalogue = self.engine.store.catalogue
        self.executor = WorkerExecutor(
            settings, assets, self.arbiter, self.engine.local_chat, lambda model_id: accelerated(catalogue.get(model_id))
        )

    def _chat(self, model_id: str) -> LocalChat:
        return self.executor.chat(model_id)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, cache: Path, assets: Path) -> Iterator[Studio]:
    made = Studio(tmp_path_factory.mktemp("home"), cache, assets)
    yield made
    made.executor.close()


@pytest.fixture(scope="module")
def inline(tmp_path_factory: pytest.TempPathFactory, cache: Path, assets: Path) -> Iterator[InlineExecutor]:
    settings = Settings(home=tmp_path_factory.mktemp("inline"), cache=cache, threads=1, offline=True)
    made = InlineExecutor(build(settings, assets, dict, Remote))
    yield made
    made.close()


@pytest.mark.parametrize("work", [PICTURE, LAYOUT], ids=lambda work: work.recipe.maker)
def test_what_a_worker_makes_is_what_this_process_makes(studio: Studio, inline: InlineExecutor, work: Work) -> None:
    maker = work.recipe.maker
    [there], [here] = studio.executor.generate(maker, [work], Silent()), inline.generate(maker, [work], Silent())
    assert [(file.name, file.read()) for file in there.files if file.name != "banner.pdf"] == [
        (file.name, file.read()) for file in here.files if file.name != "banner.pdf"
    ]
    assert there.facts == here.facts and there.credits == here.credits


def test_what_is_said_in_a_worker_is_heard_in_a_worker(studio: Studio) -> None:
    [spoken] = studio.executor.generate("hibari", [speech_work("Slow mornings deserve better coffee.")], Silent())
    assert "load" in spoken.trace.stages
    heard = studio.executor.transcribe(spoken.main.read())
    assert {"slow", "mornings", "better", "coffee"} <= set(words(heard.text))
    held = {resident.worker for resident in studio.executor.state().residents}
    assert held == {"cpu-0"}
    assert studio.engine.devices.loaded() == {}, "the studio holds no weights"


def test_errors_of_makers_come_through(studio: Studio) -> None:
    long = Work(LAYOUT.recipe.model_copy(update={"parameters": {**WORDS, "template": "no such"}}))
    with pytest.raises(InputError, match="no such"):
        studio.executor.generate("banner", [long], Silent())
    crowded = Work(LAYOUT.recipe.model_copy(update={"parameters": {**WORDS, "headline": "Wort" * 50, "width": 64, "height": 64}}))
    with pytest.raises(InvalidOutput):
        studio.executor.generate("banner", [crowded], Silent())


def ask(words: str, tokens: int = 24) -> ChatRequest:
    return ChatRequest(messages=(Message(role="user", content=words),), max_tokens=tokens)


def test_the_chat_model_answers_from_its_worker(studio: Studio) -> None:
    chat = studio.engine.chats.current()
    assert chat.model.id == CHAT and chat.context_tokens == 4096
    reply = chat.complete(ask("Name a colour."))
    assert reply.text and reply.completion_tokens > 0
    assert "".join(chat.stream(ask("Name a colour."))) == reply.text
    assert {resident.worker for resident in studio.executor.state().residents if "llamacpp" in resident.key} == {"chat"}


def test_a_schema_holds_in_a_worker(studio: Studio) -> None:
    schema = {"type": "object", "properties": {"tone": {"enum": ["warm", "cold"]}}, "required": ["tone"]}
    request = ask("How is the sun? Answer as JSON.").model_copy(update={"json_schema": schema})
    assert json.loads(studio.engine.chats.current().complete(request).text)["tone"] in ("warm", "cold")


def test_three_are_answered_side_by_side(studio: Studio) -> None:
    chat = studio.engine.chats.current()
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda word: chat.complete(ask(f"Say {word}.")).text, ["sun", "moon", "star"]))
    assert all(replies)


def test_a_prefix_is_warmed_once(studio: Studio) -> None:
    prefix = (Message(role="system", content="You are the host of a small studio, and you answer briefly and kindly. " * 12),)
    chat = studio.executor.chat(CHAT)
    assert chat.warm(prefix) > 100
    assert chat.warm(prefix) == 0


def test_a_long_reply_is_stopped(studio: Studio) -> None:
    chat = studio.engine.chats.current()
    token = CancelToken()
    with closing(chat.stream(ask("Tell a very long story.", 1500), token)) as pieces:
        next(pieces)
        token.cancel()
        with pytest.raises(Cancelled):
            list(pieces)
    assert chat.complete(ask("Name a colour.")).text


def test_a_killed_chat_worker_is_replaced(studio: Studio) -> None:
    chat = studio.engine.chats.current()
    with closing(chat.stream(ask("Tell a very long story.", 1500))) as pieces:
        next(pieces)
        os.kill(studio.executor.state().workers[0].pid, signal.SIGKILL)
        with pytest.raises(WorkerLost, match="SIGKILL"):
            list(pieces)
    assert chat.complete(ask("Name a colour.")).text
    assert studio.executor.state().workers[0].restarts == 1


def test_a_model_that_is_not_installed_is_refused_by_the_studio(studio: Studio) -> None:
    with pytest.raises(ModelMissing):
        studio.executor.chat("qwen3-8b")
