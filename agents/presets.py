"""Style presets as shipped data: read, validated, looked up by id, found by words.

Knows assets/presets/*.toml. Does not write prompts or draw; agents/writers uses what it finds here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from agents.lexicon import Named, load_toml
from domain.errors import InputError
from domain.value import Value

#: Letters of one search.
QUERY_MAX = 80


class Preset(Value):
    """One look. styles: what only it is called, by which a message asks for it (agents/styling.py). prompt, negative: additions for
    diffusion models, in English. families: of assets/prompts/picture.toml that it suits, all when empty. drawn: the style in words the
    illustrator understands; drawn_as: the form it gives a wish ("sticker"). With neither of the two it cannot draw it."""

    id: str = Field(pattern=r"^[a-z0-9-]+$", max_length=40)
    name: Named
    group: Named
    words: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    prompt: str = Field(min_length=1, max_length=400)
    negative: str = Field(default="", max_length=400)
    families: tuple[str, ...] = ()
    drawn: str = Field(default="", max_length=120)
    drawn_as: str = Field(default="", max_length=40)

    @property
    def said(self) -> tuple[str, ...]:
        """Everything it is called, in small letters, the names first."""
        return tuple(text.casefold() for text in (self.name.en, self.name.zh, self.id, *self.words, self.group.en, self.group.zh))

    @property
    def can_be_drawn(self) -> bool:
        return bool(self.drawn or self.drawn_as)

    def suits(self, family: str) -> bool:
        """Whether it comes out well with a family; "" is one that nobody knows."""
        return not self.families or not family or family in self.families


class Size(Value):
    """A size in pixels and where it is used: an entry of assets/picture_sizes.toml. said: expressions by which a message says the place."""

    id: str
    name: Named
    width: int = Field(ge=64, le=4096)
    height: int = Field(ge=64, le=4096)
    said: tuple[str, ...] = ()


def picture_sizes(assets: Path) -> tuple[Size, ...]:
    """Raises InputError naming the file."""
    path = assets / "picture_sizes.toml"
    try:
        return tuple(Size.model_validate(entry) for entry in load_toml(path)["size"])
    except (ValidationError, KeyError) as error:
        raise InputError("The data file {path} is not valid: {error}.", field=str(path), path=path.name, error=str(error)) from error


class Presets:
    """All presets in the order of their files."""

    def __init__(self, presets: tuple[Preset, ...]) -> None:
        self.all = presets
        self._by_id = {preset.id: preset for preset in presets}
        if len(self._by_id) < len(presets):
            raise InputError("Two style presets have one id.", hint="Give each its own.", field="assets/presets")

    @staticmethod
    def load(assets: Path) -> Presets:
        """Read assets/presets/*.toml. Raises InputError naming the file."""
        return Presets(tuple(preset for path in sorted((assets / "presets").glob("*.toml")) for preset in _read(path)))

    def get(self, preset_id: str, field: str = "preset") -> Preset:
        """Raises InputError that names the nearest ones; a name in either language finds its preset's id for the hint."""
        found = self._by_id.get(preset_id)
        if found is not None:
            return found
        near = self.nearest(preset_id)
        hint = "Did you mean {known}?" if near else "There are {count}: {known}."
        known = near or list(self._by_id)
        raise InputError(
            "There is no style preset called {name}.", hint=hint, field=field, name=repr(preset_id[:60]), known=known, count=len(self.all)
        )

    def nearest(self, words: str, most: int = 3) -> tuple[str, ...]:
        """Ids of presets that are called something like this, the best first."""
        wanted = words.casefold()[:QUERY_MAX].strip()
        called = {said: preset.id for preset in reversed(self.all) for said in preset.said[:3]}
        near = [called[name] for name in difflib.get_close_matches(wanted, called, n=most, cutoff=0.55)]
        near += [preset.id for preset in self.search(words)]
        return tuple(dict.fromkeys(near))[:most]

    def search(self, words: str = "", family: str = "") -> tuple[Preset, ...]:
        """Presets in whose names every word stands, a hit in the name first; all of them for "". family: only those that suit it."""
        wanted = words.casefold()[:QUERY_MAX].split()
        ranked: list[tuple[int, int, Preset]] = []
        for number, preset in enumerate(self.all):
            ranks = [next((rank for rank, said in enumerate(preset.said) if word in said), -1) for word in wanted]
            if preset.suits(family) and -1 not in ranks:
                ranked.append((sum(ranks), number, preset))
        return tuple(preset for _, _, preset in sorted(ranked, key=lambda row: row[:2]))


def _read(path: Path) -> Iterator[Preset]:
    table: dict[str, Any] = load_toml(path)
    for entry in table.get("preset", ()):
        try:
            yield Preset.model_validate({"group": table.get("group"), **entry})
        except ValidationError as error:
            what = entry.get("id", "a preset") if isinstance(entry, dict) else "a preset"
            raise InputError(
                "In the data file {path}, {what} is not valid: {error}.", field=str(path), path=path.name, what=what, error=str(error)
            ) from error
