"""Judging blind: pictures without their prompts, and what a reader wrote down against what had been asked.

python -m benchmarks.illustrator blind --out FOLDER     numbered pictures, sheets of twelve, an empty answers.toml; .key/ is the key
python -m benchmarks.illustrator score FOLDER           answers.toml against the key
"""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.illustrator_colour import KIN
from benchmarks.illustrator_gallery import Font, Shown, sheet, thumbnail
from benchmarks.illustrator_measures import Bytes
from benchmarks.illustrator_prompts import Prompt, Wanted, prompts, readers_words
from pipelines.image.illustration.search import normalise, singular

DRAWN, A_SHEET, SEED = 60, 12, 2026
_HEAD = """# One block a picture: what you see, as plain English nouns, and the colour of a thing where it has one main colour.
# [[picture]]
# number = 1
# subjects = ["fox", "mushroom"]
# colours = { fox = "red" }

"""


@dataclass(frozen=True)
class Judged:
    """Of one picture: requested things that the reader did not see, and requested colours that the reader saw as another."""

    number: int
    prompt: str
    unseen: tuple[str, ...]
    wrong: tuple[str, ...]
    asked: int
    coloured: int


def chosen(seed: int = SEED) -> list[Prompt]:
    """Sixty of all prompts in a random order, always the same."""
    return random.Random(seed).sample(list(prompts()), DRAWN)


def write_set(pictures: Sequence[tuple[Prompt, Bytes]], folder: Path, font: Font) -> None:
    """001.png and on, sheet-1.png and on, answers.toml unless there is one, .key/key.json."""
    key = folder / ".key"
    key.mkdir(parents=True, exist_ok=True)
    shown = []
    for number, (_, picture) in enumerate(pictures, 1):
        Image.fromarray(picture).save(folder / f"{number:03d}.png")
        shown.append(Shown(str(number), thumbnail(picture)))
    for start in range(0, len(shown), A_SHEET):
        sheet(shown[start : start + A_SHEET], font, columns=4, lines=1).save(folder / f"sheet-{start // A_SHEET + 1}.png")
    (key / "key.json").write_text(json.dumps([prompt.id for prompt, _ in pictures]), "utf-8")
    answers = folder / "answers.toml"
    if not answers.exists():
        answers.write_text(_HEAD, "utf-8")


def score(folder: Path) -> list[Judged]:
    """Raises OSError without a set or answers, ValueError when answers are for no picture of the set."""
    by_id = {prompt.id: prompt for prompt in prompts()}
    ids = json.loads((folder / ".key" / "key.json").read_text("utf-8"))
    answers = tomllib.loads((folder / "answers.toml").read_text("utf-8")).get("picture", [])
    beyond = [a["number"] for a in answers if not 1 <= a["number"] <= len(ids)]
    if beyond:
        raise ValueError(f"answers.toml speaks of pictures {beyond} that are not in the set of {len(ids)}.")
    return [judged(a, by_id[ids[a["number"] - 1]]) for a in answers]


def judged(answer: Mapping[str, Any], prompt: Prompt) -> Judged:
    seen, colours = list(answer.get("subjects", [])), dict(answer.get("colours", {}))
    unseen = [w.what for w in prompt.subjects if not any(means(word, w.what) for word in seen)]
    wrong = [w.what for w in prompt.subjects if w.colour and w.what not in unseen and not _coloured(w, colours)]
    coloured = sum(1 for w in prompt.subjects if w.colour and w.what not in unseen)
    return Judged(answer["number"], prompt.id, tuple(unseen), tuple(wrong), len(prompt.subjects), coloured)


def means(word: str, noun: str) -> bool:
    """A reader's word names the requested thing: the same, a word for it in readers_words.toml, or the same last word."""
    said = singular(normalise(word))
    for name in (noun, *readers_words().get(noun, ())):
        meant = singular(normalise(name))
        if said == meant or said.endswith(f" {meant}"):
            return True
    return False


def _coloured(wanted: Wanted, colours: Mapping[str, str]) -> bool:
    """The reader gave one of the things by this name the asked colour, or a kin of it."""
    said = [str(colour).lower() for word, colour in colours.items() if means(word.split("/")[0], wanted.what)]
    right = {wanted.colour, *KIN.get(wanted.colour, ())}
    return any(right & set(colour.replace("gray", "grey").replace(",", " ").split()) for colour in said)


def summary(rows: Sequence[Judged]) -> dict[str, Any]:
    """Shares 0..1, each with the number it is of."""
    asked, coloured = sum(r.asked for r in rows), sum(r.coloured for r in rows)
    return {
        "pictures": len(rows),
        "pictures with all things seen": [sum(not r.unseen for r in rows) / max(len(rows), 1), len(rows)],
        "things seen": [1 - sum(len(r.unseen) for r in rows) / max(asked, 1), asked],
        "colours seen right, of things seen": [1 - sum(len(r.wrong) for r in rows) / max(coloured, 1), coloured],
    }
