"""Chinese names that a text's material does not have: people by what stands around them, bodies and places by their ending. Pure.

A role before, a title or a verb of saying after makes a name, and so does one character other than a name of the material has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.checks.days import days_named, weekday_spans_zh
from agents.checks.known import Known
from agents.checks.moments import weekdays_of
from agents.checks.spelling import spelt
from agents.checks.text import CJK
from agents.checks.word_names import Names

_SAID = re.compile(
    r"([\u4e00-\u9fff]{2,4}?)(?:先生|女士|教授|博士)?(?:表示|说道|指出|介绍说?|称赞|透露|告诉记者|坦言|强调|说(?=[:：，“]|$))"
)
_TITLED = re.compile(r"《([^》]{1,30})》")
#: When somebody spoke, between the name and the verb.
_WHEN = re.compile(
    r"(?:赛后|会后|课后|随后|当日|当天|昨日|昨天|今日|今天|日前|近日|现场|最后|最近|此前|之前|此外|同时|再次|进一步|还|也|则|又|曾|均|都|并|补充)+$"
)
_WESTERN = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")
#: Before 市 and 县 these make no name: 超市, 上市, 全县.
_NO_TOWN = "上超城都门夜集股全本我该各楼菜闹早花鱼街面邻外两省某跨入出开在县"
_NEAR = 40


def chinese(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    spans = [m.span(1) for m in _TITLED.finditer(text) if not known.holds(m.group(1))]
    spans += _speakers(text, known, names)
    spans += _after_roles(text, known, names)
    for m in names.titled_zh.finditer(text):
        # 和校长 is the headmaster 和志军 when the material calls him one.
        if m.group() not in known.text and not re.search(rf"{m['title']}{m['family']}", known.text):
            spans.append(m.span())
    spans += _weekdays(text, known)
    spans += _one_off(text, known, names)
    return spans + list(_bodies(text, known, names))


def _weekdays(text: str, known: Known) -> list[tuple[int, int]]:
    """周五 where the material names other days."""
    days = days_named(known.text)
    return [span for day, span in weekday_spans_zh(text) if days and day not in days | weekdays_of(known.text)]


def _one_off(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    """A person of the material with one other character: 陆建国 for 陆建平."""
    spans = []
    for name in _people(known.text, names):
        for pattern in (rf"{name[:2]}[\u4e00-\u9fff]", rf"{name[0]}[\u4e00-\u9fff]{name[2]}"):
            for m in re.finditer(pattern, text):
                if m.group() not in known.text and m.group()[2] not in names.follow_zh:
                    spans.append(m.span())
    return spans


def _people(text: str, names: Names) -> frozenset[str]:
    """Names of three characters after a role, where what follows ends a name."""
    return frozenset(
        m["name"]
        for m in (*names.role_zh.finditer(text), *names.any_role_zh.finditer(text))
        if len(m["name"]) == 3 and m["name"][2] not in names.follow_zh and _ended(text[m.end() : m.end() + 1], names)
    )


def _speakers(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    spans = []
    for m in _SAID.finditer(text):
        # The speaker is the shortest tail that is unknown; "他表示" and a known "市长李敏表示" are fine.
        name = _WHEN.sub("", m.group(1))
        end = m.start(1) + len(name)
        said = text[max(0, end - _NEAR) : end]
        sizes = [size for size in (3, 2) if said[-size:][:1] in names.surnames_zh and said[:-size].endswith(names.roles_zh)]
        own = said[-sizes[0] :] if sizes else name
        if re.search(r"[他她它们者员方局会人]$", name):
            continue
        if len(own) >= 2 and own[0] in names.surnames_zh and len(own) <= 3:
            if not person(own, known, names):
                spans.append((end - len(own), end))
        elif not any(known.holds(name[-size:]) for size in range(2, len(name) + 1)) and not own.endswith(names.titles_zh):
            spans.append((m.start(1), end))
    return spans


def person(name: str, known: Known, names: Names) -> bool:
    """The whole name stands in the material, and there as a whole: 陈国 is not known from 陈国强."""
    at = known.text.find(name)
    while at >= 0:
        after = known.text[at + len(name) : at + len(name) + 1]
        if len(name) > 2 or not CJK.match(after) or after in names.follow_zh:
            return True
        at = known.text.find(name, at + 1)
    # 李敏 of a material that says Li Min.
    syllables = spelt(name) if _WESTERN.search(known.text) else ()
    return len(syllables) > 1 and known.knows(syllables[0]) and known.knows("".join(syllables[1:]))


def _after_roles(text: str, known: Known, names: Names) -> list[tuple[int, int]]:
    """创始人李明: a name after a role. Two characters or three, whichever the material has; else what stands before the next verb."""
    spans = []
    for m in names.role_zh.finditer(text):
        three, two = m["name"], m["name"][:2]
        start = m.start("name")
        if text[start + 1 : start + 3].startswith(names.titles_zh) or text[start + 1 :].startswith(names.titles_zh):
            continue  # 市民王女士: a title after a family name
        long = len(three) == 3 and three[2] not in names.follow_zh
        if any(person(name, known, names) for name in ((three,) if long else (two, three))):
            continue
        if long and person(two, known, names) and not _ended(text[start + 3 : start + 4], names):
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
        if (name + ending).endswith("中小学") or (ending in "市县" and name[-1] in _NO_TOWN):
            continue
        if not known.holds(name[-2:] + ending):
            yield (m.end() - len(ending) - 2, m.end())
