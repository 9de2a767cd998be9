"""Checks of one text that need nothing but the text, its limits and the word lists. Pure; every finding carries its span."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agents.checks.language import language
from agents.checks.links import links
from agents.checks.manners import profanity, stereotypes
from agents.checks.scripts import CJK, LATIN, WORD, cjk, words
from agents.checks.word_patterns import Patterns
from agents.checks.words import CallWords, WordLists
from domain.finding import Finding, Severity
from domain.said import Said, Words

__all__ = ["CJK", "LATIN", "WORD", "cjk", "words"]

SENTENCE_END = ".!?…。！？”\"'’)）》」』"
#: Two lines of one slot that share this much (Dice coefficient of their n-grams) say the same thing.
SAME = 0.62


def characters(text: str) -> int:
    """Unicode code points: what most channels count and what CopyField.max_chars means."""
    return len(text)


def length(text: str, max_chars: int, field: str = "") -> tuple[Finding, ...]:
    """Over the hard limit: the span is the part that does not fit. Empty text is a fault too."""
    if not text.strip():
        return (_fault("empty", "There is no text.", field),)
    over = characters(text) - max_chars
    if over <= 0:
        return ()
    values: dict[str, Words] = {"used": characters(text), "limit": max_chars, "over": over, "units": Said(message_id="characters")}
    span, said, mend = (max_chars, len(text)), "{used} {units}; the limit is {limit}.", "Make it {over} shorter."
    return (Finding.of("length", Severity.ERROR, said, field, span, mend, given=values),)


def required(text: str, wanted: Iterable[str], field: str = "") -> tuple[Finding, ...]:
    return tuple(
        _fault("required_word", "“{word}” is missing.", field, None, "Use “{word}”.", word=word)
        for word in wanted
        if not find_word(text, word)
    )


def forbidden(text: str, unwanted: Iterable[str], field: str = "") -> tuple[Finding, ...]:
    found = [(word, span) for word in unwanted for span in find_word(text, word)]
    return tuple(
        _fault("forbidden_word", "“{word}” must not be used.", field, span, "Say it without “{word}”.", word=word) for word, span in found
    )


def find_word(text: str, word: str) -> list[tuple[int, int]]:
    """Where a word or phrase stands, case-insensitive: whole words in Latin script (with a common ending), anywhere in Chinese."""
    if not word.strip():
        return []
    body = re.escape(word.strip())
    pattern = body if CJK.search(word) else rf"(?<!\w){body}(?:s|es|'s|’s|ly|er|est|ed|ing)?(?!\w)"
    return [m.span() for m in re.finditer(pattern, text, re.IGNORECASE)]


def placeholders(text: str, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    return _found(text, lists.placeholders, "placeholder", "“{word}” looks like a placeholder.", field)


def leakage(text: str, lists: WordLists, field: str = "") -> tuple[Finding, ...]:
    """Words of the instructions, of the schema or of a model talking about itself."""
    return _found(text, lists.leakage, "leakage", "“{word}” belongs to the instructions, not to the text.", field)


def calls(text: str, lists: CallWords, button: bool = False) -> bool:
    """A text asks the reader to do something: by an imperative of the list at the start of a sentence, in Chinese anywhere.

    button: it is a label, in which more verbs ask. Knows English and Chinese only.
    """
    if lists.zh.search(text) if cjk(text) else lists.en.search(text):
        return True
    return button and (cjk(text) or words(text) <= lists.most) and bool(lists.button["zh" if cjk(text) else "en"].search(text.strip()))


def call_to_action(texts: Sequence[str], lists: WordLists, field: str = "", button: bool = False) -> tuple[Finding, ...]:
    """One of the texts at least asks the reader to do something."""
    if any(calls(text, lists.calls, button) for text in texts):
        return ()
    return (_fault("cta", "It asks the reader to do nothing.", field, None, "End with what to do: “Book a table.”", Severity.WARNING),)


def unfinished(text: str, lists: WordLists, field: str = "", sentences: bool = False) -> tuple[Finding, ...]:
    """Ends in the middle: on a hyphen, a comma, a function word; with `sentences`, without closing punctuation."""
    end = text.rstrip()
    if not end:
        return ()
    last = (len(end) - 1, len(end))
    if end[-1] in "-–—,;:，、；：(（[“「《/+":
        stop = "。" if cjk(end) else "."
        return (_fault("unfinished", "It ends on “{sign}”.", field, last, "Finish the sentence.", repair=stop, sign=end[-1]),)
    word = re.search(r"[A-Za-z'’&]+$", end)
    if word and (word.group().lower() in lists.endings_en and not (len(WORD.findall(end)) < 3 or word.group().isupper())):
        return (_fault("unfinished", "It ends on “{sign}”.", field, word.span(), "Finish the sentence.", sign=word.group()),)
    if cjk(end) and words(end) > 6 and end.endswith(lists.endings_zh) and not end.endswith(("目的", "是的")):
        return (_fault("unfinished", "It ends on “{sign}”.", field, last, "Finish the sentence.", sign=end[-1]),)
    if sentences and end[-1] not in SENTENCE_END:
        stop = "。" if cjk(end) else "."
        return (_fault("unfinished", "The last sentence has no end.", field, last, "Finish the sentence.", repair=end[-1] + stop),)
    if end.count("“") > end.count("”") or end.count('"') % 2 or end.count("（") > end.count("）"):
        return (_fault("unfinished", "A quotation or bracket is not closed.", field, None, "Close it."),)
    return ()


def similarity(one: str, other: str) -> float:
    """0..1: Dice coefficient over character n-grams (2 for Chinese, 3 otherwise) of the bare letters. Order matters little."""
    a, b = _grams(one), _grams(other)
    if not a or not b:
        return 1.0 if _bare(one) == _bare(other) else 0.0
    return 2 * len(a & b) / (len(a) + len(b))


def kinship(text: str, subject: str) -> float:
    """0..1: the share of a text's n-grams that its subject also has. 0 means it could be about anything."""
    a, b = _grams(text), _grams(subject)
    return len(a & b) / len(a) if a else 0.0


