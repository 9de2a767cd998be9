"""The pinned brief of 12 assets: this engine against a plain sequential script with the same weights (engine_plain.py).

Both hold their models when the clock starts. Ours goes the whole way: plan approved, prepared, queued, batched, made in worker
processes, stored. The script writes nothing but the pictures of its first round.
"""

from __future__ import annotations

import io
import json
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.engine_house import House, load, opened
from benchmarks.engine_plain import PARTS, Plain, pinned
from benchmarks.engine_table import Row
from benchmarks.engine_weights import CHAT, PICTURES, Weights, weights
from domain.capability import Capability, StepKind
from domain.chat import ChatRequest, Message
from domain.context import StepContext
from domain.job import JobState
from domain.model import Task
from domain.plan import Plan, Step
from domain.progress import Progress
from domain.recipe import Output, OutputFile, Trace, Work
from domain.settings import Settings
from domain.specs import CopySpec, PictureSpec, SpeechSpec
from domain.take import Prepared
from domain.value import JsonValue
from library.library import AssetQuery
from pipelines.executors.workers import WorkerExecutor
from pipelines.memory import Arbiter
from pipelines.models.profiles import Hardware
from pipelines.text.chats import Remote, accelerated
from pipelines.worker import Engine, budgets, build
from studio.makers import Maker
from studio.media_makers import media_maker

#: The order of a round: ours and plain, so that a machine that slows down meanwhile slows both.
ROUND = ("plain", "ours", "ours", "plain")
DECIBELS = 30.0


@dataclass(frozen=True)
class Bench:
    """The engine of the studio process answers what can be made; everything is made in the workers of the house."""

    house: House
    brief: Mapping[str, Any]

    def plan(self, parts: Sequence[str] = PARTS, short: bool = False) -> Plan:
        """The brief, or parts of it. short: the least of everything, to warm up; texts all the same fill every slot."""
        wanted = {"pictures": self._pictures(short), "texts": self._texts(short), "voices": self._voices(short)}
        return self.house.plan(*(step for part in parts for step in wanted[part]))

    def make(self, plan: Plan) -> dict[str, Any]:
        """seconds: from approve until everything is stored. tokens: of the texts."""
        started = time.perf_counter()
        self.house.plans.approve(plan.id)
        jobs = self.house.ended(plan, every=0.02)
        took = time.perf_counter() - started
        failed = [f"{job.step_id}: {job.error}" for job in jobs.values() if job.state is not JobState.DONE]
        if failed:
            raise SystemExit("\n".join(failed))
        assets = self.house.library.assets(AssetQuery(plan_id=plan.id, limit=100))
        return {"seconds": took, "tokens": sum(int(str(asset.facts.get("tokens", 0))) for asset in assets)}

    def _pictures(self, short: bool) -> list[Step]:
        made = []
        for number, one in enumerate(self.brief["pictures"], start=1):
            steps = 1 if short else self.brief["steps"]
            spec = PictureSpec(about=one["prompt"], width=max(64, one["width"]), height=max(64, one["height"]), steps=steps)
            made.append(Step(id=f"picture-{number}", title=f"picture {number - 1}", spec=spec))
        return made[::2] if short else made

    def _texts(self, short: bool) -> list[Step]:
        title = "short text" if short else "text"
        return [
            Step(id=f"copy-{number}", title=f"{title} {number - 1}", spec=CopySpec(about=one["wanted"]))
            for number, one in enumerate(self.brief["texts"], start=1)
        ]

    def _voices(self, short: bool) -> list[Step]:
        return [
            Step(id=f"speech-{number}", title=f"voice {number - 1}", spec=SpeechSpec(text=one["text"]))
            for number, one in enumerate(self.brief["voices"], start=1)
        ]


