"""Names of people, places, firms, weekdays and months that a text's material does not have. Pure.

Western names are known by their capitals, and at the start of a sentence, where all words have one, by word lists. Chinese names are
known by what stands around them: a role before, a title or a verb of saying after, an ending such as 公园; a bare Chinese name is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Protocol

from agents.checks.moments import weekdays_of
from agents.checks.text import CJK, WORD
from agents.checks.word_names import Names
from agents.checks.words import WordLists

CAPITALISED = re.compile(r"(?<![A-Za-zÀ-ɏ])[A-Z][A-Za-zÀ-ɏ]*(?:['’-][A-Za-zÀ-ɏ]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?:;…。！？\n“\"(•*-]\s*)$")
_SAYS = re.compile(r"^,? (?:said|says|told|added|adds|explained|explains|recalls|recalled|insists|warned|warns|believes)\b")
_BEFORE_DAY = re.compile(r"\b(?:on|every|each|this|next|last|from|until|till|by|of)\s$", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w#@/.-])(?:\d{1,3}[A-Z]{1,2}|[A-Z]{1,4}\d{1,4})(?![\w/-]|\.\d)")
_SAID = re.compile(
    r"([\u4e00-\u9fff]{2,4}?)(?:先生|女士|教授|博士)?(?:表示|说道|指出|介绍说?|称赞|透露|告诉记者|坦言|强调|说(?=[:：，“]|$))"
)
_TITLED = re.compile(r"《([^》]{1,30})》")
#: Characters beside a name that are read for what it is.
_NEAR = 40
#: In headline capitals these stay small.
_SMALL = frozenset(
    ("a", "an", "the", "and", "or", "but", "nor", "of", "to", "in", "on", "at", "for", "with", "by", "from", "as", "is", "it", "its", "vs")
)


class Known(Protocol):
    """What is asked of a material (facts.Material): does it have this word in some form, this phrase as it stands."""

    @property
    def text(self) -> str: ...

    def knows(self, word: str) -> bool: ...

    def holds(self, phrase: str) -> bool: ...


def strangers(text: str, known: Known, lists: WordLists, strict: bool) -> list[tuple[int, int]]:
    """Spans of names, weekdays and months the material does not have, the outermost of those that overlap."""
    names = lists.names
    spans = [m.span() for pattern in names.places for m in pattern.finditer(text) if not _kin(m.group(), known, names)]
    spans += _dates(text, known, names, strict)
    spans += _codes(text, known, names)
    spans += _capitalised(text, known, lists, strict, title_case(text, lists))
    if CJK.search(text):
        spans += _chinese(text, known, names)
    return outermost(spans)


def instead(name: str, known: Known, names: Names) -> str | None:
    """The material's name that a misspelt one must mean ("Anna" for "Ana"), or None where none is near."""
    if CJK.search(name):
        mine = {m["name"] for m in names.role_zh.finditer(known.text)} | {m["name"][:2] for m in names.role_zh.finditer(known.text)}
        alike = [other for other in mine if len(other) == len(name) and other[0] == name[0] and _person(other, known, names)]
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
    return any(known.holds(form) for form in (name, *names.kin.get(name, ())))


def _dates(text: str, known: Known, names: Names, strict: bool) -> list[tuple[int, int]]:
    spans = []
    computed = {names.weekday_order[at] for at in weekdays_of(known.text)}
    counts_days = any(known.knows(day) for day in names.weekday_order)
    for m in CAPITALISED.finditer(text):
        word = m.group().casefold()
        if word in names.months and not known.knows(word):
            # "May" and "March" are also verbs: only beside a number or after a preposition are they dates.
            beside = re.match(r"\s\d", text[m.end() : m.end() + _NEAR]) or re.search(
                r"(\d|\b(?:in|of|since|until|this|next|last))\s$", text[max(0, m.start() - _NEAR) : m.start()], re.I
            )
            if word not in names.ambiguous_months or beside:
                spans.append(m.span())
        day = word.removesuffix("s")
        if day in names.weekdays and not known.knows(day) and day not in computed:
            dated = re.match(r",?\s(?:the )?\d", text[m.end() : m.end() + _NEAR])
            told = _BEFORE_DAY.search(text[max(0, m.start() - _NEAR) : m.start()]) and counts_days
            if strict or dated or told:
                spans.append(m.span())
    return spans


