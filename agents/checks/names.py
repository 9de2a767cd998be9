"""Names of people, places, firms, weekdays and months that a text's material does not have. Pure.

Western names are known by their capitals, and at the start of a sentence, where all words have one, by word lists. Chinese names are
known by what stands around them: a role before, a title or a verb of saying after, an ending such as 公园; a bare Chinese name is not seen.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import lru_cache

from agents.checks.days import days_named, weekday
from agents.checks.known import Known
from agents.checks.moments import MONTHS, moments, weekdays_of
from agents.checks.names_zh import chinese, person
from agents.checks.spelling import spells
from agents.checks.text import CJK, WORD
from agents.checks.word_names import Names
from agents.checks.words import WordLists

CAPITALISED = re.compile(r"(?<![A-Za-zÀ-ɏ])[A-Z][A-Za-zÀ-ɏ]*(?:['’-][A-Za-zÀ-ɏ]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…。！？\n“\"(•*-]\s*)$")
_SAYS = re.compile(r"^,? (?:said|says|told|added|adds|explained|explains|recalls|recalled|insists|warned|warns|believes)\b")
_BEFORE_DAY = re.compile(r"\b(?:on|every|each|this|next|last|from|until|till|by|of)\s$", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w#@/.-])(?:\d{1,3}[A-Z]{1,2}|[A-Z]{1,4}\d{1,4})(?![\w/-]|\.\d)")
_PARTS = re.compile(r"(?<=[.!?]) +|\n")
#: Characters of a material that are searched for what a name may be short for.
_MOST = 100_000
#: Characters beside a name that are read for what it is.
_NEAR = 40
#: In headline capitals these stay small.
_SMALL = frozenset(
    ("a", "an", "the", "and", "or", "but", "nor", "of", "to", "in", "on", "at", "for", "with", "by", "from", "as", "is", "it", "its", "vs")
)


def strangers(text: str, known: Known, lists: WordLists, strict: bool) -> list[tuple[int, int]]:
    """Spans of names, weekdays and months the material does not have, the outermost of those that overlap."""
    names = lists.names
    bare = _without_kin(text, known, names)
    spans = [m.span() for pattern in names.places for m in pattern.finditer(bare) if not _kin(m.group(), known, names)]
    spans += _dates(text, known, names, strict)
    spans += _codes(text, known, names)
    spans += _capitalised(bare, known, lists, strict, title_case(text, lists))
    if CJK.search(text):
        spans += chinese(text, known, names)
    return outermost(spans)


def instead(name: str, known: Known, names: Names) -> str | None:
    """The material's name that a misspelt one must mean ("Anna" for "Ana"), or None where none is near."""
    if CJK.search(name):
        mine = {m["name"] for m in names.role_zh.finditer(known.text)} | {m["name"][:2] for m in names.role_zh.finditer(known.text)}
        alike = [other for other in mine if len(other) == len(name) and other[0] == name[0] and person(other, known, names)]
        return alike[0] if len(alike) == 1 and len(name) > 1 else None
    mine = {m.group() for m in CAPITALISED.finditer(known.text)}
    near = get_close_matches(name, sorted(mine - {name}), n=1, cutoff=0.66)
    return near[0] if near else None


def title_case(text: str, lists: WordLists) -> bool:
    """Headline capitals, where a capital says nothing about names. A small word other than an article or preposition rules them out."""
    words = [w for w in WORD.findall(text) if len(w) > 1 and not w[0].isdigit() and w.casefold() not in _SMALL]
    if any(w[0].islower() and len(w) < 4 for w in words):
        return False
    long = [w for w in words if len(w) > 3 and w.casefold() not in lists.function_words]
    # "Leave With a Plan": a small word that has its capital inside a sentence has it from the headline.
    small = [m.group() for m in re.finditer(r"(?<=[a-z] )[A-Z][a-z]+", text) if len(m.group()) > 1]
    if any(w.casefold() in lists.function_words for w in small) and len(long) and sum(w[0].isupper() for w in long) >= 0.6 * len(long):
        return len(WORD.findall(text)) <= 14
    raised = sum(w[0].isupper() for w in long)
    share = 1.0 if text.rstrip().endswith(".") else 0.6
    # "Designed by Nadine Okoro." is a sentence: with a full stop a headline needs more capitals than a name has.
    least = 4 if text.rstrip().endswith(".") else 1
    return len(WORD.findall(text)) <= 14 and len(long) >= least and raised >= len(long) * share


