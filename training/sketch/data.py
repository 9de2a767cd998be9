"""Renders the captioned pairs into shards: <work>/data/<split>-<number>.npy (n, side, side, 3) uint8, and .json with the captions.

Each shard is finished in one rename and stays as it is, so that an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from domain.errors import InputError
from training.sketch.drawings import Pixels, Studio
from training.sketch.pairs import CHECK, LEARN, Pair, Pairs, numbers
from training.sketch.recipe import Recipe, Words


@dataclass(frozen=True)
class Place:
    """Where things lie. models: laid out as the model store's folder. work: everything this training makes."""

    assets: Path
    models: Path
    work: Path


def pairs_of(place: Place, recipe: Recipe, words: Words) -> Pairs:
    return Pairs(Studio(place.assets, place.models, recipe.data.licences), recipe, words)


def render(place: Place, recipe: Recipe, words: Words, processes: int = 1, seconds: float = 0.0) -> bool:
    """Make what is missing; False when `seconds` (0: no limit) ran out before all was there."""
    folder = place.work / "data"
    folder.mkdir(parents=True, exist_ok=True)
    _settle_mark(folder, recipe)
    ends = time.monotonic() + seconds if seconds else float("inf")
    tasks = [
        (split, index, shard)
        for split, first, count in (("check", CHECK, recipe.data.check), ("learn", LEARN, recipe.data.pairs))
        for index, shard in enumerate(numbers(first, count, recipe.data.shard))
        if not _shard(folder, split, index).with_suffix(".json").is_file()
    ]
    if processes <= 1:
        maker = pairs_of(place, recipe, words)
        return all(time.monotonic() < ends and _finish(folder, task, [maker.make(number) for number in task[2]]) for task in tasks)
    with multiprocessing.get_context("spawn").Pool(processes, _begin, (place, recipe, words)) as pool:
        for task in tasks:
            if time.monotonic() >= ends:
                return False
            _finish(folder, task, pool.map(_make, task[2], chunksize=8))
    return True


def captions(work: Path, split: str) -> list[str]:
    """In the order of `pictures`."""
    found = sorted((work / "data").glob(f"{split}-*.json"))
    if not found:
        raise InputError(f"There are no pairs in {work / 'data'}.", hint="Run `python -m training.sketch data` first.")
    return [str(caption) for path in found for caption in json.loads(path.read_text("utf-8"))]


def pictures(work: Path, split: str) -> Pixels:
    """(n, side, side, 3) uint8, all in memory."""
    captions(work, split)
    return np.concatenate([np.load(path) for path in sorted((work / "data").glob(f"{split}-*.npy"))])


def replace(path: Path, data: bytes) -> None:
    """Write in one rename: whoever reads sees the old file or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(data)
    fresh.replace(path)


def _settle_mark(folder: Path, recipe: Recipe) -> None:
    mark, path = recipe.mark("data"), folder / "recipe"
    if path.is_file() and path.read_text("ascii") != mark:
        raise InputError(f"{folder} holds pairs of another recipe.", hint="Remove that folder, or name another one with --work.")
    path.write_text(mark, "ascii")


def _shard(folder: Path, split: str, index: int) -> Path:
    return folder / f"{split}-{index:05d}.npy"


def _finish(folder: Path, task: tuple[str, int, range], made: Sequence[Pair]) -> bool:
    split, index, _ = task
    path = _shard(folder, split, index)
    fresh = path.with_name(f".{path.name}")
    np.save(fresh, np.stack([pair.pixels for pair in made]))
    fresh.replace(path)
    replace(path.with_suffix(".json"), json.dumps([pair.caption for pair in made], ensure_ascii=False).encode())
    sys.stdout.write(f"{path.name}: {len(made)} pairs\n")
    return True


_MAKER: Pairs | None = None


def _begin(place: Place, recipe: Recipe, words: Words) -> None:
    global _MAKER
    _MAKER = pairs_of(place, recipe, words)


def _make(number: int) -> Pair:
    if _MAKER is None:
        raise RuntimeError("a process of the pool was not begun")
    return _MAKER.make(number)
