"""Colour words as a person writes them, English and Chinese, and the colour each is drawn as. Reads no file: see assets/colours.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ColourWords:
    """Each maps a word to "#rrggbb".

    anywhere: a colour wherever it stands. before: one Chinese character, a colour only right before a thing. alone: a thing as much
    as a colour, a colour only where nothing else can stand. names: what each colour is called in English, one name a colour.
    """

    anywhere: Mapping[str, str]
    before: Mapping[str, str]
    alone: Mapping[str, str]
    names: Mapping[str, str]

    @staticmethod
    def of(table: Mapping[str, Any]) -> ColourWords:
        """From the parsed TOML. Raises KeyError where an entry lacks its name or value."""
        entries = table["colour"]

        def words(*lists: str) -> dict[str, str]:
            return {str(word): str(entry["value"]) for entry in entries for name in lists for word in entry.get(name, ())}

        return ColourWords(words("en", "zh"), words("before"), words("alone"), {str(e["name"]): str(e["value"]) for e in entries})

    def parse(self, text: str) -> str | None:
        """ "#rrggbb" for a colour word, #rgb or #rrggbb, as a person fills a field with it; None when it is no colour."""
        word = " ".join(text.strip().lower().split())
        for table in (self.anywhere, self.alone, self.before, self.names):
            for said in (word, word.replace("-", " "), word.removesuffix("色")):
                if said in table:
                    return table[said]
        digits = word.removeprefix("#")
        if not word.startswith("#") or any(c not in "0123456789abcdef" for c in digits):
            return None
        if len(digits) == 3:
            digits = "".join(c * 2 for c in digits)
        return f"#{digits}" if len(digits) == 6 else None
