"""What mixes keep and cost: loudness and peaks over fifty mixes, and a spot of 30 seconds from its text to the mastered file.

python -m benchmarks.sound_mix loudness             # fifty mixes of real takes, each measured from its written file by ffmpeg's ebur128
python -m benchmarks.sound_mix spot [--voice af_heart]  # voice, bed and two effects; stages in seconds, weights loaded once before
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from domain.effect import Effect
from domain.mix import TARGETS
from domain.music import Mood, Score
from domain.progress import Silent
from domain.recipe import InputFile, Output, Recipe, Work
from pipelines.audio.effects import EffectPipeline
from pipelines.audio.hibari import HibariPipeline
from pipelines.audio.kokoro import KokoroPipeline
from pipelines.audio.mix import Mixer
from pipelines.audio.mixing import RATE
from pipelines.audio.music import ComposerPipeline
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.media.filters import measure
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.pipeline import Pipeline

ASSETS = Path(__file__).resolve().parent.parent / "assets"
LINES = (
    "Slow mornings deserve better coffee.",
    "Our cold brew is steeped for a whole night and served over ice.",
    "Find it in every shop from Friday, and bring a friend: the second bottle is on us.",
    "Welcome back to the show. Today we talk about maps, and about the people who draw them by hand.",
    "Halt! Nobody passes this gate after dark.",
    "The ferry leaves at nine, and it will not wait for anybody.",
)
SPOT = (
    "Slow mornings deserve better coffee. Our cold brew is steeped for a whole night and served over ice, with nothing added to it. "
    "No sugar, no hurry, only coffee and time. Find it in every shop from Friday, and bring a friend: the second bottle is on us. "
    "Northwind. Brewed while you sleep."
)


class Bench:
    """The makers of sound with one folder for their takes."""

    def __init__(self, folder: Path, voice: str, threads: int) -> None:
        cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
        store, devices = ModelStore(Catalogue.read(ASSETS / "models.toml"), cache), Devices(6 << 30)
        self.folder, self.voice = folder, voice
        hibari = voice.startswith("hibari")
        self.speech: Pipeline = (
            HibariPipeline(store, devices, ASSETS) if hibari else KokoroPipeline(store, devices, ASSETS, threads=threads)
        )
        self.composer, self.effects, self.mixer = ComposerPipeline(store, devices, ASSETS), EffectPipeline(ASSETS), Mixer()

    def make(self, pipeline: Pipeline, parameters: dict[str, Any], seed: int = 1, inputs: tuple[InputFile, ...] = ()) -> Output:
        recipe = Recipe(kind=pipeline.kind, maker=pipeline.name, maker_version=1, parameters=parameters, seed=seed)
        return pipeline.generate([Work(recipe, inputs)], Silent())[0]

    def kept(self, role: str, name: str, output: Output) -> InputFile:
        path = self.folder / f"{name}.wav"
        path.write_bytes(output.main.data)
        return InputFile(role, path, "audio/wav")

    def spoken(self, text: str, name: str) -> InputFile:
        voice = "" if self.voice.startswith("hibari") else self.voice
        return self.kept(
            "voice", name, self.make(self.speech, {"text": text, "voice": voice, "language": "en", "speed": 1.0, "lexicon": {}})
        )

    def played(self, mood: Mood, seconds: float, name: str) -> InputFile:
        return self.kept("bed", name, self.make(self.composer, {"score": Score(mood=mood, seconds=seconds).model_dump(mode="json")}))

    def sounding(self, effect: str, name: str, seed: int = 1) -> InputFile:
        return self.kept("effect", name, self.make(self.effects, {"effect": Effect(id=effect).model_dump(mode="json")}, seed))


def loudness(bench: Bench, count: int) -> int:
    """Prints one row a mix and the worst; the exit status is 1 when a mix misses."""
    draw = random.Random(7)
    voices = [(line, bench.spoken(line, f"voice-{n}")) for n, line in enumerate(LINES)]
    beds = [bench.played(mood, 24.0, f"bed-{mood}") for mood in (Mood.WARM, Mood.EPIC, Mood.LOFI, Mood.CHIPTUNE, Mood.AMBIENT)]
    effects = [bench.sounding(name, f"effect-{name}") for name in ("whoosh", "coin", "explosion", "rain", "door_close", "click")]
    worst, highest, slowest = 0.0, -99.0, 0.0
    for number in range(count):
        lines = draw.sample(voices, draw.randint(1, 3))
        chosen = [voice for _, voice in lines]
        chosen += draw.sample(beds, draw.choice((0, 1, 1)))
        chosen += draw.sample(effects, draw.randint(0, 2))
        target = draw.choice(list(TARGETS))
        mix = {"target": target, "seconds": draw.choice((0.0, 0.0, 30.0)), "lines": [text for text, _ in lines]}
        started = time.perf_counter()
        made = bench.make(bench.mixer, {"mix": mix}, inputs=tuple(chosen))
        took = time.perf_counter() - started
        row = []
        for file in made.files:
            if file.name.startswith("mix.") and file.media_type.startswith("audio/"):
                heard = measure(sound.decode(file.data, RATE, channels=2), RATE)
                row.append((file.name, heard.lufs - TARGETS[target], heard.peak))
        off = abs(row[0][1])
        worst, highest, slowest = max(worst, off), max(highest, *(peak for _, _, peak in row)), max(slowest, took)
        shown = "  ".join(f"{name} {away:+.2f} LU {peak:.2f} dBTP" for name, away, peak in row)
        print(f"{number + 1:2d} {target:9s} {made.facts['seconds']:5} s  {shown}  {took:.1f} s", flush=True)
    print(f"{count} mixes: WAV at most {worst:.2f} LU off, highest true peak {highest:.2f} dBTP, slowest {slowest:.1f} s")
    return 0 if worst <= 0.3 and highest <= -1.0 else 1


def spot(bench: Bench) -> int:
    """The stages of one spot, after one short line, one short bed and one short mix have loaded what they need."""
    bench.spoken("Ready.", "warm")
    bench.played(Mood.WARM, 2.0, "warm-bed")
    stages: list[tuple[str, float]] = []
    started = last = time.perf_counter()
    cpu = time.process_time()

    def done(stage: str) -> None:
        nonlocal last
        now = time.perf_counter()
        stages.append((stage, now - last))
        last = now

    voice = bench.spoken(SPOT, "voice")
    done("voice")
    bed = bench.played(Mood.WARM, 30.0, "bed")
    done("bed")
    effects = (bench.sounding("rain", "rain"), bench.sounding("confirm", "confirm"))
    done("effects")
    made = bench.make(bench.mixer, {"mix": {"seconds": 30.0, "lines": [SPOT]}}, inputs=(voice, bed, *effects))
    done("mix and master")
    (bench.folder / "spot.wav").write_bytes(made.main.data)
    total = time.perf_counter() - started
    for stage, seconds in stages:
        print(f"{stage:15s} {seconds:5.1f} s")
    facts = made.facts
    print(f"{'on the CPU':15s} {time.process_time() - cpu:5.1f} s, all threads together")
    print(f"{'all':15s} {total:5.1f} s: {facts['seconds']} s at {facts['lufs']} LUFS, {facts['peak']} dBTP, tempo {facts['tempo']}")
    return 0 if total < 60 and facts["seconds"] == 30.0 and facts["on_target"] else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("loudness", "spot"))
    parser.add_argument("--voice", default="", help="a Kokoro voice, or hibari; loudness takes hibari, spot af_heart where none is named")
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    voice = given.voice or ("hibari" if given.what == "loudness" else "af_heart")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), voice, given.threads)
        return loudness(bench, given.count) if given.what == "loudness" else spot(bench)


if __name__ == "__main__":
    raise SystemExit(main())
