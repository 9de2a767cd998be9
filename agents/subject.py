"""What a brief is about, in a few of its own words: the name a plan carries. Never a word that is not in the brief."""

from __future__ import annotations

import re

from agents.lexicon import CJK

_LONGEST = 60
_CALLED = re.compile(r"^(?P<what>.+?) (?:called|named|by the name of) (?P<name>[\w'’.& -]{2,40})$", re.IGNORECASE)
_ENGLISH = (
    re.compile(r"^[^.!?\n]{3,40}?:\s+(?P<rest>.+)", re.DOTALL),
    re.compile(
        r"\b(?:promote|advertise|launch(?!\s+(?:campaign|kit|package|event|post|email))|introduce|announce)\s+(?P<rest>(?:our|my|the|a|an|this)\s.+)",
        re.DOTALL | re.IGNORECASE,
    ),
    re.compile(r"\b(?:for|about|promoting|announcing|introducing)\s+(?P<rest>.+)", re.DOTALL | re.IGNORECASE),
    re.compile(r"\b(?:of|on)\s+(?P<rest>.+)", re.DOTALL | re.IGNORECASE),
)
_ENGLISH_END = re.compile(
    r"[,.;!?\n…]|\s(?:with|without|in (?:english|chinese|french|german|spanish)|for (?:the|our|young|all)|please|"
    r"and (?:make|add|give|write))\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:a|an|the|our|my|your|their|this|new line of)\s+", re.IGNORECASE)
_CHINESE = (
    re.compile(
        r"(?:为|给|替|帮)(?!我做|我写|我们做|我们写|我设计|我画|我生成)(?P<rest>[^，。；！？\n]{2,30}?)(?:做|写|设计|制作|策划|画|来|生成|创作|配|打造|准备|拍|推广|的)"
    ),
    re.compile(r"关于(?P<rest>[^，。；！？\n]{2,30}?)(?:的|，|。|$)"),
    re.compile(r"^[^，。；！？\n：]{2,16}[：](?P<rest>[^。；！？\n]{2,40})"),
)
_CHINESE_LEAD = re.compile(r"^(?:我们的|我们|我的|咱们的|这|那|一)?(?:一)?(?:款|家|个|种|场|间|座|位|部|本|只)?(?=\S{2})")


def subject_of(described: str) -> str:
    """The subject in at most 60 characters, or "" when no frame of a brief is found.

    described: the person's words, quoted names included, other material blanked (agents/request.py).
    """
    text = " ".join(described.replace("…", " ").split())
    frames = _CHINESE if CJK.search(text) else _ENGLISH
    for frame in frames:
        match = frame.search(text)
        if match is None:
            continue
        subject = _chinese(match.group("rest")) if frames is _CHINESE else _english(match.group("rest"))
        if len(subject) >= 2:
            return subject
    return ""


def _english(rest: str) -> str:
    cut = _ENGLISH_END.split(rest, maxsplit=1)[0].strip(" -–—:'\"")
    cut = _LEAD.sub("", cut)
    called = _CALLED.match(cut)
    if called:
        cut = f"{called['name'].strip()} {_LEAD.sub('', called['what'])}"
    if len(cut) > _LONGEST:
        cut = cut[:_LONGEST].rsplit(" ", 1)[0]
    return cut


def _chinese(rest: str) -> str:
    return _CHINESE_LEAD.sub("", rest.strip(" ：:"), count=1)[:30]