def outermost(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without those that lie inside another, in order."""
    kept: list[tuple[int, int]] = []
    for span in sorted(set(spans), key=lambda s: (s[0], -s[1])):
        if not kept or span[1] > kept[-1][1]:
            kept.append(span)
    return kept


def _kin(name: str, known: Known, names: Names) -> bool:
    """The name, or another name of the same thing, stands in the material."""
    return (
        known.holds(name)
        or any(_stands(form, known.text) for form in names.kin.get(name, ()))
        or (name.isascii() and spells(name, known.text))
    )


@lru_cache(maxsize=4096)
def _stands(form: str, text: str) -> bool:
    """The form as whole words: "US" is not in "house"."""
    return bool(re.search(rf"\b{re.escape(form)}\b", text)) if form.isascii() else form in text


def _without_kin(text: str, known: Known, names: Names) -> str:
    """The text without names of several words that the material has in another form: "Southeast Asia" of 东南亚."""
    for name in names.kin:
        if " " in name and name in text and _kin(name, known, names):
            text = text.replace(name, "_" * len(name))
    return text


def _dates(text: str, known: Known, names: Names, strict: bool) -> list[tuple[int, int]]:
    spans = []
    days = days_named(known.text) | weekdays_of(known.text)
    counts_days = bool(days_named(known.text))
    months = {MONTHS[(m.value // 100 if m.kind == "date" else m.value) - 1] for m in moments(known.text) if m.kind != "clock"}
    for m in CAPITALISED.finditer(text):
        word = m.group().casefold()
        if word in names.months and not known.knows(word) and word not in months:
            # "May" and "March" are also verbs: only beside a number or after a preposition are they dates.
            beside = re.match(r"\s\d", text[m.end() : m.end() + _NEAR]) or re.search(
                r"(\d|\b(?:in|of|since|until|this|next|last))\s$", text[max(0, m.start() - _NEAR) : m.start()], re.I
            )
            if word not in names.ambiguous_months or beside:
                spans.append(m.span())
        day = word.removesuffix("s")
        if day in names.weekdays and weekday(day) not in days:
            dated = re.match(r",?\s(?:the )?\d", text[m.end() : m.end() + _NEAR])
            told = _BEFORE_DAY.search(text[max(0, m.start() - _NEAR) : m.start()]) and counts_days
            if strict or dated or told:
                spans.append(m.span())
    return spans


def _codes(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    """Codes of letters and digits. "90K" and "30M" are numbers."""
    found = [m for m in _CODE.finditer(text) if not re.fullmatch(r"\d+[KMB]|\d+BN", m.group())]
    return [m.span() for m in found if m.group().upper() not in names.codes and m.group() not in known.text]


def _capitalised(text: str, known: Known, lists: WordLists, strict: bool, headline: bool) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    names = lists.names
    matches = list(CAPITALISED.finditer(text))
    firsts = _first_names(known.text)
    for at, m in enumerate(matches):
        word = m.group()
        bare = re.sub(r"['’]s?$", "", word).casefold()
        dated = bare in names.months or bare.removesuffix("s") in names.weekdays
        shouted = len(word) > 1 and word.isupper() and not strict
        if bare in names.ordinary or bare in names.titles or dated or shouted or len(bare) < 2 or known.knows(word):
            continue
        before, rest = text[max(0, m.start() - _NEAR) : m.start()], text[m.end() : m.end() + _NEAR]
        if before.endswith(("#", "@")) or _said_otherwise(re.sub(r"['’]s?$", "", word), before, rest, known, names):
            continue
        if re.fullmatch(r"[A-Z][\wÀ-ɏ]*-[a-zà-ÿ]+", word) and known.knows(word.split("-")[0]):
            continue  # "Malmö-based"
        after = matches[at + 1] if at + 1 < len(matches) else None
        # "Series B": a label, not a name.
        if re.match(r" [A-E]\b(?! ?[.&])", rest):
            continue
        titled = headline or title_case(_sentence(text, m.start()), lists)
        raised = titled or _SENTENCE_START.search(before)
        acronym = strict and len(word) > 2 and word.isupper() and not text.isupper()
        if raised and not (acronym or _named(m, after, text, known, names, titled) or _other_first(m, after, text, firsts, lists)):
            continue
        spans.append(m.span())
    return _joined(spans, text)


def _said_otherwise(word: str, before: str, rest: str, known: Known, names: Names) -> bool:
    """A name of the material in other words: its country, its initials, its era, its pinyin, "the Council", "Jan."."""
    if any(_stands(form, known.text) for form in names.kin.get(word, ())):
        return True
    if (
        word.casefold() in names.bodies
        and re.search(r"\b(?:[Tt]he|[Ii]ts|[Oo]ur) $", before)
        and not re.match(r" (?:of |for )?[A-Z]", rest)
    ):
        return True
    if word in names.eras:
        first, last = names.eras[word]
        return any(first <= int(year) <= last for year in re.findall(r"(?<!\d)1\d{3}(?!\d)", known.text))
    short = weekday(word) is not None or word.casefold() in {month[:3] for month in MONTHS} | {"sept"}
    if short and re.match(r"\.? ?[\d,–-]|\. | to ", rest):
        return True
    return (word.isupper() and _initials(word, known.text)) or (bool(CJK.search(known.text)) and spells(word, known.text))


@lru_cache(maxsize=1024)
def _initials(short: str, text: str) -> bool:
    """NHS of the National Health Service: the first letters of capitalised words that follow each other, small ones left out."""
    words = [w for w in re.findall(r"[A-Za-zÀ-ɏ]+", text[:_MOST]) if w.casefold() not in _SMALL]
    return short in "".join(w[0] if w[0].isupper() else "." for w in words)


@lru_cache(maxsize=64)
def _first_names(text: str) -> dict[str, set[str]]:
    """By the second of two capitals that follow each other, the words that stand before it: Munro -> Isla."""
    firsts: dict[str, set[str]] = {}
    for m in re.finditer(r"(?=\b([A-Z][a-zà-ÿ]{2,}) ([A-Z][a-zà-ÿ]{2,})\b)", text[:_MOST]):
        if not re.search(rf"\b{m[2].lower()}\b", text[:_MOST]):
            firsts.setdefault(m[2], set()).add(m[1])
    return firsts


def _other_first(m: re.Match[str], after: re.Match[str] | None, text: str, firsts: dict[str, set[str]], lists: WordLists) -> bool:
    """ "Mairi Munro bakes" where the material has Isla Munro: an unknown word in the place of a first name."""
    if after is None or text[m.end() : after.start()] != " ":
        return False
    word, mine = m.group(), {name for name in firsts.get(after.group(), ()) if name.casefold() not in lists.function_words}
    if not mine or word in mine or word.casefold() in lists.function_words or re.search(r"(?:ing|ed|er|or|ist|man|ly)$", word):
        return False
    listed = re.search(r"(?:\b(?:and|by|with)|,) $", text[max(0, m.start() - _NEAR) : m.start()])
    acts = re.match(r",? (?:[a-z]+(?:s|ed)|and|is|was|has)\b|['’]s\b", text[after.end() : after.end() + _NEAR])
    return bool(listed or acts)


def _sentence(text: str, at: int) -> str:
    """The sentence or line around a place."""
    start = max((m.end() for m in _PARTS.finditer(text, 0, at)), default=0)
    end = next((m.start() for m in _PARTS.finditer(text, at)), len(text))
    return text[start:end]


def _named(m: re.Match[str], after: re.Match[str] | None, text: str, known: Known, names: Names, headline: bool) -> bool:
    """Is a word that has its capital anyway a name? It is a given name, speaks, or another unknown capital follows at once."""
    bare = re.sub(r"['’]s$", "", m.group())
    if bare.casefold() in names.given:
        return True
    if headline:
        return False
    if _SAYS.match(text[m.end() : m.end() + _NEAR]) and not bare.endswith("s"):
        return True
    joined = after is not None and text[m.end() : after.start()] == " " and not after.group().isupper()
    if not joined or after is None or (CJK.search(known.text) and spells(after.group(), known.text)):
        return False
    return not known.knows(after.group()) and after.group().casefold() not in names.ordinary | names.months | names.weekdays


def _joined(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Neighbours that only a space parts, as one ("New", "Jersey" -> "New Jersey")."""
    joined: list[tuple[int, int]] = []
    for span in spans:
        if joined and text[joined[-1][1] : span[0]] == " ":
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return joined
