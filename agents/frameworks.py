"""Copy frameworks, angles and reading levels as shipped data: read, validated, looked up, found in a brief.

Knows assets/frameworks.toml. Does not write copy; agents/writers/copy.py says what it finds here to the model.
"""

from __future__ import annotations

import difflib
import re
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationError

from agents.lexicon import Named, Words, load_toml
from domain.errors import InputError
from domain.value import Value


class Framework(Value):
    """How a text is built. long: said for texts with room for it; short: for headlines and buttons. leaks: regular expressions of
    lines that say the framework instead of following it."""

    id: str = Field(pattern=r"^[a-z0-9_]+$", max_length=40)
    name: Named
    words: Words
    long: Named
    short: Named
    leaks: tuple[str, ...] = ()

    @cached_property
    def _leaks(self) -> re.Pattern[str] | None:
        return re.compile("|".join(self.leaks), re.IGNORECASE) if self.leaks else None

    def leaked(self, text: str) -> tuple[int, int] | None:
        """Where a text says the framework itself: "Desire to see the fox." None where it does not."""
        found = self._leaks.search(text) if self._leaks else None
        return found.span() if found else None


class Angle(Value):
    """What a variant looks at. hint: what the writer is told."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Named
    hint: Named


class ReadingLevel(Named):
    """What the writer is told, in both languages. words: how briefs ask for it. most: by language, the hardest it may read; {}: any."""

    words: Words
    most: dict[str, float] = {}


class Crafts(Value):
    """likeness: cosine from which two texts say the same, by the id of the model that embeds them. ab: words that ask for an A/B set."""

    framework: tuple[Framework, ...] = Field(min_length=1)
    angle: tuple[Angle, ...] = Field(min_length=6)
    reading_level: dict[str, ReadingLevel]
    likeness: dict[str, float]
    ab: Words

    @staticmethod
    def load(assets: Path) -> Crafts:
        """Read assets/frameworks.toml. Raises InputError naming the file."""
        path = assets / "frameworks.toml"
        try:
            return Crafts.model_validate(load_toml(path))
        except ValidationError as error:
            raise InputError("The data file {path} is not valid: {error}.", field=str(path), path=path.name, error=str(error)) from error

    def get(self, framework_id: str, field: str = "framework") -> Framework:
        """The framework of that id. Raises InputError that names the nearest ones."""
        found = next((one for one in self.framework if one.id == framework_id), None)
        if found is None:
            known = [one.id for one in self.framework]
            near = difflib.get_close_matches(framework_id.casefold(), known, n=2, cutoff=0.5)
            hint = "Did you mean {known}?" if near else "Known: {known}."
            raise InputError(
                "There is no copy framework called {name}.", hint=hint, field=field, name=repr(framework_id), known=near or known
            )
        return found

    def angles(self, count: int, language: str, seed: int, own: str = "") -> tuple[str, ...]:
        """`count` different angles, `own` first where a step has one; which follow depends on the seed alone."""
        start = seed % len(self.angle)
        hints = [angle.hint.of(language) for angle in (*self.angle[start:], *self.angle[:start])]
        chosen = [own] if own else []
        chosen += [hint for hint in hints if hint != own]
        return tuple(chosen[:count])

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((one.id, one.words.pattern(plural=False)) for one in self.framework)

    def level(self, text: str) -> str:
        """The reading level a lower-case text asks for, "" when it asks for none."""
        return next((name for name, level in self.reading_level.items() if level.words.pattern(plural=False).search(text)), "")

    def variants(self, text: str) -> int:
        """2 when a lower-case text asks for an A/B set, else 1."""
        return 2 if self.ab.pattern(plural=True).search(text) else 1

    def named(self, text: str) -> str:
        """The id of the first framework a lower-case text names, "" when it names none."""
        hits = [(match.start(), name) for name, pattern in self._patterns if (match := pattern.search(text))]
        return min(hits)[1] if hits else ""
