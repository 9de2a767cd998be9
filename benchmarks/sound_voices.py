"""What `python -m benchmarks.sound` measures of voices: lines heard, planted faults found, a scene by four voices against line after line.

What was measured of a line is kept as one JSON line in a file, so that a run that was bounded or stopped goes on where it ended.
"""

from __future__ import annotations

import json
import random
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from domain.capability import StepKind
from domain.hearing import Hearing
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.audio.checked import CheckedSpeech
from pipelines.audio.comparing import distance
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.listening import Listener
from pipelines.audio.normal import Normaliser
from pipelines.audio.recognition import Recogniser
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline

LINES = Path(__file__).resolve().parent / "spoken_lines.toml"
KINDS = ("dropped", "repeated", "wrong")
CAST = ("af_heart", "am_michael", "bf_emma", "bm_george")
SCENE = 20
Row = tuple[str, str, str]


@dataclass
class Kept:
    """Results by key in a file of JSON lines. deadline: time.monotonic() after which nothing new is begun."""

    file: Path
    deadline: float
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file.is_file():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self.results[entry.pop("key")] = entry

    def get(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        """The result of this key, made and kept where it is new; None where there is no time left to make it."""
        if key not in self.results:
            if time.monotonic() > self.deadline:
                return None
            self.results[key] = make()
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, **self.results[key]}, ensure_ascii=False) + "\n")
        return self.results[key]


@dataclass(frozen=True)
class Bench:
    """assets: the shipped data. threads: in all."""

    store: ModelStore
    devices: Devices
    assets: Path
    threads: int

    @property
    def listener(self) -> Listener:
        return Listener(Recogniser(self.store, self.devices, self.threads), self.devices, self.assets)

    def speaker(self, engine: str) -> Pipeline:
        if engine == "hibari":
            return HibariPipeline(self.store, self.devices, self.assets)
        return KokoroPipeline(self.store, self.devices, self.assets, self.threads)


