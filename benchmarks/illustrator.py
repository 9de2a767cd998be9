"""What the illustrator can do, measured: python -m benchmarks.illustrator speed | prompts | nouns | wordings | gallery | all

    speed       CPU seconds a picture, milliseconds a search, twelve at once, memory
    prompts     200 prompts through the real path: things, colours, faults (--llm: with the chat model)
    unseen      40 prompts that are none of the 200, measured the same way; sheets in docs/gallery
    nouns       how many of 1,000 nouns the library draws
    wordings    whether one wish in five wordings gives the same things
    palettes    whether pictures in a brand's palette keep to it
    gallery     contact sheets of the 200 prompts in docs/gallery
    all         all of these
    report      write the reports again from what was measured
    blind, score    judging by a reader who does not see the prompts (illustrator_blind.py)

Numbers are kept under the label given by --as in docs/gallery/measured.json and written to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import illustrator_blind as blind
from benchmarks import illustrator_gallery as gallery
from benchmarks import illustrator_report as report
from benchmarks import illustrator_rows as rows
from benchmarks.illustrator_measures import Bytes, changed, in_palette, pixels, things
from benchmarks.illustrator_prompts import ROOT, Prompt, Studio, nouns, palettes, prompts, seed_of, unseen, wordings
from domain.errors import MaquetteError

FONT = "noto-sans-sc"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=(*COMMANDS, "all", "report", "score"), nargs="?", default="all")
    parser.add_argument("folder", type=Path, nargs="?", help="score: the folder of the set")
    parser.add_argument("--out", type=Path, help="blind: where to write the set")
    parser.add_argument("--as", dest="label", default="after", help='the label numbers are kept under, "before" or "after"')
    parser.add_argument("--llm", action="store_true", help="prompts: scenes with the chat model")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "maquette")
    parser.add_argument("--every", type=int, default=1, help="only every n-th prompt, for a quick look; nothing is kept")
    options = parser.parse_args(arguments)
    if options.what == "score":
        return _score(options)
    if options.what == "blind" and options.out is None:
        parser.error("blind needs --out FOLDER")
    for name in ("speed", "prompts", "nouns", "wordings", "palettes") if options.what == "all" else (options.what,):
        if name in COMMANDS:
            COMMANDS[name](options)
    known = report.read()
    report.write_section(known)
    report.write_report(known)
    return 0


def _keep(options: argparse.Namespace, part: str, numbers: dict[str, Any], **more: Any) -> None:
    sys.stdout.write(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    if options.every == 1:
        report.keep(options.label, part, {"numbers": report.short(numbers), **more})


def _speed(options: argparse.Namespace) -> None:
    from benchmarks.illustrator_speed import speed

    _keep(options, "speed", speed(options.cache))


def _prompts(options: argparse.Namespace) -> None:
    """Measures every prompt; without the chat model also writes the gallery, which costs nothing more."""
    shown: list[gallery.Shown] = []
    studio = Studio(options.cache, chat=options.llm)
    keep = None if options.llm else lambda prompt, picture: shown.append(_shown(prompt, picture))
    chosen = prompts()[:: options.every]
    found = []
    for number, prompt in enumerate(chosen, 1):
        found.append(rows.row_of(prompt, studio, keep))
        sys.stderr.writelines(f"{line}\n" for line in rows.misses(found[-1], prompt))
        if number % 20 == 0:
            sys.stderr.write(f"{number} of {len(chosen)}\n")
    part = "prompts with chat" if options.llm else "prompts"
    _keep(options, part, rows.summary(found), rows=report.rows_of([asdict(row) for row in found]))
    if shown and options.every == 1 and options.label != "before":
        gallery.write_pages(shown, report.GALLERY, "prompts", _font(studio))


def _unseen(options: argparse.Namespace) -> None:
    """The same measure and the same sheets for wishes the rules were not made on."""
    shown: list[gallery.Shown] = []
    studio = Studio(options.cache)
    found = []
    for prompt in unseen()[:: options.every]:
        found.append(rows.row_of(prompt, studio, lambda prompt, picture: shown.append(_shown(prompt, picture))))
        sys.stderr.writelines(f"{line}\n" for line in rows.misses(found[-1], prompt))
    _keep(options, "unseen", rows.summary(found), rows=report.rows_of([asdict(row) for row in found]))
    if options.every == 1:
        gallery.write_pages(shown, report.GALLERY, f"unseen-{options.label}", _font(studio))


def _gallery(options: argparse.Namespace) -> None:
    studio = Studio(options.cache)
    shown = [_shown(prompt, picture) for prompt, picture in _drawn(prompts()[:: options.every], studio)]
    for path in gallery.write_pages(shown, report.GALLERY, "prompts", _font(studio)):
        sys.stdout.write(f"{path.relative_to(ROOT)} {path.stat().st_size // 1024} KB\n")


def _nouns(options: argparse.Namespace) -> None:
    studio = Studio(options.cache)
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    close: dict[str, str] = {}
    none: list[str] = []
    for category, words in nouns().items():
        for noun in words:
            if studio.named(noun):
                exact[noun] = category
                continue
            found = studio.illustrator.searcher().find(noun, studio.everything, 1)
            if found and found[0].exact:
                loose[noun] = found[0].concept.name
            elif found:
                close[noun] = found[0].concept.name
            else:
                none.append(noun)
    total = sum(len(words) for words in nouns().values())
    numbers: dict[str, Any] = {
        "exact": [len(exact) / total, total],
        "by a keyword or part of the name": [len(loose) / total, total],
        "close, told": [len(close) / total, total],
        "none": [len(none) / total, total],
    }
    numbers |= {f"exact, {name}": [sum(w in exact for w in words) / len(words), len(words)] for name, words in nouns().items()}
    _keep(options, "nouns", numbers, loose=loose, close=close, none=none)


def _wordings(options: argparse.Namespace) -> None:
    studio = Studio(options.cache)
    differing = []
    for group in wordings():
        shown = [_things(studio, words) for words in group]
        if any(one != shown[0] for one in shown):
            differing.append({words: list(one) for words, one in zip(group, shown, strict=True)})
    total = len(wordings())
    numbers = {"wishes that give the same things in five wordings": [(total - len(differing)) / total, total]}
    _keep(options, "wordings", numbers, differing=differing)


def _things(studio: Studio, words: str) -> tuple[str, ...]:
    """Names of what is drawn, each as often as it is drawn, in alphabetical order."""
    output = studio.draw(studio.scene(words, (1024, 1024)), (320, 320), 1)
    return tuple(sorted(thing.name for thing in things(output.facts)))


def _palettes(options: argparse.Namespace) -> None:
    """Every eighth prompt in one of the palettes and without: what changes must be in the palette."""
    studio = Studio(options.cache)
    kept: dict[str, list[float]] = {name: [] for name in palettes()}
    for number, prompt in enumerate(prompts()[::8]):
        name = list(palettes())[number % len(palettes())]
        scene = studio.scene(prompt.prompt, prompt.size).model_copy(update={"palette": ()})
        size, seed = prompt.drawn_size(), seed_of(prompt)
        plain = pixels(studio.draw(scene, size, seed))
        own = pixels(studio.draw(scene.model_copy(update={"palette": palettes()[name]}), size, seed))
        kept[name].append(in_palette(own, changed(own, plain), palettes()[name]))
    every = [share for shares in kept.values() for share in shares]
    numbers: dict[str, Any] = {"recoloured area within 10 of the palette, its tints and shades": sum(every) / len(every)}
    numbers["pictures with 95% of it"] = [sum(share >= 0.95 for share in every) / len(every), len(every)]
    numbers |= {f"recoloured area, {name}": sum(shares) / len(shares) for name, shares in kept.items()}
    _keep(options, "palettes", numbers)


def _blind(options: argparse.Namespace) -> None:
    studio = Studio(options.cache)
    blind.write_set(list(_drawn(blind.chosen(), studio)), options.out, _font(studio))
    sys.stdout.write(f"{options.out}: write what you see into answers.toml, then: python -m benchmarks.illustrator score {options.out}\n")


def _score(options: argparse.Namespace) -> int:
    found = blind.score(options.folder)
    for row in found:
        if row.unseen or row.wrong:
            sys.stdout.write(f"{row.number:3d} {row.prompt}: not seen {list(row.unseen)}, other colour {list(row.wrong)}\n")
    _keep(options, "blind", blind.summary(found))
    known = report.read()
    report.write_section(known)
    return 0


def _drawn(chosen: Iterable[Prompt], studio: Studio) -> Iterable[tuple[Prompt, Bytes]]:
    """Pictures of prompts; one that cannot be drawn is told and left out."""
    for prompt in chosen:
        try:
            scene = studio.scene(prompt.prompt, prompt.size)
            yield prompt, pixels(studio.draw(scene, prompt.drawn_size(), seed_of(prompt)))
        except MaquetteError as error:
            sys.stderr.write(f"{prompt.id}: {error}\n")


def _shown(prompt: Prompt, picture: Bytes) -> gallery.Shown:
    return gallery.Shown(f"{prompt.id} {prompt.prompt}", gallery.thumbnail(picture))


def _font(studio: Studio) -> gallery.Font:
    return gallery.font_of(studio.store.folder(FONT) if studio.store.ready(FONT) else None)


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "speed": _speed, "prompts": _prompts, "unseen": _unseen, "nouns": _nouns, "wordings": _wordings, "palettes": _palettes,
    "gallery": _gallery, "blind": _blind,
}  # fmt: skip

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
