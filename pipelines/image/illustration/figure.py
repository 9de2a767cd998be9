"""Which parts a character has: chosen by the words of the scene, else by chance; the same for the same name. Draws nothing."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from domain.colours import ColourWords
from pipelines.image.illustration.colour import lch, shade
from pipelines.image.illustration.vocabulary import colour_words

_WORD = re.compile(r"[a-z][a-z'-]*")
_CJK = re.compile(r"[\u3400-\u9fff]")
#: Where a phrase goes on to say where a person is, what they wear or do.
_DOING = re.compile(r"(?<=\w) (?:in|on|at|with|near|by|from|who|and|(?!king\b)\w{2,}ing)\b")
_MEN = re.compile(r"\b(wo)?men$")
SLOTS = ("skin", "hair", "build", "style", "beard", "clothes", "head", "eyewear", "ears", "mood", "eyes", "cloth", "back")
GARMENTS = (
    "skirt",
    "gown",
    "uniform",
    "kimono",
    "hanfu",
    "qipao",
    "cheongsam",
    "overcoat",
    "trenchcoat",
    "tuxedo",
    "dress",
    "shirt",
    "hoodie",
    "sweater",
    "robe",
    "suit",
    "coat",
    "armour",
    "armor",
    "jacket",
    "clothes",
    "cloak",
    "衣",
    "袍",
    "裙",
    "外套",
)


@dataclass(frozen=True)
class Figure:
    """Names of parts and colours "#rrggbb", one a slot; see assets/art/portrait.toml."""

    skin: str
    hair: str
    build: str
    style: str
    beard: str
    clothes: str
    head: str
    eyewear: str
    ears: str
    mood: str
    eyes: str
    cloth: str
    back: str = "none"
    young: bool = False


class Wardrobe:
    """All parts there are. Read once."""

    def __init__(self, folder: Path) -> None:
        self._slots: dict[str, Any] = tomllib.loads((folder / "portrait.toml").read_text("utf-8"))
        self._colours = colour_words(folder.parent)
        self._people = tuple(self._slots["people"]["words"])

    def person(self, phrase: str) -> bool:
        """Whether the phrase speaks of a person."""
        return any(_said(word, phrase) for word in self._people)

    def who(self, phrase: str) -> str:
        """The word for a person that the phrase ends in, before where they are and what they do; "" when it speaks of something else.

        A "pirate flag" is no pirate, "woman running in a park" is a woman.
        """
        plain = _MEN.sub(r"\1man", _DOING.split(phrase.lower().strip())[0].strip())
        said = [word for word in self._people if (plain.endswith(word) if _CJK.search(word) else _ends(word, plain))]
        return max(said, key=len, default="")

    def pose(self, words: str) -> str:
        """How a whole figure stands: a name of people.py, "" where the words say nothing of it."""
        poses: Mapping[str, list[str]] = self._slots["pose"]
        return next((pose for pose, names in poses.items() if any(_said(name, words) for name in names)), "")

    def worn(self, thing: str) -> str:
        """The part of the head that a thing of this name is when a person wears it, or ""."""
        parts: Mapping[str, list[str]] = self._slots["worn"]
        return next((part for part, names in parts.items() if thing.lower().strip() in names), "")

    def held(self, words: str) -> str:
        """What the trade of a person puts into their hand: a name of people.py, or ""."""
        tools: Mapping[str, list[str]] = self._slots["held"]
        return next((tool for tool, names in tools.items() if any(_said(name, words) for name in names)), "")

    def dress(self, words: str, colour: str, name: str, seed: int) -> Figure:
        """words: everything said of the person. colour: of the clothes, "" for one by chance. name: of a character that returns."""
        rng = random.Random(f"character/{name.strip().lower()}" if name else f"figure/{seed}")  # noqa: S311
        chosen = {slot: self._slot(slot, words, rng) for slot in SLOTS}
        chosen["cloth"] = colour or _garment(words, self._colours) or self._uniform(words) or chosen["cloth"]
        if chosen["build"] == "strong" and chosen["style"] in ("bun", "bob", "ponytail", "long") and not self._told("style", words):
            chosen["style"] = rng.choice(("short", "spiky", "curly"))
        if not self._told("style", words):
            chosen["style"] = self._customary(words, chosen["style"], rng)
        skin, hair = lch(chosen["skin"]).light, lch(chosen["hair"]).light
        if abs(skin - hair) < 0.15:
            chosen["hair"] = shade(chosen["hair"], light=-0.17 if hair < 0.75 else 0.1)
        return Figure(**chosen, young=self.young(words))

    def young(self, words: str) -> bool:
        """Whether the words speak of a child."""
        ages: Mapping[str, list[str]] = self._slots["young"]
        return any(_said(word, words) for word in ages["words"]) and not any(_said(word, words) for word in ages["grown"])

    def _uniform(self, words: str) -> str:
        cloths: Mapping[str, list[str]] = self._slots["uniform"]
        return next((cloth for cloth, names in cloths.items() if any(_said(name, words) for name in names)), "")

    def _customary(self, words: str, style: str, rng: random.Random) -> str:
        """A hair style by custom for "woman" or "king", the one by chance where the words leave it open."""
        custom: Mapping[str, list[str]] = self._slots["custom"]
        for length in ("long", "short"):
            styles = custom[f"{length}_styles"]
            if style not in styles and any(_said(word, words) for word in custom[length]):
                return rng.choice(styles)
        return style

    def _told(self, slot: str, words: str) -> str:
        options: Mapping[str, list[str]] = self._slots[slot]["words"]
        return next((value for value, names in options.items() if any(_said(name, words) for name in names)), "")

    def _slot(self, slot: str, words: str, rng: random.Random) -> str:
        # Chance is drawn even where words decide, so that one word does not change the rest of the figure.
        free = rng.choice(self._slots[slot]["free"])
        return self._told(slot, words) or str(free)


def _said(word: str, phrase: str) -> bool:
    if _CJK.search(word):
        return word in phrase
    return re.search(rf"(?<![a-z]){re.escape(word)}(?:s|es)?(?![a-z])", phrase.lower()) is not None


def _ends(word: str, phrase: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(word)}(?:s|es)?$", phrase) is not None or (word == "child" and phrase.endswith("children"))


def garment(thing: str) -> bool:
    """Whether a thing of this name is clothing: its last word says so."""
    plain = thing.lower().strip()
    return any(plain.endswith(name) if _CJK.search(name) else plain.split()[-1:] == [name] for name in GARMENTS)


def _garment(words: str, colours: ColourWords) -> str:
    """The colour word before a garment: "a girl in a red dress"."""
    found = _WORD.findall(words.lower())
    for before, after in pairwise(found):
        if after in GARMENTS and colours.parse(before):
            return colours.parse(before) or ""
    for garment in GARMENTS:
        at = words.find(garment) if _CJK.search(garment) else -1
        for start in range(max(at - 3, 0), max(at, 0)):
            for end in range(at, start, -1):
                colour = colours.parse(words[start:end].removesuffix("的"))
                if colour:
                    return colour
    return ""
