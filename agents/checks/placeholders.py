"""What of a line must come through a translation untouched: placeholders, tags, ICU arguments, links. Pure.

Knows how they look (assets/localisation/placeholders.toml); nothing of languages or of how a line is translated.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from domain.finding import Finding, Severity

_ICU = re.compile(r"\{\s*\w+\s*,\s*(?:plural|select|selectordinal)\s*,")
_WIDE = re.compile(r"[｛｝]")
_BRANCH = re.compile(r"\s*(?:offset:\d+\s+)?(?:=\d+|\w+)\s*\{")


@dataclass(frozen=True)
class Piece:
    """A stretch of a line. fixed: it is the skeleton of an ICU message or a line break, and keeps its place.

    branch: the words of one case of an ICU message, where # stands for the number.
    """

    text: str
    fixed: bool
    branch: bool = False


@dataclass(frozen=True)
class Placeholders:
    pattern: re.Pattern[str]
    broken: tuple[re.Pattern[str], ...]

    @staticmethod
    def load(folder: Path) -> Placeholders:
        """Read assets/localisation. Raises OSError, TOMLDecodeError, KeyError: shipped data that is wrong is a defect."""
        data = tomllib.loads((folder / "placeholders.toml").read_text(encoding="utf-8"))
        return Placeholders(re.compile("|".join(f"(?:{p})" for p in data["pattern"])), tuple(re.compile(p) for p in data["broken"]))

    def spans(self, piece: Piece) -> list[tuple[int, int]]:
        """Where placeholders stand in a piece of a line, in order. A fixed piece is one placeholder."""
        if piece.fixed:
            return [(0, len(piece.text))]
        found = [m.span() for m in self.pattern.finditer(piece.text)]
        if piece.branch:
            found += [m.span() for m in re.finditer("#", piece.text) if not any(a <= m.start() < b for a, b in found)]
        return sorted(found)

    def pieces(self, line: str) -> list[Piece]:
        """A line cut at line breaks and at the skeleton of ICU plural and select arguments. Joined, the pieces are the line."""
        found: list[Piece] = []
        for at, row in enumerate(re.split(r"(\r?\n+)", line)):
            if at % 2:
                found.append(Piece(row, True))
            elif row:
                found += _icu(row)
        return found

    def of(self, line: str) -> list[str]:
        """Every protected stretch of a line, in order: what two lines must share."""
        return [piece.text[a:b] for piece in self.pieces(line) for a, b in self.spans(piece)]

    def intact(self, source: str, target: str, field: str = "") -> tuple[Finding, ...]:
        """Each lost, added or broken placeholder as an error; the skeleton of ICU messages must also keep its order.

        A source whose own braces are only signs says nothing about those of its translation.
        """
        wanted, there = self.of(source), self.of(target)
        lost, added = Counter(wanted) - Counter(there), Counter(there) - Counter(wanted)
        faults = [_fault("placeholder_lost", "“{text}” is missing.", field, None, "Put “{text}” back.", text) for text in lost]
        for text in added:
            at = target.rindex(text) if text in target else None
            span = None if at is None else (at, at + len(text))
            faults.append(_fault("placeholder_added", "“{text}” is not in the source.", field, span, "Leave “{text}” out.", text))
        if self._broken_in(source) is None:
            faults += self._misbraced(source, target, field)
        fixed = [[p.text for p in self.pieces(text) if p.fixed] for text in (source, target)]
        if not faults and fixed[0] != fixed[1]:
            said, mend = "The parts of the message are not in their order.", "Keep the order of the source."
            faults.append(_fault("placeholder_order", said, field, None, mend))
        return tuple(faults)

    def _misbraced(self, source: str, target: str, field: str) -> list[Finding]:
        """A brace of double width, or a placeholder that somebody broke."""
        wide = _WIDE.search(target)
        if wide and not _WIDE.search(source):
            return [_fault("placeholder_broken", "“{text}” is a brace of double width.", field, wide.span(), "Use { and }.", wide.group())]
        broken = self._broken_in(target)
        if broken is None:
            return []
        mend = "Write it as in the source."
        return [_fault("placeholder_broken", "“{text}” is not a whole placeholder.", field, broken, mend, target[slice(*broken)])]

    def faults(self, line: str, field: str = "") -> tuple[Finding, ...]:
        """What is broken in the source already: a brace or a tag that is never closed. Nothing can be held to it."""
        broken = self._broken_in(line)
        if broken is None:
            return _unclosed(self.of(line), field)
        said, mend = "The source has a placeholder that is not whole: “{text}”.", "Mend it in the source, then translate the line again."
        return (_fault("broken_placeholder", said, field, broken, mend, line[slice(*broken)]),)

    def _broken_in(self, line: str) -> tuple[int, int] | None:
        """Where a line has what is left of a placeholder, once those that are whole are taken out."""
        rest = list(line)
        for piece, start in _placed(self.pieces(line)):
            for a, b in self.spans(piece):
                rest[start + a : start + b] = " " * (b - a)
        left = "".join(rest)
        return next((m.span() for pattern in self.broken for m in pattern.finditer(left)), None)


def _placed(pieces: list[Piece]) -> list[tuple[Piece, int]]:
    placed, at = [], 0
    for piece in pieces:
        placed.append((piece, at))
        at += len(piece.text)
    return placed


def _unclosed(found: list[str], field: str) -> tuple[Finding, ...]:
    """A tag that is closed and was never opened, or the other way round. HTML's empty tags need no end."""
    depth: Counter[str] = Counter()
    for text in found:
        tag = re.fullmatch(r"<(/?)([A-Za-z0-9:_-]+)[^<>]*?(/?)>", text)
        if tag and not tag[3] and tag[2].lower() not in ("br", "img", "hr", "wbr"):
            depth[tag[2]] += -1 if tag[1] else 1
    odd = [name for name, count in depth.items() if count]
    if not odd:
        return ()
    said, mend = "The source opens and closes <{tag}> unequally.", "Mend it in the source if it is meant to be markup."
    return (Finding.of("unclosed_tag", Severity.WARNING, said, field, suggestion=mend, tag=odd[0]),)


