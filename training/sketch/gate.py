"""The gate: whether the stored files may be offered. Measures the pipeline as it is loaded from them, and writes the model card.

Four tests, all of which must be passed: nouns recognised, colours right, preferred by eye over the compositor on held-back
combinations, and nothing memorised. The comparison by eye is a sheet to be filled in: until it is, the gate is not passed.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import InputError
from training.sketch import data
from training.sketch.drawings import Pixels, Studio
from training.sketch.export import loaded, stored
from training.sketch.judge import Classifier, nearness, seen_colour
from training.sketch.pairs import Pairs, with_article
from training.sketch.recipe import GatePlan, Recipe, Words

BATCH = 8
#: Share of the judge's renders that it is tried on instead of taught with.
TRIED = 0.1


@dataclass(frozen=True)
class Trial:
    """One test. value: what was measured, None when it could not be. judge: how well the judge did on unseen compositions."""

    name: str
    value: float | None
    needed: float
    count: int
    judge: float | None = None
    note: str = ""
    most: bool = False

    def passed(self, plan: GatePlan) -> bool:
        """most: the value must not be above what is allowed; otherwise not below what is needed. Preference must exceed it."""
        if self.value is None or (self.judge is not None and self.judge < plan.trust):
            return False
        if self.name == "preference":
            return self.value > self.needed and self.count >= plan.least
        return self.value <= self.needed if self.most else self.value >= self.needed


@dataclass(frozen=True)
class Verdict:
    tests: tuple[Trial, ...]
    passed: bool
    files: tuple[tuple[str, str], ...]


class Gate:
    """Args:
    place: assets, art and <work>, with the learnt pairs and <work>/model. device: where pictures are made.
    """

    def __init__(self, place: data.Place, recipe: Recipe, words: Words, device: str) -> None:
        self._place, self._recipe, self._words, self._device = place, recipe, words, device
        self._studio = Studio(place.assets, place.models, recipe.data.licences)
        self._pairs = Pairs(self._studio, recipe, words)
        self._folder = place.work / "gate"
        self._model = place.work / "model"

    def measure(self) -> Verdict:
        """Everything; the sheet to compare by eye is written beside it, and read if it has been filled in."""
        if not (self._model / "model_index.json").is_file():
            raise InputError(f"There is no model in {self._model}.", hint="Run `python -m training.sketch export` first.")
        self._folder.mkdir(parents=True, exist_ok=True)
        files = tuple((p.relative_to(self._model).as_posix(), _hash(p)) for p in stored(self._model) if p.suffix == ".safetensors")
        pipe = loaded(self._model, self._device)
        recognition, of_nouns = self._recognition(pipe)
        colour = self._colour(pipe)
        preference, of_pairs = self._preference(pipe, "".join(sha for _, sha in files))
        copies = self._copies(np.concatenate([of_nouns, of_pairs]))
        tests = (recognition, colour, preference, copies)
        return Verdict(tests, all(test.passed(self._recipe.gate) for test in tests), files)

    def _make(self, pipe: Any, captions: Sequence[str]) -> Pixels:
        """One picture a caption, each from its own seed."""
        import torch

        plan, side = self._recipe.gate, self._recipe.data.side
        rows = []
        for start in range(0, len(captions), BATCH):
            part = list(captions[start : start + BATCH])
            seeds = [torch.Generator("cpu").manual_seed(self._recipe.seed + start + i) for i in range(len(part))]
            made = pipe(
                part,
                width=side,
                height=side,
                num_inference_steps=plan.steps,
                guidance_scale=plan.guidance,
                generator=seeds,
                output_type="np",
            ).images
            rows.append((np.clip(np.nan_to_num(np.asarray(made)), 0, 1) * 255).round().astype(np.uint8))
        return np.concatenate(rows)

    def _recognition(self, pipe: Any) -> tuple[Trial, Pixels]:
        plan, nouns = self._recipe.gate, self._words.gate.nouns
        pictures = np.stack([self._pairs.of_noun(noun, k) for k in range(plan.renders) for noun in nouns])
        labels = np.tile(np.arange(len(nouns), dtype=np.int64), plan.renders)
        taught = len(nouns) * max(1, round(plan.renders * (1 - TRIED)))
        judge = Classifier(nouns, self._recipe.seed, self._device)
        judge.learn(pictures[:taught], labels[:taught], plan.judge_steps, plan.judge_batch)
        tried, known = pictures[taught:], labels[taught:]
        trust = float((judge.name(tried) == known).mean()) if len(tried) else 0.0
        made = self._make(pipe, [f"{with_article(noun)} on a plain background" for noun in nouns for _ in range(plan.pictures)])
        asked = np.repeat(np.arange(len(nouns)), plan.pictures)
        right = float((judge.name(made) == asked).mean())
        return Trial("recognition", right, plan.recognition, len(made), trust, f"top-1 of {len(nouns)} nouns"), made

    def _colour(self, pipe: Any) -> Trial:
        plan = self._recipe.gate
        known = {name: self._words.colours[name] for name in sorted(self._words.colours)}
        asked = [(noun, colour) for i, noun in enumerate(self._words.gate.nouns) for colour in (plan.colours[i % len(plan.colours)],)]
        captions = [f"{with_article(f'{colour} {noun}')} on a plain background" for noun, colour in asked]
        made = self._make(pipe, captions)
        right = float(np.mean([seen_colour(p, known) == colour for p, (_, colour) in zip(made, asked, strict=True)]))
        tried = [(self._composed(noun, known[colour], i), colour) for i, (noun, colour) in enumerate(asked)]
        seen = [seen_colour(picture, known) == colour for picture, colour in tried if picture is not None]
        return Trial("colour", right, plan.colour, len(made), float(np.mean(seen)) if seen else 0.0, f"of {len(known)} colour words")

    def _composed(self, noun: str, colour: str, seed: int) -> Pixels | None:
        from domain.scene import Scene, Setting, Subject

        scene = Scene(subjects=(Subject(what=noun, colour=colour, size="large"),), setting=Setting.PLAIN, composition="centre")
        for family in self._studio.families:
            made = self._studio.scene(scene, family, self._recipe.data.side, seed)
            if made is not None:
                return made
        return None

    def _preference(self, pipe: Any, model: str) -> tuple[Trial, Pixels]:
        plan = self._recipe.gate
        asked = self._pairs.combinations(plan.comparisons * 2)
        composed: list[tuple[str, Pixels]] = []
        for index, one in enumerate(asked):
            found = (self._studio.scene(one.scene, family, self._recipe.data.side, index) for family in self._studio.families)
            picture = next((made for made in found if made is not None), None)
            if picture is not None and len(composed) < plan.comparisons:
                composed.append((one.caption, picture))
        if not composed:
            raise InputError("No held-back combination can be composed.", hint="Raise hidden_pairs in recipe.toml.")
        made = self._make(pipe, [caption for caption, _ in composed])
        sheet = Sheet(self._folder / "sheet", model[:16], self._recipe.seed)
        sheet.write([(caption, ours, theirs) for (caption, theirs), ours in zip(composed, made, strict=True)])
        value, count = sheet.read()
        note = "judged blind on the sheet" if value is not None else "the sheet has not been filled in"
        return Trial("preference", value, plan.preference, count, None, note), made

    def _copies(self, made: Pixels) -> Trial:
        """How many pictures lie nearer to a learnt one than all but a few of unseen compositions do."""
        plan = self._recipe.gate
        learnt = data.pictures(self._place.work, "learn")
        usual = nearness(data.pictures(self._place.work, "check"), learnt)
        line = float(np.quantile(usual, plan.unusual))
        share = float((nearness(made, learnt) < line).mean())
        return Trial("copies", share, plan.copies, len(made), None, f"nearer than {line:.2f} of 255 at 16 by 16 pixels", most=True)


class Sheet:
    """Pairs of pictures side by side, in an order that only key.csv tells; answers.csv is for the person who looks.

    mark: of the model's files. Answers to another model's sheet are not read.
    """

    def __init__(self, folder: Path, mark: str, seed: int) -> None:
        self._folder, self._mark, self._seed = folder / mark, mark, seed

    def write(self, pairs: Sequence[tuple[str, Pixels, Pixels]]) -> None:
        """pairs: caption, the model's picture, the compositor's. What has been answered stays."""
        from PIL import Image

        self._folder.mkdir(parents=True, exist_ok=True)
        chance = random.Random(f"{self._seed}/{self._mark}")
        key = []
        for number, (caption, ours, theirs) in enumerate(pairs, start=1):
            side = chance.choice("AB")
            gap = np.full((ours.shape[0], 12, 3), 255, dtype=np.uint8)
            row = np.concatenate([ours, gap, theirs] if side == "A" else [theirs, gap, ours], axis=1)
            Image.fromarray(row).save(self._folder / f"{number:03d}.png")
            key.append((number, side, caption))
        _write_csv(self._folder / "key.csv", ("number", "model", "caption"), key)
        if not (self._folder / "answers.csv").is_file():
            blank = [(number, caption, "") for number, _, caption in key]
            _write_csv(self._folder / "answers.csv", ("number", "caption", "better (A left, B right, = alike)"), blank)

    def read(self) -> tuple[float | None, int]:
        """(share that preferred the model, a tie counting half; answers). The share is None until every line is answered."""
        key = {row[0]: row[1] for row in _read_csv(self._folder / "key.csv")}
        given = {row[0]: row[2].strip().upper() for row in _read_csv(self._folder / "answers.csv")}
        answers = [(side, given.get(number, "")) for number, side in key.items()]
        if any(answer not in ("A", "B", "=") for _, answer in answers):
            return None, sum(answer in ("A", "B", "=") for _, answer in answers)
        return sum(0.5 if answer == "=" else float(answer == side) for side, answer in answers) / len(answers), len(answers)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_csv(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])


def _read_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as held:
        return list(csv.reader(held))[1:]
