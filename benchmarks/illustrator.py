"""How long the illustrator takes: python -m benchmarks.illustrator [--cache FOLDER]. Prints seconds, milliseconds, megabytes.

One process, one core; PNG at 1024 x 1024 and 1200 x 1200, SVG alone, search by words and by meaning, peak memory.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from domain.capability import StepKind
from domain.progress import Silent
from domain.recipe import Recipe, Work
from domain.scene import Scene, Setting, Subject
from pipelines.devices import Devices
from pipelines.image.illustration.draw import draw_scene
from pipelines.image.illustrator import Illustrator
from pipelines.models.catalogue import Catalogue
from pipelines.models.store import ModelStore
from pipelines.text.embedder import MiniLmEmbedder

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = "all-minilm-l6-v2"
SUBJECTS = ("fox", "cold brew coffee", "bicycle", "treasure chest", "rocket", "tea house", "headphones", "sailboat")


def work(what: str, setting: Setting, side: int, seed: int) -> Work:
    scene = Scene(subjects=(Subject(what=what),), setting=setting)
    parameters = {"scene": scene.model_dump(mode="json"), "width": side, "height": side}
    return Work(Recipe(kind=StepKind.PICTURE, maker="illustrator", maker_version=1, parameters=parameters, seed=seed))


def seconds(run: Callable[[], object]) -> float:
    """CPU seconds of this process: other work on the machine does not count."""
    start = time.process_time()
    run()
    return time.process_time() - start


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "maquette")
    options = parser.parse_args(arguments)
    store = ModelStore(Catalogue.read(ROOT / "assets" / "models.toml"), options.cache)
    devices = Devices(2_000_000_000)
    embedder = MiniLmEmbedder(store.folder(SENTENCES), store.ref(SENTENCES), devices)
    illustrator = Illustrator(store, embedder, ROOT / "assets")
    first = seconds(lambda: illustrator.generate([work("fox", Setting.FOREST, 1024, 0)], Silent()))
    say = sys.stdout.write
    say(f"first picture, reading the library: {first:.2f} CPU-s\n")
    for side in (1024, 1200):
        taken = [
            seconds(lambda s=setting, i=i, side=side: illustrator.generate([work(SUBJECTS[i % 8], s, side, i)], Silent()))
            for i, setting in enumerate(Setting)
        ]
        say(f"PNG and SVG at {side}x{side}, all settings: median {statistics.median(taken):.2f}, worst {max(taken):.2f} CPU-s\n")
    svg = [seconds(lambda s=s: draw_scene(Scene(setting=s), (), (1024, 1024), 1, illustrator.library)) for s in Setting]
    say(f"SVG of a setting alone: median {statistics.median(svg) * 1000:.0f} ms\n")
    everything = frozenset(s.id for s in illustrator.library.ready())
    searcher = illustrator.searcher()
    words = [seconds(lambda w=w: searcher.find(w, everything)) for w in SUBJECTS]
    searcher.find("espresso machine of tomorrow", everything)
    meaning = [seconds(lambda w=w: searcher.find(w, everything)) for w in ("garden shears", "opera mask", "kitchen blender")]
    say(f"search by words {statistics.median(words) * 1000:.2f} ms, by meaning {statistics.median(meaning) * 1000:.0f} ms\n")
    say(f"peak memory of the process, embedder included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
