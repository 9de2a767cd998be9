"""Says plainly what of a wish is not drawn here - a material, a pose, an artist's style, words that mean nothing - and reads the nearest
in its place. Word lists of assets/prompts/scene_candour.toml, no LLM. Knows texts, nothing of art.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agents.writers.phrases import LATIN_WORD
from agents.writers.tones import alternatives
from domain.errors import InputError
from domain.said import Said

_MADE = r"\b(?:made|carved|forged|built|crafted|cast|woven)\s+(?:out\s+)?(?:of|from|in)\s+(?:pure\s+|solid\s+)?"
_UNKNOWN = re.compile(rf"{_MADE}([a-z][a-z-]+)|(?:用|由)([一-鿿]{{1,4}}?)(?:制成|做成|打造|雕成|制作)", re.I)
_STYLE = re.compile(
    r"\bin\s+(?:the\s+)?(?:style|manner)\s+of\s+(?:the\s+artist\s+)?"
    r"([A-Z][\w'’.-]+(?:\s+(?:(?:van|von|de|da|del|la)\s+)?[A-Z][\w'’.-]+){0,3})"
)
_DOING = re.compile(r"\b(?:doing|performing|practising|practicing)\s+((?:an?\s+)?[a-z-]+)", re.I)
#: Of the triples of letters in a word at least so many stand in words we know, or it is no word.
_READABLE = 0.5


class Candour:
    """data: scene_candour.toml. materials, poses: words of those that are drawn. lexicon: words, to tell what is none."""

    def __init__(self, data: Mapping[str, Any], materials: Iterable[str], poses: Iterable[str], lexicon: Iterable[str]) -> None:
        self._said: Mapping[str, str] = data["said"]
        self._able: Mapping[str, str] = data["able"]
        self._known, self._poses = frozenset(materials), frozenset(poses)
        self._chinese: Mapping[str, str] = data["chinese"]
        self._near: dict[str, dict[str, str]] = {
            field: {word: drawn for drawn, words in data[table].items() for word in words}
            for field, table in (("material", "materials"), ("pose", "poses"))
        }
        material, adjective = (
            alternatives(dict.fromkeys(words, "")).pattern for words in (self._near["material"], data["adjectives"]["words"])
        )
        self._patterns = {
            "pose": re.compile(f"(?P<word>{alternatives(self._near['pose']).pattern})", re.I),
            "material": re.compile(
                rf"(?P<before>{_MADE}|用|由)(?P<word>{material})|(?P<adjective>{adjective})(?=\s+[a-z]|制|的|[一-鿿])", re.I
            ),
        }
        names = alternatives(dict.fromkeys(data["artists"]["names"], "")).pattern
        self._artists = re.compile(
            rf"(?:{names})(?:['’]s)?[ -]?(?:inspired|styled?\b|like\b|风格的?|画风的?|风的?)|\bin the (?:style|manner) of ({names})", re.I
        )
        chinese = alternatives(dict.fromkeys((w for w in self._known if not w.isascii()), "")).pattern
        self._made_zh = re.compile(rf"(?:用|由)({chinese})(?=做|制|雕)")
        self._unshown = frozenset(data["unshown"]["names"])
        self._triples = frozenset(t for word in lexicon for part in LATIN_WORD.findall(word.lower()) for t in _triples(part))

    @property
    def families(self) -> Said:
        """The families of art by what people call them, in few words."""
        return Said.of(self._able["families"])

    def plainly(self, text: str) -> tuple[str, tuple[Said, ...]]:
        """The text with what is not drawn replaced by the nearest that is, or blanked; and a note for each."""
        notes: list[Said] = []

        def artist(match: re.Match[str]) -> str:
            asked = match.group() if match.re is self._artists and not match[1] else match[1]
            notes.append(self._say("artist", asked, "families"))
            return " "

        text = self._artists.sub(artist, text)
        text = _STYLE.sub(artist, text)
        text = self._made_zh.sub(r"\1", text)
        for field in ("pose", "material"):
            text = self._patterns[field].sub(self._replacing(field, notes), text)
        text = _DOING.sub(self._doing(notes), text)
        for match in _UNKNOWN.finditer(text):
            word = (match[1] or match[2]).lower()
            if word not in self._known and not any(w in word for w in self._known if not w.isascii()):
                notes.append(self._say("unknown_material", word, "materials"))
        return text, tuple(dict.fromkeys(notes))

    def unshown(self, materials: Iterable[str]) -> tuple[Said, ...]:
        """A note for each of these materials that drawings have no surface for."""
        return tuple(self._say("unshown", name) for name in dict.fromkeys(materials) if name in self._unshown)

    def _replacing(self, field: str, notes: list[Said]) -> Callable[[re.Match[str]], str]:
        def nearest(match: re.Match[str]) -> str:
            parts = match.groupdict()
            asked = parts["word"] or parts["adjective"]
            drawn = self._near[field][asked.lower()]
            notes.append(Said.of(self._said[f"nearest_{field}"], asked=asked, drawn=drawn))
            before = parts.get("before") or ""
            return (before if before.isascii() else "") + (drawn if asked.isascii() else self._chinese[drawn])

        return nearest

    def _doing(self, notes: list[Said]) -> Callable[[re.Match[str]], str]:
        def told(match: re.Match[str]) -> str:
            if match.group().lower() in self._poses:
                return match.group()
            notes.append(self._say("actions", match[1], "poses"))
            return " " * len(match.group())

        return told

    def require_sense(self, text: str, field: str = "about") -> None:
        """Raises InputError for a text of which no word could be one: for wishes in which nothing was found."""
        words = LATIN_WORD.findall(text)
        letters = re.search(r"[^\W\d_]", text)
        if letters and (not words or re.search(r"[^\x00-\x7f]", text) or not all(self._senseless(w.lower()) for w in words)):
            return
        if letters or not re.search(r"[^\x00-\x7f]", text):
            asked = text.strip()[:60]
            raise InputError(self._said["nonsense"], hint=self._said["nonsense_hint"], field=field, asked=asked)

    def _senseless(self, word: str) -> bool:
        triples = _triples(word)
        return word.isdigit() or sum(t in self._triples for t in triples) < _READABLE * len(triples) + 0.01

    def _say(self, name: str, asked: str, able: str = "") -> Said:
        return Said.of(self._said[name], asked=asked.strip(), able=Said.of(self._able[able]) if able else "")


def _triples(word: str) -> list[str]:
    whole = f"^{word}$"
    return [whole[i : i + 3] for i in range(len(whole) - 2)]
