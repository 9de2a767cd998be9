"""Copy over all channels with the embedded model: how much keeps its hard limits before and after repair, and what visibly failed.

python -m benchmarks.writing copy                 # 200 requests, hours on two cores
python -m benchmarks.writing copy --every 8       # every eighth of them
python -m benchmarks.writing copy --minutes 20    # as many as fit, spread over all channels

"before" takes the first answer as it came, the number of texts asked for; "after" is what the writer delivers. A text that breaks its
hard limit and carries an error finding for it failed visibly; one without would be shipped as passed.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.checks.limits import holds
from agents.writers.calls import Desk
from agents.writers.copy import write_copy
from agents.writers.copy_prompt import tidy
from domain.channel import Channel
from domain.chat import ChatModel, ChatReply, ChatRequest
from domain.context import StepContext
from domain.documents import CopyDocument
from domain.errors import GenerationError
from domain.finding import Severity
from domain.progress import CancelToken, Progress, Silent
from domain.recipe import ModelRef
from domain.settings import Settings
from domain.specs import CopySpec
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from pipelines.worker import embedder_for

ROOT = Path(__file__).resolve().parent.parent
REQUESTS = 200
MODEL = "qwen2.5-coder-1.5b-instruct-q4"


class Listening:
    """A chat model that remembers the lines of the first answer for every field."""

    def __init__(self, inner: ChatModel) -> None:
        self._inner = inner
        self.calls = 0
        self.first: list[list[str]] = []
        self.waiting = False

    @property
    def model(self) -> ModelRef:
        return self._inner.model

    @property
    def context_tokens(self) -> int:
        return self._inner.context_tokens

    @property
    def strong(self) -> bool:
        return self._inner.strong

    def complete(self, request: ChatRequest, cancel: CancelToken | None = None) -> ChatReply:
        reply = self._inner.complete(request, cancel)
        self.calls += 1
        if self.waiting:
            self.waiting = False
            try:
                self.first.append([tidy(str(line)) for line in json.loads(reply.text).get("lines", ())])
            except ValueError:
                self.first.append([])
        return reply

    def stream(self, request: ChatRequest, cancel: CancelToken | None = None) -> Iterator[str]:
        return self._inner.stream(request, cancel)


class Fields(Silent):
    """Tells the listener when the next field begins."""

    def __init__(self, listening: Listening) -> None:
        super().__init__()
        self._listening = listening

    def report(self, fraction: float, note: str = "") -> None:
        super().report(fraction, note)
        self._listening.waiting = note.startswith("writing ")


@dataclass
class Tally:
    """texts: with a hard limit. free: texts of fields that have none. seconds: writing them all."""

    requests: int = 0
    lost: int = 0
    texts: int = 0
    before: int = 0
    asked: int = 0
    after: int = 0
    over_shown: int = 0
    over_hidden: int = 0
    free: int = 0
    passed: int = 0
    whole_before: int = 0
    whole_after: int = 0
    calls: int = 0
    seconds: float = 0.0
    channels: set[str] = field(default_factory=set)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            mine = getattr(self, name)
            setattr(self, name, mine | value if isinstance(mine, set) else mine + value)

    def report(self) -> dict[str, Any]:
        delivered = self.texts + self.free
        return {
            "requests": self.requests,
            "requests_without_an_answer": self.lost,
            "channels": len(self.channels),
            "texts_with_a_hard_limit": self.texts,
            "within_before_repair_percent": percent(self.before, self.asked),
            "within_after_repair_percent": percent(self.after, self.texts),
            "over_and_shown_as_failed": self.over_shown,
            "over_and_not_shown": self.over_hidden,
            "requests_all_within_before_percent": percent(self.whole_before, self.requests),
            "requests_all_within_after_percent": percent(self.whole_after, self.requests),
            "texts_without_a_hard_limit": self.free,
            "texts_that_pass_every_check_percent": percent(self.passed, delivered),
            "calls_per_request": round(self.calls / max(1, self.requests), 1),
            "seconds_per_request": round(self.seconds / max(1, self.requests), 1),
        }


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 100.0


def requests(desk: Desk, count: int = REQUESTS) -> list[tuple[Channel, dict[str, str]]]:
    """(channel, product) so that any prefix spreads over the channels: product by product, channel by channel, languages taking turns."""
    data = tomllib.loads((ROOT / "benchmarks" / "data" / "copy_requests.toml").read_text(encoding="utf-8"))["product"]
    by_language = {code: [p for p in data if p["language"] == code] for code in ("en", "zh")}
    found = []
    for number in range(len(by_language["en"])):
        for place, channel in enumerate(desk.channels.all):
            language = "zh" if not channel.serves("en") else ("en", "zh")[(number + place) % 2]
            found.append((channel, by_language[language][number]))
    return found[:count]


def write(chat: ChatModel, desk: Desk, store: ModelStore, devices: Devices, channel: Channel, product: dict[str, str], seed: int) -> Tally:
    spec = CopySpec(about=product["about"], language=product["language"], channel=channel.id, fields=channel.copy_fields)
    context = StepContext(spec=spec, material=product["material"])
    listening = Listening(chat)
    progress: Progress = Fields(listening)
    started = time.perf_counter()
    tally = Tally(requests=1, channels={channel.id})
    try:
        document = write_copy(context, listening, seed, progress, desk, embedder_for(store, devices, spec.language))
    except GenerationError as error:
        tally.lost = 1
        print(json.dumps({"channel": channel.id, "lost": str(error)}), flush=True)
        return tally
    tally.seconds, tally.calls = time.perf_counter() - started, listening.calls
    _count(tally, document, listening.first, channel, spec)
    return tally


def _count(tally: Tally, document: CopyDocument, first: list[list[str]], channel: Channel, spec: CopySpec) -> None:
    for slot, asked, lines in zip(document.slots, spec.fields, first, strict=True):
        place = channel.field(slot.name)
        tally.passed += sum(line.passed for line in slot.lines)
        if place is None or place.hard_limit is None:
            tally.free += len(slot.lines)
            continue
        tally.asked += asked.count
        tally.before += sum(holds(line, place, asked.max_chars) for line in lines[: asked.count])
        tally.texts += len(slot.lines)
        for line in slot.lines:
            if holds(line.text, place, asked.max_chars):
                tally.after += 1
            elif any(f.rule == "length" and f.severity is Severity.ERROR for f in line.findings):
                tally.over_shown += 1
            else:
                tally.over_hidden += 1
    tally.whole_before = int(tally.before == tally.asked)
    tally.whole_after = int(tally.after == tally.texts)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.writing copy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="every K-th request")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after this many minutes; 0: none")
    parser.add_argument("--at-once", type=int, default=4, help="requests that share the engine's slots")
    parser.add_argument("--model", default=MODEL, help="id of a chat model of the catalogue that runs on llama.cpp")
    parser.add_argument("--out", type=Path, help="write the report as JSON")
    given = parser.parse_args(argv)
    settings = Settings.from_environment({}, Path.home())
    desk = Desk(ROOT / "assets")
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), settings.cache)
    devices = Devices(6 << 30)
    chat = LlamaCppChat(
        next(store.folder(given.model).glob("*.gguf")), store.ref(given.model), devices, slots=given.at_once, context_tokens=3072
    )
    total, rows, started = Tally(), [], time.monotonic()

    def one(asked: tuple[int, tuple[Channel, dict[str, str]]]) -> tuple[Channel, dict[str, str], Tally] | None:
        number, (channel, product) = asked
        if given.minutes and time.monotonic() - started > given.minutes * 60:
            return None
        return channel, product, write(chat, desk, store, devices, channel, product, number)

    with ThreadPoolExecutor(given.at_once) as pool:
        for made in pool.map(one, list(enumerate(requests(desk)))[:: given.every]):
            if made is None:
                continue
            channel, product, tally = made
            total.add(tally)
            rows.append({"channel": channel.id, "language": product["language"], **tally.report()})
            print(json.dumps(rows[-1], ensure_ascii=False), flush=True)
    devices.release_idle()
    report = {"model": given.model, **total.report()}
    print(json.dumps(report, indent=2))
    if given.out:
        given.out.write_text(json.dumps({"total": report, "requests": rows}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
