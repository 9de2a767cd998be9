"""Words of places, phrases that say what a picture is for, and the side kept for text. Knows word lists only, no things."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.writers.tones import alternatives
from domain.scene import Setting

#: How many characters may stand between a word for room and the side after it, or the side before it.
_NEAR_AFTER, _NEAR_BEFORE = 28, 8


def settings_of(data: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, list[str]]:
    """Setting value -> its words. A place that is not drawn here lends its words to the nearest one that is."""
    known = {setting.value for setting in Setting}
    own = {word for place in words["places"].values() for word in (*place["words"], *place.get("surely", ()))}
    lists = {name: [w for w in listed if w not in own] for name, listed in data["settings"].items()}
    for name, place in words["places"].items():
        target = next((n for n in (name, *_ways(name, words["places"])) if n in known), "")
        if target:
            lists.setdefault(target, []).extend(dict.fromkeys((*place["words"], *place.get("surely", ()))))
    return lists


def _ways(name: str, places: Mapping[str, Any]) -> list[str]:
    near, way = str(places[name]["near"]), []
    while near and near not in way:
        way.append(near)
        near = str(places[near]["near"]) if near in places else ""
    return way


def surely(words: Mapping[str, Any]) -> frozenset[str]:
    """Words of places that are never things."""
    return frozenset(w for place in words["places"].values() for w in place.get("surely", ()))


def use_phrases(words: Sequence[str], chinese: Sequence[str]) -> re.Pattern[str]:
    """ "Outdoor gear campaign:", "Banner for a dairy brand,", ", wellness app banner": what the picture is for."""
    ends = "|".join(re.escape(w) for w in words)
    few = r"(?:(?!(?:an?|the|one|two|three|four|five|six|with|of|in|on|and)\b)[\w'’&.-]+\s+){0,4}"
    opening = rf"^\s*{few}(?:{ends})(?:\s+for\s+(?:an?|the|our|your|my)\s+[^,.:;]{{1,40}}(?=[,:])|(?=\s*[,:])|(?=\s+with\b))"
    closing = rf"(?<=,)\s*(?:for\s+(?:an?|the|our)\s+)?{few}(?:{ends})\s*[.!]?\s*$"
    inside = rf"\bfor\s+(?:an?|the|our|your)\s+{few}(?:{ends})\b"
    ends_zh = "|".join(re.escape(w) for w in chinese)
    said_zh = rf"^[一-鿿]{{1,10}}(?:{ends_zh})(?=[：:，,])|(?<=[，,])[一-鿿]{{0,8}}(?:{ends_zh})\s*$"
    return re.compile(f"{opening}|{closing}|{inside}|{said_zh}", re.IGNORECASE)


def margin_of(text: str, room: Mapping[str, Any]) -> str:
    """The side on which the words leave room: a word for room and one for a side near each other in a clause."""
    sides = room["sides"]
    weak = frozenset(room["weak"])
    for clause in re.split(r"[.;。；!！?？\n]", text):
        rooms = [m for w in room["words"] for m in mentions(w, clause)]
        # "the text" or "a room" alone leaves none; "text on the left" does.
        meant = any(r.group().lower() not in weak for r in rooms) or re.search(room["phrases"], clause, re.IGNORECASE)
        near: list[tuple[int, str]] = []
        for side in sides if meant else ():
            for m, r in ((m, r) for w in sides[side] for m in mentions(w, clause) for r in rooms):
                after, before = m.start() - r.end(), r.start() - m.end()
                if abs(after) <= _NEAR_AFTER or abs(before) <= _NEAR_BEFORE:
                    near.append((min(abs(after), abs(before)), str(side)))
        if near:
            return min(near, key=lambda pair: pair[0])[1]
    return ""


def mentions(word: str, text: str) -> list[re.Match[str]]:
    return list(alternatives((word,)).finditer(text))
