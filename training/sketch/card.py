"""Writes the model card, assets/models/maquette-sketch/card.toml: what it is, from what and how it was made, and what the gate measured.

The studio reads two things of it (pipelines/models/cards.py): whether the model is trained, and whether the gate was passed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from training.sketch.data import Place, replace
from training.sketch.drawings import Studio
from training.sketch.gate import Verdict
from training.sketch.recipe import Recipe


def card(place: Place, recipe: Recipe, steps: tuple[int, int] = (0, 0), verdict: Verdict | None = None) -> str:
    """The text of the card. steps: of the autoencoder and of the U-Net; verdict None: not trained."""
    lines = [
        "# The model card of maquette-sketch. Written by `python -m training.sketch gate`; the studio offers the model by what it says.",
        'model = "maquette-sketch"',
        f'state = "{"trained" if verdict else "not trained"}"',
        'licence = "Apache-2.0"',
        'use = "Experimental: small illustrations from English captions. It never stands in for the illustrator unasked."',
        f'kind = "latent diffusion at {recipe.data.side} pixels; text encoder: {recipe.text_encoder} of the model store"',
        'limits = "English only; no text in pictures, no real people, no brands; one or two things at a time."',
        "",
        "[recipe]",
        'files = ["training/sketch/recipe.toml", "training/sketch/words.toml"]',
        f'mark = "{recipe.mark("data", "vae", "unet", "gate")}"',
        f"pairs = {recipe.data.pairs}",
        f"autoencoder_steps = {steps[0]}",
        f"unet_steps = {steps[1]}",
        "",
        *_data(place, recipe),
        "[gate]",
        f"passed = {str(bool(verdict and verdict.passed)).lower()}",
    ]
    if verdict is None:
        return "\n".join([*lines, 'note = "Not measured: there are no weights yet. The way to them is in training/README.md."', ""])
    lines += ["", "[gate.files]", *(f'"{name}" = "{sha}"' for name, sha in verdict.files)]
    for test in verdict.tests:
        lines += ["", f"[gate.{test.name}]", f"passed = {str(test.passed(recipe.gate)).lower()}"]
        lines += [f"value = {test.value:.4f}"] if test.value is not None else []
        lines += [f"{'at_most' if test.most else 'needed'} = {test.needed}", f"count = {test.count}"]
        lines += [f"judge = {test.judge:.4f}"] if test.judge is not None else []
        lines += [f"note = {json.dumps(test.note)}"]
    return "\n".join([*lines, ""])


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, text.encode())


def _data(place: Place, recipe: Recipe) -> Sequence[str]:
    """One table a set that is learnt from."""
    lines = []
    for one in sorted(Studio(place.assets, place.models, recipe.data.licences).sets.values(), key=lambda s: s.id):
        facts = {"title": one.title, "author": one.author, "licence": one.licence, "source": one.source}
        lines += ["[[data]]", *(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()), ""]
    return lines
