"""What a wish for a picture may not ask: likenesses of real people, marks of others, two things that cannot both be.

Rules and seed lists are data (assets/prompts/scene_bounds.toml). Unsafe wishes are refused earlier, by agents/safety.py. Knows texts only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from agents.writers.phrases import plain, singular
from agents.writers.tones import alternatives
from agents.writers.wishes import blanked
from domain.errors import ContentRefused, InputError
from domain.said import Said

_NAME = r"[A-ZÀ-Þ][\w'’.-]+(?:\s+(?:van|von|de|der|den|da|di|bin|al|del|la|le)\b){0,2}"
_SENTENCE = re.compile(r"[.;!?。；！？\n]")
#: Two times within so many characters speak of one moment.
_ONE_MOMENT = 26
#: From here on a wish tells a story, in which hours may follow one another.
_STORY = 240


class Bounds:
    """data: scene_bounds.toml. known: whether a phrase is a thing that can be drawn ("Golden Retriever" is nobody's name)."""

    def __init__(self, data: Mapping[str, Any], known: Callable[[str], bool]) -> None:
        people, brands = data["people"], data["brands"]
        self._data, self._known = data, known
        self._figures = _names(people["figures"])
        self._not_people = frozenset(w.lower() for w in people["not_people"])
        self._drawn = frozenset(people["drawn"])
        likeness = alternatives(dict.fromkeys(people["of"], "")).pattern
        # Words in any case, names only with capitals.
        self._of = re.compile(rf"(?i:{likeness})\s+(?P<name>{_NAME}(?:\s+{_NAME}){{1,3}})")
        titles = "|".join(sorted(map(re.escape, people["titles"]), key=len, reverse=True))
        self._titled = re.compile(rf"\b(?P<title>(?i:{titles}))\.?\s+(?P<name>{_NAME}(?:\s+{_NAME}){{0,3}})")
        of_zh = "|".join(map(re.escape, people["of_zh"]))
        self._of_zh = re.compile(rf"(?:^|[^一-鿿]|画|的|一张|一幅|个)(?P<name>[{people['surnames_zh']}][一-鿿]{{1,2}})(?P<of>{of_zh})")
        titles_zh = "|".join(map(re.escape, people["titles_zh"]))
        self._titled_zh = re.compile(rf"(?:{titles_zh})(?P<name>[一-鿿]{{1,6}}·[一-鿿·]{{1,8}})|(?P<bare>[一-鿿]{{1,5}}·[一-鿿]{{1,6}})")
        self._brands = _names(brands["names"])
        self._guarded = _names(brands["guarded"])
        self._marks = alternatives(dict.fromkeys(brands["marks"], ""))

    def require(self, text: str, *, own: str = "", field: str = "about") -> None:
        """Raises InputError for a contradiction, ContentRefused for a public figure or another's brand. own: the project's brand."""
        self._require_one_moment(text, field)
        figure = self._figures.search(text)
        if figure:
            raise ContentRefused(
                "{group} is a real person; no picture of real people is made here.",
                reason="likeness",
                hint="Describe somebody made up instead: age, clothes, pose, mood.",
                field=field,
                group=figure.group(),
            )
        brand = self._brand(text, own)
        if brand:
            raise ContentRefused(
                "{brand} is a brand; its products, figures and marks are not drawn here.",
                reason="brand",
                hint="Say what it is in plain words (“a sneaker”), or set it as this project's brand if it is yours.",
                field=field,
                brand=brand,
            )

    def anonymous(self, text: str) -> tuple[str, tuple[Said, ...]]:
        """The text with names that read like real people's taken out for "a person" (or "a king"), and a note for each."""
        notes: list[Said] = []

        def note(name: str) -> None:
            notes.append(Said.of("“{name}” reads like a real person's name: somebody made up is drawn, not a likeness.", name=name))

        def person(match: re.Match[str]) -> str:
            name = match["name"]
            if not self._personal(name):
                return match.group()
            note(name)
            return f"{match.group()[: match.start('name') - match.start()]}a person "

        def titled(match: re.Match[str]) -> str:
            title, name = match["title"].lower(), match["name"]
            if not self._personal(name, single=True):
                return match.group()
            note(f"{match['title']} {name}")
            return f"a {title if title in self._drawn else 'person'} "

        def chinese(match: re.Match[str]) -> str:
            name = match["name"]
            if self._known(name) or any(self._known(name[i:]) for i in range(1, len(name))):
                return match.group()
            note(name)
            return match.group().replace(name, " a person ", 1)

        def dotted(match: re.Match[str]) -> str:
            note(match["name"] or match["bare"])
            return " a person "

        text = self._titled.sub(titled, text)
        text = self._of.sub(person, text)
        text = self._of_zh.sub(chinese, text)
        return self._titled_zh.sub(dotted, text), tuple(dict.fromkeys(notes))

    def _personal(self, name: str, single: bool = False) -> bool:
        words = [w.strip(".").lower() for w in name.split() if w[0].isupper()]
        if any(w in self._not_people for w in words) or (len(words) < 2 and not single):
            return False
        return not self._known(plain(name)) and not any(self._known(w) or self._known(singular(w)) for w in words)

    def _brand(self, text: str, own: str) -> str:
        mine = own.strip().lower()

        def foreign(name: str) -> bool:
            return not mine or (name.lower() not in mine and mine not in name.lower())

        named = next((m.group() for m in self._brands.finditer(text) if foreign(m.group())), "")
        if named:
            return named
        for mark in self._marks.finditer(text):
            around = text[max(0, mark.start() - 24) : mark.end() + 24]
            guarded = next((m.group() for m in self._guarded.finditer(around) if foreign(m.group())), "")
            called = re.search(rf"((?:{_NAME}\s+){{1,2}})$", text[max(0, mark.start() - 40) : mark.start()])
            unknown = (
                called[1].strip()
                if called and not any(self._known(w.lower()) or w.lower() in self._not_people for w in called[1].split())
                else ""
            )
            if guarded or (unknown and foreign(unknown)):
                return guarded or unknown
        return ""

    def _require_one_moment(self, text: str, field: str) -> None:
        if len(text) > _STORY:
            return
        rules = self._data["contradictions"]
        bare = blanked(text, rules["idioms"])
        bridge = alternatives(dict.fromkeys(rules["bridges"], ""))
        for table, what in (("times", "two times of day"), ("skies", "two kinds of sky"), ("distances", "two distances")):
            found = sorted(
                (m.start(), m.end(), name, m.group())
                for name, words in rules[table].items()
                for m in re.finditer(alternatives(dict.fromkeys(words, "")).pattern, bare, re.IGNORECASE)
            )
            for first, second in pairwise(found):
                between = bare[first[1] : second[0]]
                told_apart = bridge.search(between) or _SENTENCE.search(between) or bridge.search(bare[max(0, first[0] - 5) : first[0]])
                if first[2] != second[2] and len(between) <= _ONE_MOMENT and not told_apart:
                    raise InputError(
                        "It asks for {what} at once: “{first}” and “{second}”.",
                        hint="Keep one of them, or make one picture for each.",
                        field=field,
                        what=what,
                        first=first[3],
                        second=second[3],
                    )


def _names(words: Sequence[str]) -> re.Pattern[str]:
    """Latin names of one short word keep their capitals, so that "meta" and "drake" stay words; others match in any case."""
    exact = [w for w in words if w.isascii() and " " not in w and "-" not in w and len(w) <= 8]
    loose = [w for w in words if w not in exact]
    parts = [rf"(?<!\w){re.escape(w)}(?!\w)" for w in sorted(exact, key=len, reverse=True)]
    parts += [rf"(?<!\w)(?i:{re.escape(w)})(?!\w)" if w[0] < "\u3400" else re.escape(w) for w in sorted(loose, key=len, reverse=True)]
    return re.compile("|".join(parts))
