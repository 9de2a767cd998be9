"""How pictures of a plan are to look and how large they are, where a message says so in free words: style presets and sizes by place.

Knows presets, sizes and the frames of assets/lexicon/styles.toml. Does not read scenes or write prompts. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from agents.lexicon import CJK, load_toml
from agents.presets import Preset, Presets, Size, picture_sizes
from domain.errors import InputError
from domain.plan import Step
from domain.specs import PictureSpec
from domain.value import Value


class _Frames(Value):
    """Expressions in which {x} stands for a style. said: around any name of a style; plain: around what only a style is called."""

    said: tuple[str, ...]
    plain: tuple[str, ...]


class Styling:
    def __init__(self, presets: Presets, sizes: Sequence[Size], frames: _Frames) -> None:
        named = {said: preset for preset in reversed(presets.all) for said in _names(preset)}
        styles = {_key(said): preset for preset in reversed(presets.all) for said in preset.styles}
        self._presets = {**named, **styles}
        self._patterns = [
            *(re.compile(frame.replace("{x}", _any(self._presets))) for frame in frames.said),
            *(re.compile(frame.replace("{x}", _any(styles))) for frame in frames.plain),
        ]
        self._sizes = tuple((size, re.compile("|".join(size.said))) for size in sizes if size.said)

    @staticmethod
    def load(assets: Path) -> Styling:
        """Raises InputError naming the file at fault."""
        path = assets / "lexicon" / "styles.toml"
        try:
            frames = _Frames.model_validate(load_toml(path))
        except ValidationError as error:
            raise InputError("The data file {path} is not valid: {error}.", field=str(path), path=path.name, error=str(error)) from error
        return Styling(Presets.load(assets), picture_sizes(assets), frames)

    def presets(self, text: str) -> tuple[Preset, ...]:
        """The styles a message asks for, in its order, each once: "in the style of a Chinese ink painting", "as pixel art", "水墨风格"."""
        folded = " ".join(text.casefold().split())
        found = [(match.start("x"), -len(match["x"]), match["x"]) for pattern in self._patterns for match in pattern.finditer(folded)]
        kept: list[str] = []
        end = -1
        for start, length, said in sorted(found):
            if start >= end:
                kept.append(re.sub(r"[\s-]+", " ", said))
                end = start - length
        return tuple(dict.fromkeys(self._presets[_key(said)] for said in kept))

    def sizes(self, text: str) -> tuple[Size, ...]:
        """The places a message says its pictures are for, in its order, each once."""
        folded = " ".join(text.casefold().split())
        found = sorted((match.start(), number) for number, (_, said) in enumerate(self._sizes) if (match := said.search(folded)))
        return tuple(self._sizes[number][0] for _, number in found)

    def styled(self, steps: Sequence[Step], text: str, *, sized: bool = False) -> tuple[Step, ...]:
        """The steps with what the message says of its pictures: one style for all of them, or as many as there are pictures, in order.

        sized: sizes too, where no size was said in pixels. A preset that a step has stays.
        """
        pictures = [step.id for step in steps if isinstance(step.spec, PictureSpec)]
        presets = dict(_dealt(self.presets(text), pictures))
        sizes = dict(_dealt(self.sizes(text), pictures)) if sized else {}
        made: list[Step] = []
        for step in steps:
            spec = step.spec
            if isinstance(spec, PictureSpec):
                if step.id in presets and not spec.preset:
                    spec = spec.model_copy(update={"preset": presets[step.id].id})
                if step.id in sizes and not _PIXELS.search(text):
                    spec = spec.model_copy(update={"width": sizes[step.id].width, "height": sizes[step.id].height})
            made.append(step.model_copy(update={"spec": spec}) if spec is not step.spec else step)
        return tuple(made)


_PIXELS = re.compile(r"\d{2,4}\s*[x×*]\s*\d{2,4}")


_T = TypeVar("_T")


def _dealt(found: Sequence[_T], ids: Sequence[str]) -> list[tuple[str, _T]]:
    """One for all, or one each where there are as many."""
    if len(found) == 1:
        return [(step_id, found[0]) for step_id in ids]
    return list(zip(ids, found, strict=True)) if len(found) == len(ids) else []


def _names(preset: Preset) -> tuple[str, ...]:
    return tuple(_key(said) for said in (preset.name.en, preset.name.zh, preset.id))


def _key(said: str) -> str:
    return re.sub(r"[\s-]+", " ", said.casefold())


def _any(said: dict[str, Preset]) -> str:
    """One group that matches any of these, the longest first; words of Latin letters whole."""
    parts = []
    for text in sorted(said, key=lambda text: -len(text)):
        escaped = re.escape(text).replace(r"\ ", r"[\s-]")
        parts.append(escaped if CJK.search(text) else rf"(?<![a-z0-9]){escaped}(?![a-z0-9])")
    return f"(?P<x>{'|'.join(parts) or '(?!)'})"