def _icu(row: str) -> list[Piece]:
    """{n, plural, one {…} other {…}} as skeleton, branch, skeleton, branch, skeleton. What does not close is left as plain text."""
    found: list[Piece] = []
    at = 0
    for opening in _ICU.finditer(row):
        if opening.start() < at:
            continue
        inner, end = _branches(row, opening)
        if not inner:
            continue
        if opening.start() > at:
            found.append(Piece(row[at : opening.start()], False))
        cut = opening.start()
        for start, stop in inner:
            found.append(Piece(row[cut:start], True))
            found += [piece if piece.fixed else Piece(piece.text, False, True) for piece in _icu(row[start:stop])]
            cut = stop
        found.append(Piece(row[cut:end], True))
        at = end
    if at < len(row):
        found.append(Piece(row[at:], False))
    return found


def _branches(row: str, opening: re.Match[str]) -> tuple[list[tuple[int, int]], int]:
    """(inside of each branch, end of the argument); no branches when it is not whole."""
    at, inner = opening.end(), []
    while branch := _BRANCH.match(row, at):
        depth, here = 1, branch.end()
        while here < len(row) and depth:
            depth += {"{": 1, "}": -1}.get(row[here], 0)
            here += 1
        if depth:
            return [], 0
        inner.append((branch.end(), here - 1))
        at = here
    closing = re.compile(r"\s*\}").match(row, at)
    return (inner, closing.end()) if closing and inner else ([], 0)


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:39] + "…"


def _fault(rule: str, message: str, field: str, span: tuple[int, int] | None, suggestion: str, text: str = "") -> Finding:
    return Finding.of(rule, Severity.ERROR, message, field, span, suggestion, text=_shown(text))
