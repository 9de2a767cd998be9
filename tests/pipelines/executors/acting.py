"""What a worker serves in these tests: real pipelines and a real Devices, which behave as badly as the recipe's prompt asks."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from domain.capability import StepKind
from domain.chat import ChatReply, ChatRequest, Message
from domain.errors import ContentRefused, EngineFailed, LimitError
from domain.progress import CancelToken, Previewed, Progress
from domain.recipe import Credit, ModelRef, Output, OutputFile, Recipe, Trace, Work
from domain.settings import Settings
from pipelines.audio.recognition import Transcript
from pipelines.devices import Devices, Weights
from pipelines.memory import Memory

FACTORY = "tests.pipelines.executors.acting:build"
BROKEN = "tests.pipelines.executors.acting:build_nothing"
DYING = "tests.pipelines.executors.acting:die"
LARGE = 50_000_000
LEAK = 300_000_000
GIVEN = 1_000


def work(prompt: str, **parameters: str | int) -> Work:
    return Work(Recipe(kind=StepKind.PICTURE, maker="actor", maker_version=1, prompt=prompt, parameters=dict(parameters)))


def output(data: bytes, name: str = "said.txt", **facts: str | int) -> Output:
    files = (OutputFile(name, "text/plain", data),)
    return Output(files, Trace(), (Credit(title="a test", licence="CC0-1.0", source="here"),), facts)


class Actor:
    """Does what the prompt says. `folder`: where it leaves word of what it did."""

    def __init__(self, devices: Devices, folder: Path) -> None:
        self._devices = devices
        self._folder = folder
        self._leaked: list[bytes] = []

    def generate(self, works: Sequence[Work], progress: Progress) -> list[Output]:
        return [self._one(work, progress) for work in works]

    def _one(self, work: Work, progress: Progress) -> Output:
        prompt = work.recipe.prompt
        if prompt == "abort":
            os.abort()
        if prompt == "exit":
            os._exit(3)
        if prompt == "half a file":
            raise RuntimeError("the pen broke")
        if prompt == "give what is not its own":
            return Output((OutputFile("x.txt", "text/plain", path=Path(str(work.recipe.parameters["path"])), sha256="0" * 64),), Trace())
        if prompt == "refuse":
            raise ContentRefused("No weapons.", reason="weapons", hint="Ask for a cake.", field="brief")
        if prompt == "too long":
            raise LimitError("200 words; 100 are the most.", hint="Shorten it.", field="text")
        if prompt == "large":
            return output(b"x" * LARGE, "large.bin", bytes=LARGE)
        if prompt == "large, and told":
            progress.report(0.5, "half of it")
            return output(b"x" * LARGE, "large.bin")
        if prompt == "hang":
            threading.Event().wait()
        if prompt == "deaf":  # reports, but never asks whether it should stop
            while True:
                time.sleep(0.05)
        if prompt == "hold the interpreter":  # native code that never lets go: no thread of this process runs any more
            (self._folder / "holding").write_text(str(os.getpid()))
            ctypes.PyDLL(None).sleep(1000)
        if prompt == "leak":
            self._leaked.append(b"x" * LEAK)
            time.sleep(float(work.recipe.parameters.get("seconds", 0)))
        if prompt == "steps":
            return self._steps(progress)
        if prompt == "show":
            return self._show(progress)
        if prompt == "slow start":
            return self._slow_start(progress)
        if prompt == "load":
            return self._load(str(work.recipe.parameters["key"]), progress)
        if prompt == "hold":
            with self._devices.acquire(Weights(key="held", footprint=GIVEN, load=lambda: "held"), check=progress.check):
                return self._steps(progress)
        if prompt == "open files":
            return output(b"".join(i.path.read_bytes() for i in work.inputs))
        return output(prompt.encode(), pid=os.getpid(), gpu=os.environ["CUDA_VISIBLE_DEVICES"], secret="MAQUETTE_PASSWORD" in os.environ)

    def _steps(self, progress: Progress) -> Output:
        """Until somebody stops it."""
        step = 0
        try:
            while True:
                progress.report(min(0.9, step / 100), f"step {step}")
                step += 1
                time.sleep(0.02)
        finally:
            (self._folder / "stopped").write_text(str(step))

    def _show(self, progress: Progress) -> Output:
        """Until somebody looks; then how it looks."""
        assert isinstance(progress, Previewed)
        step = 0
        while not progress.watched():
            progress.report(0.5, f"step {step}")
            step += 1
            time.sleep(0.02)
        progress.show(0, b"a picture")
        return output(b"shown")

    def _slow_start(self, progress: Progress) -> Output:
        def load() -> str:
            time.sleep(1.5)
            return "weights"

        with self._devices.acquire(Weights(key="slow", footprint=GIVEN, load=load), check=progress.check):
            return output(b"loaded")

    def _load(self, key: str, progress: Progress) -> Output:
        with self._devices.acquire(Weights(key=key, footprint=GIVEN, load=lambda: bytearray(10)), check=progress.check) as loaded:
            return output(bytes(loaded), loaded=",".join(sorted(self._devices.loaded())))


class Parrot:
    """A chat LLM that says a word at a time. The last message says which."""

    model = ModelRef(id="parrot", sha256="0" * 64)
    context_tokens = 128
    strong = False

    def answer(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str | ChatReply]:
        words = request.messages[-1].content.split()
        for word in words:
            if word == "DIE":
                os._exit(7)
            if word == "FAIL":
                raise EngineFailed("the parrot is gone")
            while word == "FOREVER":
                time.sleep(0.01)
                if cancel is not None:
                    cancel.check()
                yield "and on "
            yield f"{word} "
            if cancel is not None:
                cancel.check()
        text = " ".join(words) + " "
        yield ChatReply(text=text, finish="length", prompt_tokens=len(words), cached_tokens=1, completion_tokens=2)

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        return next(event for event in self.answer(request, cancel) if isinstance(event, ChatReply))

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        return (event for event in self.answer(request, cancel) if isinstance(event, str))

    def warm(self, messages: Sequence[Message], cancel: CancelToken | None = None) -> int:
        return sum(len(message.content.split()) for message in messages)


class Meeting:
    """A chat LLM that answers only when so many ask at once, as the words of the last message say."""

    def __init__(self) -> None:
        self._here = threading.Barrier(2)

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        self._here.wait(20)
        return ChatReply(text=request.messages[-1].content, finish="stop")

    model = ModelRef(id="meeting")
    context_tokens = 128
    strong = True

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        yield self.complete(request, cancel).text

    def warm(self, messages: Sequence[Message], cancel: CancelToken | None = None) -> int:
        return 0


class Ear:
    """Hears the bytes themselves."""

    def transcribe(self, source: Path | bytes, language: str = "", progress: Progress | None = None) -> Transcript:
        data = source if isinstance(source, bytes) else source.read_bytes()
        return Transcript(text=data.decode(), language=language or "en", seconds=float(len(data)))


@dataclass
class Acted:
    devices: Devices
    pipelines: dict[str, Actor]
    recogniser: Ear = field(default_factory=Ear)
    meeting: Meeting = field(default_factory=Meeting)

    def caption(self, model_id: str, picture: bytes, progress: Progress) -> str:
        progress.report(0.5, "looking")
        return f"{model_id} sees {picture.decode()}"

    def local_chat(self, model_id: str) -> Parrot | Meeting:
        return self.meeting if model_id == "meeting" else Parrot()


def build(settings: Settings, assets: Path, memory: Memory) -> Acted:
    if settings.password or settings.chat_key or settings.database:
        raise EngineFailed("a worker was told secrets")
    devices = Devices(memory)
    actor = Actor(devices, settings.home)
    return Acted(devices, {"actor": actor, "diffusion/actor": actor})


def build_nothing(settings: Settings, assets: Path, memory: Memory) -> Acted:
    raise EngineFailed("There is nothing to build.", hint="Buy bricks.")


def die(settings: Settings, assets: Path, memory: Memory) -> Acted:
    os.write(2, b"the floor is gone\n")
    os._exit(9)
