"""Content safety, measured: how many lines of a corpus the rules hit as they should, and what our own pictures score.

python -m benchmarks.moderation             the words (a second)
python -m benchmarks.moderation --pictures  the pictures on the pages of docs/gallery too, with the real model
"""

from __future__ import annotations

import argparse
import io
import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field

from agents.safety import SafetyRules
from benchmarks.illustrator_gallery import COLUMNS, HIGH, LINE, PAGE, WIDE
from domain.moderation import Level, Outcome, Screening, Stage, worst
from domain.value import Value

CORPUS = Path(__file__).resolve().parent / "data" / "moderation.toml"
GALLERY = Path(__file__).resolve().parent.parent / "docs" / "gallery"


class Line(Value):
    """wanted: the outcome in a standard project. stage: as what it is said. rule: the one that is to match, "" for none.

    unseen: of the last set that was written after the rules; docs/security.md has what was found of it before they were widened for it.
    """

    text: str
    wanted: Outcome
    stage: Literal["brief", "output"] = "brief"
    rule: str = ""
    language: Literal["en", "zh"] = "en"
    unseen: bool = False


class Corpus(Value):
    line: tuple[Line, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Wrong:
    line: Line
    found: Outcome
    rules: tuple[str, ...]


def corpus(path: Path = CORPUS) -> tuple[Line, ...]:
    return Corpus(**tomllib.loads(path.read_text(encoding="utf-8"))).line


def wrong(rules: SafetyRules, lines: tuple[Line, ...], level: Level = Level.STANDARD) -> list[Wrong]:
    """Lines whose outcome is not what it should be."""
    found = []
    for line in lines:
        findings = rules.found(line.text, Stage(line.stage), Screening(level=level))
        outcome = worst(findings)
        if outcome is not line.wanted:
            found.append(Wrong(line, outcome, tuple(one.rule for one in findings)))
    return found


def own_words(folder: Path = CORPUS.parent) -> Iterator[str]:
    """Every text of the other data here: prompts, briefs, scenes; nothing that a rule should mind."""

    def strings(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from strings(part)

    for path in sorted(folder.rglob("*.toml")):
        if path.name != CORPUS.name:
            yield from (text for text in strings(tomllib.loads(path.read_text(encoding="utf-8"))) if len(text) >= 12)


def tiles(folder: Path, name: str = "prompts") -> Iterator[bytes]:
    """The pictures on the pages of a gallery, each alone, as PNG."""
    room_x, room_y = WIDE + 12, HIGH + 2 * LINE + 14
    for path in sorted(folder.glob(f"{name}-??.webp")):
        page = Image.open(path).convert("RGB")
        for index in range(PAGE):
            x, y = 12 + index % COLUMNS * room_x, 12 + index // COLUMNS * room_y
            if y + HIGH > page.height:
                break
            tile = page.crop((x, y, x + WIDE, y + HIGH))
            pixels = np.asarray(tile, np.int16)
            inked = np.argwhere((np.abs(pixels - pixels[0, 0]) > 12).any(axis=2))
            if len(inked):
                (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0) + 1
                buffer = io.BytesIO()
                tile.crop((int(left), int(top), int(right), int(bottom))).save(buffer, "PNG")
                yield buffer.getvalue()


def _words(assets: Path) -> None:
    rules, lines = SafetyRules.load(assets), corpus()
    started = perf_counter()
    missed = wrong(rules, lines)
    each = (perf_counter() - started) / len(lines) * 1000
    for unseen in (False, True):
        for language in ("en", "zh"):
            mine = [line for line in lines if (line.language, line.unseen) == (language, unseen)]
            bad = [one.line for one in missed if (one.line.language, one.line.unseen) == (language, unseen)]
            asked, misses = Counter(line.wanted for line in mine), Counter(line.wanted for line in bad)
            told = ", ".join(f"{kind.value} {asked[kind] - misses[kind]} of {asked[kind]}" for kind in Outcome)
            print(f"{language}{', unseen' if unseen else ''}: as wanted: {told}")
    own = list(own_words())
    alarms = [text for text in own for stage in (Stage.BRIEF, Stage.OUTPUT) if rules.found(text, stage)]
    print(f"{len(alarms)} of {len(own)} texts of our own benchmarks are in doubt")
    for one in missed:
        print(f"  wanted {one.line.wanted.value}, found {one.found.value} {one.rules}: {one.line.text}")
    print(f"{each:.2f} ms a line")


def _pictures(assets: Path) -> None:
    from domain.settings import Settings
    from pipelines.devices import Devices
    from pipelines.models.catalogue import Catalogue
    from pipelines.models.store import ModelStore
    from pipelines.vision.nudity import Nudity

    settings = Settings.from_environment(os.environ, Path.home())
    store = ModelStore(Catalogue.read(assets / "models.toml"), settings.cache)
    nudity = Nudity(store, Devices(1_000_000_000), threads=1)
    scores, started = [], perf_counter()
    for picture in tiles(GALLERY):
        scores.append(nudity.score(picture))
    each = (perf_counter() - started) / max(1, len(scores))
    print(f"{len(scores)} pictures, {each * 1000:.0f} ms each; highest: {[round(one, 3) for one in sorted(scores, reverse=True)[:8]]}")
    for at in (0.2, 0.4, 0.6, 0.8):
        print(f"  {at}: {sum(score >= at for score in scores)} at or above")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", action="store_true")
    assets = Path(__file__).resolve().parent.parent / "assets"
    _words(assets)
    if parser.parse_args().pictures:
        _pictures(assets)


if __name__ == "__main__":
    main()
