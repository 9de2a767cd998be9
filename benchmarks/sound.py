"""What sound costs here: speech and recognition as a share of real time, music per rendered minute, and how well speech is understood.

python benchmarks/sound.py                 # prints a table (about two minutes)
python benchmarks/sound.py --write FILE    # and puts it into the section "Sound" of a Markdown file
python benchmarks/sound.py --voices        # measures the median pitch of every Kokoro voice, as assets/voices.toml states it
python benchmarks/sound.py --lines 0       # error over the lines of spoken_lines.toml after checks (0: all; N: so many per language)
python benchmarks/sound.py --faults 0      # planted faults found, and false alarms (0: all lines)
python benchmarks/sound.py --speed --threads 2   # 20 lines by four voices, in one go against one by one
"""

from __future__ import annotations

import argparse
import datetime
import io
import os
import platform
import re
import sys
import time
import wave
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.sound_voices import Bench, voice_rows  # noqa: E402
from domain.capability import StepKind  # noqa: E402
from domain.music import Mood, Score  # noqa: E402
from domain.progress import Silent  # noqa: E402
from domain.recipe import Output, Recipe, Work  # noqa: E402
from pipelines.audio import chinese  # noqa: E402
from pipelines.audio.hibari import HibariPipeline  # noqa: E402
from pipelines.audio.kokoro import KokoroPipeline  # noqa: E402
from pipelines.audio.music import ComposerPipeline  # noqa: E402
from pipelines.audio.recognition import Recogniser  # noqa: E402
from pipelines.audio.voices import VoiceCatalogue  # noqa: E402
from pipelines.devices import Devices  # noqa: E402
from pipelines.models.catalogue import Catalogue  # noqa: E402
from pipelines.models.store import ModelStore  # noqa: E402
from pipelines.pipeline import Pipeline  # noqa: E402

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


def section(rows: list[Row]) -> str:
    where = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {datetime.date.today():%Y-%m-%d}"
    lines = [f"`python benchmarks/sound.py`, {where}.", "", "| what | measured | |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} | {note} |" for name, value, note in rows)])


def written_into(file: Path, text: str) -> None:
    """Replace the section "## Sound" of the file, or append it."""
    old = file.read_text(encoding="utf-8") if file.exists() else "# Benchmarks\n"
    new = f"## Sound\n\n{text}\n"
    found = re.search(r"(?ms)^## Sound\n.*?(?=^## |\Z)", old)
    file.write_text(old[: found.start()] + new + "\n" + old[found.end() :] if found else f"{old.rstrip()}\n\n{new}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=Path, help="a Markdown file to keep the table in")
    parser.add_argument("--voices", action="store_true", help="measure the pitch of every voice instead")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--lines", type=int, default=-1, metavar="N", help="speak and hear N lines of each language (0: all)")
    parser.add_argument("--faults", type=int, default=-1, metavar="N", help="plant a fault in N lines of each language (0: all)")
    parser.add_argument("--speed", action="store_true", help="voice a scene of 20 lines in one go and one by one")
    given = parser.parse_args()
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    store, devices = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), cache), Devices(6 << 30)
    if given.voices:
        measure_voices(store, devices, given.threads)
        return
    if given.lines >= 0 or given.faults >= 0 or given.speed:
        bench = Bench(store, devices, ROOT / "assets", given.threads)
        print(section(voice_rows(bench, lines=given.lines, faults=given.faults, speed=given.speed)))
        return
    text = section([*speech_rows(store, devices, given.threads), *music_rows(store, devices)])
    print(text)
    if given.write:
        written_into(given.write, text)


if __name__ == "__main__":
    main()
