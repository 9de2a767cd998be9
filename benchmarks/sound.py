"""What sound costs here, and how well voices are understood. Each command is bounded and goes on where it ended:

python -m benchmarks.sound table --write FILE      # speech, recognition and music as a share of real time, into the section "Sound"
python -m benchmarks.sound errors en kokoro        # word (zh: character) error of the default voice over all lines, after checks
python -m benchmarks.sound faults en hibari        # planted faults found, and false alarms
python -m benchmarks.sound scene --threads 2       # 20 lines by four voices, in one go against one by one
python -m benchmarks.sound bark --threads 2        # a batch of Bark's at random weights of real size against BarkModel.generate
python -m benchmarks.sound speakers                # who speaks when, told apart in dialogues of Kokoro's voices
python -m benchmarks.sound pitch                   # the median pitch of every voice, as assets/voices.toml states it

--count N takes fewer lines, --minutes N begins nothing new after so many; what was measured is kept in --keep FOLDER.
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import platform
import re
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from benchmarks.sound_bark import bark_rows
from benchmarks.sound_speakers import speaker_rows
from benchmarks.sound_voices import SCENE, Bench, Kept, error_rows, fault_rows, scene_rows
from domain.capability import StepKind
from domain.music import Mood, Score
from domain.progress import Silent
from domain.recipe import Output, Recipe, Work
from pipelines.audio import chinese
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.music import ComposerPipeline
from pipelines.audio.recognition import Recogniser
from pipelines.audio.voices import VoiceCatalogue
from pipelines.devices import Devices
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline

ROOT = Path(__file__).resolve().parent.parent
SPOT = (
    "Slow mornings deserve better coffee. Our cold brew is steeped for a whole night and served over ice. "
    "Find it in every shop from Friday, and bring a friend: the second bottle is on us."
)
CHINESE = "早上好，欢迎收听今天的新闻。明天北京天气晴朗，最高气温二十五度，适合外出散步。"
Row = tuple[str, str, str]


def speech_work(text: str, voice: str, language: str) -> Work:
    parameters = {"text": text, "voice": voice, "language": language, "speed": 1.0, "lexicon": {}}
    return Work(Recipe(kind=StepKind.SPEECH, maker="speech", maker_version=1, parameters=parameters, seed=1))


def timed(pipeline: Pipeline, work: Work) -> tuple[Output, float, float]:
    """(output, seconds of the first run, seconds of the run after it)."""
    took = []
    for _ in range(2):
        started = time.perf_counter()
        [output] = pipeline.generate([work], Silent())
        took.append(time.perf_counter() - started)
    return output, took[0], took[1]


def error_rate(said: list[str], understood: list[str]) -> float:
    row = list(range(len(understood) + 1))
    for i, word in enumerate(said, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(understood, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1] / len(said)


def speech_rows(store: ModelStore, devices: Devices, threads: int) -> list[Row]:
    assets = ROOT / "assets"
    recogniser = Recogniser(store, devices, threads)
    cases: list[tuple[Pipeline, str, str, str]] = [
        (HibariPipeline(store, devices, assets), SPOT, "heart", "en"),
        (KokoroPipeline(store, devices, assets, threads), SPOT, "af_heart", "en"),
        (KokoroPipeline(store, devices, assets, threads), CHINESE, "zf_xiaoxiao", "zh"),
    ]
    rows: list[Row] = []
    for pipeline, text, voice, language in cases:
        output, first, again = timed(pipeline, speech_work(text, voice, language))
        seconds = float(str(output.facts["seconds"]))
        started = time.perf_counter()
        transcript = recogniser.transcribe(output.main.data, language)
        listening = time.perf_counter() - started
        # Whisper writes numbers as digits; they are compared as they were spoken.
        understood_text = chinese.speakable(transcript.text) if language == "zh" else transcript.text.lower()
        pattern = r"[\u4e00-\u9fff]" if language == "zh" else r"[a-z']+"
        understood = error_rate(re.findall(pattern, text.lower()), re.findall(pattern, understood_text))
        name = f"{pipeline.name}, {voice}"
        rows.append((name, f"{again / seconds:.3f} of real time", f"{seconds:.1f} s of sound; first run with loading {first:.1f} s"))
        rows.append((f"{name}, understood by whisper-base", f"{understood:.0%} {'character' if language == 'zh' else 'word'} errors", ""))
        rows.append((f"whisper-base on {name}", f"{listening / seconds:.2f} of real time", "loading included in the first"))
    return rows


def music_rows(store: ModelStore, devices: Devices) -> list[Row]:
    composer = ComposerPipeline(store, devices, ROOT / "assets")
    rows: list[Row] = []
    for mood in (Mood.UPBEAT, Mood.CALM, Mood.EPIC):
        work = Work(
            Recipe(
                kind=StepKind.MUSIC,
                maker="composer",
                maker_version=1,
                parameters={"score": Score(mood=mood, seconds=60).model_dump(mode="json")},
            )
        )
        output, first, again = timed(composer, work)
        note = f"{len(list(output.facts['instruments']))} parts, {output.facts['lufs']} LUFS; first run with loading {first:.1f} s"  # type: ignore[arg-type]
        rows.append((f"music, {mood.value}", f"{again:.1f} s per minute of music", note))
    return rows


def pitch(output: Output) -> float:
    """Median fundamental frequency in Hz of the voiced frames, by autocorrelation between 60 and 400 Hz."""
    with wave.open(io.BytesIO(output.main.data)) as reader:
        rate = reader.getframerate()
        samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(np.float64)
    found = []
    size = int(0.05 * rate)
    for start in range(0, len(samples) - size, size // 2):
        frame = samples[start : start + size] * np.hanning(size)
        if float(np.sqrt((frame**2).mean())) < 600:
            continue
        correlation = np.fft.irfft(np.abs(np.fft.rfft(frame, 2 * size)) ** 2)[:size]
        window = correlation[int(rate / 400) : int(rate / 60)]
        if window.max() > 0.45 * correlation[0]:
            found.append(rate / (int(window.argmax()) + int(rate / 400)))
    return float(np.median(found)) if found else 0.0


def measure_voices(store: ModelStore, devices: Devices, threads: int) -> None:
    assets = ROOT / "assets"
    makers: dict[str, Pipeline] = {
        "hibari": HibariPipeline(store, devices, assets),
        "kokoro": KokoroPipeline(store, devices, assets, threads),
    }
    for voice in VoiceCatalogue.read(assets / "voices.toml").voices:
        if voice.engine in makers:
            text, language = (CHINESE, "zh") if voice.language.startswith("zh") else (SPOT.split(".")[1], "en")
            [output] = makers[voice.engine].generate([speech_work(text, voice.name, language)], Silent())
            print(f"{voice.name} {pitch(output):.0f} Hz, {output.facts['words_per_second']} words/s", flush=True)


def section(command: str, rows: list[Row]) -> str:
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {datetime.date.today():%Y-%m-%d}"
    lines = [f"`python -m benchmarks.sound {command}`, {where}.", "", "| what | measured | |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} | {note} |" for name, value, note in rows)])


def written_into(file: Path, text: str) -> None:
    """Replace the section "## Sound" of the file, or append it."""
    old = file.read_text(encoding="utf-8") if file.exists() else "# Benchmarks\n"
    new = f"## Sound\n\n{text}\n"
    found = re.search(r"(?ms)^## Sound\n.*?(?=^## |\Z)", old)
    file.write_text(old[: found.start()] + new + "\n" + old[found.end() :] if found else f"{old.rstrip()}\n\n{new}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("table", "errors", "faults", "scene", "bark", "pitch", "speakers"))
    parser.add_argument("language", nargs="?", choices=("en", "zh"), default="en")
    parser.add_argument("engine", nargs="?", choices=("hibari", "kokoro"), default="kokoro")
    parser.add_argument("--write", type=Path, help="a Markdown file to keep the table in")
    parser.add_argument("--threads", type=int, default=1, help="in all")
    parser.add_argument("--count", type=int, default=0, help="of lines, or of lines in a batch of Bark's; 0: all there are, or 4")
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "maquette-sound")
    given = parser.parse_args()
    if given.command == "bark":
        print(section("bark", bark_rows(given.count or 4, given.threads)))
        return
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    store, devices = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache), Devices(6 << 30)
    if given.command == "pitch":
        measure_voices(store, devices, given.threads)
    elif given.command == "table":
        text = section("table", [*speech_rows(store, devices, given.threads), *music_rows(store, devices)])
        print(text)
        if given.write:
            written_into(given.write, text)
    else:
        bench = Bench(store, devices, ROOT / "assets", given.threads)
        kept = Kept(given.keep / f"{given.command}.jsonl", time.monotonic() + 60 * given.minutes)
        print(section(f"{given.command} {given.language} {given.engine}", voice_rows(bench, given, kept)))


def voice_rows(bench: Bench, given: argparse.Namespace, kept: Kept) -> list[Row]:
    if given.command == "scene":
        return scene_rows(bench, given.count or SCENE)
    if given.command == "speakers":
        return speaker_rows(bench, given.count, given.keep)
    measure = error_rows if given.command == "errors" else fault_rows
    return measure(bench, given.engine, given.language, given.count, kept)


if __name__ == "__main__":
    main()
