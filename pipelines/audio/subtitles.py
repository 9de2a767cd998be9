"""Subtitles of a mix as SRT and WebVTT, from what each take says and when it is heard. Pure.

Sources: SubRip as written by common players; WebVTT, W3C Candidate Recommendation 2019. Lines of at most 42 Latin or 18 Chinese characters
and two of them at once follow the timed-text guides of the large streaming services.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_ROW = {"latin": 42, "cjk": 18}
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
#: Where a subtitle may end, best first.
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？；])")
_CLAUSE = re.compile(r"(?<=[,;:—])\s+|(?<=[，、：])")


@dataclass(frozen=True)
class Caption:
    """start and end in seconds; rows: one or two lines of text."""

    start: float
    end: float
    rows: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)


def captions(lines: Sequence[tuple[str, float, float]]) -> tuple[Caption, ...]:
    """(words, start, end) of each take -> captions in order, none longer than two rows; a take's time is shared out by length of text."""
    made: list[Caption] = []
    for text, start, end in lines:
        pieces = _pieces(" ".join(text.split()))
        total = sum(len(piece) for piece in pieces)
        at = start
        for piece in pieces:
            until = at + (end - start) * len(piece) / total
            made.append(Caption(at, until, _rows(piece)))
            at = until
    return tuple(made)


def srt(shown: Sequence[Caption]) -> str:
    rows = [f"{number}\n{_clock(c.start, ',')} --> {_clock(c.end, ',')}\n" + c.text for number, c in enumerate(shown, 1)]
    return "\n\n".join(rows) + ("\n" if rows else "")


def vtt(shown: Sequence[Caption]) -> str:
    rows = [f"{_clock(c.start, '.')} --> {_clock(c.end, '.')}\n" + "\n".join(html.escape(r, quote=False) for r in c.rows) for c in shown]
    return "WEBVTT\n\n" + "\n\n".join(rows) + ("\n" if rows else "")


def _row_length(text: str) -> int:
    return _ROW["cjk"] if len(_CJK.findall(text)) * 2 > len(text.replace(" ", "")) else _ROW["latin"]


def _pieces(text: str) -> list[str]:
    """The text in parts of at most two rows, cut at sentences, then at clauses, then at words."""
    most = 2 * _row_length(text) - 4
    pieces: list[str] = []
    for sentence in (part.strip() for part in _SENTENCE.split(text)):
        if not sentence:
            continue
        for clause in _joined([part.strip() for part in _CLAUSE.split(sentence) if part.strip()], most):
            pieces += [clause] if len(clause) <= most else _cut(clause, most)
    return pieces


def _joined(parts: Sequence[str], most: int) -> list[str]:
    """Neighbours put together while they fit."""
    made: list[str] = []
    for part in parts:
        space = "" if _CJK.search(part[:1]) else " "
        if made and len(made[-1]) + len(space) + len(part) <= most:
            made[-1] += space + part
        else:
            made.append(part)
    return made


def _cut(text: str, most: int) -> list[str]:
    units = text.split(" ") if " " in text else list(text)
    space = " " if " " in text else ""
    made = [""]
    for unit in units:
        while len(unit) > most:  # a word longer than two rows is no word
            made += [unit[:most], ""]
            unit = unit[most:]
        if made[-1] and len(made[-1]) + len(space) + len(unit) > most:
            made.append("")
        made[-1] = f"{made[-1]}{space}{unit}" if made[-1] else unit
    return [piece for piece in made if piece]


def _rows(text: str) -> tuple[str, ...]:
    most = _row_length(text)
    if len(text) <= most:
        return (text,)
    middle = len(text) / 2
    breaks = [m.start() for m in re.finditer(" ", text)] if " " in text else list(range(1, len(text)))
    fits = [b for b in breaks if b <= most and len(text) - b <= most + 1] or breaks
    best = min(fits, key=lambda b: abs(b - middle)) if fits else len(text)
    return tuple(part for part in (text[:best].strip(), text[best:].strip()) if part)


def _clock(seconds: float, point: str) -> str:
    whole = round(max(0.0, seconds) * 1000)
    return f"{whole // 3_600_000:02d}:{whole // 60_000 % 60:02d}:{whole // 1000 % 60:02d}{point}{whole % 1000:03d}"
