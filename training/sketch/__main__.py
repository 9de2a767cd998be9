"""The command: python -m training.sketch data | vae | unet | export | gate; pack | parcel | unpack for another machine; card.

Every step goes on where it stopped. What each does and the order on a GPU machine: training/README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from domain.errors import InputError, MaquetteError
from training.sketch import card, data, export, gate, travel, unet, vae
from training.sketch.loop import read_state
from training.sketch.recipe import Recipe, Words

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
CARD = ASSETS / "models" / export.ID / "card.toml"
VERBS = ("data", "vae", "unet", "export", "gate", "pack", "parcel", "unpack", "card")


def main(arguments: Sequence[str]) -> int:
    """Exit status 0: done; 3: time was up before the last step, run it again; 1: refused, with the reason."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except MaquetteError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("MAQUETTE_CACHE") or Path.home() / ".cache" / "maquette")
    parser = argparse.ArgumentParser(prog="python -m training.sketch", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "sketch", help="where everything made is kept")
    parser.add_argument("--models", type=Path, default=cache / "models", help="the model store's folder, or what `pack` carried")
    parser.add_argument("--recipe", type=Path, help="another recipe.toml")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so long; 0: at the last step")
    parser.add_argument("--until", type=int, default=0, help="stop at this step")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="for data")
    parser.add_argument("--device", default="", help='"cpu" or "cuda"; what is there by itself')
    parser.add_argument("--parcel", type=Path, help="the folder that parcel writes and unpack reads")
    parser.add_argument("--card", type=Path, default=CARD, help="the model card that gate writes")
    parser.add_argument("--keep", action="store_true", help="export: also copy what is stored into assets/models/maquette-sketch")
    return parser


def _run(options: argparse.Namespace) -> int:
    recipe = Recipe.read(options.recipe) if options.recipe else Recipe.read()
    place = data.Place(ASSETS, options.models, options.work)
    text = options.models / recipe.text_encoder
    done = True
    if options.verb == "data":
        done = data.render(place, recipe, Words.read(), options.processes, options.seconds)
    elif options.verb == "vae":
        done = vae.train(place.work, recipe, _device(options), options.seconds, options.until).done
    elif options.verb == "unet":
        done = unet.train(place.work, recipe, text, _device(options), options.seconds, options.until).done
    elif options.verb == "export":
        _export(options, recipe, text)
    elif options.verb == "gate":
        _gate(options, place, recipe)
    elif options.verb == "card":
        _untrained(options, place, recipe)
    else:
        _travel(options, place, recipe)
    return 0 if done else 3


def _export(options: argparse.Namespace, recipe: Recipe, text: Path) -> None:
    folder = export.export(options.work, recipe, text)
    sys.stdout.write(f"{folder}: {sum(p.stat().st_size for p in export.stored(folder))} bytes as stored\n")
    if options.keep:
        from pipelines.models.catalogue import Catalogue

        export.keep(folder, CARD.parent)
        known = Catalogue.read(ASSETS / "models.toml").get(recipe.text_encoder)
        sys.stdout.write(f"For the entry {export.ID} in assets/models.toml:\n{export.entry(folder, known)}")


def _gate(options: argparse.Namespace, place: data.Place, recipe: Recipe) -> None:
    verdict = gate.Gate(place, recipe, Words.read(), _device(options)).measure()
    steps = read_state(place.work / vae.STATE, vae.mark(recipe))[0], read_state(place.work / unet.STATE, unet.mark(recipe))[0]
    card.write(options.card, card.card(place, recipe, steps, verdict))
    for test in verdict.tests:
        said = "not judged" if test.value is None else f"{test.value:.3f}"
        sys.stdout.write(f"{test.name}: {said}, {'passed' if test.passed(recipe.gate) else 'not passed'} ({test.note})\n")
    sys.stdout.write(f"gate {'passed' if verdict.passed else 'not passed'}; written to {options.card}\n")


def _untrained(options: argparse.Namespace, place: data.Place, recipe: Recipe) -> None:
    """The card of a model that is not there. Raises InputError beside one that is."""
    if (options.card.parent / "model_index.json").is_file():
        raise InputError(f"A model lies in {options.card.parent}.", hint="`gate` writes the card of a trained one.")
    card.write(options.card, card.card(place, recipe))


def _travel(options: argparse.Namespace, place: data.Place, recipe: Recipe) -> None:
    target = options.parcel or place.work / options.verb.replace("unpack", "parcel")
    if options.verb == "pack":
        written: Sequence[Path] = travel.pack(
            place.assets, place.models, recipe, data.pairs_of(place, recipe, Words.read()).sayings(), target
        )
    elif options.verb == "parcel":
        written = travel.parcel(place.work, recipe, target)
    else:
        written = travel.unpack(target, place.work)
    for path in written:
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


def _device(options: argparse.Namespace) -> str:
    import torch

    return str(options.device) or ("cuda" if torch.cuda.is_available() else "cpu")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