def _codes(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    return [m.span() for m in _CODE.finditer(text) if m.group().upper() not in names.codes and m.group() not in known.text]


def _capitalised(text: str, known: Known, lists: WordLists, strict: bool, headline: bool) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    names = lists.names
    matches = list(CAPITALISED.finditer(text))
    for at, m in enumerate(matches):
        word = m.group()
        bare = re.sub(r"['’]s?$", "", word).casefold()
        dated = bare in names.months or bare.removesuffix("s") in names.weekdays
        shouted = len(word) > 1 and word.isupper() and not strict
        if bare in names.ordinary or bare in names.titles or dated or shouted or len(bare) < 2 or known.knows(word):
            continue
        if any(known.knows(part) for part in names.kin.get(word, ())) or text[max(0, m.start() - _NEAR) : m.start()].endswith(("#", "@")):
            continue
        if re.fullmatch(r"[A-Z][\wÀ-ɏ]*-[a-zà-ÿ]+", word) and known.knows(word.split("-")[0]):
            continue  # "Malmö-based"
        after = matches[at + 1] if at + 1 < len(matches) else None
        raised = headline or _SENTENCE_START.search(text[max(0, m.start() - _NEAR) : m.start()])
        if raised and not _named(m, after, text, known, names, headline):
            continue
        spans.append(m.span())
    return _joined(spans, text)


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
    if not joined or after is None:
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


def _chinese(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    spans = [m.span(1) for m in _TITLED.finditer(text) if not known.holds(m.group(1))]
    spans += _speakers(text, known, names)
    spans += _after_roles(text, known, names)
    for m in names.titled_zh.finditer(text):
        # 和校长 is the headmaster 和志军 when the material calls him one.
        if m.group() not in known.text and not re.search(rf"{m['title']}{m['family']}", known.text):
            spans.append(m.span())
    return spans + list(_bodies(text, known, names))


def _speakers(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    spans = []
    for m in _SAID.finditer(text):
        # The speaker is the shortest tail that is unknown; "他表示" and a known "市长李敏表示" are fine.
        name = m.group(1)
        said = text[max(0, m.end(1) - _NEAR) : m.end(1)]
        sizes = [size for size in (3, 2) if said[-size:][:1] in names.surnames_zh and said[:-size].endswith(names.roles_zh)]
        own = said[-sizes[0] :] if sizes else name
        if re.search(r"[他她它们者员方局会人]$", name):
            continue
        if len(own) >= 2 and own[0] in names.surnames_zh and len(own) <= 3:
            if not _person(own, known, names):
                spans.append((m.end(1) - len(own), m.end(1)))
        elif not any(known.holds(name[-size:]) for size in range(2, len(name) + 1)) and not own.endswith(names.titles_zh):
            spans.append(m.span(1))
    return spans


def _person(name: str, known: Known, names: Names) -> bool:
    """The whole name stands in the material, and there as a whole: 陈国 is not known from 陈国强."""
    at = known.text.find(name)
    while at >= 0:
        after = known.text[at + len(name) : at + len(name) + 1]
        if len(name) > 2 or not CJK.match(after) or after in names.follow_zh:
            return True
        at = known.text.find(name, at + 1)
    return False


def _after_roles(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    """创始人李明: a name after a role. Two characters or three, whichever the material has; else what stands before the next verb."""
    spans = []
    for m in names.role_zh.finditer(text):
        three, two = m["name"], m["name"][:2]
        start = m.start("name")
        if text[start + 1 : start + 3].startswith(names.titles_zh) or text[start + 1 :].startswith(names.titles_zh):
            continue  # 市民王女士: a title after a family name
        long = len(three) == 3 and three[2] not in names.follow_zh
        if any(_person(name, known, names) for name in ((three,) if long else (two, three))):
            continue
        if long and _person(two, known, names) and not _ended(text[start + 3 : start + 4], names):
            continue
        spans.append((start, start + (3 if long else 2)))
    return spans


def _ended(after: str, names: Names) -> bool:
    return not after or after in names.follow_zh


def _bodies(text: str, known: Known, names: Names) -> Iterator[tuple[int, int]]:
    """Places and bodies by their ending. Where the name begins is unknown ("由上海大学"), so two characters before it must be known."""
    for m in names.body_zh.finditer(text):
        name, ending = m["name"], m["ending"]
        if re.search(r"[一二三四五六七八九十百千万两几所家座个间这那该本各每此我你他的了在到从和与及或是有为以新老大小]$", name[-1:]):
            continue
        if re.search(r"[所家座个间这那该本各每的]", name[-2:]):
            continue
        if not known.holds(name[-2:] + ending):
            yield (m.end() - len(ending) - 2, m.end())
