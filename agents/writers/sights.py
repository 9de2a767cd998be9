"""Reads what a text says can be seen: things, and what the words around each say of it. No LLM.

A thing is a noun of assets/prompts/scene_nouns.toml, or any noun phrase that an article, number or measure word leads (phrases.py).
Longer words hide shorter ones inside them ("cold brew coffee" is not "coffee").
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agents.writers.phrases import LATIN_WORD, Noun, Phrases, Sight, Size, measured_zh, plain, singular
from domain.colours import ColourWords

__all__ = ["Noun", "Sight", "Sights", "Size", "each_once", "joined"]

_CJK = re.compile(r"[\u3400-\u9fff]")
_LONGEST_ENGLISH, _LONGEST_CHINESE = 4, 8
#: A single Chinese character is a thing only after these; inside other words it is not ("龙井").
_BEFORE_ONE = re.compile(r"(?:^|[只条匹头口面轮团把个座辆位件本棵张艘朵支盏扇色的与和、，。：；\s白黑红蓝绿黄金大小喝吃品饮骑])$")
#: Several people are meant where they are with somebody or something: "dinner with friends".
_WITH = re.compile(r"\b(?:with|among|between|for)\s+$", re.IGNORECASE)
_ACTING = re.compile(r"\s+(?:are\s+)?[a-z]{2,}ing\b", re.IGNORECASE)
_AND = re.compile(r"^\s*(?:,\s*and|,|，|、|and|&|\+|和|与|跟|及|以及|还有)\s*$", re.IGNORECASE)


class Sights:
    """The lists, ready to read texts with. data: scene.toml, words: scene_words.toml, nouns: the rows of scene_nouns.toml."""

    def __init__(self, data: Mapping[str, Any], words: Mapping[str, Any], nouns: Sequence[Sequence[Any]], colours: ColourWords) -> None:
        doubtful = {str(word) for word in data["doubtful"]}
        self._physical = {str(word) for word in words["things"]["physical"]}
        self._english: dict[str, Noun] = {}
        self._chinese: dict[str, Noun] = {}
        sized = {word for listed in data["sizes"].values() for word in listed}
        for what, group, english, chinese in nouns:
            # "giant" and 巨大 say how large something is; the lists of drawings hold them as names.
            english, chinese = ([w for w in words_of if w not in sized] for words_of in (english, chinese))
            for word in english:
                self._english.setdefault(plain(word), Noun(str(what), str(group), word in doubtful))
            for word in chinese:
                self._chinese.setdefault(str(word), Noun(str(what), str(group), word in doubtful))
        for word in words["things"]["compounds"]:
            self._english.setdefault(plain(word), Noun(str(word), "other-object"))
        for word in (w for w in words["things"]["people"] if w.isascii()):
            self._english.setdefault(plain(word), Noun(str(word), "person-role", True))
        for word, what in words["things"]["people_zh"].items():
            self._chinese.setdefault(str(word), Noun(str(what), "person-role"))
        for word, what in words["things"]["names_zh"].items():
            known = self._english.get(plain(what))
            self._chinese[str(word)] = Noun(str(what), known.group if known else "other-object")
        # The white of 白狐 is its colour, although the list has it as one word for a fox.
        tones, names = {**colours.anywhere, **colours.before}, set(words["things"]["names"])
        self._led_by_colour = frozenset(w for w in words["things"]["names_zh"] if len(w) > 1 and w[0] in tones and w not in names)
        # "green leaf" and "white dove" stand in the lists of drawings: the colour is asked for all the same.
        toned = [w for w in self._english if w.partition(" ")[0] in colours.anywhere and w not in names]
        for word in toned:
            first, _, rest = word.partition(" ")
            noun = self._english.get(rest)
            if first not in self._english and noun is not None and (not noun.doubtful or rest in self._physical):
                del self._english[word]
        for word in words["things"]["plainly"]:
            self._english.pop(str(word), None)
            self._chinese.pop(str(word), None)
        self._physical |= {str(word) for word in words["things"]["people"]}
        for many, one in words["things"]["irregular"].items():
            if one in self._english:
                self._english[many] = self._english[one]
        self._irregular: Mapping[str, str] = words["things"]["irregular"]
        self.table, self.colours = colours, colours.anywhere
        self.phrases = Phrases(data, words, colours)

    def read(self, text: str) -> list[Sight]:
        """Every thing named, in order of the text, each once; certain ones only, unless there is none."""
        found = self.occurrences(text)
        once: dict[str, Sight] = {}
        for sight in [s for s in found if not s.doubtful] or found:
            once.setdefault(sight.key, sight)
        return list(once.values())

    def occurrences(self, text: str) -> list[Sight]:
        """Every mention of a thing in order of the text, described by the words around it; doubtful ones too."""
        known = sorted([*self._in_english(text), *self._in_chinese(text)], key=lambda s: s.start)
        known = [s for s in known if not (text[s.start : s.end].lower() in self.colours and self.phrases.coloured(text, s.start, s.end))]
        known = [s for s in known if not self.phrases.made_zh(text[s.start : s.end], text[s.end :])]
        known = [s for s in known if not self.phrases.posed(text, s.start, s.end)]
        # The brick of "brick red" is a colour.
        tones = [m.span() for m in self.phrases.colour.finditer(text)]
        known = [s for s in known if not any(a <= s.start and s.end <= b and s.end - s.start < b - a for a, b in tones)]
        known = [s for s in known if not self._tints(s, text, known)]
        described = [self._settled(self.phrases.described(s, text, known), text) for s in known]
        # The giant of "giant purple spider" is a size.
        sizes = {s for s in described for o in described if self.phrases.sized(s.what) and o.begin <= s.start and s.end <= o.start}
        described = [s for s in described if s not in sizes]
        new = [self.phrases.described(s, text, known) for s in self.phrases.unlisted(text, described)]
        spans = [(s.begin, s.end) for s in new]
        # A longer name that the words lead hides what is only a part of it: the 钟 of 一套编钟, the dragon of "a dragon fruit".
        kept = [s for s in described if not any(a <= s.start and s.end <= b for a, b in spans)]
        return sorted((part for sight in (*kept, *new) for part in self._parted(sight, text)), key=lambda s: s.start)

    def _tints(self, sight: Sight, text: str, known: Sequence[Sight]) -> bool:
        gaps = [text[sight.end : other.start] for other in known if other.start >= sight.end]
        return self.phrases.tones.tints(text[sight.start : sight.end].lower(), sight.group, text[sight.end :], gaps)

    def _parted(self, sight: Sight, text: str) -> list[Sight]:
        """Several alike in several colours, each colour a sight of its own: "nine potions: three red, three blue, three green"."""
        parts = self.phrases.tones.parts(text[sight.end : sight.end + 120]) if sight.count > 1 and not sight.colour else []
        if len(parts) < 2 or (sight.led and sum(count for count, _ in parts) != sight.count):
            return [sight]
        return [replace(sight, key=f"{sight.key} {colour}", count=count, colour=colour) for count, colour in parts]

    def physical(self, sight: Sight, text: str) -> bool:
        """Whether it can be touched, although its word often means something else."""
        said = text[sight.start : sight.end].lower()
        return not sight.inside and (said in self._physical or singular(said) in self._physical)

    def loose(self, text: str) -> list[Sight]:
        """Bare noun phrases of a short wish ("accordion, ukulele"), for when nothing else was found."""
        return [self.phrases.described(s, text, ()) for s in self.phrases.bare(text)]

    def named(self, what: str) -> Noun | None:
        """The noun a phrase is, plural or singular; None when no list has it."""
        key = plain(what)
        return self._english.get(key) or self._english.get(singular(key)) or self._chinese.get(what.strip())

    def colours_in(self, text: str) -> list[str]:
        """ "#rrggbb" of every colour word, in order, each once."""
        return list(dict.fromkeys(self.colours[m.group().lower()] for m in self.phrases.colour.finditer(text)))

    def _settled(self, sight: Sight, text: str) -> Sight:
        """A doubtful noun that can be touched is meant where an article, number, measure or colour word leads it."""
        together = sight.plural and sight.animate and _WITH.search(text[max(0, sight.begin - 12) : sight.begin])
        together = together or (sight.plural and sight.animate and _ACTING.match(text[sight.end : sight.end + 24]))
        meant = sight.led or sight.colour or (sight.pose and sight.animate) or together
        if sight.doubtful and meant and self.physical(sight, text):
            return replace(sight, doubtful=False)
        return sight

    def _in_english(self, text: str) -> list[Sight]:
        words = list(LATIN_WORD.finditer(text))
        found: list[Sight] = []
        index = 0
        while index < len(words):
            length = next((n for n in range(min(_LONGEST_ENGLISH, len(words) - index), 0, -1) if self._phrase(text, words, index, n)), 0)
            noun = self._phrase(text, words, index, length) if length else None
            if noun is not None:
                skip = self._described_by(text, words, index, length, noun)
                start, end = words[index + skip].start(), words[index + length - 1].end()
                found.append(self._called(plain(text[start:end]), noun, start, end))
            index += length or 1
        return found

    def _described_by(self, text: str, words: Sequence[re.Match[str]], index: int, length: int, noun: Noun) -> int:
        """How many of the first words only say colour, size or pose of the same thing: "red fox" is a fox that is red."""
        for skip in range(length - 1, 0, -1):
            shorter = self._phrase(text, words, index + skip, length - skip)
            told = all(self.phrases.describes(w.group().lower()) for w in words[index : index + skip])
            if shorter is not None and shorter.what == noun.what and told:
                return skip
        return 0

    def _called(self, said: str, noun: Noun, start: int, end: int) -> Sight:
        """By the singular where both words mean one thing; a bare plural is several, except of what is always a pair."""
        one = self._irregular.get(said) or singular(said)
        if one.rpartition(" ")[2] in self.phrases.people:
            noun = Noun(noun.what, "person-role", noun.doubtful)
        alone = self._english.get(one)
        if (
            said in self.phrases.paired
            or said.rpartition(" ")[2] in self.phrases.paired
            or one == said
            or (alone is not None and alone.what != noun.what)
        ):
            return Sight(said, noun.what, noun.group, start, end, noun.doubtful)
        # The plural of a known word, or the plural of one whose plural stands in the list.
        return Sight(one, noun.what, noun.group, start, end, noun.doubtful, plural=True)

    def _phrase(self, text: str, words: Sequence[re.Match[str]], index: int, length: int) -> Noun | None:
        start, end = words[index].start(), words[index + length - 1].end()
        if re.search(r"[^\w\s'’-]", text[start:end]):
            return None
        said = plain(text[start:end])
        return self._english.get(said) or self._english.get(singular(said))

    def _in_chinese(self, text: str) -> list[Sight]:
        found: list[Sight] = []
        index = 0
        while index < len(text):
            length = 0
            if _CJK.match(text[index]):
                length = next(
                    (n for n in range(min(_LONGEST_CHINESE, len(text) - index), 0, -1) if text[index : index + n] in self._chinese), 0
                )
            if length == 1 and self.phrases.where_zh(text[max(0, index - 1) : index + 1]):
                length = 0
            lead = self.phrases.leads_zh(text[index : index + 2])
            if length == 1 and measured_zh(text, index):
                length = 0
            if length and lead and text[index : index + length] in self._led_by_colour:
                index, length = index + lead, length - lead
                named = self._chinese[text[index - lead : index + length]]
                found.append(Sight(named.what, named.what, named.group, index, index + length, named.doubtful))
                index += length
                continue
            if length and lead:
                later = next(
                    (
                        n
                        for n in range(min(_LONGEST_CHINESE, len(text) - index - lead), 0, -1)
                        if text[index + lead : index + lead + n] in self._chinese
                    ),
                    0,
                )
                inner = self._chinese.get(text[index + lead : index + lead + later])
                if inner is not None and later + lead >= length and inner.what == self._chinese[text[index : index + length]].what:
                    index, length = index + lead, later
            if length:
                noun = self._chinese[text[index : index + length]]
                alone = length == 1 and not _BEFORE_ONE.search(text[max(0, index - 2) : index])
                inside = length == 1 and not self.phrases.parts_zh(text[index + 1 : index + 4])
                group = "person-role" if text[index : index + length] in self.phrases.people else noun.group
                sight = Sight(noun.what, noun.what, group, index, index + length, noun.doubtful or alone or inside, inside=inside)
                found.append(sight)
            index += length or 1
        return found


def joined(text: str, first: Sight, second: Sight) -> bool:
    """True when only "and", a comma or the like stands between two things."""
    between = text[first.end : second.begin]
    return bool(_AND.match(between)) or not between.strip()


def _another(known: Sight, sight: Sight) -> bool:
    """Two kinds of one thing, each by its own name: a health potion and a mana potion."""
    (first, _, one), (second, _, other) = known.what.rpartition(" "), sight.what.rpartition(" ")
    return bool(first and second) and first != second and one == other and " with " not in f"{known.what} {sight.what}"


def each_once(found: Sequence[Sight]) -> list[Sight]:
    """Each thing once, with all its mentions say of it: the first that says a colour, a number ..."""
    once: dict[str, Sight] = {}
    for sight in found:
        known = once.get(sight.key)
        if known is not None and _another(known, sight):
            once.setdefault(f"{sight.key} {sight.what}", replace(sight, key=f"{sight.key} {sight.what}"))
        elif known is None:
            once[sight.key] = sight
        elif (known.colour and sight.colour and known.colour != sight.colour) or (
            known.material and sight.material and known.material != sight.material
        ):
            once[f"{sight.key} {sight.colour} {sight.material}"] = replace(sight, key=f"{sight.key} {sight.colour} {sight.material}")
        else:
            once[sight.key] = replace(
                known,
                colour=known.colour or sight.colour,
                count=max(known.count, sight.count if not sight.plural or sight.led else 1),
                material=known.material or sight.material,
                pose=known.pose or sight.pose,
            )
    return list(once.values())
