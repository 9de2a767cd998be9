"""Reads what a text says can be seen: things, their colours, counts and sizes, by word lists. No LLM.

A thing is a noun of assets/prompts/scene_nouns.toml. Longer words hide shorter ones inside them ("cold brew coffee" is not "coffee").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

_CJK = re.compile(r"[\u3400-\u9fff]")
_LATIN_WORD = re.compile(r"[a-z0-9][a-z0-9'’]*", re.IGNORECASE)
_LONGEST_ENGLISH, _LONGEST_CHINESE = 4, 8
#: A single Chinese character is a thing only after these; inside other words it is not ("龙井").
_BEFORE_ONE = re.compile(r"(?:^|[只条匹头把个座辆位件的色与和、，。：；\s白黑红蓝绿黄金大小])$")
_AND = re.compile(
    r"^\s*(?:,\s*and|,|，|、|and|&|\+|和|与|跟|及|以及|还有)\s*(?:an?|the|some|one|two|three|four|\d+|[一二两三四五六七八九十\d]+[只个条把匹头座辆张朵件])?\s*$",
    re.IGNORECASE,
)

Size = Literal["small", "medium", "large"]


@dataclass(frozen=True)
class Noun:
    """what: how it is asked for in English. group: an emoji subgroup. doubtful: it is seldom meant as a thing to draw."""

    what: str
    group: str
    doubtful: bool = False


@dataclass(frozen=True)
class Sight:
    """One thing seen in a text, with what the words around it say. key is the same for two names of one thing."""

    what: str
    key: str
    group: str
    start: int
    end: int
    doubtful: bool
    colour: str = ""
    count: int = 1
    size: Size = "medium"


class Sights:
    """The lists, ready to read texts with. data: scene.toml, nouns: the rows of scene_nouns.toml."""

    def __init__(self, data: Mapping[str, Any], nouns: Sequence[Sequence[Any]]) -> None:
        doubtful = {str(word) for word in data["doubtful"]}
        self._english: dict[str, Noun] = {}
        self._chinese: dict[str, Noun] = {}
        for what, group, english, chinese in nouns:
            for word in english:
                self._english.setdefault(_plain(word), Noun(str(what), str(group), word in doubtful))
            for word in chinese:
                self._chinese.setdefault(str(word), Noun(str(what), str(group), word in doubtful))
        self.colours = {word: str(value) for words, value in data["colours"].items() for word in words.split("|")}
        self._counts = {str(word): int(number) for word, number in data["counts"].items()}
        self._sizes: dict[Size, list[str]] = {"large": list(data["sizes"]["large"]), "small": list(data["sizes"]["small"])}
        self._colour = _alternatives(self.colours)

    def read(self, text: str) -> list[Sight]:
        """Every thing named, in order of the text, each once; certain ones only, unless there is none."""
        found = sorted([*self._in_english(text), *self._in_chinese(text)], key=lambda s: s.start)
        certain = [s for s in found if not s.doubtful] or found
        once: dict[str, Sight] = {}
        for sight in certain:
            once.setdefault(sight.key, self._described(sight, text))
        return list(once.values())

    def named(self, what: str) -> Noun | None:
        """The noun a phrase is, plural or singular; None when no list has it."""
        plain = _plain(what)
        return self._english.get(plain) or self._english.get(_singular(plain)) or self._chinese.get(what.strip())

    def colours_in(self, text: str) -> list[str]:
        """ "#rrggbb" of every colour word, in order, each once."""
        return list(dict.fromkeys(self.colours[m.group().lower()] for m in self._colour.finditer(text)))

    def _in_english(self, text: str) -> list[Sight]:
        words = list(_LATIN_WORD.finditer(text))
        found: list[Sight] = []
        index = 0
        while index < len(words):
            length = next((n for n in range(min(_LONGEST_ENGLISH, len(words) - index), 0, -1) if self._phrase(text, words, index, n)), 0)
            if length:
                noun = self._phrase(text, words, index, length)
                start, end = words[index].start(), words[index + length - 1].end()
                if noun is not None:
                    said = _plain(text[start:end])
                    what = said if said in self._english else _singular(said)
                    found.append(Sight(what, noun.what, noun.group, start, end, noun.doubtful))
            index += length or 1
        return found

    def _phrase(self, text: str, words: Sequence[re.Match[str]], index: int, length: int) -> Noun | None:
        start, end = words[index].start(), words[index + length - 1].end()
        if re.search(r"[^\w\s'’-]", text[start:end]):
            return None
        said = _plain(text[start:end])
        return self._english.get(said) or self._english.get(_singular(said))

    def _in_chinese(self, text: str) -> list[Sight]:
        found: list[Sight] = []
        index = 0
        while index < len(text):
            length = 0
            if _CJK.match(text[index]):
                length = next((n for n in range(_LONGEST_CHINESE, 0, -1) if text[index : index + n] in self._chinese), 0)
            if length:
                noun = self._chinese[text[index : index + length]]
                alone = length == 1 and not _BEFORE_ONE.search(text[:index])
                found.append(Sight(noun.what, noun.what, noun.group, index, index + length, noun.doubtful or alone))
            index += length or 1
        return found

    def _described(self, sight: Sight, text: str) -> Sight:
        before, after = text[: sight.start].lower(), text[sight.end :].lower()
        return replace(sight, colour=self._colour_near(before, after), count=self._count_near(before), size=self._size_near(before))

    def _colour_near(self, before: str, after: str) -> str:
        """Of the colour word just before the thing (one word may stand between), or of "in red" or a last "red" just after it."""
        near = (
            re.search(rf"({self._colour.pattern})(?:的)?\s*(?:[a-z-]+\s+)?$", before)
            or re.match(rf"\s+(?:in|painted)\s+({self._colour.pattern})", after)
            or re.match(rf"\s*({self._colour.pattern})\s*(?:$|[,.;，。；])", after)
        )
        return self.colours[near[1]] if near else ""

    def _count_near(self, before: str) -> int:
        latin = "|".join(w for w in self._counts if w.isascii())
        chinese_digits = "".join(w for w in self._counts if not w.isascii())
        english = re.search(rf"\b(\d{{1,2}}|{latin})\s+(?:[a-z-]+\s+){{0,2}}$", before)
        measured = rf"(\d{{1,2}}|[{chinese_digits}])[只个条匹头把座辆位件朵颗本台双](?:[^，。、]{{0,5}}的)?$"
        chinese = re.search(measured, before)
        near = chinese or english
        if near is None:
            return 1
        number = int(near[1]) if near[1].isdigit() else self._counts[near[1]]
        return number if 1 <= number <= 12 else 1

    def _size_near(self, before: str) -> Size:
        for size, words in self._sizes.items():
            if re.search(rf"(?:{'|'.join(re.escape(w) for w in words)})(?:的)?\s*(?:[a-z-]+\s+)?$", before):
                return size
        return "medium"


def joined(text: str, first: Sight, second: Sight) -> bool:
    """True when only "and", a comma or the like stands between two things."""
    between = text[first.end : second.start]
    return bool(_AND.match(between)) or not between


def _alternatives(words: Mapping[str, object]) -> re.Pattern[str]:
    parts = sorted(words, key=len, reverse=True)
    return re.compile("|".join(rf"(?<![a-z]){re.escape(w)}(?![a-z])" if w.isascii() else re.escape(w) for w in parts), re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(_LATIN_WORD.findall(text.lower().replace("’", "'")))


def _singular(phrase: str) -> str:
    head, _, last = phrase.rpartition(" ")
    for ending, instead in (("ies", "y"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("sses", "ss"), ("ves", "f"), ("s", "")):
        if len(last) > len(ending) + 1 and last.endswith(ending) and not last.endswith(("ss", "us", "is")):
            last = last[: -len(ending)] + instead
            break
    return f"{head} {last}".strip()
