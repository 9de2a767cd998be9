"""What findings and errors say in the languages of the pages: the tables of their templates. Knows no page and no error."""

from __future__ import annotations

import tomllib
from pathlib import Path

TABLES = ("checks/messages.toml", "i18n/errors.toml")


def templates(assets: Path) -> dict[str, dict[str, str]]:
    """Texts by language and English template; English itself has no table. Raises OSError, TOMLDecodeError when shipped data is wrong."""
    found: dict[str, dict[str, str]] = {}
    for name in TABLES:
        for language, texts in tomllib.loads((assets / name).read_text(encoding="utf-8")).items():
            found.setdefault(language, {}).update(texts)
    return found
