"""Game scenes of the embedded chat model: how many compile as Ink, what cannot be reached, where they stop, what the checks say.

python -m benchmarks.writing game                       # 50 English and 20 Chinese scenes; about a minute each on two cores
python -m benchmarks.writing game --en 12 --zh 5        # the first so many
python -m benchmarks.writing game --keep FOLDER         # and keep documents and Ink files, to read them

Needs the embedded models (`python app.py models pull --default`) and the Ink compiler (`npm ci --prefix tests/ink`).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from agents.checks.graph import graph, reachable
from agents.writers.calls import Desk
from agents.writers.dialogue import write_dialogue
from agents.writers.game.ink import ink
from domain.chat import ChatModel
from domain.context import StepContext
from domain.dialogue import DialogueDocument
from domain.errors import MaquetteError
from domain.finding import Severity
from domain.progress import Silent
from domain.specs import DialogueSpec
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.llamacpp import LlamaCppChat
from tests.ink.compiler import compile_ink

ROOT = Path(__file__).resolve().parent.parent
MODEL = "qwen2.5-coder-1.5b-instruct-q4"
#: Each compiled scene is played so many times to its end, with other answers.
PLAYS = [[pick] * 24 for pick in range(3)] + [[0, 1] * 12, [1, 0] * 12]


@dataclass
class Counts:
    """One language."""

    scenes: int = 0
    failed: list[str] = field(default_factory=list)
    compiled: int = 0
    broken: list[str] = field(default_factory=list)
    nodes: int = 0
    unreachable: int = 0
    dead_ends: int = 0
    other: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    lines: int = 0
    conditions: int = 0
    seconds: list[float] = field(default_factory=list)


def scenes(
    briefs: list[str], sizes: list[int], language: str, chat: ChatModel, counts: Counts, at_once: int
) -> Iterator[tuple[str, DialogueDocument]]:
    """In the order of the briefs, `at_once` written at a time."""
    desk = Desk(ROOT / "assets")

    def written(number: int) -> tuple[DialogueDocument | MaquetteError, float]:
        spec = DialogueSpec(about=briefs[number], language=language, nodes=sizes[number % len(sizes)])
        started = time.perf_counter()
        try:
            made = write_dialogue(StepContext(spec=spec, material=briefs[number]), chat, number + 1, Silent(), desk)
        except MaquetteError as error:
            return error, 0.0
        return made, time.perf_counter() - started

    with ThreadPoolExecutor(at_once) as pool:
        for number, (document, seconds) in enumerate(pool.map(written, range(len(briefs)))):
            about = briefs[number]
            counts.scenes += 1
            if isinstance(document, MaquetteError):
                counts.failed.append(f"{about}: {document}")
                continue
            counts.seconds.append(seconds)
            print(f"{language} {number + 1}/{len(briefs)} {seconds:.0f} s, {len(document.findings)} findings: {about}", flush=True)
            yield about, document


def judge(about: str, document: DialogueDocument, counts: Counts) -> None:
    """Judged anew from the document, not by what the writer says of itself."""
    found = graph(document)
    counts.nodes += len(document.nodes)
    counts.unreachable += len(document.nodes) - len(reachable(document)) + sum(f.rule == "unreachable" for f in found)
    counts.dead_ends += sum(f.rule in ("dead_end", "stuck", "no_exit") for f in found)
    counts.other.update(f.rule for f in found if f.rule not in ("unreachable", "dead_end", "stuck", "no_exit"))
    counts.lines += sum(len(node.lines) + len(node.choices) for node in document.nodes)
    counts.conditions += sum(len(one.when) for node in document.nodes for one in (*node.lines, *node.choices, *node.jumps))
    counts.words.update(f.rule for f in document.findings)
    counts.clean += not [f for f in document.findings if f.severity is Severity.ERROR]
    (told,) = compile_ink([(ink(document), PLAYS)])
    faults = [*told.errors, *told.warnings, *(play.error for play in told.plays if play.error)]
    counts.compiled += not faults
    counts.broken += [f"{about}: {fault}" for fault in faults]


def row(language: str, counts: Counts) -> str:
    made = counts.scenes - len(counts.failed)
    share = f"{counts.compiled} of {counts.scenes} ({counts.compiled / max(1, counts.scenes):.0%})"
    pace = f"{median(counts.seconds):.0f} s" if counts.seconds else "-"
    parts = [language, str(counts.scenes), share, f"{counts.unreachable} of {counts.nodes}", str(counts.dead_ends)]
    parts += [str(sum(counts.other.values())), f"{counts.clean} of {made}", f"{counts.lines}, {counts.conditions}", pace]
    return "| " + " | ".join(parts) + " |"


def main(argv: list[str] | None = None) -> int:
    data = tomllib.loads((ROOT / "benchmarks" / "data" / "scenes.toml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--en", type=int, default=len(data["en"]))
    parser.add_argument("--zh", type=int, default=len(data["zh"]))
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--at-once", type=int, default=4, help="scenes that share the engine's slots")
    wanted = parser.parse_args(argv)
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache)
    devices = Devices(6 << 30)
    chat = LlamaCppChat(next(store.folder(MODEL).glob("*.gguf")), store.ref(MODEL), devices, slots=wanted.at_once, context_tokens=3072)
    rows, good = [], True
    for language, most in (("zh", wanted.zh), ("en", wanted.en)):
        counts = Counts()
        for number, (about, document) in enumerate(
            scenes(data[language][:most], data["nodes"], language, chat, counts, wanted.at_once), start=1
        ):
            judge(about, document, counts)
            if wanted.keep:
                wanted.keep.mkdir(parents=True, exist_ok=True)
                stem = wanted.keep / f"{language}-{number:02}"
                stem.with_suffix(".json").write_text(document.model_dump_json(indent=2), encoding="utf-8")
                stem.with_suffix(".ink").write_text(ink(document), encoding="utf-8")
            print(row(language, counts), flush=True)
        rows.append(row(language, counts))
        good = good and counts.compiled == counts.scenes and not counts.unreachable and not counts.dead_ends
        for name, found in (("not written", counts.failed), ("not compiled", counts.broken)):
            print(*(f"{name}: {one}" for one in found), sep="\n")
        print("findings in the words:", dict(counts.words.most_common()), "in the graph:", dict(counts.other))
    devices.release_idle()
    heads = ("", "scenes", "Ink compiles and plays", "unreachable nodes", "dead ends", "other graph findings", "no error in the words")
    print("| " + " | ".join((*heads, "lines, conditions", "a scene")) + " |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    print(*rows, sep="\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