def makers(engine: Engine, executor: WorkerExecutor, brief: Mapping[str, Any]) -> list[Maker]:
    """The studio's own makers with what is prepared given: the brief is pinned, nobody is asked for prompts."""

    def one(part: str, context: StepContext) -> Mapping[str, Any]:
        found: Mapping[str, Any] = brief[part][int(context.title.split()[-1])]
        return found

    def picture(context: StepContext, progress: Progress) -> Prepared:
        asked, steps = one("pictures", context), context.spec.model_dump()["steps"]
        parameters: dict[str, JsonValue] = {"prompt": asked["prompt"], "width": asked["width"], "height": asked["height"], "steps": steps}
        return Prepared(prompt=asked["prompt"], parameters=parameters)

    def speech(context: StepContext, progress: Progress) -> Prepared:
        text = one("voices", context)["text"]
        return Prepared(prompt=text, parameters={"text": text, "voice": "", "language": "en", "speed": 1.0, "lexicon": {}})

    diffusion = engine.diffusion[PICTURES]
    bark = next(pipeline for pipeline in engine.speech if pipeline.name == "bark")
    return [
        media_maker(diffusion, picture, executor, lane="diffusion", name=f"{diffusion.name}/{PICTURES}"),
        media_maker(bark, speech, executor, lane="media"),
        _writer(executor, brief),
    ]


def _writer(executor: WorkerExecutor, brief: Mapping[str, Any]) -> Maker:
    """One greedy reply of the chat model for each text."""
    chat = executor.chat(CHAT)

    def prepare(context: StepContext, progress: Progress) -> Prepared:
        tokens = 4 if context.title.startswith("short") else brief["tokens"]
        return Prepared(prompt=brief["texts"][int(context.title.split()[-1])]["wanted"], parameters={"tokens": tokens})

    def make(works: Sequence[Work], progress: Progress) -> list[Output]:
        return [_reply(work) for work in works]

    def _reply(work: Work) -> Output:
        messages = (Message(role="system", content=brief["brief"]), Message(role="user", content=work.recipe.prompt))
        reply = chat.complete(ChatRequest(messages=messages, max_tokens=int(str(work.recipe.parameters["tokens"]))))
        file = OutputFile(name="text.txt", media_type="text/plain", data=reply.text.encode())
        return Output(files=(file,), trace=Trace(), facts={"text": reply.text, "tokens": reply.completion_tokens})

    return Maker(
        kind=StepKind.COPY, name="writer", version=1, lane="chat", prepare=prepare, models=lambda parameters: (),
        capability=lambda: Capability(kind=StepKind.COPY, maker="writer"), make=make,
    )  # fmt: skip


@contextmanager
def engine_bench(home: Path, made: Weights, scale: str) -> Iterator[Bench]:
    """The engine as app.py builds it, on these weights."""
    hardware = Hardware.detect()
    settings = Settings(home=home, cache=made.cache, offline=True)
    home.mkdir(parents=True, exist_ok=True)
    arbiter = Arbiter(budgets(settings, hardware))
    engine = build(settings, made.assets, lambda: {Task.CHAT.value: CHAT}, Remote)
    catalogue = engine.store.catalogue
    executor = WorkerExecutor(settings, made.assets, arbiter, engine.local_chat, lambda name: accelerated(catalogue.get(name or CHAT)))
    brief = pinned(scale)
    gate = threading.Event()
    gate.set()
    with opened(settings, executor, makers(engine, executor, brief), executor.lanes, gate) as house:
        yield Bench(house, brief)


def scale_of(quick: bool) -> tuple[str, str]:
    """Which sizes of the brief, and of the weights."""
    if quick:
        return "tiny", "tiny"
    return ("cuda" if Hardware.detect().gpus else "cpu"), "full"


