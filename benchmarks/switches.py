"""What switching models costs and leaks: python -m benchmarks.switches [--times 500]. Exits with 1 when memory grows by 1 MB a switch.

A small LLM, a small voice and a tiny random picture model take turns under a budget that holds one of them: at each switch one is
unloaded, the next is loaded and used. Prints the slope of this process's resident memory by linear regression, in MB a switch, with
each model's own level taken out; the peak; and seconds a switch. The first rounds, in which libraries are imported, are left out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.capability import StepKind
from domain.chat import ChatRequest, Message, Sampling
from domain.model import FolderSource, Model, ModelFile, Task
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.audio.hibari import HibariPipeline
from pipelines.devices import Devices
from pipelines.image.diffusion import Diffusion
from pipelines.image.families import Families
from pipelines.measuring import resident
from pipelines.memory import Arbiter, Memory
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.pipelines.image.tiny_models import save_sd15

ROOT = Path(__file__).resolve().parent.parent
CHAT = "smollm2-135m-instruct-q4"
BUDGET = 2_000_000_000
#: Rounds before anything is counted.
WARM = 3
#: MB a switch.
MOST = 1.0


class OneAtATime:
    """The owner of memory, asked for the whole budget each time: whatever is loaded, everything else has to go first."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.loads = 0

    def admit(self, key: str, device: str, footprint: int, check: Callable[[], None]) -> None:
        self._memory.admit(key, device, BUDGET, check)
        self.loads += 1

    def loaded(self, key: str, footprint: int | None, seconds: float) -> None:
        self._memory.loaded(key, None, seconds)

    def using(self, key: str, users: int) -> None:
        self._memory.using(key, users)

    def gone(self, key: str) -> None:
        self._memory.gone(key)


@dataclass(frozen=True)
class Sample:
    """After a switch: its number, which model was switched to, resident megabytes."""

    number: int
    model: str
    megabytes: float


def users_of(devices: Devices, cache: Path, scratch: Path) -> dict[str, Callable[[], object]]:
    """What loads each model and uses it once."""
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache)
    chat = LlamaCppChat(next(store.folder(CHAT).glob("*.gguf")), store.ref(CHAT), devices, context_tokens=1024, slots=1, threads=1)
    voice = HibariPipeline(store, devices, ROOT / "assets")
    families = Families.read(ROOT / "assets" / "pictures" / "families.toml")
    picture = Diffusion(picture_store(scratch), devices, "tiny", "cpu", families=families)
    asked = ChatRequest(messages=(Message(role="user", content="Say hello."),), max_tokens=8, sampling=Sampling(temperature=0.0))
    said = made(StepKind.SPEECH, {"text": "Hello.", "voice": "", "language": "en", "speed": 1.0, "lexicon": {}})
    seen = made(StepKind.PICTURE, {"prompt": "a red fox", "width": 32, "height": 32, "steps": 2})
    return {
        "chat": lambda: chat.complete(asked),
        "voice": lambda: voice.generate([said], Silent()),
        "picture": lambda: picture.generate([seen], Silent()),
    }


def made(kind: StepKind, parameters: dict[str, object]) -> Work:
    return Work(Recipe(kind=kind, maker="benchmark", maker_version=1, parameters=parameters, seed=1))


def picture_store(scratch: Path) -> ModelStore:
    """A store with a Stable Diffusion of random weights, a thousandth of the real one's size."""
    folder = save_sd15(scratch / "tiny", scratch / "words")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    model = Model(
        id="tiny", name="Tiny", task=Task.PICTURE, licence="Apache-2.0", pinned=False,
        files=tuple(ModelFile(name=name) for name in names), sources=(FolderSource(path=str(folder)),),
    )  # fmt: skip
    store = ModelStore(Catalogue([model]), scratch / "cache")
    store.pull("tiny", Silent())
    return store


def slope(samples: Sequence[Sample]) -> float:
    """MB a switch by least squares, one level per model."""
    above = below = 0.0
    for model in {sample.model for sample in samples}:
        own = [sample for sample in samples if sample.model == model]
        at, level = statistics.fmean(s.number for s in own), statistics.fmean(s.megabytes for s in own)
        above += sum((s.number - at) * (s.megabytes - level) for s in own)
        below += sum((s.number - at) ** 2 for s in own)
    return above / below if below else 0.0


def switched(users: dict[str, Callable[[], object]], times: int, show: Callable[[str], object]) -> tuple[list[Sample], float]:
    """The samples, and seconds a switch took on average."""
    samples: list[Sample] = []
    names, before = list(users), WARM * len(users)
    started = time.perf_counter()
    for number in range(before + times):
        if number == before:
            started = time.perf_counter()
        name = names[number % len(names)]
        users[name]()
        if number >= before:
            samples.append(Sample(number - before, name, (resident() or 0) / 1e6))
        if number % 50 == 49:
            show(f"{number + 1} switches, {(resident() or 0) / 1e6:.0f} MB\n")
    return samples, (time.perf_counter() - started) / times


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--only", nargs="+", choices=("chat", "voice", "picture"), help="switch between these, to find a leak")
    options = parser.parse_args(arguments)
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    memory = OneAtATime(Arbiter({"cpu": BUDGET}).holder("benchmark", lambda key: devices.evict(key)))
    devices = Devices(memory)
    with tempfile.TemporaryDirectory() as scratch:
        users = users_of(devices, cache, Path(scratch))
        if options.only:
            users = {name: use for name, use in users.items() if name in options.only}
        if len(users) == 1:  # one model alone is loaded anew each time
            users = {name: lambda use=use: (devices.release_idle(), use()) for name, use in users.items()}
        samples, seconds = switched(users, options.times, sys.stderr.write)
        devices.release_idle()
    grown = slope(samples)
    sys.stdout.write(
        f"{memory.loads} loads; resident memory {grown:+.3f} MB a switch over {len(samples)} switches (at most {MOST:.1f}); "
        f"peak {max(sample.megabytes for sample in samples):.0f} MB; {seconds:.2f} s a switch\n"
    )
    return 0 if grown < MOST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
