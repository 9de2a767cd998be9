"""What music costs and keeps: seconds to compose and play a minute in every style, and the seam of a loop of it.

python -m benchmarks.sound_music            # all styles
python -m benchmarks.sound_music warm jazz  # some
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from domain.capability import StepKind
from domain.music import Mood, Score
from domain.progress import Silent
from domain.recipe import Output, Recipe, Work
from pipelines.audio.music import ComposerPipeline
from pipelines.audio.rendering import RATE
from pipelines.devices import Devices
from pipelines.media import sound
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def made(composer: ComposerPipeline, score: Score) -> tuple[Output, float, float]:
    """(output, wall seconds, CPU seconds)."""
    recipe = Recipe(kind=StepKind.MUSIC, maker="composer", maker_version=1, parameters={"score": score.model_dump(mode="json")}, seed=3)
    wall, cpu = time.perf_counter(), time.process_time()
    [output] = composer.generate([Work(recipe)], Silent())
    return output, time.perf_counter() - wall, time.process_time() - cpu


def seam(output: Output) -> float:
    """What the seam adds to the roughness found anywhere else (third difference of the written samples), in dBFS; -180 for nothing."""
    samples = sound.decode(output.main.data, RATE, channels=2)
    count = len(samples)
    rough = np.abs(np.diff(np.concatenate((samples, samples)), n=3, axis=0)).max(axis=1) / 8
    inside = np.concatenate((rough[: count - 8], rough[count + 8 :])).max()
    return float(20 * np.log10(max(1e-9, rough[count - 4 : count + 1].max() - inside)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("moods", nargs="*", default=[mood.value for mood in Mood])
    given = parser.parse_args()
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    composer = ComposerPipeline(ModelStore(Catalogue.read(ASSETS / "models.toml"), cache), Devices(6 << 30), ASSETS)
    made(composer, Score(seconds=2))  # loads the soundfont
    slowest, highest = 0.0, -180.0
    for mood in given.moods:
        bed, wall, cpu = made(composer, Score(mood=Mood(mood), seconds=60))
        loop, _, _ = made(composer, Score(mood=Mood(mood), seconds=20, form="loop"))
        click = seam(loop)
        slowest, highest = max(slowest, wall), max(highest, click)
        layers = sum(file.name.startswith("layer-") for file in loop.files)
        print(
            f"{mood:11s} {wall:4.1f} s a minute ({cpu:.1f} s CPU), {bed.facts['lufs']} LUFS, loop seam {click:.0f} dBFS, {layers} layers",
            flush=True,
        )
    print(f"slowest {slowest:.1f} s, worst seam {highest:.0f} dBFS")
    return 0 if slowest < 5 and highest < -60 else 1


if __name__ == "__main__":
    raise SystemExit(main())
