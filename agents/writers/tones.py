"""What words say of a colour: before a thing, after it, and of several alike in several colours. No LLM, and no things of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from domain.colours import ColourWords

#: What follows a colour that is a thing as well: "peach-coloured".
TINGED = frozenset({"coloured", "colored", "tinted", "toned", "hued"})
_TONE_WORDS = 3
#: Groups of things that lend colours their names.
_TINTING = ("food", "drink", "plant", "gem")
#: An animal has the colour of these.
_COAT = "fur|feathers|plumage|scales|coat|hide"


class Tones:
    """table: the colour words. counts: number word -> number."""

    def __init__(self, table: ColourWords, counts: Mapping[str, int]) -> None:
        self.words = table.anywhere
        self.alone = {**table.anywhere, **table.alone}
        self._counts = counts
        self.pattern = alternatives(table.anywhere)
        tone = self.pattern.pattern
        same = [
            rf"\s+(?:in|painted|coloured|colored|(?:(?:that|which)\s+)?(?:is|are))\s+(?:bright\s+)?({tone})",
            rf"\s*,\s*(?:the\s+)?({tone})\s+ones?\b",
            rf"\s*({tone})\s*(?:$|[,.;，。；])",
            rf"\s*[,，]\s*(?:all\s+)?({tone})\s*(?:$|[,.;，。；])",
            rf"\s*\(({tone})\)",
            rf"(?:们)?(?:的颜色)?(?:是|为|呈)({tone})",
        ]
        self._after = [re.compile(pattern, re.IGNORECASE) for pattern in same]
        self._coat = re.compile(rf"(?:\s+\w+)?\s*,?\s*(?:with\s+)?({tone})\s+(?:{_COAT})\b", re.IGNORECASE)
        number = rf"(?:\d{{1,2}}|{any_of(counts)})"
        part = rf"({number})\s*(?:of\s+them\s+)?({tone})(?:\s+ones?)?(?:的)?"
        self._part = re.compile(part, re.IGNORECASE)
        ends = r"\s*(?:,\s*and\b|,|，|、|and\b|和)\s*"
        self._parts = re.compile(rf"[^.;。；]{{0,24}}?[:：,，(（]\s*((?:{part}(?:{ends})?){{2,9}})\s*(?=$|[.;,)。；，）])", re.IGNORECASE)

    def ending(self, words: Sequence[str], *, tinged: bool = False) -> tuple[str, int] | None:
        """The colour that the last words name, and how many words do: "british racing green" is three.

        tinged: "-coloured" follows, so that a peach may be a colour.
        """
        table = self.alone if tinged else self.words
        for length in range(min(_TONE_WORDS, len(words)), 0, -1):
            tone = table.get(" ".join(words[-length:]))
            if tone is not None:
                return tone, length
        return None

    def after(self, rest: str, *, furry: bool) -> str:
        """ "… in red", "…, red, …", "… (red)", "… with red fur", "… 是红色的": "#rrggbb", "" where the rest of the text says none."""
        found = next((m for pattern in self._after if (m := pattern.match(rest))), None)
        found = found or (self._coat.match(rest) if furry else None)
        return self.words[found[1].lower()] if found else ""

    @staticmethod
    def coats(rest: str) -> bool:
        """Whether fur or feathers follow: the orange before them is a colour."""
        return re.match(rf"\s+(?:{_COAT})\b", rest, re.IGNORECASE) is not None

    def parts(self, rest: str) -> list[tuple[int, str]]:
        """Of several alike: "…: three red, three blue and two green" as numbers and colours; [] where they are not told apart."""
        found = self._parts.match(rest)
        return [(self._number(m[1]), self.words[m[2].lower()]) for m in self._part.finditer(found[1])] if found else []

    def tints(self, said: str, group: str, rest: str, others: Iterable[str]) -> bool:
        """Whether a fruit, plant or stone only says which red or green the next thing has: "a pumpkin orange dress", 樱桃红的裙子.

        rest: what follows it. others: what stands between it and each later thing.
        """
        if not group.startswith(_TINTING) and said not in self.alone:
            return False
        hue = re.match(rf"[ -]({self.pattern.pattern})(?=[ -])|({self.pattern.pattern})(?:色)?(?:的)?", rest, re.IGNORECASE)
        if hue is None or bool(hue[1]) != said.isascii():
            return False
        return any(re.fullmatch(r"[ -]?(?:[a-z]+[ -]){0,2}", gap[hue.end() :], re.I) for gap in others if len(gap) >= hue.end())

    def _number(self, word: str) -> int:
        return int(word) if word.isdigit() else self._counts[word.lower()]


def alternatives(words: Iterable[str]) -> re.Pattern[str]:
    """Any of these, longest first; a Latin word stands whole."""
    return _compiled(tuple(words))


@lru_cache(maxsize=4096)
def _compiled(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(any_of(words), re.IGNORECASE)


def any_of(words: Iterable[str]) -> str:
    """The pattern of alternatives() as text."""
    parts = sorted(set(words), key=lambda w: (-len(w), w))
    return "|".join(rf"(?<![a-z]){re.escape(w)}(?![a-z])" if w.isascii() else re.escape(w) for w in parts) or r"(?!)"