def read_lines(language: str, count: int) -> list[str]:
    """`count` lines, spread over all there are; 0 for all."""
    lines = str(tomllib.loads(LINES.read_text(encoding="utf-8"))[language]).strip().split("\n")
    return lines[:: max(1, len(lines) // count)][:count] if count else lines


def planted(line: str, language: str, number: int) -> tuple[str, str]:
    """(kind of fault, the line with it). The same number plants the same fault."""
    chosen = random.Random(number)
    kind = KINDS[number % len(KINDS)]
    units = line.split() if language == "en" else _chinese_words(line)
    places = [at for at, word in enumerate(units) if word.isalpha() and len(word) > (3 if language == "en" else 1)]
    place = chosen.choice(places)
    wrong = tomllib.loads(LINES.read_text(encoding="utf-8"))[f"wrong_{language}"]
    units[place : place + 1] = {"dropped": [], "repeated": [units[place]] * 2, "wrong": [chosen.choice(wrong)]}[kind]
    return kind, (" " if language == "en" else "").join(units)


def _chinese_words(line: str) -> list[str]:
    import jieba

    if not jieba.dt.initialized:  # without its cache in the shared temporary folder
        jieba.dt.FREQ, jieba.dt.total = jieba.dt.gen_pfdict(jieba.dt.get_dict_file())
        jieba.dt.initialized = True
    return list(jieba.cut(line))


def error_rows(bench: Bench, engine: str, language: str, count: int, kept: Kept) -> list[Row]:
    """How well the default voice is understood after checks, and how many lines failed them.

    after checks: words that sound the same are the same. as written: plain edit distance of what the recogniser wrote, numbers
    written out.
    """
    lines = read_lines(language, count)
    checked = CheckedSpeech(bench.speaker(engine), bench.listener, bench.assets)
    normaliser = Normaliser(bench.assets)

    def measure(line: str) -> dict[str, Any]:
        [output] = checked.generate([_work(line, language)], Silent())
        hearing = Hearing.model_validate(output.facts["hearing"])
        said, heard = normaliser.units(line, language), normaliser.units(hearing.heard, language)
        wrong = distance(said, heard)
        return {
            "units": len(said),
            "error": hearing.error,
            "plain": wrong,
            "state": hearing.state,
            "tries": hearing.tries,
            "heard": hearing.heard,
        }

    found = [one for line in lines if (one := kept.get(f"{engine}/{language}/{line}", partial(measure, line))) is not None]
    units = max(1, sum(one["units"] for one in found))
    after = sum(one["error"] * one["units"] for one in found) / units
    plain = sum(one["plain"] for one in found) / units
    failed, again = sum(one["state"] != "passed" for one in found), sum(one["tries"] > 1 for one in found)
    unit = "character" if language == "zh" else "word"
    note = f"{len(found)} of {len(lines)} lines; as written {plain:.1%}; {again} taken again, {failed} failed"
    return [(f"{engine}, {language}: {unit} error after checks", f"{after:.1%}", note)]


def fault_rows(bench: Bench, engine: str, language: str, count: int, kept: Kept) -> list[Row]:
    """Planted faults found, by kind, and false alarms: lines said right whose first take failed the check."""
    speaker, listener = bench.speaker(engine), bench.listener
    lines = read_lines(language, count)

    def failed(text: str, line: str) -> dict[str, Any]:
        [output] = speaker.generate([_work(text, language)], Silent())
        hearing = listener.hear(output.main.read(), line, language, {}, Silent())
        return {"failed": hearing.state == "failed", "heard": hearing.heard}

    found: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    alarms: list[bool] = []
    for number, line in enumerate(lines):
        kind, faulty = planted(line, language, number)
        for text, results in ((line, alarms), (faulty, found[kind])):
            one = kept.get(f"{engine}/{language}/{text}/{line}", partial(failed, text, line))
            if one is not None:
                results.append(bool(one["failed"]))
    everything = [one for results in found.values() for one in results]
    by_kind = ", ".join(f"{kind} {sum(results)}/{len(results)}" for kind, results in found.items())
    share = sum(everything) / max(1, len(everything))
    wrong = sum(alarms) / max(1, len(alarms))
    return [
        (f"planted faults found, {engine}, {language}", f"{share:.0%}", by_kind),
        (f"false alarms, {engine}, {language}", f"{wrong:.0%}", f"{sum(alarms)} of {len(alarms)} lines"),
    ]


def scene_rows(bench: Bench, count: int = SCENE) -> list[Row]:
    """Lines by four voices: all in one go, against one session with as many threads, line after line. Checks apart."""
    works = [_work(line, "en", CAST[number % len(CAST)]) for number, line in enumerate(read_lines("en", count))]
    together = KokoroPipeline(bench.store, bench.devices, bench.assets, bench.threads)
    naive = KokoroPipeline(bench.store, Devices(6 << 30), bench.assets, 1, inner=bench.threads)
    for pipeline in (together, naive):
        pipeline.generate(works[:1], Silent())  # loaded before the clock starts
    one_by_one = _timed(lambda: [naive.generate([work], Silent()) for work in works])
    in_one_go = _timed(lambda: together.generate(works, Silent()))
    checked = CheckedSpeech(together, bench.listener, bench.assets)
    checked.generate(works[:1], Silent())
    with_check = _timed(lambda: checked.generate(works, Silent()))
    return [
        (f"{count} lines, four Kokoro voices, one by one", f"{one_by_one:.1f} s", f"one session, {bench.threads} threads"),
        (f"{count} lines, four Kokoro voices, in one go", f"{in_one_go:.1f} s", f"{in_one_go / one_by_one:.2f} of one by one"),
        ("the same, each take heard", f"{with_check:.1f} s", f"{with_check / one_by_one:.2f} of one by one without a check"),
    ]


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _work(text: str, language: str, voice: str = "") -> Work:
    parameters = {"text": text, "voice": voice, "language": language, "speed": 1.0, "lexicon": {}}
    return Work(Recipe(kind=StepKind.SPEECH, maker="speech", maker_version=1, parameters=parameters, seed=0))
