"""What words mean, for the art index: WordNet 3.0 senses, the Chinese Open Wordnet, and the Chinese words Maquette ships.

It knows lemmas and synsets; it knows nothing of drawings. Everything is read from local files: see art_index.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.errors import InputError
from pipelines.image.illustration.search import normalise, singular

#: lexnames(5WN) of nouns whose things can be seen: animal, artifact, body, food, object, person, phenomenon, plant, substance.
SEEN = {"05": "animal", "06": "artifact", "08": "body", "13": "food", "17": "object", "18": "person", "19": "phenomenon", "20": "plant"}
SUBSTANCE = "27"
#: How many senses of a word are looked at: a word whose first three senses cannot be seen is no thing.
SENSES = 3
_CHINESE = re.compile(r"[\u3400-\u9fff]{1,7}")


@dataclass(frozen=True)
class Synset:
    """One meaning. kind: its lexname number. above: the synsets it is a sort of."""

    id: str
    kind: str
    lemmas: tuple[str, ...]
    above: tuple[str, ...]


def squash(phrase: str) -> str:
    """One key for "broad-sword", "Broad swords" and "broadsword"."""
    return re.sub(r"[^a-z0-9]", "", singular(normalise(phrase)))


class Words:
    """Noun senses and their Chinese. Raises InputError when a folder lacks its files.

    Args:
        wordnet: the dict folder of WordNet 3.0 (Debian wordnet-base: usr/share/wordnet). chinese: wn-data-cmn.tab of the Chinese Open
        Wordnet. shipped: assets/art/words_zh.toml. groups: (lemma, group) pairs, the first that stands above a noun wins.
    """

    def __init__(self, wordnet: Path, chinese: Path, shipped: Path, groups: Sequence[tuple[str, str]]) -> None:
        for path in (wordnet / "data.noun", wordnet / "index.noun", chinese):
            if not path.is_file():
                raise InputError(f"{path} is not there.", hint="Unpack wordnet-base and fetch omw-data's wns/cow first.")
        self._synsets = {s.id: s for s in map(_synset, _lines(wordnet / "data.noun"))}
        self._senses: dict[str, tuple[str, ...]] = dict(map(_sense, _lines(wordnet / "index.noun")))
        self._chinese: dict[str, list[str]] = {}
        for line in chinese.read_text("utf-8").splitlines():
            fields = line.split("\t")
            if len(fields) == 3 and fields[0].endswith("-n") and fields[1] == "cmn:lemma" and _CHINESE.fullmatch(fields[2]):
                self._chinese.setdefault(fields[0][:-2], []).append(fields[2])
        table: Mapping[str, Any] = tomllib.loads(shipped.read_text("utf-8"))
        self.shipped: dict[str, list[str]] = {word: text.split() for word, text in table["words"].items()}
        self._groups = [(lemma.replace(" ", "_"), group) for lemma, group in groups]

    def thing(self, phrase: str) -> Synset | None:
        """The first sense of a phrase that can be seen, among its first senses."""
        for key in dict.fromkeys((phrase, singular(phrase))):
            for found in self._senses.get(key.replace(" ", "_"), ())[:SENSES]:
                synset = self._synsets[found]
                if (synset.kind in SEEN or synset.kind == SUBSTANCE) and self.synonyms(synset):
                    return synset
        return None

    def certain(self, phrase: str) -> bool:
        """True when the very first sense of a phrase can be seen: "lion", not "spirit"."""
        key = next((k for k in (phrase.replace(" ", "_"), singular(phrase).replace(" ", "_")) if k in self._senses), "")
        return bool(key) and self._synsets[self._senses[key][0]].kind in SEEN

    def known(self, word: str) -> bool:
        """True for a noun of any sense, and for a word Maquette ships."""
        return word in self.shipped or word in self._senses or singular(word) in self._senses

    def group(self, synset: Synset) -> str:
        """The emoji subgroup a thing would be in, by what stands above it."""
        above = self._closure(synset)
        for lemma, group in self._groups:
            if any(lemma in s.lemmas for s in above):
                return group
        return "person-role" if synset.kind == "18" else "other-object"

    def synonyms(self, synset: Synset) -> list[str]:
        return [lemma.replace("_", " ") for lemma in synset.lemmas if lemma.islower()]

    def chinese(self, phrase: str, synset: Synset | None = None) -> list[str]:
        """Chinese words for a phrase, best first: shipped, by meaning, or put together of its words. Empty when a word is unknown."""
        own = self.shipped.get(phrase) or self.shipped.get(singular(phrase))
        if own:
            return list(own)
        if synset is not None and self._chinese.get(synset.id):
            return _best(self._chinese[synset.id])
        words = phrase.split()
        if len(words) < 2:
            return []
        parts = [self._one(word) for word in words]
        return ["".join(parts)] if all(parts) and len("".join(parts)) <= 8 else []

    def _one(self, word: str) -> str:
        own = self.shipped.get(word) or self.shipped.get(singular(word))
        if own:
            return own[0]
        found = self.thing(word)
        return _best(self._chinese.get(found.id, []))[0] if found is not None and self._chinese.get(found.id) else ""

    @cached_property
    def lexicon(self) -> dict[str, str]:
        """Chinese -> English for every seen thing of both wordnets and for the shipped words; the plainest English word of each."""
        found: dict[str, tuple[int, str]] = {}
        for lemma in sorted(self._senses):
            for place, sense in enumerate(self._senses[lemma][:2]):
                if self._synsets[sense].kind not in SEEN or not lemma.islower():
                    continue
                for word in self._chinese.get(sense, ()):
                    # The sense is what a word is first known for, and a word known for more things is the plainer one.
                    rank = place * 100 - min(len(self._senses[lemma]), 9) * 3 + len(lemma)
                    if word not in found or rank < found[word][0]:
                        found[word] = (rank, lemma.replace("_", " "))
        lexicon = {word: english for word, (_, english) in found.items() if 2 <= len(word) <= 6}
        for english, chinese in self.shipped.items():
            for word in chinese:
                lexicon[word] = english
        return dict(sorted(lexicon.items()))

    def _closure(self, synset: Synset) -> list[Synset]:
        found, todo = [], [synset.id]
        seen: set[str] = set()
        while todo:
            sense = todo.pop(0)
            if sense not in seen:
                seen.add(sense)
                found.append(self._synsets[sense])
                todo += self._synsets[sense].above
        return found


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if not line.startswith("  ")]


def _synset(line: str) -> Synset:
    """A line of data.noun (wndb(5WN)): offset, lexname, type, lemma count in hexadecimal, lemmas, pointers."""
    fields = line.split("|", 1)[0].split()
    count = int(fields[3], 16)
    lemmas = tuple(fields[4 + 2 * i] for i in range(count))
    rest = fields[4 + 2 * count :]
    pointers = [rest[1 + 4 * i : 5 + 4 * i] for i in range(int(rest[0]))]
    return Synset(fields[0], fields[1], lemmas, tuple(p[1] for p in pointers if p[0] in ("@", "@i") and p[2] == "n"))


def _sense(line: str) -> tuple[str, tuple[str, ...]]:
    """A line of index.noun: lemma, and its synsets in order of use."""
    fields = line.split()
    return fields[0], tuple(fields[-int(fields[2]) :])


def _best(words: Sequence[str]) -> list[str]:
    """Two to four characters first: one is doubtful, more is a description. The order of the wordnet otherwise."""
    plain = list(dict.fromkeys(w for w in words if not w.endswith("的")))
    return sorted(plain or list(words), key=lambda w: (not 2 <= len(w) <= 4, len(w) > 4))[:3]
