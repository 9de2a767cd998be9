"""The words of the interface, from assets/i18n/<language>.json. Every key stands in every language; a test holds it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Words:
    language: str
    table: dict[str, str]

    @staticmethod
    def read(assets: Path, language: str) -> Words:
        return Words(language, json.loads((assets / "i18n" / f"{language}.json").read_text(encoding="utf-8")))

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, with {name} places filled. Raises KeyError for a key that is not in the table."""
        text = self.table[key]
        for name, value in values.items():
            text = text.replace("{" + name + "}", str(value))
        return text


def finding_words(assets: Path, language: str) -> dict[str, str]:
    """What findings say in this language, by their English templates (assets/checks/messages.toml); {} for English itself."""
    table = tomllib.loads((assets / "checks" / "messages.toml").read_text(encoding="utf-8"))
    found: dict[str, str] = table.get(language, {})
    return found
