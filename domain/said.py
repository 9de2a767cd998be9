"""Words that a page can say in its reader's language: a template with {places}, and what fills them.

The English template is the key of the tables of other languages (assets/checks/messages.toml, assets/i18n/errors.toml). Knows no language.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from domain.value import JsonValue, Value, canonical_json


class Said(Value):
    """A template and its values. A value is text, a number, a Said as JSON, or a list of those."""

    message_id: str
    values: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, template: str, **values: object) -> Said:
        """values: text, numbers, Said, or sequences of those; anything else is taken as its text."""
        return cls(message_id=template, values={name: plain(value) for name, value in values.items()})

    def __str__(self) -> str:
        return self.told({})

    def __hash__(self) -> int:
        return hash((self.message_id, canonical_json(self.values)))

    def told(self, table: Mapping[str, str]) -> str:
        """In the language of a table of templates; in English where it has none of it."""
        return filled(self.message_id, self.values, table)


#: A Said in a stored value; before there were templates it was stored as its text.
Note: TypeAlias = Annotated[Said, BeforeValidator(lambda note: Said(message_id=note) if isinstance(note, str) else note)]

#: What fills a place of a template.
Words: TypeAlias = str | int | float | Said | Sequence[Said]


def joined(parts: Sequence[Said]) -> Said:
    """Several as one, a space between them. At least one is given."""
    return reduce(lambda one, other: Said.of("{one} {other}", one=one, other=other), parts)


def filled(template: str, values: Mapping[str, JsonValue], table: Mapping[str, str] | None = None) -> str:
    """The template with the {places} that have a value filled; any other brace stands as it is.

    table: the templates of another language by the English ones; what it has not stays English.
    """
    words = table or {}
    return re.sub(r"\{(\w+)\}", lambda m: _shown(values[m[1]], words) if m[1] in values else m[0], words.get(template, template))


def plain(value: object) -> JsonValue:
    """A value of a template as it is stored; one that was stored already stays as it is."""
    if isinstance(value, Said):
        return value.model_dump(mode="json")
    if isinstance(value, dict) and "message_id" in value:
        return dict(value)
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | float) else str(value)


def _shown(value: JsonValue, table: Mapping[str, str]) -> str:
    if isinstance(value, dict):
        return Said.model_validate(value).told(table)
    return ", ".join(_shown(one, table) for one in value) if isinstance(value, list) else str(value)
