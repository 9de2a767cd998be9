"""How easy a text is to read: the Flesch-Kincaid grade for English, a measure of our own for Chinese. Pure; about form, not about sense.

English: 0.39 * words per sentence + 11.8 * syllables per word - 15.59 (Kincaid et al., Derivation of New Readability Formulas, 1975).
Chinese: no formula is agreed on. Given are the mean characters of a sentence, and the share of characters outside the 1500 most frequent;
`grade` is 0.25 * the first + 60 * the second, a scale of our own that orders texts and means no school year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from agents.checks.scripts import CJK, WORD, cjk
from agents.checks.words import ReadingWords
from domain.finding import Finding, Severity
from domain.said import Said, Words

_END = re.compile(r"(?<!\b[A-Z])(?<!\bMr)(?<!\bDr)(?<!\bSt)(?<!\bMrs)[.!?]+(?=\s|[\"”’)]|$)|[。！？…\n]+")
_VOWELS = re.compile(r"[aeiouyàâäáæèéêëìíîïòóôöùúûüÿ]+")
#: Two vowels that are spoken apart: "lion", "fluent", "video", "medium".
_APART = re.compile(
    r"[aeo]ing$|(?<![tscgxl])i[ao](?!us|n\b|ns\b)|(?<=[ct])ia(?=t)|iu[ms]|io(?=n$)(?<=[^tscgx]io)|eo(?!u|us)(?=$|s$)|ua(?!r[dk])|ue(?=[nl]t)|uou|ya"
)
#: What is measured, by the script of the text.
MEASURES = {"en": "Flesch-Kincaid grade", "zh": "sentence length and rare characters"}
#: A shorter text says nothing about its grade.
_LEAST_WORDS = 20
_LEAST_HAN = 30


@dataclass(frozen=True)
class Reading:
    """grade: a US school grade for English (below 0 for the simplest), an own scale for Chinese. sentence: mean words (zh: characters)."""

    measure: str
    grade: float
    sentence: float
    share: float


def reading(text: str, lists: ReadingWords) -> Reading | None:
    """None for a text too short to say: under 20 words, in Chinese under 30 characters. share: syllables per word, or rare characters."""
    sentences = [s for s in _END.split(text) if s and (WORD.search(s) or CJK.search(s))]
    if cjk(text):
        han = CJK.findall(text)
        if len(han) < _LEAST_HAN:
            return None
        rare = sum(c not in lists.common for c in han) / len(han)
        length = len(han) / len(sentences)
        return Reading(MEASURES["zh"], round(0.25 * length + 60 * rare, 1), length, rare)
    found = [w for w in WORD.findall(text) if re.search(r"[A-Za-zÀ-ɏ]", w)]
    if len(found) < _LEAST_WORDS:
        return None
    per_word = sum(syllables(w, lists) for w in found) / len(found)
    length = len(found) / len(sentences)
    return Reading(MEASURES["en"], round(0.39 * length + 11.8 * per_word - 15.59, 1), length, per_word)


def syllables(word: str, lists: ReadingWords) -> int:
    """Of one English word, by its spelling: groups of vowels, silent endings taken off, exceptions from a list. At least 1."""
    bare = re.sub(r"['’]s?$", "", word.casefold())
    if bare in lists.syllables:
        return lists.syllables[bare]
    if re.fullmatch(r"[b-df-hj-np-tv-xz]+", bare):
        return 1
    count = len(_VOWELS.findall(bare)) + len(_APART.findall(bare))
    if re.search(r"[^aeiouy]e$", bare) and not re.search(r"[^aeiouy]le$", bare):
        count -= 1  # "late"; but "table" keeps its last
    elif re.search(r"[^aeiouytd]ed$", bare) and not re.search(r"[^aeiouy][lr]ed$", bare):
        count -= 1  # "walked"; but "wanted" keeps it
    elif re.search(r"[^aeiouy]es$", bare) and not re.search(r"(?:[sxz]|ch|sh|[cg]|[^aeiouy]l)es$", bare):
        count -= 1  # "makes"; but "boxes" keeps it
    if re.search(r"[^aeiouy](?:ely|eful|eless|ement|ements|eness)$", bare):
        count -= 1  # "safely", "movement": the e stays silent before an ending
    return max(1, count)


def reading_level(text: str, lists: ReadingWords, most: float, field: str = "") -> tuple[Finding, ...]:
    """A note when the text reads harder than `most` (the grade of `reading`), pointing at its longest sentence."""
    measured = reading(text, lists)
    if measured is None or measured.grade <= most:
        return ()
    cuts = [0, *(m.end() for m in _END.finditer(text)), len(text)]
    start, end = max(pairwise(cuts), key=lambda pair: pair[1] - pair[0])
    start += len(text[start:end]) - len(text[start:end].lstrip())
    message = "It reads at {grade} ({measure}); at most {most} was asked for. Its longest sentence: “{sentence}”"
    values: dict[str, Words] = {"grade": measured.grade, "measure": Said(message_id=measured.measure), "most": f"{most:g}"}
    values["sentence"] = text[start:end].strip()
    mend = "Use shorter sentences and words."
    return (Finding.of("reading_level", Severity.WARNING, message, field, (start, end), mend, given=values),)
