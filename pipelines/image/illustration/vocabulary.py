"""Words the composer understands beside nouns: colours, palettes by name, materials, poses, and what can hold things. Read from assets."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from domain.colours import ColourWords


@dataclass(frozen=True)
class Palette:
    id: str
    en: str
    zh: str
    colours: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """ramp: tones dark to light. clear: share one can see through."""

    ramp: tuple[str, ...]
    clear: float = 0.0


@dataclass(frozen=True)
class Pose:
    """See assets/art/manners.toml."""

    turn: float = 0.0
    lift: float = 0.0
    stands: str = ""
    press: float = 1.0
    look: str = ""


def colour_words(assets: Path) -> ColourWords:
    """The shipped table of colour words."""
    return ColourWords.of(tomllib.loads((assets / "colours.toml").read_text("utf-8")))


class Vocabulary:
    """Read once. Every question takes a word as a person wrote it. folder: assets/art; colours.toml lies beside it."""

    def __init__(self, folder: Path) -> None:
        self.colours = colour_words(folder.parent)
        palettes = tomllib.loads((folder / "palettes.toml").read_text("utf-8"))["palette"]
        manners = tomllib.loads((folder / "manners.toml").read_text("utf-8"))
        self.palettes = tuple(Palette(e["id"], e["en"], e["zh"], tuple(e["colours"])) for e in palettes)
        self._palettes = {name.lower(): p for p in self.palettes for name in (p.id, p.en, p.zh)}
        self._materials = {w: Material(tuple(e["ramp"]), float(e.get("clear", 0.0))) for e in manners["material"] for w in e["words"]}
        self._poses: dict[str, Pose] = {}
        for entry in manners["pose"]:
            facts = {key: value for key, value in entry.items() if key != "words"}
            self._poses.update(dict.fromkeys(entry["words"], Pose(**facts)))
        self.seats: dict[str, float] = {name: float(share) for name, share in manners["seats"].items()}
        self.holders = frozenset(manners["holders"]["names"])
        self.open_below = frozenset(manners["open_below"]["names"])
        self.palms = frozenset(manners["palms"]["names"])
        self.canopies = frozenset(manners["canopies"]["names"])
        self._natural: dict[str, str] = {name: c for name, c in manners["natural"].items() if isinstance(c, str)}
        self._natural_of_group: dict[str, str] = manners["natural"]["group"]

    def natural(self, name: str, group: str) -> str:
        """ "#rrggbb" a thing has by nature, for a drawing that leaves it open: by its name, the last word that is known, its group."""
        words = name.lower().split()
        own = (self._natural[word] for word in (name.lower(), *reversed(words)) if word in self._natural)
        return next(own, self._natural_of_group.get(group, self._natural_of_group[""]))

    def seat(self, name: str) -> float:
        """How far down one sits on a thing of this name, by all of it or its last word, as a share of its height; 0 where nobody does."""
        return self.seats.get(name) or self.seats.get(name.rpartition(" ")[2], 0.0)

    def palette(self, name: str) -> Palette | None:
        return self._palettes.get(name.strip().lower())

    def material(self, word: str) -> Material | None:
        return self._materials.get(word.strip().lower())

    def pose(self, word: str) -> Pose:
        return self._poses.get(word.strip().lower(), Pose())
