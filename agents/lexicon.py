"""Word lists as data: the words people use for kinds, numbers, lengths, languages and limits, in English and Chinese.

Knows how to find listed words in a text, longest first. Does not know what a request means; agents/request.py reads that.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from domain.capability import StepKind
from domain.errors import InputError
from domain.specs import LayoutSize
from domain.value import Value

CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
KANA = re.compile(r"[\u3040-\u30ff]")
HANGUL = re.compile(r"[\uac00-\ud7af]")


def load_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dict. Raises InputError naming the file when it is missing or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("The data file {path} is missing.", hint="Reinstall Maquette.", field=str(path), path=path.name) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("The data file {path} is not valid TOML: {error}.", field=str(path), path=path.name, error=str(error)) from error


def side(language: str) -> str:
    """Which of the two interface languages a text in `language` is answered in: "zh" or "en"."""
    return "zh" if language.split("-")[0] == "zh" else "en"


class Named(Value):
    """One name in the two interface languages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        return self.zh if side(language) == "zh" else self.en


class Words(Value):
    """Words and phrases, lower case. English ones match with an optional plural s."""

    en: tuple[str, ...] = ()
    zh: tuple[str, ...] = ()

    def pattern(self, plural: bool = True) -> re.Pattern[str]:
        return words_pattern(self.en, self.zh, plural=plural)


def words_pattern(en: Iterable[str], zh: Iterable[str], *, plural: bool = True) -> re.Pattern[str]:
    """One alternation of all words, longest first; matches nothing when both lists are empty. Use on lower-case text."""
    tail = r"(?:e?s)?" if plural else ""
    parts = [(len(word), re.escape(word) if CJK.search(word) else _latin(word, tail)) for word in [*en, *zh]]
    parts.sort(key=lambda part: -part[0])
    return re.compile("|".join(part for _, part in parts) or r"(?!)")


def _latin(word: str, tail: str) -> str:
    # Guards of ASCII letters, not \\w: in Chinese text a Latin word has no space around it ("做banner图").
    return rf"(?<![a-z0-9_-]){re.escape(word)}{tail}(?![a-z0-9_])".replace(r"\ ", r"[\s-]+")


class KindWord(Words):
    """A word for a step kind. form: a variant of the kind; field: so many alternatives of one copy field; size: a named size."""

    kind: StepKind
    form: str = ""
    field: str = ""
    size: str = ""


class UnitWord(Words):
    """What a recipe multiplies its slots by."""

    id: str


class Wish(Words):
    """Something people ask for that has no maker. kind: the step kind that would make it, if the studio knows one."""

    id: str
    kind: StepKind | None = None
    unless: tuple[str, ...] = ()
    name: Named
    nearest: Named
    kinds: tuple[StepKind, ...] = ()


class SizeWord(Words):
    name: str
    width: int
    height: int

    @property
    def size(self) -> LayoutSize:
        return LayoutSize(name=self.name, width=self.width, height=self.height)


class Numbers(Value):
    en: dict[str, int]
    vague: tuple[str, ...]
    zh_vague: dict[str, int]
    zh_measures: str
    zh_made: str
    guards: Guards


class Guards(Value):
    en_barriers: tuple[str, ...]
    en_not_counts: tuple[str, ...]
    zh_not_counts: str
    zh_barriers: str


class Durations(Value):
    en: str
    zh: str
    words: dict[str, float]


class Lengths(Value):
    en: str
    zh: str


class Restrictions(Value):
    en_none: tuple[str, ...]
    zh_none: tuple[str, ...]
    en_only: tuple[str, ...]
    zh_only: tuple[str, ...]
    en_only_after: tuple[str, ...]
    zh_only_after: tuple[str, ...]
    en_none_after: tuple[str, ...]
    zh_none_after: tuple[str, ...]


class Languages(Value):
    en: dict[str, str]
    zh: dict[str, str]
    en_frames: tuple[str, ...]
    zh_frames: tuple[str, ...]
    bilingual: Words
    names: dict[str, Named]

    def name(self, code: str, language: str) -> str:
        named = self.names.get(code.split("-")[0])
        return named.of(language) if named else code


class Lexicon(Value):
    """Everything request reading needs, as data."""

    words: tuple[KindWord, ...] = Field(min_length=1)
    units: tuple[UnitWord, ...]
    decoys: tuple[Words, ...] = ()
    wishes: tuple[Wish, ...]
    numbers: Numbers
    durations: Durations
    lengths: Lengths
    restrictions: Restrictions
    languages: Languages
    sizes: tuple[SizeWord, ...]
    tones: Words
    undrawable: Words
    moods: dict[str, Words]

    @staticmethod
    def load(assets: Path) -> Lexicon:
        """Read assets/lexicon/{kinds,unsupported,request}.toml. Raises InputError naming the file at fault."""
        folder = assets / "lexicon"
        kinds = load_toml(folder / "kinds.toml")
        request = load_toml(folder / "request.toml")
        wishes = load_toml(folder / "unsupported.toml")
        try:
            return Lexicon(
                words=kinds.get("word", ()),
                units=kinds.get("unit", ()),
                decoys=kinds.get("decoy", ()),
                wishes=wishes.get("wish", ()),
                **request,
            )
        except ValidationError as error:
            raise InputError(
                "The word lists in {folder} are not valid: {error}.", field=str(folder), folder=folder.name, error=str(error)
            ) from error

    def size(self, name: str) -> LayoutSize | None:
        return next((word.size for word in self.sizes if word.name == name), None)


class Phrases:
    """Sentences the code says to people (notes, summaries, questions), by key, in the two interface languages."""

    def __init__(self, assets: Path) -> None:
        table = load_toml(assets / "lexicon" / "phrases.toml")
        self._phrases = {key: Named(**value) for key, value in table.items()}

    def say(self, key: str, language: str, /, **values: object) -> str:
        """The sentence with its {places} filled. Raises KeyError for a key that is not in the file."""
        return self._phrases[key].of(language).format(**values)


def language_of(text: str, fallback: str = "en") -> str:
    """The language a text is written in, by its script: "zh", "ja", "ko", else `fallback` if it is a Latin-script one, else "en".

    Chinese wins as soon as a fifth of the letters are Han: briefs mix in Latin names and terms.
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return fallback
    if len(KANA.findall(text)) * 10 > len(letters):
        return "ja"
    if len(HANGUL.findall(text)) * 5 > len(letters):
        return "ko"
    if len(CJK.findall(text)) * 5 > len(letters):
        return "zh"
    return fallback if fallback.split("-")[0] not in ("zh", "ja", "ko") else "en"


Numbers.model_rebuild()
