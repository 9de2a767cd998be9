"""The word lists the checks read: claims, superlatives, placeholders, profanity and so on. Data from assets/checks; no check logic.

Names and figures have theirs in word_names.py and word_figures.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.checks.word_figures import FigureWords, figures_of
from agents.checks.word_names import Names, names_of
from agents.checks.word_patterns import Patterns, either, patterns


@dataclass(frozen=True)
class Claim:
    """A promise a text may make only where the material makes it. Supported when any pattern is found there."""

    name: str
    patterns: Patterns


@dataclass(frozen=True)
class Profanity:
    patterns: Patterns
    beside_chinese: Patterns
    exceptions: Patterns


@dataclass(frozen=True)
class Stereotype:
    """A wording that reduces people to a group. repair: what to say instead, or ""."""

    pattern: re.Pattern[str]
    repair: str


@dataclass(frozen=True)
class LanguageWords:
    """words: the small words of each language. scripts: letters and the languages written in them."""

    words: dict[str, frozenset[str]]
    phrases: tuple[str, ...]
    traditional: str
    scripts: tuple[tuple[re.Pattern[str], frozenset[str]], ...]


@dataclass(frozen=True)
class LinkWords:
    hosts: re.Pattern[str]
    bare_hosts: re.Pattern[str]
    fillers: tuple[str, ...]


@dataclass(frozen=True)
class ReadingWords:
    """syllables: of words the rules count wrongly. common: the most frequent Chinese characters."""

    syllables: dict[str, int]
    common: frozenset[str]


@dataclass(frozen=True)
class CallWords:
    """en: where a sentence asks the reader to do something; zh: anywhere. button: how a label of at most `most` words does, by language."""

    en: re.Pattern[str]
    zh: re.Pattern[str]
    button: dict[str, re.Pattern[str]]
    most: int


@dataclass(frozen=True)
class ScoreWeights:
    """points: what a finding of a severity takes off; weight and group_of: of the group its rule belongs to."""

    points: dict[str, float]
    weight: dict[str, float]
    group_of: dict[str, str]
    most: float
    ceiling: int


@dataclass(frozen=True)
class WordLists:
    claims: tuple[Claim, ...]
    superlatives: Patterns
    placeholders: Patterns
    leakage: Patterns
    endings_en: frozenset[str]
    endings_zh: tuple[str, ...]
    function_words: frozenset[str]
    profanity: Profanity
    stereotypes: tuple[Stereotype, ...]
    names: Names
    figures: FigureWords
    languages: LanguageWords
    links: LinkWords
    reading: ReadingWords
    score: ScoreWeights
    plainer: dict[str, str]
    calls: CallWords

    @staticmethod
    def load(folder: Path) -> WordLists:
        """Read assets/checks. Raises OSError, TOMLDecodeError, KeyError: shipped data that is wrong is a defect."""
        traces, superlatives = _read(folder / "traces.toml"), _read(folder / "superlatives.toml")
        return WordLists(
            claims=tuple(Claim(c["name"], patterns(c["patterns"])) for c in _read(folder / "claims.toml")["claim"]),
            superlatives=patterns(superlatives["patterns"]),
            placeholders=patterns(traces["placeholders"]),
            leakage=patterns(traces["leakage"]),
            endings_en=frozenset(traces["endings_en"]),
            endings_zh=tuple(traces["endings_zh"]),
            function_words=frozenset(traces["function_words"]),
            profanity=_profanity(_read(folder / "profanity.toml")),
            stereotypes=_stereotypes(_read(folder / "stereotypes.toml")),
            names=names_of(_read(folder / "names.toml"), _read(folder / "kin.toml")),
            figures=figures_of(_read(folder / "figures.toml")),
            languages=_languages(_read(folder / "languages.toml")),
            links=_links(_read(folder / "links.toml")),
            reading=_reading(_read(folder / "reading.toml")),
            score=_score(_read(folder / "score.toml")),
            plainer={word.casefold(): other for word, other in superlatives["repairs"].items()},
            calls=_calls(_read(folder / "cta.toml")),
        )


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _profanity(data: dict[str, Any]) -> Profanity:
    alike, chinese = data["look_alikes"], data["zh"]
    gap = r"[\s*·._-]{0,2}"
    parted = [gap.join(re.escape(c) if c not in "逼B" else "[逼Bb]" for c in word) for word in chinese["words"]]
    codes = [rf"(?<![A-Za-z])(?:{'|'.join(chinese['codes'])})(?![A-Za-z])"]
    han = r"[\u4e00-\u9fff]"
    beside = [rf"(?<![A-Za-z])(?:{code})(?=\s?{han})|(?<={han})(?:{code})(?![A-Za-z])" for code in chinese["codes_beside"]]
    return Profanity(
        patterns=patterns([*_disguised(data["en"], alike), *parted, *chinese["patterns"], *codes]),
        beside_chinese=patterns(beside),
        exceptions=patterns([*data["en_exceptions"], *chinese["exceptions"]]),
    )


def _disguised(words: Iterable[str], alike: dict[str, str]) -> list[str]:
    """Two patterns a word: its letters doubled, starred or replaced by look-alikes, and its letters set apart one by one."""
    found = []
    for word in words:
        letters = [re.escape(alike.get(c, c)) for c in word]
        close = "".join(
            r"\s+" if c == " " else f"[{letter}{'*' if at else ''}]+" for at, (c, letter) in enumerate(zip(word, letters, strict=True))
        )
        found.append(rf"(?<![\w*]){close}(?:s|es|ed|er|ers|ing|in)?(?![\w*$])")
        bare = [letter for c, letter in zip(word, letters, strict=True) if c != " "]
        found.append(r"(?<!\w)" + r"[ ._*-]{1,2}".join(f"[{letter}]" for letter in bare) + r"(?:[ ._*-]{1,2}\w)*(?!\w)")
    return found


def _stereotypes(data: dict[str, Any]) -> tuple[Stereotype, ...]:
    lists = {name: data[name] for name in ("groups", "origins", "crimes")}
    found = []
    for row in data["wording"]:
        source = row["pattern"]
        for name, words in lists.items():
            source = source.replace("{" + name + "}", words)
        found.append(Stereotype(re.compile(source, re.IGNORECASE), row.get("repair", "")))
    return tuple(found)


def _languages(data: dict[str, Any]) -> LanguageWords:
    return LanguageWords(
        words={language: frozenset(words) for language, words in data["words"].items()},
        phrases=tuple(data["phrases"]),
        traditional=data["traditional"],
        scripts=tuple((re.compile(f"[{s['range']}][{s['range']}\\s]*"), frozenset(s["languages"])) for s in data["scripts"].values()),
    )


def _links(data: dict[str, Any]) -> LinkWords:
    hosts = "|".join(data["hosts"])
    return LinkWords(
        hosts=re.compile(hosts, re.IGNORECASE),
        # Standing alone in a sentence; "example.com" behind an address was seen there.
        bare_hosts=re.compile(r"(?<![\w@/.-])(?:example\.(?:com|org|net)|localhost:\d+)(?![\w-])", re.IGNORECASE),
        fillers=tuple(data["fillers"]),
    )


def _calls(data: dict[str, Any]) -> CallWords:
    return CallWords(
        en=re.compile(rf"(?:^|[.!?:;–—\n]\s*|\s[-–—]\s)(?:{either(data['en'])})(?![\w'’])", re.IGNORECASE),
        zh=re.compile(either(data["zh"])),
        button={
            "en": re.compile(rf"^(?:{either(data['button_en'])})(?![\w'’])|\b(?:now|today|here)\W*$", re.IGNORECASE),
            "zh": re.compile(either(data["button_zh"])),
        },
        most=data["button_words"],
    )


def _reading(data: dict[str, Any]) -> ReadingWords:
    return ReadingWords(syllables=dict(data["syllables"]), common=frozenset(data["zh"]["common"]) - {"\n"})


def _score(data: dict[str, Any]) -> ScoreWeights:
    return ScoreWeights(
        points={name: float(data[name]) for name in ("error", "warning", "note")},
        weight={group["name"]: float(group["weight"]) for group in data["group"]},
        group_of={rule: group["name"] for group in data["group"] for rule in group["rules"]},
        most=float(data["most"]),
        ceiling=int(data["ceiling"]),
    )
