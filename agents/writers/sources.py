"""Reads the material of a brief by rule: sentences, what is a fact and what is a request, quotations, datelines. No LLM."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from agents.checks.text import CJK, words

_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|Inc|Ltd|Co|Jr|Sr|approx|e\.g|i\.e|a\.m|p\.m|U\.S|U\.K)|\b[A-Z])\.$")
_BOUNDARY = re.compile(r"(?<=[.!?…])[\"”’)]*\s+(?=[\"“‘(]?[A-Z0-9À-Þ#@])")
_CHINESE_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’）」』]*|[^。！？]+$")
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\(?\d{1,2}[.)、)](?!\d)|[①-⑳]|[一二三四五六七八九十]、)\s*")
_REQUEST = re.compile(
    r"^(?:please|write|create|make|draft|produce|prepare|generate|design|give me|i(?:'d| would)? (?:need|want|like)|we (?:need|want)"
    r"|can you|could you|turn|use only|launch campaign"
    r"|a? ?(?:news|press|blog|short|\d+)[ -]?(?:\w+ )?(?:brief|story|article|post|release|piece|package)\b[^.]{0,80}$"
    r"|请|帮|写|生成|制作|做一|来一|给我|我要|我们要|我需要|设计|只用)",
    re.IGNORECASE,
)
_ASKED_SIZE = re.compile(r"\b\d+[- ](?:words?|characters|scenes|headlines|pictures|banners|seconds?)\b|\d+个?字", re.IGNORECASE)
_TELLING = re.compile(r"\d|[“「\"]")
_QUOTE = re.compile(r"“[^”]{4,}”|\"[^\"]{4,}\"|「[^」]{4,}」")
_DATELINE = re.compile(
    r"^(?:dateline|电头)\s*[:：]\s*(.+)$|^([A-Z][A-Za-z .'-]{1,30}, (?:[A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?))\s*[—–-]",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True)
class Statement:
    """One thing the material says, in its own words."""

    text: str

    @property
    def quoted(self) -> bool:
        """It carries somebody's words: they are printed as they stand."""
        return bool(_QUOTE.search(self.text))

    @property
    def words(self) -> int:
        return words(self.text)


def sentences(text: str) -> list[str]:
    """Sentences of running text, in order, punctuation kept. Abbreviations, decimals and initials do not end one."""
    found: list[str] = []
    for row in text.splitlines():
        rows = [m.group() for m in _CHINESE_SENTENCE.finditer(row)] if CJK.search(row) else _cut(row)
        pieces = [piece.strip() for piece in rows if piece.strip()]
        joined: list[str] = []
        for piece in pieces:
            if joined and (_ABBREVIATION.search(joined[-1]) or _open(joined[-1])):
                joined[-1] += ("" if CJK.search(joined[-1][-1]) else " ") + piece
            else:
                joined.append(piece)
        found += joined
    return found


def statements(material: str) -> tuple[Statement, ...]:
    """The facts of a brief: its sentences and list rows without the requests ("Write 180 words about"), labels and repeats."""
    found: list[str] = []
    for row in material.splitlines():
        row = _BULLET.sub("", row).strip()
        if re.fullmatch(r"\[[^\]]+\]", row) or re.match(r"^(?:dateline|电头)\s*[:：]", row, re.IGNORECASE):
            continue
        for sentence in sentences(row):
            for part in _facts_of(sentence):
                if part not in found:
                    found.append(part)
    return tuple(Statement(text) for text in found)


def dateline(material: str) -> str:
    """ "Leeds, 12 May" when the material gives one, else "" (a dateline is never made up)."""
    m = _DATELINE.search(material)
    return next((g.strip() for g in m.groups() if g), "") if m else ""


def quotations(text: str) -> list[str]:
    return [m.group() for m in _QUOTE.finditer(text)]


def condensed(material: str, tokens: int) -> str:
    """The material within a budget of tokens: whole when it fits, else its opening and then the sentences that carry numbers or quotations.

    Sentences stay whole and in order. A token is taken as 3.2 Latin characters or 0.8 of a CJK one, on the safe side.
    """
    if tokens_of(material) <= tokens:
        return material.strip()
    everything = sentences(material)
    chosen: set[int] = set()
    spent = 0.0
    for share, telling_only in ((0.6, False), (1.0, True)):
        for index, sentence in enumerate(everything):
            cost = tokens_of(sentence)
            if index not in chosen and (not telling_only or _TELLING.search(sentence)) and spent + cost <= tokens * share:
                chosen.add(index)
                spent += cost
    if not chosen:
        return material[: int(tokens * 0.8)].strip()
    return "\n".join(everything[index] for index in sorted(chosen))


def _cut(row: str) -> list[str]:
    """English rows at sentence boundaries; closing quotation marks stay with their sentence."""
    cuts = [0, *(m.end() for m in _BOUNDARY.finditer(row)), len(row)]
    return [row[a:b] for a, b in pairwise(cuts)]


def _facts_of(sentence: str) -> list[str]:
    label = re.match(r"^[^:：\"“]{1,60}[:：]\s*(?=\S)", sentence)
    if label and (_REQUEST.match(sentence) or words(label.group()) <= 3):
        rest = sentence[label.end() :].strip()
        parts = [p.strip() for p in re.split(r"[;；]\s*", rest) if p.strip()] if not _QUOTE.search(rest) else [rest]
        return [p for p in parts if words(p) >= 3 and not _REQUEST.match(p)]
    if (
        _REQUEST.match(sentence)
        or sentence.endswith((":", "："))
        or (_ASKED_SIZE.search(sentence) and words(sentence) < 12)
        or words(sentence) < 3
    ):
        return []
    return [sentence]


def _open(text: str) -> bool:
    """A quotation that has begun and not ended."""
    return text.count("“") > text.count("”") or text.count("「") > text.count("」") or text.count('"') % 2 == 1


def tokens_of(text: str) -> float:
    """Tokens of a text, on the safe side: one for 3.2 Latin characters or 0.8 of a Chinese one."""
    chinese = len(CJK.findall(text))
    return chinese * 0.8 + (len(text) - chinese) / 3.2