class Kept:
    """What was measured already, on disk, so that a long run can be interrupted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def get(self, name: str, measure: Callable[[], Any]) -> Any:
        if name not in self._told:
            self._told[name] = measure()
            self._path.write_text(json.dumps(self._told), encoding="utf-8")
            print(f"{name}: {json.dumps(self._told[name])}", flush=True)
        return self._told[name]

    def has(self, names: Sequence[str]) -> bool:
        return all(name in self._told for name in names)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


def against_plain(quick: bool, place: Path) -> list[Row]:
    """One A/B/B/A round, then our parts alone, then our pictures beside plain ones of the same number format."""
    scale, size = scale_of(quick)
    made = weights(size, place)
    kept = Kept(place / f"brief-{scale}.json")
    with tempfile.TemporaryDirectory() as folder, engine_bench(Path(folder) / "home", made, scale) as bench:
        rounds = _rounds(bench, kept, scale, size, place, Path(folder))
        ours, dtype = _pictures(bench, Path(folder))
        alike = kept.get(f"decibels at {dtype}", lambda: _decibels(ours, scale, size, place, Path(folder) / dtype, dtype))
    kept.forget()
    return _table(rounds, alike, dtype, scale)


def _rounds(bench: Bench, kept: Kept, scale: str, size: str, place: Path, folder: Path) -> dict[str, Any]:
    names = [f"{who} {number}" for number, who in enumerate(ROUND)]
    parts = [f"ours, {part} alone" for part in PARTS]
    for _ in range(2):  # the second finds another worker free now and then
        bench.make(bench.plan(short=True))
    if not kept.has(names):
        out = folder / "float32"
        out.mkdir()
        with Plain(scale, size, place, out) as plain:
            plain.make(short=True)
            for name in names:
                kept.get(name, (lambda: bench.make(bench.plan())) if name.startswith("ours") else plain.make)
    for part, name in zip(PARTS, parts, strict=True):
        kept.get(name, lambda part=part: bench.make(bench.plan([part])))  # type: ignore[misc]
    return {name: kept.get(name, dict) for name in (*names, *parts)}


def _pictures(bench: Bench, folder: Path) -> tuple[dict[str, bytes], str]:
    """Our pictures from the seeds of the brief, and the number format they were made in."""
    from domain.progress import Silent
    from domain.recipe import Recipe

    works = [
        Work(
            Recipe(
                kind=StepKind.PICTURE, maker="diffusion", maker_version=1, seed=one["seed"], prompt=one["prompt"],
                parameters={"prompt": one["prompt"], "width": one["width"], "height": one["height"], "steps": bench.brief["steps"]},
            )
        )
        for one in bench.brief["pictures"]
    ]  # fmt: skip
    outputs = bench.house.executor.generate(f"diffusion/{PICTURES}", works, Silent())
    return {str(number): output.main.read() for number, output in enumerate(outputs)}, outputs[0].trace.dtype


def _decibels(ours: Mapping[str, bytes], scale: str, size: str, place: Path, out: Path, dtype: str) -> list[float]:
    """Peak signal-to-noise ratio of each of our pictures against plain diffusers' in the same format."""
    out.mkdir(exist_ok=True)
    with Plain(scale, size, place, out, dtype) as plain:
        plain.make("pictures")
    return [round(psnr(data, (out / f"{number}.png").read_bytes()), 1) for number, data in ours.items()]


def psnr(one: bytes, other: bytes) -> float:
    """dB; 99 for equal pictures."""
    import numpy as np
    from PIL import Image

    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=np.float64) for data in (one, other))
    error = float(((first - second) ** 2).mean())
    return min(99.0, 10 * math.log10(255**2 / error)) if error else 99.0


def _table(rounds: Mapping[str, Any], alike: Sequence[float], dtype: str, scale: str) -> list[Row]:
    plain = [rounds["plain 0"], rounds["plain 3"]]
    ours = [rounds["ours 1"]["seconds"], rounds["ours 2"]["seconds"]]
    scripts = [sum(one[part] for part in PARTS) for one in plain]
    asked = {"cpu": "3x", "cuda": "5x"}.get(scale, "")
    note = f"script {scripts[0]:.1f} and {scripts[1]:.1f} s, engine {ours[0]:.1f} and {ours[1]:.1f} s, A/B/B/A, models in memory; {load()}"
    found = [Row(f"brief of 12 assets, {scale} scale", f"{sum(scripts) / sum(ours):.2f}x", note, asked)]
    for part in PARTS:
        script, engine = sum(one[part] for one in plain) / 2, rounds[f"ours, {part} alone"]["seconds"]
        tokens = f"; {plain[0]['texts made']} and {rounds['ours 1']['tokens']} tokens" if part == "texts" else ""
        found.append(Row(f"its {part} alone", f"{script / engine:.2f}x", f"script {script:.1f} s, engine {engine:.1f} s{tokens}", ""))
    worst = f"worst of {len(alike)} pictures against plain diffusers in {dtype}"
    found.append(Row("pictures, PSNR", f"{min(alike):.1f} dB", f"{worst}; {', '.join(map(str, alike))}", f"{DECIBELS:g} dB"))
    return found
