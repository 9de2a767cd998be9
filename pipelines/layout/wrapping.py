"""Where a text may be broken into lines, and the most even way to do it. Pure: widths come from a function handed in.

Latin text breaks at spaces and after hyphens; Chinese and Japanese between characters, save where a line would start with
a closing mark or end with an opening one (JLREQ and CLREQ call this line-start and line-end prohibition).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

_CJK = re.compile(r"[\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_CJK_OR_FULLWIDTH = re.compile(_CJK.pattern[:-1] + r"\u3000-\u303f\uff00-\uffef\u2014\u2018-\u201d\u2026]")
_NOT_AT_START = set("，。、；：？！）》】」』〉〕｝”’％…—·・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ,.;:?!)]}%°'\"")
_LATIN = re.compile(r"[0-9A-Za-z]")
_CLOSING_ASCII = set(",.;:?!)]}%")
_NOT_AT_END = set("（《【「『〈〔｛“‘([{$￥¥#@")
_PAUSE = set("，。、；：？！,.;:?!—")
_HYPHENS = set("-–/")


def has_cjk(text: str) -> bool:
    return _CJK.search(text) is not None


@dataclass(frozen=True)
class Piece:
    """The smallest stretch that stays on one line.

    space: a space follows it when it is not at a line's end. inside: a line ending here would cut a word in two.
    """

    text: str
    space: bool = False
    inside: bool = False


def pieces_of(text: str, segment: Callable[[str], Iterable[str]] | None = None) -> tuple[Piece, ...]:
    """Split a text where lines may break. Runs of white space count as one space.

    segment: cuts a text without spaces into its words (Chinese); without it any character may end a line equally well.
    """
    pieces: list[Piece] = []
    for word in text.split():
        parts = _split_word(word)
        if pieces and _closes(word):
            # Somebody typed a space before a closing mark: it may still not begin a line.
            parts[0] = f"{pieces.pop().text} {parts[0]}"
        ends = _ends(segment(word)) if segment is not None and len(parts) > 1 else None
        at = 0
        for index, part in enumerate(parts):
            at += len(part.rpartition(" ")[2])
            pieces.append(Piece(part, space=index == len(parts) - 1, inside=ends is not None and at not in ends))
    return tuple(pieces)


def _closes(word: str) -> bool:
    """Whether a word between spaces begins with a mark that ends what stands before it: "。" and "!" do, ".NET" and '"' do not."""
    if not word[0].isascii():
        return word[0] in _NOT_AT_START
    return word[0] in _CLOSING_ASCII and not _LATIN.match(word[1:])


def _ends(words: Iterable[str]) -> frozenset[int]:
    return frozenset(accumulate(len(word) for word in words))


def _split_word(word: str) -> list[str]:
    parts = [word[0]]
    for before, after in pairwise(word):
        if _may_break(before, after):
            parts.append(after)
        else:
            parts[-1] += after
    return parts


def _may_break(before: str, after: str) -> bool:
    if after in _NOT_AT_START or before in _NOT_AT_END:
        return False
    if before in _HYPHENS and after.isalnum():
        return True
    return bool(_CJK_OR_FULLWIDTH.match(before) or _CJK_OR_FULLWIDTH.match(after))


def phrases_of(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces joined up to the next pause mark: lines then end only where a reader would breathe."""
    return _merged(pieces, lambda piece: piece.text[-1] in _PAUSE)


