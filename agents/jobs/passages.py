"""Long pasted texts in a small context: pieces that fit, the pieces that bear on a question, and the sentences of a text.

Works on text alone; every character of a text is in exactly one piece. Scores by words (BM25), with pairs of characters for Chinese.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from agents.lexicon import CJK

_SENTENCE = re.compile(r".+?(?:[.!?…](?=[\s\"”’)]|$)[\"”’)]*|[。！？；][”」』）]*|\n+|$)\s*", re.DOTALL)
_WORD = re.compile(r"[a-zà-öø-ÿ]+|\d+(?:[.,]\d+)*|[\u3400-\u9fff]+")
_ABBREVIATION = re.compile(r"(?:\b(?:mr|mrs|ms|dr|prof|st|no|vs|e\.g|i\.e|etc|approx)|\b[A-Z])\.\s*$", re.IGNORECASE)
_HEADING = re.compile(
    r"^(?:#{1,4} +\S.{0,120}|(?:chapter|section|part|appendix) +(?:\d+|[ivxlc]+)\b.{0,100}"
    r"|第[一二三四五六七八九十百\d]{1,4}[章节部分篇回].{0,60}"
    r"|\d{1,2}(?:\.\d{1,2}){0,2}\.? +[A-Z][^.!?\n]{2,80})$",
    re.IGNORECASE | re.MULTILINE,
)
#: BM25 as published: Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009.
_K1, _B = 1.2, 0.75
#: Words that stand everywhere and point nowhere.
_COMMON = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "at", "for", "and", "or", "is", "are", "was", "were", "be", "been", "do", "does",
    "did", "has", "have", "had", "it", "its", "this", "that", "these", "those", "what", "which", "who", "whom", "whose", "when",
    "where", "why", "how", "much", "many", "according", "text", "say", "says", "said", "with", "from", "by", "as", "about",
    "there", "their", "they", "he", "she", "you", "i", "we",
    "may", "can", "could", "might", "must", "should", "will", "would", "shall", "if", "than", "my", "your", "our", "his", "her",
})  # fmt: skip


def tokens_in(text: str) -> int:
    """About how many tokens a text has, never far too few: a Han character or digit one, other letters a third, a sign more than half."""
    total = 0.0
    for c in text:
        if c.isascii():
            total += 1.0 if c.isdigit() else 0.3 if c.isalpha() or c == " " else 0.6
        else:
            total += 1.1 if ord(c) < 0xFFFF else 3.0
    return math.ceil(total)


def sentences(text: str) -> list[str]:
    """The sentences of a text with the space after them; joined they are the text again. "Dr. Berg" stays together."""
    found: list[str] = []
    for match in _SENTENCE.finditer(text):
        if not match.group():
            continue
        if found and _ABBREVIATION.search(found[-1]):
            found[-1] += match.group()
        else:
            found.append(match.group())
    return found


def pieces(text: str, most: int) -> list[str]:
    """A text in pieces of at most `most` tokens, cut between sentences; a longer sentence is cut where it must be. Joined: the text."""
    parts: list[str] = []
    held, size = "", 0
    for sentence in sentences(text):
        for part in _fitting(sentence, most):
            weight = tokens_in(part)
            if held and size + weight > most:
                parts.append(held)
                held, size = "", 0
            held += part
            size += weight
    return [*parts, held] if held else parts


def sections(text: str, least: int = 0) -> list[tuple[str, str]]:
    """(heading, text with its heading) by the headings of a text: Markdown, "Chapter 3", 第三章, a numbered title on its own line.

    Joined: the text. What stands before the first heading has the heading "". A text that has room (`least` tokens) stays whole.
    """
    if tokens_in(text) <= least:
        return [("", text)]
    heads = [m for m in _HEADING.finditer(text) if m.group().strip()]
    starts = [0, *(m.start() for m in heads if m.start() > 0), len(text)]
    titles = {m.start(): re.sub(r"^#+\s*|[#\s]+$", "", m.group().strip()) for m in heads}
    return [(titles.get(start, ""), text[start:end]) for start, end in pairwise(starts) if text[start:end]]


def terms(text: str) -> list[str]:
    """The words a text is found by: lower case, plural s and -ed/-ing cut, common words out, pairs of Han characters."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if CJK.search(word):
            found += [word[n : n + 2] for n in range(len(word) - 1)] or [word]
        elif word not in _COMMON:
            found.append(_stem(word))
    return found


def ranked(question: str, parts: Sequence[str]) -> list[tuple[int, float]]:
    """(index, score) of the parts that share words with a question, best first; parts that share none are left out."""
    counts = [Counter(terms(part)) for part in parts]
    lengths = [sum(c.values()) for c in counts]
    mean = sum(lengths) / max(1, len(lengths)) or 1.0
    scores: list[tuple[int, float]] = []
    wanted = set(terms(question))
    rarity = {t: math.log(1 + (len(parts) - n + 0.5) / (n + 0.5)) for t in wanted if (n := sum(t in c for c in counts))}
    for index, count in enumerate(counts):
        score = sum(
            weight * count[t] * (_K1 + 1) / (count[t] + _K1 * (1 - _B + _B * lengths[index] / mean))
            for t, weight in rarity.items()
            if t in count
        )
        if score > 0:
            scores.append((index, score))
    return sorted(scores, key=lambda s: (-s[1], s[0]))


def _fitting(sentence: str, most: int) -> list[str]:
    if tokens_in(sentence) <= most:
        return [sentence]
    parts: list[str] = []
    held, size = "", 0.0
    for c in sentence:
        weight = tokens_in(c) if not c.isascii() or c.isdigit() else 0.6
        if held and size + weight > most:
            parts.append(held)
            held, size = "", 0.0
        held += c
        size += weight
    return [*parts, held]


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