def near_duplicate(text: str, others: Sequence[str], field: str = "", same: float = SAME) -> tuple[Finding, ...]:
    closest = max(others, key=lambda other: similarity(text, other), default="")
    if not closest or similarity(text, closest) < same:
        return ()
    return (
        _fault(
            "near_duplicate",
            "It says nearly the same as “{other}”.",
            field,
            None,
            "Find another angle.",
            Severity.WARNING,
            other=_short(closest),
        ),
    )


def shared_run(one: str, other: str) -> int:
    """Length of the longest run of words (characters in Chinese) that both texts contain."""
    a, b = _units(one), _units(other)
    longest, row = 0, [0] * (len(b) + 1)
    for unit in a:
        row = [0] + [row[at] + 1 if unit == mark else 0 for at, mark in enumerate(b)]
        longest = max(longest, *row)
    return longest


def _units(text: str) -> list[str]:
    return CJK.findall(text) if cjk(text) else [w.lower() for w in WORD.findall(text)]


def repeats(text: str, field: str = "") -> tuple[Finding, ...]:
    """A phrase of four words (six characters in Chinese) said three times, or one sentence said twice: a model in a loop."""
    units = _units(text)
    size = 8 if cjk(text) else 5
    seen: dict[tuple[str, ...], int] = {}
    for start in range(len(units) - size + 1):
        gram = tuple(units[start : start + size])
        seen[gram] = seen.get(gram, 0) + 1
    worst = max(seen.items(), key=lambda item: item[1], default=((), 0))
    if worst[1] < 3:
        return ()
    phrase = ("" if cjk(text) else " ").join(worst[0])
    return (_fault("repeats", "“{phrase}” stands {times} times.", field, None, "Say it once.", phrase=phrase, times=worst[1]),)


def plain(text: str, lists: WordLists, wanted: str, field: str = "", sentences: bool = False) -> tuple[Finding, ...]:
    """Every check that any text must pass, whatever it is for."""
    return (
        *placeholders(text, lists, field),
        *leakage(text, lists, field),
        *links(text, lists.links, field),
        *profanity(text, lists, field),
        *stereotypes(text, lists, field),
        *language(text, wanted, lists.languages, field),
        *unfinished(text, lists, field, sentences),
        *repeats(text, field),
    )


def _fault(
    rule: str,
    message: str,
    field: str,
    span: tuple[int, int] | None = None,
    suggestion: str = "",
    severity: Severity = Severity.ERROR,
    repair: str | None = None,
    **values: Words,
) -> Finding:
    return Finding.of(rule, severity, message, field, span, suggestion, repair, given=values)


def _found(text: str, patterns: Patterns, rule: str, message: str, field: str) -> tuple[Finding, ...]:
    return tuple(_fault(rule, message, field, m.span(), "Leave it out.", word=m.group()) for p in patterns for m in p.finditer(text))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _grams(text: str) -> frozenset[str]:
    bare, size = _bare(text), 2 if cjk(text) else 3
    return frozenset(bare[i : i + size] for i in range(len(bare) - size + 1))


def _short(text: str, most: int = 40) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