def words_of(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Pieces joined up to the end of their word: no line cuts a Chinese word in two."""
    return _merged(pieces, lambda piece: not piece.inside)


def _merged(pieces: tuple[Piece, ...], ends: Callable[[Piece], bool]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    open_piece = False
    for piece in pieces:
        if open_piece:
            before = merged.pop()
            piece = Piece(before.text + (" " if before.space else "") + piece.text, piece.space, piece.inside)
        merged.append(piece)
        open_piece = not ends(piece)
    return tuple(merged)


class Wrapping:
    """One text, measured once, to be broken at any width.

    measure: the width of a stretch of text on one line, in em (at font size 1); all widths here are in em.
    """

    def __init__(self, pieces: tuple[Piece, ...], measure: Callable[[str], float]) -> None:
        self._pieces = pieces
        self._space = measure("n n") - measure("nn")
        self._before = [0.0]
        for piece in self._pieces:
            self._before.append(self._before[-1] + measure(piece.text) + (self._space if piece.space else 0.0))

    @property
    def narrowest(self) -> float:
        """The width below which some piece would stick out of its line."""
        return max((self._width(i, i + 1) for i in range(len(self._pieces))), default=0.0)

    @property
    def whole(self) -> float:
        """The width on one line."""
        return self._width(0, len(self._pieces)) if self._pieces else 0.0

    def count(self, width: float) -> int:
        """The fewest lines at this width; 0 when some piece is wider than a line, or when there is no text."""
        count, start = 1, 0
        for end in range(1, len(self._pieces) + 1):
            if self._width(end - 1, end) > width:
                return 0
            if self._width(start, end) > width:
                count, start = count + 1, end - 1
        return count if self._pieces else 0

    def balanced(self, width: float) -> tuple[str, ...]:
        """The lines: as few as `width` allows, then as even as can be; () when `count` is 0.

        A line holding one short word alone, and a break inside a Chinese phrase where a pause was near, cost extra: a last
        line is never an orphan when another breaking exists.
        """
        return tuple(self._stretch(start, end) for start, end in self._broken(width))

    def lonely(self, width: float) -> int:
        """How many of the balanced lines are little more than half as wide as the widest, or less."""
        lines = self._broken(width)
        widths = [self._width(start, end) for start, end in lines]
        return sum(1 for wide in widths if wide < 0.56 * max(widths))

    def _broken(self, width: float) -> list[tuple[int, int]]:
        count = self.count(width)
        if count < 2:
            return [(0, len(self._pieces))] if count else []
        return self._evenest(count, width)

    def _evenest(self, count: int, width: float) -> list[tuple[int, int]]:
        """Least total cost over all breakings into `count` lines, by dynamic programming over (line, end of line)."""
        total = len(self._pieces)
        target = min(width, self.whole / count)
        infinity = float("inf")
        best = [[infinity] * (total + 1) for _ in range(count + 1)]
        came = [[0] * (total + 1) for _ in range(count + 1)]
        best[0][0] = 0.0
        for line in range(1, count + 1):
            for end in range(line, total + 1):
                for start in range(end - 1, line - 2, -1):
                    if self._width(start, end) > width:
                        break
                    cost = best[line - 1][start] + self._cost(start, end, target)
                    if cost < best[line][end]:
                        best[line][end], came[line][end] = cost, start
        lines: list[tuple[int, int]] = []
        end = total
        for line in range(count, 0, -1):
            start = came[line][end]
            lines.insert(0, (start, end))
            end = start
        return lines

    def _cost(self, start: int, end: int, target: float) -> float:
        cost = ((self._width(start, end) - target) / max(target, 1e-6)) ** 2
        if end - start == 1 and len(self._pieces[start].text) < 9:
            cost += 0.6
        if end == len(self._pieces):
            return cost
        last = self._pieces[end - 1]
        if last.inside:
            cost += 0.5
        elif last.text[-1] in _PAUSE:
            cost -= 0.05
        elif not last.space:
            cost += 0.3 if last.text[-1] in _HYPHENS else 0.04
        return cost

    def _width(self, start: int, end: int) -> float:
        return self._before[end] - self._before[start] - (self._space if self._pieces[end - 1].space else 0.0)

    def _stretch(self, start: int, end: int) -> str:
        return "".join(piece.text + (" " if piece.space else "") for piece in self._pieces[start:end]).rstrip()
