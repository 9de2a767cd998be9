"""How fast the illustrator is and how much memory it takes: CPU seconds of one core, wall seconds of twelve at once on two."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.illustrator_prompts import Studio, nouns
from domain.chat import Embedder
from domain.recipe import ModelRef
from domain.scene import Scene, Setting, Subject
from pipelines.image.illustration.search import ArtSearch

SUBJECTS = ("fox", "cold brew coffee", "bicycle", "treasure chest", "rocket", "tea house", "headphones", "sailboat")
#: Pictures drawn at once, by this many processes.
TOGETHER, WORKERS = 12, 2
_studio: Studio | None = None


class Remembered:
    """An embedder that embeds each text once: what is timed after it is the search alone."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._known: dict[str, list[float]] = {}

    @property
    def model(self) -> ModelRef:
        return self._inner.model

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        fresh = [text for text in texts if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._inner.embed(fresh), strict=True))
        return [self._known[text] for text in texts]


def speed(cache_folder: Path) -> dict[str, Any]:
    """Everything this file measures, by name: seconds, milliseconds, megabytes."""
    studio = Studio(cache_folder)
    found: dict[str, Any] = {"first picture, CPU-s": _seconds(lambda: _draw(studio, 0, Setting.FOREST, 1024))}
    settings = list(Setting)
    for side in (1024, 1200):
        taken = [_seconds(partial(_draw, studio, i, s, side)) for i, s in enumerate(settings)]
        found[f"PNG and SVG at {side}, CPU-s, median"] = statistics.median(taken)
        found[f"PNG and SVG at {side}, CPU-s, worst"] = max(taken)
    traced = [_svg_seconds(studio, i, s) for i, s in enumerate(settings)]
    found["SVG at 1024, CPU-s, median"] = statistics.median(traced)
    found["SVG at 1024, CPU-s, worst"] = max(traced)
    found["search after embedding, ms, median"], found["search after embedding, ms, worst"] = _search(studio)
    found["peak memory, one process, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found[f"{TOGETHER} pictures of 1024 on {WORKERS} cores, wall s"] = _together(cache_folder)
    return found


def _scene(number: int, setting: Setting) -> Scene:
    return Scene(subjects=(Subject(what=SUBJECTS[number % len(SUBJECTS)]),), setting=setting)


def _draw(studio: Studio, number: int, setting: Setting, side: int) -> None:
    studio.draw(_scene(number, setting), (side, side), number)


def _svg_seconds(studio: Studio, number: int, setting: Setting) -> float:
    """Of a whole picture without its pixels: what the picture took less what rendering its SVG takes alone."""
    import resvg_py

    start = time.process_time()
    output = studio.draw(_scene(number, setting), (1024, 1024), number)
    whole = time.process_time() - start
    svg = next(f for f in output.files if f.name.endswith(".svg")).read().decode()
    return max(whole - _seconds(lambda: resvg_py.svg_to_bytes(svg_string=svg, width=1024, height=1024, skip_system_fonts=True)), 0.0)


def _seconds(run: Callable[[], object]) -> float:
    """CPU seconds of this process: other work on the machine does not count."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _search(studio: Studio) -> tuple[float, float]:
    """Milliseconds of one search for a phrase whose embedding is known, over a spread of nouns and phrases; median and worst."""
    library, own = studio.illustrator.library, studio.illustrator.searcher()._embedder
    phrases = [word for words in nouns().values() for word in words[::10]] + ["garden shears on a bench", "espresso machine of tomorrow"]
    embedder = Remembered(own) if own is not None else None
    if embedder is not None:
        embedder.embed(phrases)
    search = ArtSearch(library.concepts, library.synonyms, library.near, library.embeddings, embedder)
    taken = [_seconds(partial(search.find, phrase, studio.everything)) * 1000 for phrase in phrases]
    return statistics.median(taken), max(taken)


def _together(cache_folder: Path) -> float:
    """Wall seconds for twelve different pictures by two processes that have drawn one before."""
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn"), initializer=_start, initargs=(cache_folder,)) as pool:
        list(pool.map(_one, range(WORKERS * 2)))
        start = time.perf_counter()
        list(pool.map(_one, range(TOGETHER)))
        return time.perf_counter() - start


def _start(cache_folder: Path) -> None:
    global _studio
    _studio = Studio(cache_folder)


def _one(number: int) -> None:
    assert _studio is not None
    settings = list(Setting)
    _draw(_studio, number, settings[number % len(settings)], 1024)
