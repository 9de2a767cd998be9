"""Which workers a machine gets, and which of them does what. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import MaquetteError
from pipelines.text.chats import LLAMA_SLOTS
from pipelines.text.transformers_chat import SLOTS

#: Kinds of requests.
CPU: Final = "cpu"
GPU: Final = "gpu"
CHAT: Final = "chat"
BATCHED_CHAT: Final = "batched chat"
GPU_CHAT: Final = "gpu chat"

#: Continuous batching takes many more; beyond these a reply gets slow.
GPU_CHAT_SLOTS: Final = 32

#: More processes than this would each hold a copy of the same models.
_LARGEST_POOL: Final = 4


@dataclass(frozen=True)
class Post:
    """One worker to be: where it works, and how many requests of each kind it takes at once."""

    name: str
    device: str
    places: Mapping[str, int]


def posts(cores: int, gpus: Sequence[str] = (), workers: int = 0) -> tuple[Post, ...]:
    """The chat worker, the CPU pool, and one worker per GPU.

    gpus: names of devices ("cuda:0"). workers: size of the pool, 0 for as many as the cores bear: half of them, at least two where
    there are two, so that speech is made beside a picture, and at most four.
    """
    pool = workers or min(_LARGEST_POOL, max(cores // 2, min(cores, 2), 1))
    made = [Post("chat", "cpu", {CHAT: LLAMA_SLOTS, BATCHED_CHAT: SLOTS["cpu"]})]
    made += [Post(f"cpu-{number}", "cpu", {CPU: 1}) for number in range(pool)]
    for number, device in enumerate(gpus):
        # The LLM stays on one GPU: a copy on each would leave less for pictures, and its batch is where the throughput is.
        chat = {GPU_CHAT: GPU_CHAT_SLOTS} if number == 0 else {}
        made.append(Post(f"gpu-{number}", device, {GPU: 1, **chat}))
    return tuple(made)


def kind_of_maker(maker: str, gpus: Sequence[str] = ()) -> str:
    """Where a pipeline works: what torch makes goes to a GPU where there is one."""
    return GPU if gpus and (maker.startswith("diffusion/") or maker == "bark") else CPU


def kind_of_chat(accelerated: bool, gpus: Sequence[str] = ()) -> str:
    """accelerated: the model runs on a GPU where there is one, and decodes many requests together; llama.cpp does neither here."""
    if not accelerated:
        return CHAT
    return GPU_CHAT if gpus else BATCHED_CHAT


def visible(device: str, already: str | None) -> str:
    """CUDA_VISIBLE_DEVICES of a worker on this device. already: that of the studio, None where it is not set."""
    name, _, number = device.partition(":")
    if name != "cuda":
        return ""
    index = int(number or 0)
    names = [one.strip() for one in already.split(",")] if already else []
    return names[index] if index < len(names) else str(index)


def lanes(made: Sequence[Post], accelerated: bool = False) -> dict[str, int]:
    """How many pieces of work each lane of the queue bears at once with these workers. accelerated: see `kind_of_chat`.

    One place of a chat worker is nobody's: it is for who waits at the screen.
    """

    def places(kind: str) -> int:
        return sum(post.places.get(kind, 0) for post in made)

    chat = places(kind_of_chat(accelerated, [post.device for post in made if GPU_CHAT in post.places]))
    return {"chat": max(1, chat - 1), "prepare": 2, "media": places(CPU), "diffusion": places(GPU) or 1}


def lane_of(maker: str, gpus: Sequence[str] = ()) -> str:
    """The lane in which a pipeline's takes wait: what works on a GPU must not hold the places of the CPU pool."""
    return "diffusion" if maker.startswith("diffusion/") or kind_of_maker(maker, gpus) == GPU else "media"


class Lanes(Mapping[str, int]):
    """`lanes` of these workers as they are now: another chat model decodes another number of requests together.

    accelerated: whether the chat model that answers now is of that sort, see `kind_of_chat`. It reads the library, and the queue asks
    for its lanes at every turn: the answer is kept for so many seconds, and while there is none the last one holds.
    """

    def __init__(self, made: Sequence[Post], accelerated: Callable[[], bool], remembered: float = 2.0) -> None:
        self._made = made
        self._accelerated = accelerated
        self._remembered = remembered
        self._last = False
        self._asked = float("-inf")

    def __getitem__(self, lane: str) -> int:
        return lanes(self._made, lane == "chat" and self._batches())[lane]

    def _batches(self) -> bool:
        now = time.monotonic()
        if now - self._asked >= self._remembered:
            self._asked = now
            try:
                self._last = self._accelerated()
            except MaquetteError:
                return self._last
        return self._last

    def __iter__(self) -> Iterator[str]:
        return iter(lanes(self._made))

    def __len__(self) -> int:
        return len(lanes(self._made))
