"""What benchmarks/sound.py measures of voices: lines heard, planted faults found, and twenty lines of a scene against one after another."""

from __future__ import annotations

import random
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.capability import StepKind
from domain.hearing import Hearing
from domain.progress import Silent
from domain.recipe import Recipe, Work
from pipelines.audio.checked import CheckedSpeech
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.listening import Listener
from pipelines.audio.recognition import Recogniser
from pipelines.devices import Devices
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline

LINES = Path(__file__).resolve().parent / "spoken_lines.toml"
KINDS = ("dropped", "repeated", "wrong")
CAST = ("af_heart", "am_michael", "bf_emma", "bm_george")
Row = tuple[str, str, str]


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

    def speakers(self, language: str) -> tuple[Pipeline, ...]:
        """The engines whose default voices are measured."""
        kokoro = KokoroPipeline(self.store, self.devices, self.assets, self.threads)
        return (kokoro,) if language == "zh" else (HibariPipeline(self.store, self.devices, self.assets), kokoro)


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


def line_rows(bench: Bench, language: str, count: int) -> list[Row]:
    """How well lines are understood after checks, and how many failed them."""
    rows: list[Row] = []
    lines = read_lines(language, count)
    for speaker in bench.speakers(language):
        checked = CheckedSpeech(speaker, bench.listener, bench.assets)
        heard = [_hearing(checked, _work(line, language)) for line in lines]
        error = sum(one.error * len(line) for one, line in zip(heard, lines, strict=True)) / sum(len(line) for line in lines)
        failed = sum(one.state != "passed" for one in heard)
        again = sum(one.tries > 1 for one in heard)
        unit = heard[0].unit
        note = f"{len(lines)} lines; {again} taken again, {failed} failed"
        rows.append((f"{speaker.name}, {language}: {unit} error after checks", f"{error:.1%}", note))
    return rows


def fault_rows(bench: Bench, language: str, count: int) -> list[Row]:
    """Planted faults found, by kind, and false alarms: lines said right whose first take failed the check."""
    found: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    alarms: list[bool] = []
    listener = bench.listener
    for number, line in enumerate(read_lines(language, count)):
        kind, faulty = planted(line, language, number)
        speaker = bench.speakers(language)[0]
        for text, results in ((line, alarms), (faulty, found[kind])):
            [output] = speaker.generate([_work(text, language)], Silent())
            hearing = listener.hear(output.main.data, line, language, {}, Silent())
            results.append(hearing.state == "failed")
    everything = [one for results in found.values() for one in results]
    by_kind = ", ".join(f"{kind} {sum(results)}/{len(results)}" for kind, results in found.items())
    rows = [(f"planted faults found, {language}", f"{sum(everything) / len(everything):.0%}", by_kind)]
    return [*rows, (f"false alarms, {language}", f"{sum(alarms) / len(alarms):.0%}", f"{sum(alarms)} of {len(alarms)} lines")]


def speed_rows(bench: Bench) -> list[Row]:
    """Twenty lines by four voices: all in one go, against one session with as many threads, line after line. Checks apart."""
    works = [_work(line, "en", CAST[number % len(CAST)]) for number, line in enumerate(read_lines("en", 20))]
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
        ("20 lines, four Kokoro voices, one by one", f"{one_by_one:.1f} s", f"one session, {bench.threads} threads"),
        ("20 lines, four Kokoro voices, in one go", f"{in_one_go:.1f} s", f"{in_one_go / one_by_one:.2f} of one by one"),
        ("the same, each take heard", f"{with_check:.1f} s", f"{with_check / one_by_one:.2f} of one by one without a check"),
    ]


def _timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _work(text: str, language: str, voice: str = "") -> Work:
    parameters = {"text": text, "voice": voice, "language": language, "speed": 1.0, "lexicon": {}}
    return Work(Recipe(kind=StepKind.SPEECH, maker="speech", maker_version=1, parameters=parameters, seed=0))


def _hearing(checked: CheckedSpeech, work: Work) -> Hearing:
    [output] = checked.generate([work], Silent())
    return Hearing.model_validate(output.facts["hearing"])


def voice_rows(bench: Bench, *, lines: int, faults: int, speed: bool, languages: Sequence[str] = ("en", "zh")) -> list[Row]:
    """What was asked for. lines, faults: how many of each language, -1 for none and 0 for all."""
    rows: list[Row] = []
    for language in languages:
        rows += line_rows(bench, language, lines) if lines >= 0 else []
        rows += fault_rows(bench, language, faults) if faults >= 0 else []
    return rows + (speed_rows(bench) if speed else [])
