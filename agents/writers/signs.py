"""Wishes written in signs: emoji as the words for them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping


def spelled(text: str, names: Mapping[str, str]) -> str:
    """Emoji as the words for them: by the table for those of several signs, else by their Unicode names ("FOX FACE" is a fox)."""
    plain = text.replace("\ufe0f", "")
    for emoji in sorted(names, key=len, reverse=True):
        plain = plain.replace(emoji.replace("\ufe0f", ""), f" {names[emoji]} , ")
    parts = []
    for character in plain:
        category = unicodedata.category(character)
        if category == "So":
            name = unicodedata.name(character, "").lower()
            name = re.sub(r"\b(?:black|white|heavy|face|symbol|sign|with .*|squared|emoji|regional indicator)\b", " ", name)
            parts.append(f" {' '.join(name.split())} , ")
        elif category not in ("Sk", "Cf", "Mn"):
            parts.append(character)
    return "".join(parts)


def letters(text: str) -> bool:
    """Whether there is any letter or digit."""
    return any(unicodedata.category(c)[0] in "LN" for c in text)
