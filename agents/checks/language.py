"""Is a text in the language it should be in, all of it? By its script, and among languages of Latin script by their small words. Pure.

It tells apart the languages of assets/checks/languages.toml; of others it knows only the script. A line of two or three words may pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.checks.scripts import CJK, LATIN, WORD
from agents.checks.words import LanguageWords
from domain.finding import Finding, Severity
from domain.said import Said

_RUN = re.compile(r"[A-Za-z][A-Za-z'’ ,-]{12,}[A-Za-z]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff，。！？、：；]+")
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]*")
#: Small words of another language that make a sentence be in it.
_ENOUGH = 2


def language(text: str, wanted: str, lists: LanguageWords, field: str = "") -> tuple[Finding, ...]:
    """wanted: a BCP 47 tag. Names in Latin letters are fine in Chinese; no Han character is fine in a language not written in them."""
    primary = wanted.split("-")[0].lower()
    spans = [*_other_scripts(text, primary, lists)]
    if primary == "zh":
        spans += _not_chinese(text, wanted, lists)
    elif primary not in ("ja", "ko"):
        spans += [m.span() for m in _HAN_RUN.finditer(text) if CJK.search(m.group())]
        spans += [m.span() for m in _SENTENCE.finditer(text) if _foreign(m.group(), primary, lists)]
    name = Said(message_id="Chinese") if primary == "zh" else f"'{wanted}'"
    return tuple(
        Finding.of(
            "language",
            Severity.ERROR,
            "“{words}” is not {language}." if (a, b) != (0, len(text)) else "This is not {language}.",
            field,
            (a, b),
            "Write it in the language asked for.",
            words=_short(text[a:b]),
            language=name,
        )
        for a, b in sorted(set(spans))
    )


def _other_scripts(text: str, primary: str, lists: LanguageWords) -> Iterator[tuple[int, int]]:
    for pattern, languages in lists.scripts:
        if primary not in languages:
            yield from (m.span() for m in pattern.finditer(text))


def _not_chinese(text: str, wanted: str, lists: LanguageWords) -> Iterator[tuple[int, int]]:
    chinese, latin = len(CJK.findall(text)), len(LATIN.findall(text))
    # A Latin word carries about as much as two characters, so a brand name does not make a slogan English.
    if chinese * 3 < latin if chinese else latin > 0:
        yield (0, len(text))
        return
    for m in _RUN.finditer(text):
        if _hits(m.group(), "en", lists) >= _ENOUGH:
            yield m.span()
    if not re.search(r"-(?:hant|tw|hk|mo)\b", wanted, re.IGNORECASE):
        old = [m.start() for m in re.finditer("[" + lists.traditional + "]", text)]
        if len(old) >= _ENOUGH:
            yield (old[0], old[-1] + 1)


def _foreign(sentence: str, primary: str, lists: LanguageWords) -> bool:
    bare = sentence.casefold()
    for phrase in lists.phrases:
        bare = bare.replace(phrase, " ")
    own = _hits(bare, primary, lists)
    return any(_hits(bare, other, lists) >= max(_ENOUGH, 2 * own) for other in lists.words if other != primary)


def _hits(text: str, language: str, lists: LanguageWords) -> int:
    """How many different small words of a language the text has."""
    return len({w.casefold() for w in WORD.findall(text)} & lists.words.get(language, frozenset()))


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
